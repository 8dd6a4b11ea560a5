/** 0x1000 and 0x1003: who may change what, what it costs, what the answers and events are, and when it counts. */
import {
  CONSENSUS_ADDRESS,
  findNode,
  MEMBERSHIP_CODES,
  readParameters,
  readRegistry,
  SYSTEM_CONFIG_ADDRESS,
} from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import type { Receipt } from '@hansa/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AbiType,
  type AbiValue,
  callMessage,
  decodeAbi,
  encodeCall,
  intrinsicGas,
  topicOf,
} from '../src/index.ts';
import { callData, ETHER, NOTHING, nodeIds, resultOf, suite, TestChain } from './kit/chain.ts';
import { contract } from './kit/solidity.ts';

const NEW_NODE = nodeIds[4] as string;
const MEMBER = nodeIds[0] as string;
const ADMIN = 0;
const OTHER_ADMIN = 1;
const STRANGER = 3;

const addObserver = (nodeId: string): Uint8Array => encodeCall('addObserver(string)', ['string'], [nodeId]);
const addSealer = (nodeId: string, weight: bigint): Uint8Array =>
  encodeCall('addSealer(string,uint256)', ['string', 'uint256'], [nodeId, weight]);
const setWeight = (nodeId: string, weight: bigint): Uint8Array =>
  encodeCall('setWeight(string,uint256)', ['string', 'uint256'], [nodeId, weight]);
const remove = (nodeId: string): Uint8Array => encodeCall('remove(string)', ['string'], [nodeId]);
const setValue = (key: string, value: string): Uint8Array =>
  encodeCall('setValueByKey(string,string)', ['string', 'string'], [key, value]);
const getValue = (key: string): Uint8Array => encodeCall('getValueByKey(string)', ['string'], [key]);

const codeOf = (output: Uint8Array): AbiValue | undefined => decodeAbi(['int256'], output)?.[0];
const reasonOf = (output: Uint8Array): AbiValue | undefined => decodeAbi(['string'], output.subarray(4))?.[0];

let chain: TestChain;
beforeEach(() => {
  chain = new TestChain({ parameters: { leaderPeriod: 100, window: 2 } });
});

async function send(
  wallet: number,
  to: AddressHex,
  data: Uint8Array,
  fields: Parameters<TestChain['sign']>[1] = {},
): Promise<Receipt> {
  const { receipts } = await chain.block([chain.sign(wallet, { to, data, gasLimit: 500_000n, ...fields })]);
  return receipts[0] as Receipt;
}

async function view(
  to: AddressHex,
  data: Uint8Array,
  types: readonly AbiType[],
): Promise<readonly AbiValue[] | undefined> {
  const outcome = await callMessage({
    suite,
    environment: chain.environment(),
    state: chain.state,
    request: { to, data },
    gasCap: 10_000_000n,
  });
  return outcome.type === 'success' ? decodeAbi(types, outcome.output) : undefined;
}

describe('members (EXE-34)', () => {
  it('EXE-34: an observer is added, becomes a validator, changes its weight and goes; each with its event', async () => {
    const steps = [
      { data: addObserver(NEW_NODE.toUpperCase()), type: 'addObserver', weight: 0n },
      { data: addSealer(NEW_NODE, 3n), type: 'addSealer', weight: 3n },
      { data: setWeight(NEW_NODE, 5n), type: 'setWeight', weight: 5n },
      { data: remove(NEW_NODE), type: 'remove', weight: 0n },
    ];
    const caller = chain.wallet(ADMIN).address;
    for (const { data, type, weight } of steps) {
      const receipt = await send(ADMIN, CONSENSUS_ADDRESS, data);
      expect(receipt.status).toBe(1);
      expect(codeOf(receipt.output)).toBe(0n);
      const [log] = receipt.logs;
      expect(log).toMatchObject({
        address: CONSENSUS_ADDRESS,
        topics: [topicOf('NodeChanged(string,string,uint256,address)')],
      });
      expect(decodeAbi(['string', 'string', 'uint256', 'address'], log?.data ?? NOTHING)).toEqual([
        type,
        NEW_NODE,
        weight,
        caller,
      ]);
      const node = findNode(readRegistry(chain.state), NEW_NODE);
      expect(BigInt(node?.weight ?? 0)).toBe(weight);
      expect(chain.blocks.at(-1)?.registry).toEqual(readRegistry(chain.state));
    }
    const roots = chain.blocks.map(({ header }) => header.registryRoot);
    expect(new Set(roots).size).toBe(4);
    // As it was at first: the same registry, the same root.
    expect(roots[3]).toBe((await new TestChain().block([])).header.registryRoot);
  });

  it.each([
    {
      name: 'a caller without permission',
      wallet: STRANGER,
      data: remove(MEMBER),
      code: MEMBERSHIP_CODES.noPermission,
    },
    { name: 'a node id that is none', wallet: ADMIN, data: addObserver('ab'), code: MEMBERSHIP_CODES.invalidNodeId },
    {
      name: 'a point off the curve',
      wallet: ADMIN,
      data: addObserver('0'.repeat(128)),
      code: MEMBERSHIP_CODES.invalidNodeId,
    },
    {
      name: 'a letter that some engines lower to k',
      wallet: ADMIN,
      data: addObserver(`\u212a${NEW_NODE.slice(1)}`),
      code: MEMBERSHIP_CODES.invalidNodeId,
    },
    { name: 'weight 0', wallet: ADMIN, data: addSealer(MEMBER, 0n), code: MEMBERSHIP_CODES.invalidWeight },
    {
      name: 'a weight of 256 bits',
      wallet: ADMIN,
      data: addSealer(MEMBER, 2n ** 256n - 1n),
      code: MEMBERSHIP_CODES.invalidWeight,
    },
    {
      name: 'a validator that is no observer yet',
      wallet: ADMIN,
      data: addSealer(NEW_NODE, 1n),
      code: MEMBERSHIP_CODES.addSealerShouldBeObserver,
    },
    {
      name: 'the weight of a stranger',
      wallet: ADMIN,
      data: setWeight(NEW_NODE, 1n),
      code: MEMBERSHIP_CODES.nodeNotExist,
    },
    { name: 'the removal of a stranger', wallet: ADMIN, data: remove(NEW_NODE), code: MEMBERSHIP_CODES.nodeNotExist },
  ])('EXE-34: $name gives its code, status 1, and changes nothing', async ({ wallet, data, code }) => {
    const before = readRegistry(chain.state);
    const receipt = await send(wallet, CONSENSUS_ADDRESS, data);
    expect(receipt).toMatchObject({ status: 1, logs: [] });
    expect(codeOf(receipt.output)).toBe(BigInt(code));
    expect(readRegistry(chain.state)).toEqual(before);
  });

  it('EXE-34: the last validator stays', async () => {
    for (const nodeId of nodeIds.slice(1, 4))
      expect(codeOf((await send(ADMIN, CONSENSUS_ADDRESS, remove(nodeId))).output)).toBe(0n);
    for (const data of [remove(MEMBER), addObserver(MEMBER)])
      expect(codeOf((await send(ADMIN, CONSENSUS_ADDRESS, data)).output)).toBe(BigInt(MEMBERSHIP_CODES.lastSealer));
  });

  it('EXE-6, EXE-8: a change counts from a scheduled end of the term on, not before', async () => {
    const first = chain.info.validators;
    await send(ADMIN, CONSENSUS_ADDRESS, remove(MEMBER));
    expect(chain.info).toMatchObject({ term: 0, endHeight: 3, endScheduled: true });
    const [, second, third, fourth] = [0, await chain.block([]), await chain.block([]), await chain.block([])] as const;
    expect(second.header.validatorsHash).toBe(second.header.nextValidatorsHash);
    expect(third.header.nextValidatorsHash).not.toBe(third.header.validatorsHash);
    expect(fourth.header).toMatchObject({ term: 1, validatorsHash: third.header.nextValidatorsHash });
    expect(chain.info.validators).toEqual(first.filter(({ nodeId }) => nodeId !== MEMBER));
  });

  it('EXE-34: views', async () => {
    const node = await view(CONSENSUS_ADDRESS, encodeCall('getNode(string)', ['string'], [MEMBER.toUpperCase()]), [
      'string',
      'string',
      'uint256',
      'string[]',
      'uint256',
    ]);
    expect(node).toEqual(['validator', 'alpha', 1n, [], 0n]);
    const nobody = await view(CONSENSUS_ADDRESS, encodeCall('getNode(string)', ['string'], ['x']), [
      'string',
      'string',
      'uint256',
      'string[]',
      'uint256',
    ]);
    expect(nobody).toEqual(['', '', 0n, [], 0n]);
    expect(await view(CONSENSUS_ADDRESS, encodeCall('getNodeIds()', [], []), ['string[]'])).toEqual([
      nodeIds.slice(0, 4),
    ]);
    expect(
      await view(CONSENSUS_ADDRESS, encodeCall('getTerm()', [], []), ['uint256', 'uint256', 'uint256', 'bool']),
    ).toEqual([0n, 0n, 100n, false]);
  });
});

describe('parameters (EXE-33)', () => {
  it('EXE-33: a value is set, announced, and in force from the next term on (EXE-8)', async () => {
    const receipt = await send(OTHER_ADMIN, SYSTEM_CONFIG_ADDRESS, setValue('TX_Gas_Price', '0x5'));
    expect(codeOf(receipt.output)).toBe(0n);
    expect(receipt.logs[0]).toMatchObject({
      address: SYSTEM_CONFIG_ADDRESS,
      topics: [topicOf('ValueChanged(string,string,address)')],
    });
    expect(decodeAbi(['string', 'string', 'address'], receipt.logs[0]?.data ?? NOTHING)).toEqual([
      'tx_gas_price',
      '0x5',
      chain.wallet(OTHER_ADMIN).address,
    ]);
    expect(readParameters(chain.state).minimumGasPrice).toBe(5n);
    expect(await view(SYSTEM_CONFIG_ADDRESS, getValue('tx_gas_price'), ['string', 'int256'])).toEqual(['5', 4n]);
    const free = { to: chain.wallet(2).address, gasLimit: 21_000n };
    const reasons: (string | undefined)[] = [];
    for (let height = 2; height <= 4; height++)
      reasons.push((await chain.block([chain.sign(STRANGER, free)])).body.leftOut[0]?.reason);
    expect(reasons).toEqual([undefined, undefined, 'gas price below minimum']);
    expect(chain.header).toMatchObject({ term: 1, height: 4 });
    expect(await view(SYSTEM_CONFIG_ADDRESS, getValue('tx_gas_price'), ['string', 'int256'])).toEqual(['5', 4n]);
    expect(await view(SYSTEM_CONFIG_ADDRESS, getValue('tx_count_limit'), ['string', 'int256'])).toEqual(['1000', 4n]);
  });

  it('EXE-8: new gas limits and another fee recipient count together, from the next term on', async () => {
    const recipient = 'fe'.repeat(20);
    await chain.block([
      chain.sign(ADMIN, { to: SYSTEM_CONFIG_ADDRESS, data: setValue('tx_gas_limit', '100000') }),
      chain.sign(ADMIN, { to: SYSTEM_CONFIG_ADDRESS, data: setValue('hansa_block_gas_limit', '150000') }),
      chain.sign(ADMIN, {
        to: SYSTEM_CONFIG_ADDRESS,
        data: setValue('hansa_fee_recipient', `0x${recipient.toUpperCase()}`),
      }),
    ]);
    const big = { to: chain.wallet(2).address, gasLimit: 100_001n, maxPriorityFeePerGas: 1n };
    for (let height = 2; height <= 3; height++) {
      const { receipts, header } = await chain.block([chain.sign(STRANGER, big)]);
      expect(receipts).toHaveLength(1);
      expect(header.gasLimit).toBe(30_000_000n);
    }
    expect(chain.balance(recipient as AddressHex)).toBe(0n);
    const made = await chain.block([chain.sign(STRANGER, { ...big, gasLimit: 100_000n }), chain.sign(ADMIN, big)]);
    expect(made.header.gasLimit).toBe(150_000n);
    expect(made.body.leftOut.map(({ reason }) => reason)).toEqual(['gas limit above maximum']);
    expect(chain.balance(recipient as AddressHex)).toBe(21_000n);
  });

  it('EXE-33: a caller without permission gets a code, whatever the key', async () => {
    const receipt = await send(STRANGER, SYSTEM_CONFIG_ADDRESS, setValue('no_such_key', '1'));
    expect(receipt).toMatchObject({ status: 1, logs: [] });
    expect(codeOf(receipt.output)).toBe(-50_000n);
  });

  it.each([
    { name: 'an unknown key', key: 'no_such_key', value: '1', reason: 'unknown parameter' },
    { name: 'an unknown key in other letters', key: '\ua7cb\u0130', value: '1', reason: 'unknown parameter' },
    { name: 'no number', key: 'tx_gas_price', value: '1e9', reason: 'malformed value of tx_gas_price' },
    { name: 'a number out of range', key: 'TX_COUNT_LIMIT', value: '0', reason: 'tx_count_limit out of range' },
    {
      name: 'a number far out of range',
      key: 'tx_count_limit',
      value: '9'.repeat(78),
      reason: 'tx_count_limit out of range',
    },
    {
      name: 'a contradiction',
      key: 'hansa_block_gas_limit',
      value: '100000',
      reason: 'hansa_block_gas_limit contradicts another parameter',
    },
    { name: 'another contradiction', key: 'tx_gas_limit', value: '30000000', reason: undefined },
    { name: 'no address', key: 'hansa_fee_recipient', value: '0x12', reason: 'malformed value of hansa_fee_recipient' },
  ])('EXE-33, EXE-35: $name reverts with the words of the rule', async ({ key, value, reason }) => {
    const before = readParameters(chain.state);
    const receipt = await send(ADMIN, SYSTEM_CONFIG_ADDRESS, setValue(key, value));
    if (reason === undefined) {
      expect(codeOf(receipt.output)).toBe(0n);
      return;
    }
    expect(receipt).toMatchObject({ status: 0, logs: [] });
    expect(reasonOf(receipt.output)).toBe(reason);
    expect(readParameters(chain.state)).toEqual(before);
  });

  it('EXE-35: reading an unknown key reverts with the words of the rule', async () => {
    const receipt = await send(STRANGER, SYSTEM_CONFIG_ADDRESS, getValue('x\ua7cb'));
    expect(receipt.status).toBe(0);
    expect(reasonOf(receipt.output)).toBe('unknown parameter');
  });
});

describe('calls (EXE-30 to EXE-32)', () => {
  const gasOf = (data: Uint8Array): bigint => intrinsicGas({ to: CONSENSUS_ADDRESS, data, accessList: [] }).charged;

  it.each([
    { name: 'setValueByKey', to: SYSTEM_CONFIG_ADDRESS, data: setValue('tx_gas_price', '1'), gas: 22_100n },
    { name: 'getValueByKey', to: SYSTEM_CONFIG_ADDRESS, data: getValue('tx_gas_price'), gas: 4_200n },
    { name: 'addObserver', to: CONSENSUS_ADDRESS, data: addObserver(NEW_NODE), gas: 44_200n },
    { name: 'a refusal', to: CONSENSUS_ADDRESS, data: addSealer(NEW_NODE, 1n), gas: 44_200n },
    { name: 'getNodeIds', to: CONSENSUS_ADDRESS, data: encodeCall('getNodeIds()', [], []), gas: 8_400n },
    { name: 'getTerm', to: CONSENSUS_ADDRESS, data: encodeCall('getTerm()', [], []), gas: 2_100n },
    { name: 'an unknown function', to: CONSENSUS_ADDRESS, data: encodeCall('nothing()', [], []), gas: 2_100n },
    { name: 'no function at all', to: CONSENSUS_ADDRESS, data: Uint8Array.of(1, 2), gas: 2_100n },
  ])('EXE-30: $name costs its gas and 16 per byte; with one less it runs out', async ({ to, data, gas }) => {
    const needed = gasOf(data) + gas + 16n * BigInt(data.length);
    const { receipts } = await chain.block([
      chain.sign(STRANGER, { to, data, gasLimit: needed - 1n }),
      chain.sign(ADMIN, { to, data, gasLimit: needed }),
    ]);
    expect(receipts[0]).toMatchObject({ status: 0, gasUsed: needed - 1n, output: NOTHING });
    expect(receipts[1]?.gasUsed).toBe(needed);
  });

  it.each([
    { name: 'an unknown function', data: encodeCall('nothing()', [], []), value: 0n, reason: 'undefined function' },
    { name: 'value', data: addObserver(NEW_NODE), value: 1n, reason: 'a system contract takes no value' },
    {
      name: 'arguments that are none',
      data: addObserver(NEW_NODE).subarray(0, 60),
      value: 0n,
      reason: 'addObserver(string) is expected',
    },
    {
      name: 'a list above the maximum',
      data: encodeCall(
        'addObserverWithAddresses(string,string[])',
        ['string', 'string[]'],
        [NEW_NODE, Array.from({ length: 65 }, () => 'a')],
      ),
      value: 0n,
      reason: 'addObserverWithAddresses(string,string[]) is expected',
    },
  ])('EXE-31, EXE-32: $name is refused', async ({ data, value, reason }) => {
    const receipt = await send(ADMIN, CONSENSUS_ADDRESS, data, { value });
    expect(receipt).toMatchObject({ status: 0, logs: [] });
    expect(reasonOf(receipt.output)).toBe(reason);
    expect(chain.balance(CONSENSUS_ADDRESS)).toBe(0n);
  });

  it('EXE-32: text that is no UTF-8 is refused', async () => {
    const data = addObserver('\u00ff');
    data[data.length - 32] = 0xff;
    const receipt = await send(ADMIN, CONSENSUS_ADDRESS, data);
    expect(reasonOf(receipt.output)).toBe('addObserver(string) is expected');
  });

  it('EXE-31: a contract is the caller; delegation and static calls cannot change anything', async () => {
    const caller = contract('Caller');
    const at = await chain.deploy(caller);
    const to = `0x${CONSENSUS_ADDRESS}`;
    const data = `0x${Buffer.from(addObserver(NEW_NODE)).toString('hex')}`;
    const run = async (name: string): Promise<readonly [boolean, AbiValue | undefined, Receipt]> => {
      const receipt = await send(ADMIN, at, callData(caller, name, [to, data]), { gasLimit: 2_000_000n });
      const [isFine, answer] = resultOf(caller, name, receipt.output) as [boolean, `0x${string}`];
      const bytes = Uint8Array.from(Buffer.from(answer.slice(2), 'hex'));
      return [isFine, isFine ? codeOf(bytes) : reasonOf(bytes), receipt];
    };
    const [isCalled, code] = await run('forward');
    expect([isCalled, code]).toEqual([true, BigInt(MEMBERSHIP_CODES.noPermission)]);
    const [isDelegated, delegation, receipt] = await run('forwardDelegate');
    expect([isDelegated, delegation]).toEqual([false, 'a system contract cannot be called by delegation']);
    expect(receipt.gasUsed).toBeGreaterThan(100_000n);
    const [isStatic, refusal] = await run('forwardStatic');
    expect([isStatic, refusal]).toEqual([false, 'a static call cannot change members or parameters']);
    expect(findNode(readRegistry(chain.state), NEW_NODE)).toBeUndefined();
  });

  it('EXE-31: a static call at any depth', async () => {
    const caller = contract('Caller');
    const [outer, inner] = [await chain.deploy(caller), await chain.deploy(caller)];
    const data = `0x${Buffer.from(callData(caller, 'deep', [0n, `0x${CONSENSUS_ADDRESS}`, `0x${Buffer.from(addObserver(NEW_NODE)).toString('hex')}`])).toString('hex')}`;
    const receipt = await send(ADMIN, outer, callData(caller, 'forwardStatic', [`0x${inner}`, data]), {
      gasLimit: 2_000_000n,
    });
    expect((resultOf(caller, 'forwardStatic', receipt.output) as [boolean])[0]).toBe(false);
  });

  it('EXE-16: what a contract that is an admin changed is taken back with its frame', async () => {
    const caller = contract('Caller');
    // The address of the first contract of wallet 0 is an admin: genesis is made for it.
    const probe = new TestChain();
    const at = await probe.deploy(caller);
    const own = new TestChain({ walletCount: 4, admins: [at] });
    expect(await own.deploy(caller)).toBe(at);
    chain = own;
    const add = `0x${Buffer.from(addObserver(NEW_NODE)).toString('hex')}`;
    const failed = await send(STRANGER, at, callData(caller, 'forwardAndFail', [`0x${CONSENSUS_ADDRESS}`, add]));
    expect(failed).toMatchObject({ status: 0, logs: [] });
    expect(findNode(readRegistry(chain.state), NEW_NODE)).toBeUndefined();
    expect(chain.blocks.at(-1)?.header.registryRoot).toBe(chain.blocks[0]?.header.registryRoot);
    const fine = await send(STRANGER, at, callData(caller, 'forward', [`0x${CONSENSUS_ADDRESS}`, add]));
    expect(fine.status).toBe(1);
    expect(fine.logs).toHaveLength(1);
    expect(findNode(readRegistry(chain.state), NEW_NODE)).toMatchObject({ role: 'observer', organisationId: 'alpha' });
  });

  it('EXE-30: code of the account does not count, nor does a balance', async () => {
    const value = { address: CONSENSUS_ADDRESS, balance: ETHER, nonce: 0n, code: Uint8Array.of(0), storage: [] };
    chain = new TestChain({ accounts: [value] });
    const receipt = await send(ADMIN, CONSENSUS_ADDRESS, addObserver(NEW_NODE));
    expect(codeOf(receipt.output)).toBe(0n);
    expect(chain.balance(CONSENSUS_ADDRESS)).toBe(ETHER);
  });
});

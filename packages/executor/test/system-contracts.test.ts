/** 0x1000 and 0x1003: who may change what, what it costs, what the answers and events are, and when it counts. */
import {
  COMMITTEE_ADDRESS,
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
import {
  addObserver,
  addSealer,
  attestAll,
  codeOf,
  govern,
  onNodes,
  onParameters,
  proposalData,
  reasonOf,
  remove,
  setValue,
  setWeight,
} from './kit/governance.ts';
import { contract } from './kit/solidity.ts';

const NEW_NODE = nodeIds[4] as string;
const MEMBER = nodeIds[0] as string;
const ADMIN = 0;
const OTHER_ADMIN = 1;
const STRANGER = 3;

const getValue = (key: string): Uint8Array => encodeCall('getValueByKey(string)', ['string'], [key]);

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
  const { receipts } = await chain.block([chain.sign(wallet, { to, data, gasLimit: 1_000_000n, ...fields })]);
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
  it('EXE-34: what the committee decides on is no business of anybody else, admins included', async () => {
    const before = readRegistry(chain.state);
    for (const wallet of [ADMIN, OTHER_ADMIN, STRANGER]) {
      for (const data of [addObserver(NEW_NODE), addSealer(MEMBER, 2n), setWeight(MEMBER, 2n), remove(MEMBER)]) {
        const receipt = await send(wallet, CONSENSUS_ADDRESS, data);
        expect(receipt).toMatchObject({ status: 1, logs: [] });
        expect(codeOf(receipt.output)).toBe(BigInt(MEMBERSHIP_CODES.noPermission));
      }
    }
    expect(readRegistry(chain.state)).toEqual(before);
  });

  it('EXE-34: an observer is added, attested, a validator, changes its weight and goes; each with its event', async () => {
    const steps = [
      { data: addObserver(NEW_NODE.toUpperCase()), role: 'observer', weight: 0 },
      { data: addSealer(NEW_NODE, 1n), role: 'candidate', weight: 1 },
      { data: undefined, role: 'validator', weight: 1 },
      { data: setWeight(NEW_NODE, 2n), role: 'validator', weight: 2 },
      { data: remove(NEW_NODE), role: undefined, weight: undefined },
    ];
    for (const { data, role, weight } of steps) {
      const receipts =
        data === undefined
          ? await attestAll(chain, NEW_NODE)
          : [await govern(chain, [onNodes(data)], { acceptRisk: true })];
      expect(receipts.every(({ status }) => status === 1)).toBe(true);
      const changes = receipts
        .flatMap(({ logs }) => logs)
        .filter(({ topics }) => topics[0] === topicOf('Changed(string,string,string,string)'));
      expect(changes).toHaveLength(1);
      expect(decodeAbi(['string', 'string', 'string', 'string'], changes[0]?.data ?? NOTHING)?.[0]).toBe(
        `node ${NEW_NODE}`,
      );
      const node = findNode(readRegistry(chain.state), NEW_NODE);
      expect(node?.role).toBe(role);
      expect(node?.weight).toBe(weight);
      expect(chain.blocks.at(-1)?.registry).toEqual(readRegistry(chain.state));
    }
    // As it was at first: the same registry, the same root.
    expect(chain.header.registryRoot).toBe((await new TestChain().block([])).header.registryRoot);
  });

  it.each([
    { name: 'a node id that is none', data: addObserver('ab'), reason: /no public key/ },
    { name: 'a point off the curve', data: addObserver('0'.repeat(128)), reason: /no public key/ },
    {
      name: 'a letter that some engines lower to k',
      data: addObserver(`\u212a${NEW_NODE.slice(1)}`),
      reason: /no public key/,
    },
    { name: 'weight 0', data: addSealer(MEMBER, 0n), reason: /a weight from 1/ },
    { name: 'a weight of 256 bits', data: addSealer(MEMBER, 2n ** 256n - 1n), reason: /a weight from 1/ },
    {
      name: 'a validator that is no observer yet',
      data: addSealer(NEW_NODE, 1n),
      reason: /only a registered observer/,
    },
    { name: 'the weight of a stranger', data: setWeight(NEW_NODE, 1n), reason: /is not registered/ },
    { name: 'the removal of a stranger', data: remove(NEW_NODE), reason: /is not registered/ },
  ])('EXE-34: $name is refused with the reason, and changes nothing', async ({ data, reason }) => {
    const before = readRegistry(chain.state);
    const receipt = await govern(chain, [onNodes(data)]);
    expect(receipt).toMatchObject({ status: 0, logs: [] });
    expect(reasonOf(receipt.output)).toMatch(reason);
    expect(readRegistry(chain.state)).toEqual(before);
  });

  it('EXE-34: the last validator stays', async () => {
    const removals = nodeIds.slice(1, 4).map((nodeId) => onNodes(remove(nodeId)));
    expect((await govern(chain, removals, { acceptRisk: true })).status).toBe(1);
    for (const data of [remove(MEMBER), addObserver(MEMBER)]) {
      const receipt = await govern(chain, [onNodes(data)], { acceptRisk: true });
      expect(reasonOf(receipt.output)).toBe('the last validator cannot be removed');
    }
  });

  it('EXE-6, EXE-8: a change counts from a scheduled end of the term on, not before', async () => {
    const first = chain.info.validators;
    await govern(chain, [onNodes(remove(MEMBER))], { acceptRisk: true });
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
      'string',
    ]);
    expect(node).toEqual(['validator', 'alpha', 1n, [], 0n, 'genesis']);
    const nobody = await view(CONSENSUS_ADDRESS, encodeCall('getNode(string)', ['string'], ['x']), [
      'string',
      'string',
      'uint256',
      'string[]',
      'uint256',
      'string',
    ]);
    expect(nobody).toEqual(['', '', 0n, [], 0n, '']);
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
    const receipt = await govern(chain, [onParameters(setValue('TX_Gas_Price', '0x5'))]);
    const [change] = receipt.logs.filter(({ address }) => address === CONSENSUS_ADDRESS);
    expect(decodeAbi(['string', 'string', 'string', 'string'], change?.data ?? NOTHING)).toEqual([
      'parameter tx_gas_price',
      '0',
      '5',
      'proposal 1',
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
    await govern(chain, [
      onParameters(setValue('tx_gas_limit', '100000')),
      onParameters(setValue('hansa_block_gas_limit', '150000')),
      onParameters(setValue('hansa_fee_recipient', `0x${recipient.toUpperCase()}`)),
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
    const receipt = await govern(chain, [onParameters(setValue(key, value))]);
    if (reason === undefined) {
      expect(receipt.status).toBe(1);
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
    { name: 'addObserver', to: CONSENSUS_ADDRESS, data: addObserver(NEW_NODE), gas: 22_100n },
    { name: 'a proposal', to: COMMITTEE_ADDRESS, data: proposalData([onNodes(addObserver(NEW_NODE))]), gas: 88_400n },
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
        'addObserverOf(string,string,string[])',
        ['string', 'string', 'string[]'],
        [NEW_NODE, 'alpha', Array.from({ length: 65 }, () => 'a')],
      ),
      value: 0n,
      reason: 'addObserverOf(string,string,string[]) is expected',
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
    const run = async (name: string): Promise<readonly [boolean, unknown, Receipt]> => {
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
    const add = `0x${Buffer.from(proposalData([onNodes(addObserver(NEW_NODE))])).toString('hex')}`;
    const failed = await send(STRANGER, at, callData(caller, 'forwardAndFail', [`0x${COMMITTEE_ADDRESS}`, add]));
    expect(failed).toMatchObject({ status: 0, logs: [] });
    expect(findNode(readRegistry(chain.state), NEW_NODE)).toBeUndefined();
    expect(chain.blocks.at(-1)?.header.registryRoot).toBe(chain.blocks[0]?.header.registryRoot);
    const fine = await send(STRANGER, at, callData(caller, 'forward', [`0x${COMMITTEE_ADDRESS}`, add]));
    expect(fine.status).toBe(1);
    expect(fine.logs).toHaveLength(4);
    expect(findNode(readRegistry(chain.state), NEW_NODE)).toMatchObject({ role: 'observer', organisationId: 'alpha' });
  });

  it('EXE-30: code of the account does not count, nor does a balance', async () => {
    const value = { address: CONSENSUS_ADDRESS, balance: ETHER, nonce: 0n, code: Uint8Array.of(0), storage: [] };
    chain = new TestChain({ accounts: [value] });
    const receipt = await send(ADMIN, CONSENSUS_ADDRESS, addObserver(NEW_NODE));
    expect(codeOf(receipt.output)).toBe(BigInt(MEMBERSHIP_CODES.noPermission));
    expect(chain.balance(CONSENSUS_ADDRESS)).toBe(ETHER);
  });
});

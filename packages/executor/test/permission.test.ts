/** Who may send, deploy and call, as blocks enforce it. */
import {
  ACCOUNT_ADDRESS,
  AUTH_ADDRESS,
  MEMBERSHIP_CODES as CODES,
  contractKey,
  decodeContractPolicy,
} from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AbiType,
  type AbiValue,
  argumentTypes,
  callMessage,
  decodeAbi,
  encodeCall,
  selectorOf,
} from '../src/index.ts';
import { callData, deployData, resultOf, suite, TestChain } from './kit/chain.ts';
import { codeOf, govern, reasonOf, sendTo } from './kit/governance.ts';
import { contract } from './kit/solidity.ts';

const store = contract('Store');
const caller = contract('Caller');
const SET = selectorOf('set(uint256)');
const [ADMIN, STRANGER] = [0, 3];

let chain: TestChain;
let at: AddressHex;
beforeEach(async () => {
  chain = new TestChain({ parameters: { leaderPeriod: 100 } });
  at = await chain.deploy(store);
});

const call = (signature: string, values: readonly AbiValue[]): Uint8Array =>
  encodeCall(signature, argumentTypes(signature), values);
const onAuth = (signature: string, values: readonly AbiValue[]) => [AUTH_ADDRESS, call(signature, values)] as const;
const onAccounts = (account: AddressHex, status: bigint) =>
  [ACCOUNT_ADDRESS, call('setAccountStatus(address,uint8)', [account, status])] as const;
const set = (to: bigint) => [at, callData(store, 'set', [to])] as const;

async function view(
  to: AddressHex,
  signature: string,
  values: readonly AbiValue[],
  types: readonly AbiType[],
): Promise<unknown> {
  const request = { to, data: call(signature, values) };
  const outcome = await callMessage({
    suite,
    environment: chain.environment(),
    state: chain.state,
    request,
    gasCap: 1_000_000n,
  });
  return outcome.type === 'success' ? decodeAbi(types, outcome.output) : undefined;
}

describe('GOV-62, EXE-19: accounts', () => {
  it('GOV-62, GOV-67: a frozen account pays and does nothing, a freed one works again', async () => {
    const { address } = chain.wallet(STRANGER);
    await govern(chain, [onAccounts(address, 1n)]);
    expect(await view(ACCOUNT_ADDRESS, 'getAccountStatus(address)', [address], ['uint8'])).toEqual([1n]);
    const heir = 'fe'.repeat(20) as AddressHex;
    for (const [to, data] of [[heir, new Uint8Array(0)], set(5n)] as const) {
      const receipt = await sendTo(chain, STRANGER, [to, data], { value: to === heir ? 7n : 0n });
      expect([receipt.status, reasonOf(receipt.output), receipt.logs]).toEqual([0, 'Account is frozen.', []]);
      expect(receipt.gasUsed).toBeLessThan(30_000n);
    }
    expect(chain.balance(heir)).toBe(0n);
    expect(chain.account(address)?.nonce).toBe(2n);
    await govern(chain, [onAccounts(address, 0n)]);
    expect((await sendTo(chain, STRANGER, set(5n))).status).toBe(1);
    await govern(chain, [onAccounts(address, 2n)]);
    expect(reasonOf((await sendTo(chain, STRANGER, set(5n))).output)).toBe('Account is abolished.');
  });

  it('GOV-15: nobody who governs is frozen', async () => {
    const receipt = await govern(chain, [onAccounts(chain.wallet(1).address, 1n)]);
    expect(reasonOf(receipt.output)).toBe('the account is an admin account of an organisation');
  });
});

describe('GOV-63: deploying', () => {
  it('GOV-63: by a white list and a black list; contracts may always create', async () => {
    const deploy = (wallet: number) =>
      chain.block([chain.sign(wallet, { data: deployData(store), gasLimit: 5_000_000n })]);
    const { address } = chain.wallet(STRANGER);
    const maker = await chain.deploy(contract('Factory'));
    await govern(chain, [onAuth('setDeployAuthType(uint8)', [1n])]);
    expect(await view(AUTH_ADDRESS, 'deployType()', [], ['uint256'])).toEqual([1n]);
    expect(await view(AUTH_ADDRESS, 'hasDeployAuth(address)', [address], ['bool'])).toEqual([false]);
    const denied = (await deploy(STRANGER)).receipts[0];
    expect([denied?.status, reasonOf(denied?.output as Uint8Array)]).toEqual([0, 'Create permission denied.']);
    const made = await sendTo(chain, STRANGER, [
      maker,
      callData(contract('Factory'), 'make', [`0x${'11'.repeat(32)}`]),
    ]);
    expect(made.status).toBe(1);
    await govern(chain, [onAuth('openDeployAuth(address)', [address])]);
    expect((await deploy(STRANGER)).receipts[0]?.status).toBe(1);
    await govern(chain, [onAuth('setDeployAuthType(uint8)', [2n]), onAuth('closeDeployAuth(address)', [address])]);
    expect((await deploy(STRANGER)).receipts[0]?.status).toBe(0);
    expect((await deploy(2)).receipts[0]?.status).toBe(1);
  });
});

describe('GOV-60, GOV-64: contracts', () => {
  it('GOV-60: who sends the transaction is the admin of all that it creates', async () => {
    const admin = async (address: AddressHex): Promise<unknown> =>
      view(AUTH_ADDRESS, 'getAdmin(address)', [address], ['address']);
    expect(await admin(at)).toEqual([chain.wallet(ADMIN).address]);
    expect(await admin('fe'.repeat(20) as AddressHex)).toEqual(['0'.repeat(40)]);
    expect(decodeContractPolicy(chain.state.get(contractKey(at)) as Uint8Array)).toEqual({
      admin: chain.wallet(ADMIN).address,
      status: 0,
      methods: [],
    });
    await govern(chain, [onAuth('resetAdmin(address,address)', [at, chain.wallet(STRANGER).address])]);
    expect(await admin(at)).toEqual([chain.wallet(STRANGER).address]);
  });

  it('GOV-64, GOV-67: a frozen contract runs for nobody, at any depth; an abolished one never again', async () => {
    const forwarder = await chain.deploy(caller);
    const through = async (name: string): Promise<readonly unknown[]> => {
      const data = callData(caller, name, [
        `0x${at}`,
        `0x${Buffer.from(callData(store, 'set', [9n])).toString('hex')}`,
      ]);
      const [isFine, answer] = resultOf(caller, name, (await sendTo(chain, STRANGER, [forwarder, data])).output) as [
        boolean,
        string,
      ];
      return [isFine, isFine ? '' : reasonOf(Uint8Array.from(Buffer.from(answer.slice(2), 'hex')))];
    };
    const freeze = (status: bigint) => [onAuth('setContractStatus(address,uint8)', [at, status])];
    await govern(chain, freeze(1n));
    expect(await view(AUTH_ADDRESS, 'contractAvailable(address)', [at], ['bool'])).toEqual([false]);
    expect(reasonOf((await sendTo(chain, STRANGER, set(9n))).output)).toBe('Contract is frozen.');
    for (const name of ['forward', 'forwardStatic', 'forwardDelegate'])
      expect(await through(name)).toEqual([false, 'Contract is frozen.']);
    expect(await chain.read(store, at, 'value').catch(() => 'refused')).toBe('refused');
    await govern(chain, freeze(0n));
    expect(await through('forward')).toEqual([true, '']);
    expect(await chain.read(store, at, 'value')).toBe(9n);
    await govern(chain, freeze(2n));
    expect(reasonOf((await sendTo(chain, STRANGER, set(9n))).output)).toBe('Contract is abolished.');
    expect(reasonOf((await govern(chain, freeze(0n))).output)).toBe('an abolished contract stays so');
  });

  it('GOV-64: value that goes to a frozen contract stays where it was', async () => {
    await govern(chain, [onAuth('setContractStatus(address,bool)', [at, true])]);
    const before = chain.balance(chain.wallet(STRANGER).address);
    await sendTo(chain, STRANGER, set(9n), { value: 5n });
    expect(chain.balance(at)).toBe(0n);
    expect(chain.balance(chain.wallet(STRANGER).address)).toBe(before);
  });
});

describe('GOV-65, GOV-66: methods', () => {
  const address = (wallet: number): AddressHex => chain.wallet(wallet).address;
  const auth = async (wallet: number, signature: string, values: readonly AbiValue[]): Promise<unknown> =>
    codeOf((await sendTo(chain, wallet, onAuth(signature, values))).output);
  const type = (wallet: number, value: bigint) =>
    auth(wallet, 'setMethodAuthType(address,bytes4,uint8)', [at, SET, value]);
  const statusOf = async (wallet: number): Promise<unknown> => (await sendTo(chain, wallet, set(3n))).status;
  const listed = (): Promise<unknown> =>
    view(AUTH_ADDRESS, 'getMethodAuth(address,bytes4)', [at, SET], ['uint8', 'string[]', 'string[]']);
  const checked = (wallet: number): Promise<unknown> =>
    view(AUTH_ADDRESS, 'checkMethodAuth(address,bytes4,address)', [at, SET, address(wallet)], ['bool']);

  it('GOV-65, GOV-66: a white list', async () => {
    expect(await auth(ADMIN, 'openMethodAuth(address,bytes4,address)', [at, SET, address(STRANGER)])).toBe(
      BigInt(CODES.noAuthType),
    );
    expect(await statusOf(STRANGER)).toBe(1);
    expect(await type(ADMIN, 1n)).toBe(0n);
    expect([await statusOf(STRANGER), await statusOf(ADMIN)]).toEqual([0, 0]);
    expect(await auth(ADMIN, 'openMethodAuth(address,bytes4,address)', [at, SET, address(STRANGER)])).toBe(0n);
    expect([await statusOf(STRANGER), await statusOf(2)]).toEqual([1, 0]);
    expect(reasonOf((await sendTo(chain, 2, set(3n))).output)).toBe('Call permission denied.');
    expect([await checked(STRANGER), await checked(2)]).toEqual([[true], [false]]);
    expect(await listed()).toEqual([1n, [`0x${address(STRANGER)}`], []]);
    // Other methods are as they were.
    expect((await sendTo(chain, 2, [at, callData(store, 'readTwice', [1n])])).status).toBe(1);
  });

  it('GOV-65, GOV-66: a black list; another type forgets the entries', async () => {
    await type(ADMIN, 2n);
    expect(await auth(ADMIN, 'closeMethodAuth(address,bytes4,address)', [at, SET, address(STRANGER)])).toBe(0n);
    expect([await statusOf(STRANGER), await statusOf(2)]).toEqual([0, 1]);
    expect(await listed()).toEqual([2n, [], [`0x${address(STRANGER)}`]]);
    await type(ADMIN, 2n);
    expect(await listed()).toEqual([2n, [], [`0x${address(STRANGER)}`]]);
    await type(ADMIN, 1n);
    expect(await listed()).toEqual([1n, [], []]);
  });

  it('GOV-65: the caller is who calls, not who sends', async () => {
    const forwarder = await chain.deploy(caller);
    await type(ADMIN, 1n);
    await auth(ADMIN, 'openMethodAuth(address,bytes4,address)', [at, SET, forwarder]);
    const data = callData(caller, 'forward', [
      `0x${at}`,
      `0x${Buffer.from(callData(store, 'set', [8n])).toString('hex')}`,
    ]);
    await sendTo(chain, STRANGER, [forwarder, data]);
    expect(await chain.read(store, at, 'value')).toBe(8n);
    expect(await statusOf(STRANGER)).toBe(0);
  });

  it('GOV-66: only the admin, only known types, and no contract without a record', async () => {
    expect(await type(STRANGER, 1n)).toBe(BigInt(CODES.noPermission));
    expect(await type(ADMIN, 0n)).toBe(BigInt(CODES.invalidAuthType));
    expect(await type(ADMIN, 3n)).toBe(BigInt(CODES.invalidAuthType));
    const nowhere = 'fe'.repeat(20);
    expect(await auth(ADMIN, 'setMethodAuthType(address,bytes4,uint8)', [nowhere, SET, 1n])).toBe(
      BigInt(CODES.noAdmin),
    );
    expect(await auth(STRANGER, 'setContractStatus(address,uint8)', [at, 1n])).toBe(BigInt(CODES.noPermission));
    expect(await auth(ADMIN, 'setContractStatus(address,uint8)', [at, 3n])).toBe(BigInt(CODES.invalidStatus));
    expect(await auth(ADMIN, 'setContractStatus(address,bool)', [at, true])).toBe(0n);
    expect(await statusOf(ADMIN)).toBe(0);
    expect(await auth(ADMIN, 'setContractStatus(address,bool)', [at, false])).toBe(0n);
    expect(await statusOf(ADMIN)).toBe(1);
  });
});

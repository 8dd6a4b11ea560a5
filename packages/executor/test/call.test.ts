/** eth_call and its relatives: defaults, refusals in go-ethereum's words, overrides, estimates, access lists (EXE-40). */
import type { AddressHex } from '@hansa/primitives';
import { accountKey } from '@hansa/protocol';
import { decodeErrorResult } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CallOutcome,
  type CallRequest,
  callMessage,
  createAccessList,
  estimateGas,
  type StateOverrides,
} from '../src/index.ts';
import {
  callData,
  deployData,
  ETHER,
  hex,
  MemoryState,
  NOTHING,
  resultOf,
  suite,
  TestChain,
  wordOf,
} from './kit/chain.ts';
import { contract } from './kit/solidity.ts';

const GAS_CAP = 30_000_000n;
const PRICE = 1_000_000_000n;
const POOR = 'ab'.repeat(20) as AddressHex;
const SYSTEM = '1003'.padStart(40, '0') as AddressHex;
const store = contract('Store');
const environment = contract('Environment');
const caller = contract('Caller');

let chain: TestChain;
let storeAt: AddressHex;
let environmentAt: AddressHex;
let callerAt: AddressHex;
let rich: AddressHex;
beforeAll(async () => {
  chain = new TestChain({ parameters: { minimumGasPrice: 0n } });
  storeAt = await chain.deploy(store);
  environmentAt = await chain.deploy(environment);
  callerAt = await chain.deploy(caller);
  rich = chain.wallet(1).address;
  await chain.block([chain.sign(0, { to: storeAt, data: callData(store, 'set', [42n]) })]);
});

const input = (request: CallRequest, overrides?: StateOverrides, baseFee = 0n): Parameters<typeof callMessage>[0] => ({
  suite,
  environment: { ...chain.environment(), baseFee },
  state: chain.state,
  request,
  overrides,
  gasCap: GAS_CAP,
});
const call = (request: CallRequest, overrides?: StateOverrides, baseFee = 0n): Promise<CallOutcome> =>
  callMessage(input(request, overrides, baseFee));
const messageOf = (outcome: { readonly type: string }): string =>
  'message' in outcome ? String(outcome.message) : outcome.type;

describe('calls', () => {
  it('EXE-40: read, write, and leave no trace', async () => {
    const before = new MemoryState(chain.state.entries);
    const outcome = await call({ to: storeAt, data: callData(store, 'set', [7n]), from: rich, value: 5n });
    expect(outcome).toMatchObject({ type: 'success', output: NOTHING });
    expect(chain.state.root()).toBe(before.root());
    expect(await chain.read(store, storeAt, 'value')).toBe(42n);
  });

  it('a revert gives its data, a failure its word, each with the gas', async () => {
    const reverted = await call({ to: storeAt, data: callData(store, 'setAndFail', [9n]) });
    expect(reverted.type).toBe('revert');
    if (reverted.type === 'revert')
      expect(decodeErrorResult({ abi: store.abi, data: hex(reverted.output) })).toMatchObject({ errorName: 'TooHigh' });
    expect(await call({ to: storeAt, data: callData(store, 'setAndSpin', [9n]), gas: 100_000n })).toEqual({
      type: 'failed',
      message: 'out of gas',
      gasUsed: 100_000n,
    });
    // INVALID, JUMP to nowhere, a stack that is empty
    const codes = [Uint8Array.of(0xfe), Uint8Array.of(0x60, 9, 0x56), Uint8Array.of(0x01)];
    const words: string[] = [];
    for (const code of codes)
      words.push(messageOf(await call({ to: POOR, gas: 50_000n }, new Map([[POOR, { code }]]))));
    expect(words).toEqual(['invalid opcode', 'invalid jump destination', 'stack underflow']);
  });

  it('a creation answers with the code that it would have', async () => {
    const outcome = await call({ data: deployData(store) });
    expect(outcome.type === 'success' ? hex(outcome.output) : outcome).toBe(hex(store.runtime));
  });

  it('without a price there is no base fee and nobody pays; with one the sender must be able to', async () => {
    const note = callData(environment, 'note', [[]]);
    expect((await call({ to: environmentAt, data: note, from: POOR }, undefined, PRICE)).type).toBe('success');
    const paid = await call(
      { to: environmentAt, data: note, from: POOR, gasPrice: PRICE, gas: 500_000n },
      undefined,
      PRICE,
    );
    expect(messageOf(paid)).toBe(
      `insufficient funds for gas * price + value: address 0x${POOR} have 0 want ${500_000n * PRICE}`,
    );
    const valued = await call({ to: storeAt, value: 1n, from: POOR });
    expect(messageOf(valued)).toContain('insufficient funds for gas * price + value');
  });

  it.each([
    {
      name: 'two kinds of price',
      request: { gasPrice: 1n, maxFeePerGas: 1n },
      message: 'both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified',
    },
    {
      name: 'a tip above the cap',
      request: { maxFeePerGas: 1n, maxPriorityFeePerGas: 2n },
      message: 'max priority fee per gas higher than max fee per gas',
    },
    {
      name: 'a cap below the base fee',
      request: { maxFeePerGas: 1n, from: POOR },
      message: `max fee per gas less than block base fee: address 0x${POOR}`,
    },
    {
      name: 'too little gas to begin',
      request: { gas: 20_999n },
      message: 'intrinsic gas too low: have 20999, want 21000',
    },
    {
      name: 'gas below the floor',
      request: { gas: 22_000n, data: new Uint8Array(50).fill(1) },
      message: 'insufficient gas for floor data gas cost',
    },
  ])('$name is refused in the words that clients know', async ({ request, message }) => {
    const outcome = await call({ to: POOR, ...request }, undefined, PRICE);
    expect(outcome).toMatchObject({ type: 'failed', gasUsed: 0n });
    expect(messageOf(outcome)).toContain(message);
  });

  it('too much init code is refused', async () => {
    expect(messageOf(await call({ data: new Uint8Array(49_153) }))).toContain(
      'max initcode size exceeded: code size 49153 limit 49152',
    );
  });

  it('gas is never above the cap of the node', async () => {
    const outcome = await call({ to: storeAt, data: callData(store, 'setAndSpin', [9n]), gas: 10n ** 12n, from: rich });
    expect(outcome).toMatchObject({ gasUsed: GAS_CAP });
  }, 60_000);

  it('a contract may call as a sender, a system contract may be called', async () => {
    expect((await call({ from: storeAt, to: callerAt, data: callData(caller, 'isFine') })).type).toBe('success');
    expect((await call({ to: SYSTEM, data: Uint8Array.of(0, 0, 0, 0) })).type).toBe('revert');
  });
});

describe('overrides', () => {
  const value = callData(store, 'value');
  const read = async (overrides: StateOverrides, data = value): Promise<bigint> => {
    const outcome = await call({ to: storeAt, data }, overrides);
    return outcome.type === 'success' ? BigInt(hex(outcome.output)) : -1n;
  };
  const word = (number: bigint): Uint8Array => Uint8Array.from(Buffer.from(wordOf(number), 'hex'));

  it('code, balance, and storage by slot or as a whole', async () => {
    expect(await read(new Map([[storeAt, { stateDiff: new Map([[wordOf(0n), word(9n)]]) }]]))).toBe(9n);
    expect(await read(new Map([[storeAt, { stateDiff: new Map([[wordOf(5n), word(9n)]]) }]]))).toBe(42n);
    expect(await read(new Map([[storeAt, { state: new Map([[wordOf(5n), word(9n)]]) }]]))).toBe(0n);
    expect(await read(new Map([[storeAt, { stateDiff: new Map([[wordOf(0n), word(0n)]]) }]]))).toBe(0n);
    expect(await read(new Map([[storeAt, { code: environment.runtime }]]))).toBe(-1n);
    // SELFBALANCE, PUSH0, MSTORE, RETURN(0, 32)
    const code = Uint8Array.of(0x47, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3);
    expect(await read(new Map([[storeAt, { code, balance: 77n }]]))).toBe(77n);
    expect(await read(new Map())).toBe(42n);
    expect(chain.slot(storeAt, 0n)).toBe(42n);
  });

  it('a nonce moves the address of a creation', async () => {
    // CREATE(0, 0, 0), PUSH0, MSTORE, RETURN(0, 32)
    const code = Uint8Array.of(0x5f, 0x5f, 0x5f, 0xf0, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3);
    const first = await read(new Map([[storeAt, { code, nonce: 5n }]]));
    const second = await read(new Map([[storeAt, { code, nonce: 6n }]]));
    expect(first).not.toBe(second);
    expect(first).toBeGreaterThan(0n);
  });

  it('what contradicts itself, or would be a broken delegation, is refused', async () => {
    const slots = new Map([[wordOf(0n), word(1n)]]);
    expect(messageOf(await call({ to: storeAt }, new Map([[storeAt, { state: slots, stateDiff: slots }]])))).toBe(
      `account 0x${storeAt} has both 'state' and 'stateDiff'`,
    );
    for (const size of [3, 22, 24, 60]) {
      const code = new Uint8Array(size);
      code.set([0xef, 0x01, 0x00]);
      expect(messageOf(await call({ to: storeAt }, new Map([[storeAt, { code }]])))).toContain('is no delegation');
      expect(
        messageOf(
          await call(
            { to: callerAt, data: callData(caller, 'forward', [`0x${storeAt}`, '0x']) },
            new Map([[storeAt, { code }]]),
          ),
        ),
      ).toContain('is no delegation');
    }
  });

  it('a delegation of EIP-7702 by override runs the other code', async () => {
    const code = Uint8Array.from(Buffer.from(`ef0100${storeAt}`, 'hex'));
    const outcome = await call({ to: POOR, data: callData(store, 'value') }, new Map([[POOR, { code }]]));
    expect(outcome).toMatchObject({ type: 'success' });
  });
});

describe('estimates', () => {
  async function leastGas(request: CallRequest): Promise<bigint> {
    let [low, high] = [20_000n, 5_000_000n];
    while (low + 1n < high) {
      const middle = (low + high) / 2n;
      if ((await call({ ...request, gas: middle })).type === 'success') high = middle;
      else low = middle;
    }
    return high;
  }

  it.each([
    { name: 'a transfer', request: () => ({ from: rich, to: POOR, value: 1n }) },
    { name: 'a write', request: () => ({ to: storeAt, data: callData(store, 'set', [7n]) }) },
    { name: 'a write that is paid back', request: () => ({ to: storeAt, data: callData(store, 'set', [0n]) }) },
    { name: 'inner calls', request: () => ({ to: storeAt, data: callData(store, 'takeFlagThrice') }) },
    { name: 'a creation', request: () => ({ from: rich, data: deployData(store) }) },
    {
      name: 'deep calls',
      request: () => ({
        to: callerAt,
        data: callData(caller, 'deep', [8n, `0x${storeAt}`, hex(callData(store, 'set', [3n]))]),
      }),
    },
    { name: 'much data', request: () => ({ to: POOR, data: new Uint8Array(500).fill(1) }) },
  ])('$name: enough, and at most 1.5 % above the least', async ({ request }) => {
    const estimate = await estimateGas(input(request()));
    if (estimate.type !== 'success') throw new Error(messageOf(estimate));
    const least = await leastGas(request());
    expect(estimate.gas).toBeGreaterThanOrEqual(least);
    expect(Number(estimate.gas)).toBeLessThanOrEqual(Number(least) * 1.016);
    expect((await call({ ...request(), gas: estimate.gas })).type).toBe('success');
  });

  it('what cannot succeed says why', async () => {
    const revert = await estimateGas(input({ to: storeAt, data: callData(store, 'setAndFail', [9n]) }));
    expect(revert).toMatchObject({ type: 'revert' });
    expect(
      messageOf(await estimateGas(input({ to: storeAt, data: callData(store, 'setAndSpin', [9n]), gas: 300_000n }))),
    ).toBe('gas required exceeds allowance (300000)');
    expect(messageOf(await estimateGas(input({ from: POOR, to: rich, value: 1n })))).toContain('insufficient funds');
    expect(messageOf(await estimateGas(input({ from: rich, to: POOR, value: 5000n * ETHER, gasPrice: 1n })))).toBe(
      'insufficient funds for transfer',
    );
    const few = {
      from: rich,
      to: storeAt,
      data: callData(store, 'set', [7n]),
      value: 1000n * ETHER - 22_000n,
      gasPrice: 1n,
    };
    expect(messageOf(await estimateGas(input(few)))).toBe('gas required exceeds allowance (22000)');
  });
});

describe('access lists', () => {
  it('name what is read beyond sender, target and precompiles, and cost what they say', async () => {
    const data = callData(caller, 'deep', [0n, `0x${storeAt}`, hex(callData(store, 'set', [3n]))]);
    const made = await createAccessList(input({ from: rich, to: callerAt, data }));
    if (made.type !== 'success') throw new Error(made.message);
    expect(made.accessList).toEqual([{ address: storeAt, storageKeys: [wordOf(0n)] }]);
    expect(made.error).toBeUndefined();
    const { receipts } = await chain.block([
      chain.sign(1, { to: callerAt, data, type: 1, accessList: made.accessList }),
    ]);
    expect(receipts[0]).toMatchObject({ status: 1, gasUsed: made.gasUsed });
  });

  it('slots of the target are named with it; a failure is told beside the list', async () => {
    const made = await createAccessList(input({ to: storeAt, data: callData(store, 'setAndPanic', [1n]) }));
    expect(made).toMatchObject({
      type: 'success',
      error: 'execution reverted',
      accessList: [{ address: storeAt, storageKeys: [wordOf(0n)] }],
    });
    expect(messageOf(await createAccessList(input({ from: POOR, to: storeAt, value: 1n })))).toContain(
      'insufficient funds',
    );
  });
});

describe('engines that are used again', () => {
  const set = (to: bigint): CallRequest => ({ from: rich, to: storeAt, data: callData(store, 'set', [to]) });

  it('EXE-2: a message whose state throws at any read leaves nothing for the next one', async () => {
    const reference = await call(set(8n));
    const deep = {
      to: callerAt,
      data: callData(caller, 'deep', [6n, `0x${storeAt}`, hex(callData(store, 'set', [3n]))]),
    };
    for (let broken = 1; broken < 14; broken++) {
      let reads = 0;
      const state = {
        get: (key: Parameters<MemoryState['get']>[0]): Uint8Array | undefined => {
          reads++;
          if (reads === broken) throw new Error('the disk is gone');
          return chain.state.get(key);
        },
      };
      await callMessage({ ...input(deep), state }).catch((error: Error) =>
        expect(error.message).toBe('the disk is gone'),
      );
      expect(await call(set(8n))).toEqual(reference);
    }
  });

  it('EXE-2: reverts at depth, warm slots and transient storage do not reach the next message', async () => {
    const flag = { to: storeAt, data: callData(store, 'takeFlagThrice') };
    const gas = { to: storeAt, data: callData(store, 'readTwice', [3n]) };
    const deepFailure = {
      to: callerAt,
      data: callData(caller, 'deep', [20n, `0x${storeAt}`, hex(callData(store, 'setAndFail', [3n]))]),
    };
    const warming = { ...gas, accessList: [{ address: storeAt, storageKeys: [wordOf(0n)] }] };
    const first = [await call(flag), await call(gas)];
    for (const noise of [
      deepFailure,
      warming,
      { to: storeAt, data: callData(store, 'setAndSpin', [1n]), gas: 60_000n },
      set(3n),
    ]) {
      const outcome = await call(noise);
      if (noise === deepFailure) expect(outcome.type).toBe('revert');
      expect([await call(flag), await call(gas)]).toEqual(first);
    }
    const [outcome] = first;
    expect(outcome?.type === 'success' ? resultOf(store, 'takeFlagThrice', outcome.output) : outcome).toEqual([
      0n,
      1n,
      2n,
    ]);
  });

  it('EXE-2: many at once on states of their own', async () => {
    const request = { to: storeAt, data: callData(store, 'value') };
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        call(
          request,
          new Map([
            [
              storeAt,
              { stateDiff: new Map([[wordOf(0n), Uint8Array.from(Buffer.from(wordOf(BigInt(index + 1)), 'hex'))]]) },
            ],
          ]),
        ),
      ),
    );
    expect(outcomes.map((outcome) => (outcome.type === 'success' ? BigInt(hex(outcome.output)) : -1n))).toEqual(
      Array.from({ length: 12 }, (_, index) => BigInt(index + 1)),
    );
    expect(chain.state.get(accountKey(rich))).toBeDefined();
  });
});

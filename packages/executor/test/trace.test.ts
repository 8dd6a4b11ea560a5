/** Traces have go-ethereum's shape and tell what the block did (EXE-41). */
import { type AddressHex, bytesToHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import { encodeErrorResult } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  blockEnvironment,
  createdAddress,
  type TraceJson,
  type TracerConfig,
  type TracerName,
  traceBlock,
  traceTransaction,
} from '../src/index.ts';
import { callData, deployData, ETHER, hex, type MadeBlock, suite, TestChain, wordOf } from './kit/chain.ts';
import { onParameters, proposalData, setValue } from './kit/governance.ts';
import { contract } from './kit/solidity.ts';

const HEIR = 'ab'.repeat(20) as AddressHex;
const FEES = 'fe'.repeat(20) as AddressHex;
const SYSTEM = '10001'.padStart(40, '0') as AddressHex;
const store = contract('Store');
const factory = contract('Factory');
const caller = contract('Caller');
const mortal = contract('Mortal');
const at0x = (address: AddressHex): `0x${string}` => `0x${address}`;

let chain: TestChain;
let storeAt: AddressHex;
let factoryAt: AddressHex;
let callerAt: AddressHex;
let made: MadeBlock;
let transactions: Record<string, SignedTransaction>;
beforeAll(async () => {
  chain = new TestChain({ parameters: { feeRecipient: FEES, leaderPeriod: 100 } });
  storeAt = await chain.deploy(store);
  factoryAt = await chain.deploy(factory);
  callerAt = await chain.deploy(caller);
  await chain.block([chain.sign(0, { to: storeAt, data: callData(store, 'set', [5n]) })]);
  const price = { maxPriorityFeePerGas: 2n, gasLimit: 2_000_000n };
  transactions = {
    transfer: chain.sign(1, { ...price, to: HEIR, value: 3n }),
    set: chain.sign(1, { ...price, to: storeAt, data: callData(store, 'set', [6n]), value: 1n }),
    fail: chain.sign(1, { ...price, to: storeAt, data: callData(store, 'setAndFail', [7n]) }),
    deep: chain.sign(1, {
      ...price,
      to: callerAt,
      data: callData(caller, 'deep', [1n, at0x(storeAt), hex(callData(store, 'set', [9n]))]),
    }),
    kill: chain.sign(1, {
      ...price,
      to: factoryAt,
      data: callData(factory, 'makeAndKill', [`0x${wordOf(1n)}`, at0x(HEIR)]),
      value: 8n,
    }),
    reason: chain.sign(1, {
      ...price,
      to: callerAt,
      data: callData(caller, 'forwardAndFail', [at0x(storeAt), hex(callData(store, 'set', [9n]))]),
    }),
    create: chain.sign(1, { ...price, data: deployData(store) }),
    system: chain.sign(0, {
      ...price,
      to: SYSTEM,
      data: proposalData([onParameters(setValue('hansa_window', '4'))]),
    }),
    spin: chain.sign(2, { ...price, to: storeAt, data: callData(store, 'setAndSpin', [7n]), gasLimit: 200_000n }),
  };
  made = await chain.block(Object.values(transactions));
});

const indexOf = (name: string): number => Object.keys(transactions).indexOf(name);
const receiptOf = (name: string): MadeBlock['receipts'][number] =>
  made.receipts[indexOf(name)] as MadeBlock['receipts'][number];

function inputOf(
  tracer: TracerName,
  tracerConfig: TracerConfig = {},
  limits?: { stepCount: number; outputSize: number; copiedSize: number },
) {
  const height = made.header.height;
  const parent = chain.blocks[chain.blocks.length - 2] as MadeBlock;
  const environment = blockEnvironment({
    suite,
    parent,
    info: chain.info,
    chainId: made.header.chainId,
    height,
    timestampMs: made.header.timestamp,
    blockHashAt: (asked) => chain.hashes[asked],
  });
  return {
    suite,
    environment,
    state: made.before,
    transactions: made.executed,
    tracer,
    tracerConfig,
    ...(limits === undefined ? {} : { limits }),
  };
}

type Step = {
  pc: number;
  op: string;
  gas: number;
  gasCost: number;
  depth: number;
  stack?: string[];
  memory?: string[];
  storage?: Record<string, string>;
  error?: string;
};
type StructResult = { readonly structLogs: readonly Step[] };
type Frame = { readonly type: string; readonly calls: readonly [Frame, ...Frame[]]; readonly logs: readonly unknown[] };
type Accounts = Readonly<Record<string, unknown>>;
type Difference = { readonly pre: Accounts; readonly post: Accounts };

async function trace<T>(name: string, tracer: TracerName, config: TracerConfig = {}): Promise<T> {
  const outcome = await traceTransaction({ ...inputOf(tracer, config), index: indexOf(name) });
  if (outcome.type === 'failed') throw new Error(outcome.message);
  return outcome.result as T;
}

describe('struct logger', () => {
  it('EXE-41: gas, result and one entry per opcode', async () => {
    const result = await trace<StructResult>('set', 'struct');
    expect(result).toMatchObject({ gas: Number(receiptOf('set').gasUsed), failed: false, returnValue: '0x' });
    const logs = result.structLogs;
    expect(logs[0]).toMatchObject({ pc: 0, op: 'PUSH1', depth: 1, gasCost: 3, stack: [] });
    // What each costs is what the next one has less, within one frame.
    for (let i = 1; i < logs.length; i++)
      expect((logs[i - 1] as Step).gas - (logs[i - 1] as Step).gasCost).toBe((logs[i] as Step).gas);
    const write = logs.find(({ op }) => op === 'SSTORE');
    expect(write?.storage).toEqual({ [`0x${wordOf(0n)}`]: `0x${wordOf(6n)}` });
    expect(write?.gasCost).toBe(2900);
    const read = logs.find(({ op }) => op === 'SLOAD');
    expect(read).toMatchObject({ storage: { [`0x${wordOf(0n)}`]: `0x${wordOf(5n)}` }, gasCost: 2100 });
    expect(read).not.toHaveProperty('memory');
  });

  it('settings leave out or add parts', async () => {
    const result = await trace<StructResult>('deep', 'struct', {
      disableStack: true,
      disableStorage: true,
      enableMemory: true,
      enableReturnData: true,
      limit: 400,
    });
    const logs = result.structLogs;
    expect(logs).toHaveLength(400);
    expect(logs.every((step) => step.stack === undefined && step.storage === undefined)).toBe(true);
    expect(logs.some((step) => (step.memory?.length ?? 0) > 2)).toBe(true);
    expect(Math.max(...logs.map(({ depth }) => depth))).toBeGreaterThan(1);
  });

  it('failures: the data of a revert, the word of an exception', async () => {
    const reverted = await trace<StructResult>('fail', 'struct');
    expect(reverted).toMatchObject({
      failed: true,
      returnValue: encodeErrorResult({ abi: store.abi, errorName: 'TooHigh', args: [7n, 7n] }),
    });
    expect((reverted.structLogs as Step[]).at(-1)?.op).toBe('REVERT');
    const spun = await trace<StructResult>('spin', 'struct', { disableStack: true, disableStorage: true });
    expect(spun).toMatchObject({ failed: true, gas: 200_000, returnValue: '0x' });
    expect((spun.structLogs as Step[]).at(-1)?.error).toBe('out of gas');
  });

  it('a plain transfer has no opcodes and the same gas', async () => {
    expect(await trace<StructResult>('transfer', 'struct')).toEqual({
      gas: 21_000,
      failed: false,
      returnValue: '0x',
      structLogs: [],
    });
  });
});

describe('callTracer', () => {
  it('EXE-41: a call with its log', async () => {
    const { from, gasUsed } = { from: at0x(chain.wallet(1).address), gasUsed: receiptOf('set').gasUsed };
    const [log] = receiptOf('set').logs;
    expect(await trace<Frame>('set', 'callTracer', { withLog: true })).toEqual({
      type: 'CALL',
      from,
      to: at0x(storeAt),
      value: '0x1',
      gas: hexOf(2_000_000n),
      gasUsed: hexOf(gasUsed),
      input: hex(callData(store, 'set', [6n])),
      logs: [
        {
          address: at0x(storeAt),
          topics: log?.topics.map((topic) => `0x${topic}`),
          data: hex(log?.data as Uint8Array),
          position: '0x0',
          index: '0x0',
        },
      ],
    });
  });

  it('a tree: nested calls, creation by CREATE2, self-destruction', async () => {
    const root = await trace<Frame>('deep', 'callTracer');
    expect([root.type, root.calls[0].type, root.calls[0].calls[0].type]).toEqual(['CALL', 'CALL', 'CALL']);
    expect(root.calls[0]).toMatchObject({ from: at0x(callerAt), to: at0x(callerAt) });
    expect(root.calls[0].calls[0]).toMatchObject({
      from: at0x(callerAt),
      to: at0x(storeAt),
      input: hex(callData(store, 'set', [9n])),
    });
    const kill = await trace<Frame>('kill', 'callTracer');
    const mortalAt = `0x${bytesToHex(receiptOf('kill').output.subarray(12))}`;
    expect(kill.calls).toMatchObject([
      {
        type: 'CREATE2',
        from: at0x(factoryAt),
        to: mortalAt,
        value: '0x8',
        input: hex(mortal.bytecode),
        output: hex(mortal.runtime),
      },
      { type: 'CALL', to: mortalAt, calls: [{ type: 'SELFDESTRUCT', from: mortalAt, to: at0x(HEIR), value: '0x8' }] },
    ]);
    expect(await trace<Frame>('deep', 'callTracer', { onlyTopCall: true })).not.toHaveProperty('calls');
  });

  it('failures: reverts with data, with a reason, exceptions', async () => {
    const fail = await trace<Frame>('fail', 'callTracer', { withLog: true });
    expect(fail).toMatchObject({
      error: 'execution reverted',
      output: encodeErrorResult({ abi: store.abi, errorName: 'TooHigh', args: [7n, 7n] }),
    });
    expect(fail).not.toHaveProperty('logs');
    const reason = await trace<Frame>('reason', 'callTracer', { withLog: true });
    expect(reason).toMatchObject({ error: 'execution reverted', revertReason: 'all of it is taken back' });
    expect(reason.calls[0]).not.toHaveProperty('error');
    expect(reason.calls[0]).not.toHaveProperty('logs');
    expect(await trace<Frame>('spin', 'callTracer')).toMatchObject({ error: 'out of gas', gasUsed: hexOf(200_000n) });
  });

  it('a transfer, a creation, a system contract with its log', async () => {
    expect(await trace<Frame>('transfer', 'callTracer')).toEqual({
      type: 'CALL',
      from: at0x(chain.wallet(1).address),
      to: at0x(HEIR),
      value: '0x3',
      gas: hexOf(2_000_000n),
      gasUsed: hexOf(21_000n),
      input: '0x',
    });
    const created = createdAddress(chain.wallet(1).address, transactions['create']?.nonce as bigint);
    expect(await trace<Frame>('create', 'callTracer')).toMatchObject({
      type: 'CREATE',
      to: at0x(created),
      input: hex(store.bytecode),
      output: hex(store.runtime),
    });
    const system = await trace<Frame>('system', 'callTracer', { withLog: true });
    expect(system).toMatchObject({ to: at0x(SYSTEM), output: `0x${wordOf(1n)}` });
    expect(system.logs).toHaveLength(4);
  });
});

describe('prestateTracer', () => {
  const sender = (): string => at0x(chain.wallet(1).address);

  it('EXE-41: what the transaction needs of the state before it', async () => {
    const pre = await trace<Accounts>('set', 'prestateTracer');
    expect(Object.keys(pre).sort()).toEqual([sender(), at0x(storeAt), at0x(FEES)].sort());
    expect(pre[at0x(storeAt)]).toEqual({
      balance: '0x0',
      nonce: 1,
      code: hex(store.runtime),
      storage: { [`0x${wordOf(0n)}`]: `0x${wordOf(5n)}` },
    });
    // After the transfer before it, in the same block.
    expect(pre[sender()]).toEqual({ balance: hexOf(1000n * ETHER - 3n - 2n * 21_000n), nonce: 1 });
    expect(pre[at0x(FEES)]).toEqual({ balance: hexOf(2n * 21_000n) });
    expect(
      (await trace<Accounts>('set', 'prestateTracer', { disableCode: true, disableStorage: true }))[at0x(storeAt)],
    ).toEqual({
      balance: '0x0',
      nonce: 1,
    });
  });

  it('diffMode: what changed, before and after', async () => {
    const { gasUsed } = receiptOf('set');
    const { pre, post } = await trace<Difference>('set', 'prestateTracer', { diffMode: true });
    expect(post).toEqual({
      [sender()]: { balance: hexOf(1000n * ETHER - 4n - 2n * 21_000n - 2n * gasUsed), nonce: 2 },
      [at0x(storeAt)]: { balance: '0x1', storage: { [`0x${wordOf(0n)}`]: `0x${wordOf(6n)}` } },
      [at0x(FEES)]: { balance: hexOf(2n * (21_000n + gasUsed)) },
    });
    expect(pre[at0x(storeAt)]).toEqual({
      balance: '0x0',
      nonce: 1,
      code: hex(store.runtime),
      storage: { [`0x${wordOf(0n)}`]: `0x${wordOf(5n)}` },
    });
  });

  it('diffMode: what is made is in post alone, what fails changes nonce and fee alone', async () => {
    const { pre, post } = await trace<Difference>('create', 'prestateTracer', { diffMode: true });
    const created = at0x(createdAddress(chain.wallet(1).address, transactions['create']?.nonce as bigint));
    expect(pre).not.toHaveProperty(created);
    expect(post[created]).toEqual({ nonce: 1, code: hex(store.runtime) });
    const failed = await trace<Difference>('fail', 'prestateTracer', { diffMode: true });
    expect(Object.keys(failed.post).sort()).toEqual([sender(), at0x(FEES)].sort());
    const killed = await trace<Difference>('kill', 'prestateTracer', { diffMode: true });
    expect(Object.keys(killed.post).sort()).toEqual([sender(), at0x(FEES), at0x(HEIR), at0x(factoryAt)].sort());
  });
});

describe('blocks and limits', () => {
  it('a block is traced transaction by transaction, each as alone', async () => {
    for (const tracer of ['struct', 'callTracer', 'prestateTracer'] as const) {
      const outcome = await traceBlock(inputOf(tracer));
      if (outcome.type === 'failed') throw new Error(outcome.message);
      expect(outcome.result.map(({ txHash }) => txHash)).toEqual(made.executed.map(({ hash }) => `0x${hash}`));
      for (const [index, name] of Object.keys(transactions).entries()) {
        if (tracer === 'struct' && name !== 'set') continue;
        expect((outcome.result[index] as { result: TraceJson }).result).toEqual(await trace<TraceJson>(name, tracer));
      }
    }
  });

  it('EXE-41: the engines give the same traces', async () => {
    for (const tracer of ['struct', 'callTracer', 'prestateTracer'] as const) {
      const config = { enableMemory: true, enableReturnData: true, withLog: true, diffMode: true };
      const own = await traceBlock(inputOf(tracer, config));
      expect(own.type).toBe('success');
      expect(own).toEqual(await traceBlock({ ...inputOf(tracer, config), engine: 'ethereumjs' }));
    }
  });

  it('EXE-2: a trace does not change the state, and the block comes out the same after it', async () => {
    const root = made.before.root();
    await trace<Frame>('kill', 'callTracer');
    await trace<Difference>('system', 'prestateTracer', { diffMode: true });
    expect(made.before.root()).toBe(root);
  });

  it('ends at its limits with a message that helps, and the next one is whole', async () => {
    const limits = { stepCount: 5_000_000, outputSize: 64_000_000, copiedSize: 1_000_000_000 };
    const few = await traceTransaction({
      ...inputOf('struct', {}, { ...limits, stepCount: 50 }),
      index: indexOf('spin'),
    });
    expect(few).toMatchObject({ type: 'failed', message: expect.stringContaining('more than 50 opcodes') });
    const small = await traceTransaction({
      ...inputOf('callTracer', {}, { ...limits, outputSize: 500 }),
      index: indexOf('deep'),
    });
    expect(small).toMatchObject({ type: 'failed', message: expect.stringContaining('larger than 500 bytes') });
    const copied = await traceTransaction({
      ...inputOf('struct', {}, { ...limits, copiedSize: 1000 }),
      index: indexOf('spin'),
    });
    expect(copied).toMatchObject({ type: 'failed', message: expect.stringContaining('copy more than 1000 bytes') });
    expect(await trace<StructResult>('set', 'struct')).toMatchObject({ gas: Number(receiptOf('set').gasUsed) });
    const none = await traceTransaction({ ...inputOf('struct'), index: 99 });
    expect(none.type).toBe('failed');
  });
});

const hexOf = (value: bigint): string => `0x${value.toString(16)}`;

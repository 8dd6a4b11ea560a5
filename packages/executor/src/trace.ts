import type { CryptoSuite } from '@hansa/crypto';
import type { SignedTransaction, StateReader } from '@hansa/protocol';
import type { EvmTracer } from './evm-tracer.ts';
import { executeTransaction, type TransactionOutcome } from './execute-transaction.ts';
import { loadEngine } from './load-engine.ts';
import type { BlockEnvironment, EngineName, Machine, MachineFactory } from './machine.ts';
import { StateOverlay } from './state-overlay.ts';
import { type CallTracerConfig, callTracer } from './trace/call-tracer.ts';
import { type PrestateTracerConfig, prestateOf, RecordingState } from './trace/prestate-tracer.ts';
import { type StructLoggerConfig, structLogger } from './trace/struct-logger.ts';
import {
  DEFAULT_TRACE_LIMITS,
  TraceBudget,
  type TracedTransaction,
  type TraceJson,
  TraceLimitReached,
  type TraceLimits,
} from './trace/types.ts';

export type TracerName = 'struct' | 'callTracer' | 'prestateTracer';
export type TracerConfig = StructLoggerConfig & CallTracerConfig & PrestateTracerConfig;

export type TraceInput = {
  readonly suite: CryptoSuite;
  /** Of the block itself. */
  readonly environment: BlockEnvironment;
  /** State after the parent of the block. */
  readonly state: StateReader;
  /** Executed transactions of the block, in order. */
  readonly transactions: readonly SignedTransaction[];
  readonly tracer: TracerName;
  readonly tracerConfig?: TracerConfig | undefined;
  readonly limits?: TraceLimits | undefined;
  /** The traces of both are the same. */
  readonly engine?: EngineName | undefined;
};

export type TraceOutcome<T> =
  | { readonly type: 'success'; readonly result: T }
  | { readonly type: 'failed'; readonly message: string };

export type BlockTrace = readonly { readonly txHash: string; readonly result: TraceJson }[];

/** Executes a block again up to a transaction, and that one with a tracer (EXE-41). */
export async function traceTransaction(
  input: TraceInput & { readonly index: number },
): Promise<TraceOutcome<TraceJson>> {
  const outcome = await traceFrom(input, input.index, input.index);
  if (outcome.type === 'failed') return outcome;
  const traced = outcome.result[0];
  return traced === undefined
    ? { type: 'failed', message: `the block has no transaction ${input.index}` }
    : { type: 'success', result: traced.result };
}

/** Executes a block again with a tracer on each transaction. The limits count for all of them together. */
export function traceBlock(input: TraceInput): Promise<TraceOutcome<BlockTrace>> {
  return traceFrom(input, 0, input.transactions.length - 1);
}

async function traceFrom(input: TraceInput, first: number, last: number): Promise<TraceOutcome<BlockTrace>> {
  const budget = new TraceBudget(input.limits ?? DEFAULT_TRACE_LIMITS);
  const traces: { txHash: string; result: TraceJson }[] = [];
  const { suite, environment } = input;
  const overlay = new StateOverlay(input.state);
  const createMachine = await loadEngine(input.engine);
  const machine = createMachine({ suite, environment, overlay });
  let gasUsed = 0n;
  try {
    for (const [index, transaction] of input.transactions.slice(0, last + 1).entries()) {
      if (index >= first) {
        // On an overlay of its own, so that the state before it stays to be seen.
        const result = await traceOne(input, { overlay, createMachine, transaction, gasUsed, budget });
        traces.push({ txHash: `0x${transaction.hash}`, result });
        if (index === last) break;
      }
      gasUsed += await replay(transaction, { overlay, machine, environment, gasUsed });
    }
  } catch (error) {
    if (error instanceof TraceLimitReached) return { type: 'failed', message: error.message };
    throw error;
  }
  return { type: 'success', result: traces };
}

type Replay = {
  readonly overlay: StateOverlay;
  readonly machine: Machine;
  readonly environment: BlockEnvironment;
  readonly gasUsed: bigint;
  readonly isTraced?: boolean;
};

type Executed = Extract<TransactionOutcome, { type: 'executed' }>;

async function replay(transaction: SignedTransaction, context: Replay): Promise<bigint> {
  return (await execute(transaction, context)).gasUsed;
}

async function execute(transaction: SignedTransaction, context: Replay): Promise<Executed> {
  const { overlay, machine, environment, gasUsed, isTraced = false } = context;
  const rules = {
    height: environment.height,
    // The block holds it: so it was within the limit then.
    txGasLimit: environment.gasLimit,
    baseFee: environment.baseFee,
    coinbase: environment.coinbase,
    gasLeft: environment.gasLimit - gasUsed,
  };
  const outcome = await executeTransaction(transaction, rules, { overlay, machine: () => machine, isTraced });
  if (outcome.type === 'left out')
    throw new Error(`transaction ${transaction.hash} is in the block, but would be left out: ${outcome.reason}`);
  return outcome;
}

type Traced = {
  readonly overlay: StateOverlay;
  readonly transaction: SignedTransaction;
  readonly gasUsed: bigint;
  readonly budget: TraceBudget;
  readonly createMachine: MachineFactory;
};

async function traceOne(input: TraceInput, traced: Traced): Promise<TraceJson> {
  const { suite, environment, tracerConfig: config = {} } = input;
  const { overlay: before, createMachine, transaction, gasUsed, budget } = traced;
  if (input.tracer === 'prestateTracer') {
    const recorded = new RecordingState(before);
    const after = new StateOverlay(recorded);
    const machine = createMachine({ suite, environment, overlay: after });
    after.account(environment.coinbase);
    await execute(transaction, { overlay: after, machine, environment, gasUsed });
    return prestateOf({ config, budget, before, after, recorded });
  }
  const overlay = new StateOverlay(before);
  const tracer = input.tracer === 'callTracer' ? callTracer(config, { budget }) : structLogger(config, { budget });
  const machine = createMachine({ suite, environment, overlay, tracer: tracer.hooks satisfies EvmTracer });
  const outcome = await execute(transaction, { overlay, machine, environment, gasUsed, isTraced: true });
  const facts: TracedTransaction = {
    gasUsed: outcome.gasUsed,
    gasLimit: transaction.gasLimit,
    output: outcome.evmOutput,
    error: outcome.error,
  };
  return tracer.result(facts);
}

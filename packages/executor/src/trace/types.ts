import type { EvmTracer } from '../evm-tracer.ts';

/** What a tracer gives back, ready for JSON. */
export type TraceJson =
  | string
  | number
  | boolean
  | readonly TraceJson[]
  | { readonly [key: string]: TraceJson | undefined };

export type TraceLimits = {
  /** Opcodes of one call of the tracer. */
  readonly stepCount: number;
  /** Bytes of the answer, roughly. */
  readonly outputSize: number;
  /** Bytes of EVM memory that the opcodes' snapshots may copy in all. */
  readonly copiedSize: number;
};

export const DEFAULT_TRACE_LIMITS: TraceLimits = {
  stepCount: 5_000_000,
  outputSize: 64 * 1024 * 1024,
  copiedSize: 4 * 1024 * 1024 * 1024,
};

/** Ends a run from within a hook. Never leaves this package. */
export class TraceLimitReached extends Error {}

/** What is left of the limits; one for all transactions of a request. */
export class TraceBudget {
  readonly #limits: TraceLimits;
  #steps = 0;
  #output = 0;
  #copied = 0;

  constructor(limits: TraceLimits) {
    this.#limits = limits;
  }

  step(memorySize: number): void {
    this.#steps++;
    this.#copied += memorySize;
    if (this.#steps > this.#limits.stepCount)
      throw new TraceLimitReached(
        `the trace takes more than ${this.#limits.stepCount} opcodes; trace a single transaction, or use the prestateTracer`,
      );
    if (this.#copied > this.#limits.copiedSize)
      throw new TraceLimitReached(
        `the transaction uses so much memory that its trace would copy more than ${this.#limits.copiedSize} bytes; use the prestateTracer`,
      );
  }

  output(size: number): void {
    this.#output += size;
    if (this.#output > this.#limits.outputSize)
      throw new TraceLimitReached(
        `the trace is larger than ${this.#limits.outputSize} bytes; set limit, disableStack, disableStorage or onlyTopCall, or trace a single transaction`,
      );
  }
}

/** Facts of a finished transaction. */
export type TracedTransaction = {
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  readonly output: Uint8Array;
  /** The EVM's word for a failure. */
  readonly error: string | undefined;
};

export type TransactionTracer = {
  readonly hooks: EvmTracer;
  /** After the transaction. */
  readonly result: (transaction: TracedTransaction) => TraceJson;
};

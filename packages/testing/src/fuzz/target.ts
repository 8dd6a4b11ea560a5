/** What is fuzzed: a decoder with its oracles. */
import { bytesToHex, equalBytes, type Result } from '@hansa/primitives';
import type { Prng } from '../simulator/prng.ts';

/** What one input may cost; above it the decoder is faulty. */
export type FuzzBudget = {
  /** On the processor, the least of several runs: other programs and the collector do not count. */
  readonly timeMs: number;
  /** Added for each KiB of the input: work may grow with what came, and no faster. */
  readonly timePerKibMs: number;
  /** Bytes of heap and buffers while decoding, for any input … */
  readonly memoryBase: number;
  /** … and for each byte of it. */
  readonly memoryPerByte: number;
};

/** Words and hex of a value cost some times its bytes; what was only announced must cost nothing. */
export const DEFAULT_BUDGET: FuzzBudget = { timeMs: 5, timePerKibMs: 0.25, memoryBase: 512 * 1024, memoryPerByte: 256 };

export type FuzzTarget = {
  /** kebab-case; also the name of its corpus file. */
  readonly name: string;
  readonly about: string;
  readonly budget: FuzzBudget;
  /** The value may point into its input, as its docstring says: the input is not overwritten before the check. */
  readonly keepsInput: boolean;
  /** A valid input: `decode` accepts it. */
  generate(prng: Prng): Uint8Array;
  /** The value, undefined when it was refused; any throw is a fault. MAY be asynchronous. */
  decode(input: Uint8Array): unknown;
  /** What is wrong with an accepted value. The bytes that were decoded have been overwritten meanwhile; `input` is a copy. */
  check(value: unknown, input: Uint8Array): string | undefined | Promise<string | undefined>;
  /** Gives back what `decode` holds, servers for one. It MAY be used again afterwards. */
  readonly stop?: () => Promise<void>;
};

export type TargetOptions<T> = Omit<FuzzTarget, 'budget' | 'keepsInput' | 'decode' | 'check'> & {
  readonly budget?: Partial<FuzzBudget>;
  readonly keepsInput?: boolean;
  readonly decode: (input: Uint8Array) => T | undefined | Promise<T | undefined>;
  readonly check?: (value: T, input: Uint8Array) => string | undefined | Promise<string | undefined>;
};

export function createTarget<T>(options: TargetOptions<T>): FuzzTarget {
  const { budget, check, keepsInput = false, ...rest } = options;
  return {
    ...rest,
    keepsInput,
    budget: { ...DEFAULT_BUDGET, ...budget },
    check: (value, input) => check?.(value as T, input),
  };
}

type CodecOptions<T> = {
  readonly name: string;
  readonly about: string;
  readonly budget?: Partial<FuzzBudget>;
  readonly value: (prng: Prng) => T;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (input: Uint8Array) => Result<T, unknown>;
};

/** A format in which a value has one encoding: what is accepted is encoded to the same bytes again. */
export function canonicalTarget<T>(options: CodecOptions<T>): FuzzTarget {
  return codecTarget(options, (value, input) => {
    const again = options.encode(value);
    return equalBytes(again, input) ? undefined : `accepted, but encoded again it is ${bytesToHex(again)}`;
  });
}

/** A format with several encodings of a value: what is accepted is the same value after encoding and decoding. */
export function stableTarget<T>(options: CodecOptions<T>): FuzzTarget {
  return codecTarget(options, (value) => {
    const first = options.encode(value);
    const again = options.decode(first);
    if (!again.ok) return `accepted, but its own encoding is refused: ${describe(again.error)}`;
    return equalBytes(options.encode(again.value), first) ? undefined : 'encoding and decoding changes the value';
  });
}

function codecTarget<T>(
  { name, about, budget, value, encode, decode }: CodecOptions<T>,
  check: (value: T, input: Uint8Array) => string | undefined,
): FuzzTarget {
  return createTarget<T>({
    name,
    about,
    ...(budget === undefined ? {} : { budget }),
    generate: (prng) => encode(value(prng)),
    decode: (input) => accepted(decode(input)),
    check,
  });
}

/** The value of a result; a refusal without a reason is a fault too. */
export function accepted<T>(result: Result<T, unknown>): T | undefined {
  if (result.ok) return result.value;
  if (result.error === undefined || result.error === null) throw new Error('refused without a reason');
  return undefined;
}

const describe = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

/** The compiled codes of one engine: asked for by calls, made beside everything else, kept as long as there is room. */
import { bytesToHex, type HashHex } from '@hansa/primitives';
import {
  type CompiledExports,
  type CompiledModule,
  compileModule,
  compileModuleAtOnce,
  type EvmExports,
  instantiateCode,
} from '../instance.ts';
import { CODE_BYTES } from '../layout.ts';
import type { MemoryView } from '../view.ts';
import { type CompiledCode, type CompilerInput, compileCode, compileInSteps } from './compile.ts';
import { FRAME } from './engine-layout.ts';
import { COMPILER_LIMITS } from './limits.ts';

export type CompilerOptions = {
  /** Calls of a code in one life of the table of codes after which it is compiled, from 1 on. */
  readonly hotCalls: number;
  /** `at once` compiles within the call that makes a code hot: for tests. `queue` waits for `generateNext`. */
  readonly when: 'queue' | 'at once';
};

/** A code on its way: generate, compile, install. Steps are done between messages, and take some milliseconds at most. */
export type GeneratedCode = {
  /** Makes the module step by step; answers undefined for a code that stays in the interpreter. */
  readonly generate: () => Generator<undefined, CompilableCode | undefined>;
};

export type CompilableCode = {
  /** Validates and compiles beside everything else; undefined: the code stays in the interpreter. */
  readonly compile: () => PromiseLike<CompiledModule | undefined>;
  /** Makes it ready step by step; it is used when all steps are done. */
  readonly install: (module: CompiledModule) => Iterable<void>;
};

/** Where a header has the hash. */
const CODE_HASH = 32;
const OPS_SIZE = 2_048;
/** Functions that are made ready before others go on. */
const WARM_COUNT = 8;
const TOO_HIGH = 0x7fff_ffe0;

type Wanted = { readonly hash: HashHex; readonly rawHash: Uint8Array; readonly code: Uint8Array };
/** In the order of last use; `index` in the table of the engine, 0 for a code that cannot be compiled. */
type Kept = { readonly rawHash: Uint8Array; readonly index: number; readonly bytes: number };

export class CompilerTier {
  readonly #engine: EvmExports;
  readonly #view: MemoryView;
  readonly #options: CompilerOptions;
  readonly #queue: Map<HashHex, Wanted> = new Map();
  readonly #kept: Map<HashHex, Kept> = new Map();
  readonly #freeIndexes: number[] = [];
  /** A word that `attachCompiled` reads: behind the frame that is none. */
  readonly #hashPlace: number;
  #bytes = 0;

  constructor(engine: EvmExports, view: MemoryView, options: CompilerOptions) {
    this.#engine = engine;
    this.#view = view;
    this.#options = options;
    this.#hashPlace = engine.WARM_FRAME.value + 256;
    engine.setHotCalls(options.hotCalls);
  }

  get size(): { readonly codes: number; readonly bytes: number } {
    return { codes: this.#kept.size, bytes: this.#bytes };
  }

  /** Within a message: the code at this header has been called often. */
  onHot(header: number): void {
    const rawHash = this.#view.bytes.slice(header + CODE_HASH, header + CODE_HASH + 32);
    const hash = bytesToHex(rawHash) as HashHex;
    const kept = this.#kept.get(hash);
    if (kept !== undefined) {
      this.#kept.delete(hash);
      this.#kept.set(hash, kept);
      this.#attach(rawHash, kept.index);
      return;
    }
    const start = header + CODE_BYTES;
    const code = this.#view.bytes.slice(start, start + this.#view.u32(header));
    const wanted = { hash, rawHash, code };
    if (this.#options.when === 'at once') {
      const made = compileCode(this.#inputOf(code));
      this.#keep(
        wanted,
        made === undefined ? undefined : instantiateCode(compileModuleAtOnce(made.bytes), this.#engine),
        made,
      );
    } else if (this.#queue.size < COMPILER_LIMITS.queue) this.#queue.set(hash, wanted);
  }

  /** Takes one code of the queue. undefined: there is none. */
  generateNext(): GeneratedCode | undefined {
    const [wanted] = this.#queue.values();
    if (wanted === undefined) return undefined;
    this.#queue.delete(wanted.hash);
    const steps = compileInSteps(this.#inputOf(wanted.code));
    return { generate: () => this.#generate(wanted, steps) };
  }

  *#generate(
    wanted: Wanted,
    steps: ReturnType<typeof compileInSteps>,
  ): Generator<undefined, CompilableCode | undefined> {
    const made = yield* steps;
    if (made === undefined) {
      // So that it is not asked for again.
      this.#keep(wanted, undefined, undefined);
      return undefined;
    }
    return {
      // What does not validate is not run.
      compile: () => compileModule(made.bytes).then(undefined, () => this.#keep(wanted, undefined, undefined)),
      install: (module) => this.#install(wanted, made, module),
    };
  }

  *#install(wanted: Wanted, made: CompiledCode, module: CompiledModule): Generator<void> {
    const compiled = instantiateCode(module, this.#engine);
    for (let i = 0; i < made.regionCount; i += WARM_COUNT) {
      yield;
      this.#warm(compiled, i, Math.min(i + WARM_COUNT, made.regionCount));
    }
    this.#keep(wanted, compiled, made);
  }

  #inputOf(code: Uint8Array): CompilerInput {
    const { OPS, ENV } = this.#engine;
    const table = this.#view.bytes.slice(OPS.value, OPS.value + OPS_SIZE);
    return { code, table, environment: ENV.value };
  }

  /**
   * A function gets its machine code when it is first called. On a frame whose stack is too high for every region it does
   * nothing else: each looks at that first.
   */
  #warm({ region }: CompiledExports, from: number, to: number): void {
    const view = this.#view;
    const frame = this.#engine.WARM_FRAME.value;
    for (let i = from; i < to; i++) {
      view.setU32(frame + FRAME.base, 0);
      view.setU32(frame + FRAME.top, TOO_HIGH);
      view.setU64(frame + FRAME.gas, 0n);
      region(frame, i);
    }
  }

  #keep({ hash, rawHash }: Wanted, compiled: CompiledExports | undefined, made: CompiledCode | undefined): undefined {
    const bytes = made?.bytes.length ?? 0;
    for (const [other, kept] of this.#kept) {
      if (this.#kept.size < COMPILER_LIMITS.cacheCodes && this.#bytes + bytes <= COMPILER_LIMITS.cacheBytes) break;
      this.#drop(other, kept);
    }
    let index = 0;
    if (compiled !== undefined) {
      index = this.#freeIndexes.pop() ?? this.#engine.table.grow(1);
      this.#engine.table.set(index, compiled.run);
    }
    this.#kept.set(hash, { rawHash, index, bytes });
    this.#bytes += bytes;
    this.#attach(rawHash, index);
  }

  #drop(hash: HashHex, { rawHash, index, bytes }: Kept): void {
    this.#attach(rawHash, 0);
    this.#kept.delete(hash);
    this.#bytes -= bytes;
    if (index === 0) return;
    this.#engine.table.set(index, null);
    this.#freeIndexes.push(index);
  }

  #attach(rawHash: Uint8Array, index: number): void {
    this.#view.bytes.set(rawHash, this.#hashPlace);
    this.#engine.attachCompiled(this.#hashPlace, index);
  }
}

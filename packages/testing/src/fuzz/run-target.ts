/** The loop: generate or mutate, run, judge, keep what reaches new code. Deterministic by its seed, but for timing. */
import { Prng } from '../simulator/prng.ts';
import type { Coverage } from './coverage.ts';
import { execute, type Fault, memoryAllowed, memoryFault, memoryInUse } from './execute.ts';
import { minimise } from './minimise.ts';
import { INPUT_SIZE_MAX, mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

/** Inputs between two looks at coverage and memory. */
const BATCH_COUNT = 64;
/** Valid values in the pool from the beginning. */
const VALID_COUNT = 16;
/** Looks at coverage to find the inputs behind new blocks, per batch: each takes a millisecond. */
const LOOK_COUNT_MAX = 40;
/** Inputs of a target in memory; above it the oldest that was not given goes. */
const POOL_COUNT_MAX = 2_000;
/** A target with so many different faults needs mending first. */
const FAULT_COUNT_MAX = 5;

export type FoundFault = Fault & { readonly target: string; readonly input: Uint8Array };
export type TargetReport = {
  readonly name: string;
  readonly executionCount: number;
  readonly acceptedCount: number;
  /** Inputs kept since they reached blocks that nothing before had reached. */
  readonly kept: readonly Uint8Array[];
  readonly faults: readonly FoundFault[];
  readonly slowestMs: number;
  /** Time spent, all included. */
  readonly tookMs: number;
};

/** One target and everything that has been learnt about it. */
export class TargetRun {
  readonly #target: FuzzTarget;
  readonly #prng: Prng;
  readonly #coverage: Coverage | undefined;
  readonly #pool: Uint8Array[] = [];
  readonly #kept: Uint8Array[] = [];
  readonly #faults: FoundFault[] = [];
  readonly #faultKeys: Set<string> = new Set();
  #executionCount = 0;
  #acceptedCount = 0;
  #slowestMs = 0;
  #tookMs = 0;
  #looksLeft = 0;

  constructor(target: FuzzTarget, seed: number, coverage: Coverage | undefined) {
    this.#target = target;
    // A stream of its own by its name: more targets change nothing for the others.
    this.#prng = new Prng(
      seed,
      [...target.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7),
    );
    this.#coverage = coverage;
  }

  get faultCount(): number {
    return this.#faults.length;
  }

  get isFinished(): boolean {
    return this.#faults.length >= FAULT_COUNT_MAX;
  }

  /** Runs given inputs, for one the corpus, and some valid ones; they are mutated later. */
  async replay(inputs: readonly Uint8Array[]): Promise<void> {
    const startedMs = performance.now();
    const valid = Array.from({ length: VALID_COUNT }, () => this.#target.generate(this.#prng));
    await this.#runBatch(valid, new Set(valid));
    for (let from = 0; from < inputs.length; from += BATCH_COUNT) {
      await this.#runBatch(inputs.slice(from, from + BATCH_COUNT), new Set());
    }
    this.#pool.push(...inputs, ...valid);
    this.#coverage?.markSeen(this.#coverage.take());
    this.#tookMs += performance.now() - startedMs;
  }

  /** One batch of new inputs. */
  async step(): Promise<void> {
    const startedMs = performance.now();
    const batch: Uint8Array[] = [];
    const valid = new Set<Uint8Array>();
    for (let i = 0; i < BATCH_COUNT; i++) {
      if (this.#prng.chance(0.1)) {
        const input = this.#target.generate(this.#prng);
        valid.add(input);
        batch.push(input);
      } else batch.push(mutate(this.#prng, this.#choose(), this.#pool).slice(0, INPUT_SIZE_MAX));
    }
    await this.#runBatch(batch, valid);
    const blocks = this.#coverage?.take() ?? [];
    if (blocks.length > 0) {
      this.#looksLeft = LOOK_COUNT_MAX;
      await this.#attribute(batch);
      // Whatever no input was found for: generating values reaches code, too, and caches are filled once.
      this.#coverage?.markSeen(blocks);
    }
    this.#tookMs += performance.now() - startedMs;
  }

  report(): TargetReport {
    return {
      name: this.#target.name,
      executionCount: this.#executionCount,
      acceptedCount: this.#acceptedCount,
      kept: this.#kept,
      faults: this.#faults,
      slowestMs: this.#slowestMs,
      tookMs: this.#tookMs,
    };
  }

  /** The newest finds lead further more often than the first seeds. */
  #choose(): Uint8Array {
    const recent = this.#pool.length - Math.min(32, this.#pool.length);
    const from = this.#prng.chance(0.5) ? recent : 0;
    return this.#pool[this.#prng.between(from, this.#pool.length - 1)] as Uint8Array;
  }

  async #runBatch(batch: readonly Uint8Array[], valid: ReadonlySet<Uint8Array>): Promise<void> {
    const before = memoryInUse();
    let allowed = 0;
    for (const input of batch) {
      const verdict = await execute(this.#target, input);
      this.#executionCount++;
      if (verdict.isAccepted) this.#acceptedCount++;
      this.#slowestMs = Math.max(this.#slowestMs, verdict.timeMs);
      allowed = Math.max(allowed, memoryAllowed(this.#target, input));
      if (verdict.fault !== undefined) await this.#found(verdict.fault, input);
      else if (!verdict.isAccepted && valid.has(input)) {
        await this.#found({ kind: 'refuses valid', message: 'a value that was generated as valid is refused' }, input);
      }
      if (this.isFinished) return;
    }
    // Only when all together took more than one may: looking at each costs too much to do it always.
    if (memoryInUse() - before > allowed) await this.#checkMemory(batch);
  }

  async #checkMemory(batch: readonly Uint8Array[]): Promise<void> {
    for (const input of batch) {
      const fault = await memoryFault(this.#target, input).catch(() => undefined);
      if (fault !== undefined) await this.#found(fault, input);
    }
  }

  /** Which inputs of a batch reached the new blocks: halves first, since mostly it is one. */
  async #attribute(batch: readonly Uint8Array[]): Promise<void> {
    const coverage = this.#coverage as Coverage;
    if (this.#looksLeft-- <= 0) return;
    for (const input of batch) await execute(this.#target, input);
    const blocks = coverage.take();
    if (blocks.length === 0) return;
    if (batch.length === 1) {
      coverage.markSeen(blocks);
      this.#keep(batch[0] as Uint8Array);
      return;
    }
    const half = batch.length >> 1;
    await this.#attribute(batch.slice(0, half));
    await this.#attribute(batch.slice(half));
  }

  #keep(input: Uint8Array): void {
    this.#kept.push(input);
    if (this.#pool.length >= POOL_COUNT_MAX) this.#pool.splice(this.#prng.below(POOL_COUNT_MAX), 1);
    this.#pool.push(input);
  }

  async #found(fault: Fault, input: Uint8Array): Promise<void> {
    const key = `${fault.kind} ${fault.message.replace(/\d+|[0-9a-f]{8,}/g, '#').slice(0, 300)}`;
    if (this.#faultKeys.has(key) || this.isFinished) return;
    this.#faultKeys.add(key);
    const small = fault.kind === 'refuses valid' ? input : await minimise(this.#target, fault.kind, input);
    const again = await execute(this.#target, small);
    this.#faults.push({
      ...fault,
      message: again.fault?.message ?? fault.message,
      target: this.#target.name,
      input: small,
    });
  }
}

/** Which blocks of the product an input reaches, from the engine itself: no instrumented build is needed. */
import { Session } from 'node:inspector';

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number };
type Script = {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
};

/** Sources of the product, not of the fuzzer, its libraries or the engine. */
const PRODUCT = /\/packages\/(?!testing\/)[^/]+\/(src|dist|gen)\//;

export class Coverage {
  readonly #session: Session = new Session();
  readonly #seen: Set<string> = new Set();
  #isOn = false;

  /** Blocks that were ever reached. */
  get blockCount(): number {
    return this.#seen.size;
  }

  start(): void {
    this.#session.connect();
    this.#post('Profiler.enable', {});
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.#isOn = true;
  }

  stop(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#post('Profiler.stopPreciseCoverage', {});
    this.#session.disconnect();
  }

  /** Number of blocks reached since the last call that no earlier call has seen. `keep` false: they stay new. */
  take(keep: boolean): number {
    if (!this.#isOn) return 0;
    const { result } = this.#post('Profiler.takePreciseCoverage', {}) as { readonly result: readonly Script[] };
    let newCount = 0;
    for (const script of result) {
      if (!PRODUCT.test(script.url)) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          const key = `${script.scriptId}:${startOffset}:${endOffset}`;
          if (this.#seen.has(key)) continue;
          newCount++;
          if (keep) this.#seen.add(key);
        }
      }
    }
    return newCount;
  }

  /** The session answers at once: both ends are in this thread. */
  #post(method: string, params: Readonly<Record<string, unknown>>): unknown {
    let answer: unknown;
    let failure: Error | null = null;
    this.#session.post(method, params, (error, result) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure;
    return answer;
  }
}

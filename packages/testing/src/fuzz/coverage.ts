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

  /** Blocks reached since the last call, as far as they were not marked as seen. */
  take(): string[] {
    if (!this.#isOn) return [];
    const { result } = this.#post('Profiler.takePreciseCoverage', {}) as { readonly result: readonly Script[] };
    const unseen: string[] = [];
    for (const script of result) {
      if (!PRODUCT.test(script.url)) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const key = `${script.scriptId}:${startOffset}:${endOffset}`;
          if (count > 0 && !this.#seen.has(key)) unseen.push(key);
        }
      }
    }
    return unseen;
  }

  markSeen(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block);
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

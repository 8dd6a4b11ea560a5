import { TokenBucket } from './token-bucket.ts';
import type { NetworkLogFields, NetworkLogger } from './types.ts';

const LINES_PER_SECOND = 0.2;
const LINES_BURST = 5;
const KEY_COUNT_MAX = 64;

type Entry = { readonly bucket: TokenBucket; suppressed: number };

/** At most some lines per kind: what strangers do must not fill a disk. The next line says how many were left out. */
export class LogLimiter {
  readonly #logger: NetworkLogger;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(logger: NetworkLogger, now: () => number) {
    this.#logger = logger;
    this.#now = now;
  }

  warn(kind: string, message: string, fields: NetworkLogFields = {}): void {
    const nowMs = this.#now();
    let entry = this.#entries.get(kind);
    if (entry === undefined) {
      if (this.#entries.size >= KEY_COUNT_MAX) return;
      entry = { bucket: new TokenBucket({ perSecond: LINES_PER_SECOND, burst: LINES_BURST }, nowMs), suppressed: 0 };
      this.#entries.set(kind, entry);
    }
    if (!entry.bucket.take(1, nowMs)) {
      entry.suppressed++;
      return;
    }
    this.#logger.warn(message, entry.suppressed === 0 ? fields : { ...fields, alsoLeftOut: entry.suppressed });
    entry.suppressed = 0;
  }
}

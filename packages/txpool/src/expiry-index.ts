import type { Height } from '@hansa/primitives';
import type { Entry } from './entry.ts';

/** Transactions with a last height, by it. Bounded by the pool: one place per transaction. */
export class ExpiryIndex {
  readonly #byHeight: Map<Height, Set<Entry>> = new Map();

  add(entry: Entry): void {
    const { lastHeight } = entry.tx;
    if (lastHeight === undefined) return;
    const entries = this.#byHeight.get(lastHeight);
    if (entries === undefined) this.#byHeight.set(lastHeight, new Set([entry]));
    else entries.add(entry);
  }

  remove(entry: Entry): void {
    const { lastHeight } = entry.tx;
    if (lastHeight === undefined) return;
    const entries = this.#byHeight.get(lastHeight);
    if (entries?.delete(entry) && entries.size === 0) this.#byHeight.delete(lastHeight);
  }

  /** What can no longer be ordered once `height` is final, given that everything up to `before` was taken. */
  take(before: Height, height: Height): readonly Entry[] {
    const expired: Entry[] = [];
    for (let at = before + 1; at <= height; at++) {
      const entries = this.#byHeight.get(at as Height);
      if (entries === undefined) continue;
      expired.push(...entries);
      this.#byHeight.delete(at as Height);
    }
    return expired;
  }
}

import type { HashHex } from '@hansa/primitives';
import type { EndedTransaction } from './ports.ts';

/** How transactions ended here; bounded, the oldest are forgotten first and counted. */
export class EndedTransactions {
  readonly #countMax: number;
  readonly #byHash: Map<HashHex, EndedTransaction> = new Map();
  #forgottenCount = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get forgottenCount(): number {
    return this.#forgottenCount;
  }

  get size(): number {
    return this.#byHash.size;
  }

  add(ended: EndedTransaction): void {
    // Deleted first, so that a second end counts as the newest.
    this.#byHash.delete(ended.hash);
    this.#byHash.set(ended.hash, ended);
    if (this.#byHash.size <= this.#countMax) return;
    for (const oldest of this.#byHash.keys()) {
      this.#byHash.delete(oldest);
      this.#forgottenCount++;
      break;
    }
  }

  get(hash: HashHex): EndedTransaction | undefined {
    return this.#byHash.get(hash);
  }

  delete(hash: HashHex): void {
    this.#byHash.delete(hash);
  }
}

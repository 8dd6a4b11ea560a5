import type { HashHex, Height } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';

/**
 * The proposals in flight, and their transactions that are not in the pool ("visitors"): refused here, or replaced
 * before the proposal came. Bounded by the window and the proposals' own limits.
 */
export class OrderedProposals {
  readonly #byHeight: Map<Height, readonly SignedTransaction[]> = new Map();
  readonly #visitors: Map<HashHex, { readonly tx: SignedTransaction; readonly height: Height }> = new Map();

  get(height: Height): readonly SignedTransaction[] | undefined {
    return this.#byHeight.get(height);
  }

  set(height: Height, transactions: readonly SignedTransaction[]): void {
    this.#byHeight.set(height, transactions);
  }

  addVisitor(tx: SignedTransaction, height: Height): void {
    this.#visitors.set(tx.hash, { tx, height });
  }

  visitor(hash: HashHex): { readonly tx: SignedTransaction; readonly height: Height } | undefined {
    return this.#visitors.get(hash);
  }

  /** Heights in flight that `isWanted` names, ascending. */
  heights(isWanted: (height: Height) => boolean): readonly Height[] {
    return [...this.#byHeight.keys()].filter(isWanted).sort((a, b) => a - b);
  }

  /** Forgets the proposal; returns all its transactions, and those that were visitors. */
  drop(height: Height): {
    readonly all: readonly SignedTransaction[];
    readonly visitors: readonly SignedTransaction[];
  } {
    const all = this.#byHeight.get(height) ?? [];
    this.#byHeight.delete(height);
    const visitors = all.filter((tx) => this.#visitors.get(tx.hash)?.height === height);
    for (const tx of visitors) this.#visitors.delete(tx.hash);
    return { all, visitors };
  }
}

import type { HashHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import { EndedTransactions } from './ended.ts';
import type { PoolCode, PoolRefusal } from './errors.ts';
import type { EndedTransaction, PoolListener, PoolMetrics } from './ports.ts';

/** What happened: how transactions ended, counters since start, and what the listener has not been told yet. */
export class PoolRecord {
  readonly #listener: PoolListener | undefined;
  readonly #ended: EndedTransactions;
  /** Bounded by the number of codes. */
  readonly #refusedCounts: Map<PoolCode, number> = new Map();
  readonly #counters = { admitted: 0, evicted: 0, replaced: 0, expired: 0, leftOut: 0, committed: 0 };
  #admitted: SignedTransaction[] = [];
  #dropped: EndedTransaction[] = [];
  #replaced: { readonly hash: HashHex; readonly by: HashHex }[] = [];

  constructor(listener: PoolListener | undefined, endedCountMax: number) {
    this.#listener = listener;
    this.#ended = new EndedTransactions(endedCountMax);
  }

  ended(hash: HashHex): EndedTransaction | undefined {
    return this.#ended.get(hash);
  }

  metrics(gossipMissed: number): PoolMetrics {
    return {
      ...this.#counters,
      refused: new Map(this.#refusedCounts),
      gossipMissed,
      endedForgotten: this.#ended.forgottenCount,
    };
  }

  addRefused(refusal: PoolRefusal): void {
    this.#refusedCounts.set(refusal.code, (this.#refusedCounts.get(refusal.code) ?? 0) + 1);
  }

  addAdmitted(tx: SignedTransaction): void {
    this.#ended.delete(tx.hash);
    this.#counters.admitted++;
    this.#admitted.push(tx);
  }

  /** Final: from now on the ledger tells what became of it. */
  addCommitted(hash: HashHex): void {
    this.#ended.delete(hash);
    this.#counters.committed++;
  }

  /** Final although it had ended here. */
  forget(hash: HashHex): void {
    this.#ended.delete(hash);
  }

  addEvicted(): void {
    this.#counters.evicted++;
  }

  addEnded(ended: EndedTransaction): void {
    this.#ended.add(ended);
    if (ended.type === 'replaced') {
      this.#counters.replaced++;
      this.#replaced.push({ hash: ended.hash, by: ended.by });
      return;
    }
    if (ended.type === 'expired') this.#counters.expired++;
    if (ended.type === 'left out') this.#counters.leftOut++;
    this.#dropped.push(ended);
  }

  /** Once at the end of a call that changed something. */
  tellListener(): void {
    const admitted = this.#admitted;
    const replaced = this.#replaced;
    const dropped = this.#dropped;
    if (admitted.length > 0) this.#admitted = [];
    if (replaced.length > 0) this.#replaced = [];
    if (dropped.length > 0) this.#dropped = [];
    if (admitted.length > 0) this.#listener?.onAdmitted?.(admitted);
    if (replaced.length > 0) this.#listener?.onReplaced?.(replaced);
    if (dropped.length > 0) this.#listener?.onDropped?.(dropped);
  }
}

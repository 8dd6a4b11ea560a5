import type { NodeId } from '@hansa/primitives';

const PEERS_MAX = 512;

/** Bytes that may be answered to each peer: a bucket that refills with time (spec PBFT-R2). */
export class AnswerBudget {
  readonly #bytesPerSecond: number;
  readonly #bytesMax: number;
  readonly #buckets: Map<NodeId, { bytes: number; atMs: number }> = new Map();
  #refused = 0;

  constructor(options: { readonly bytesPerSecond: number; readonly bytesMax: number }) {
    this.#bytesPerSecond = options.bytesPerSecond;
    this.#bytesMax = options.bytesMax;
  }

  get refusedCount(): number {
    return this.#refused;
  }

  /** What may be sent to this peer now. */
  available(peer: NodeId, nowMs: number): number {
    const bucket = this.#buckets.get(peer);
    if (bucket === undefined) return this.#bytesMax;
    const refill = Math.floor(((nowMs - bucket.atMs) * this.#bytesPerSecond) / 1000);
    return Math.min(this.#bytesMax, bucket.bytes + Math.max(0, refill));
  }

  /** False (and counted) when the bucket is too empty: the peer asks again later. */
  spend(peer: NodeId, bytes: number, nowMs: number): boolean {
    const available = this.available(peer, nowMs);
    if (available < bytes) {
      this.#refused++;
      return false;
    }
    this.#buckets.delete(peer);
    this.#buckets.set(peer, { bytes: available - bytes, atMs: nowMs });
    if (this.#buckets.size > PEERS_MAX) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return true;
  }
}

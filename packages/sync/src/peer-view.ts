import { compareText, type Height, type NodeId } from '@hansa/primitives';
import type { SyncLimits } from './limits.ts';

/** What the machine knows of one peer. */
export type PeerView = {
  readonly peer: NodeId;
  /** Its final height by its own word. */
  height: Height;
  /** Failures since it last delivered a block that was good. */
  failureCount: number;
  pausedUntilTick: number;
  /** The request that it is answering. */
  requestId: number | undefined;
  lastUsedTick: number;
};

/** The peers that can be asked. Bounded; no order of arrival reaches a decision. */
export class PeerViews {
  readonly #limits: SyncLimits;
  readonly #peers: Map<NodeId, PeerView> = new Map();

  constructor(limits: SyncLimits) {
    this.#limits = limits;
  }

  get(peer: NodeId): PeerView | undefined {
    return this.#peers.get(peer);
  }

  /** By node id. */
  all(): readonly PeerView[] {
    return [...this.#peers.values()].sort((a, b) => compareText(a.peer, b.peer));
  }

  setHeight(peer: NodeId, height: Height): void {
    const known = this.#peers.get(peer);
    if (known !== undefined) {
      known.height = height;
      return;
    }
    if (this.#peers.size >= this.#limits.peerCountMax) return;
    this.#peers.set(peer, {
      peer,
      height,
      failureCount: 0,
      pausedUntilTick: 0,
      requestId: undefined,
      lastUsedTick: 0,
    });
  }

  remove(peer: NodeId): void {
    this.#peers.delete(peer);
  }

  /**
   * Highest height of a peer in good standing; undefined when there is no such peer. Who has failed is in doubt until
   * it delivers, or until its pause and another longest pause are over: a liar must not keep this node behind, and
   * an accident must not hide for good that it is (SYNC-7).
   */
  target(tick: number): Height | undefined {
    let target: Height | undefined;
    for (const { height, failureCount, pausedUntilTick } of this.#peers.values()) {
      if (failureCount > 0 && tick < pausedUntilTick + this.#limits.pauseTicksMax) continue;
      if (target === undefined || height > target) target = height;
    }
    return target;
  }

  /** Whom to ask for a height: not busy, not paused, fewest failures first, then who has rested longest (SYNC-4). */
  choose(height: Height, tick: number): PeerView | undefined {
    let best: PeerView | undefined;
    for (const view of this.all()) {
      if (view.height < height || view.requestId !== undefined || view.pausedUntilTick > tick) continue;
      const isBetter =
        best === undefined ||
        view.failureCount < best.failureCount ||
        (view.failureCount === best.failureCount && view.lastUsedTick < best.lastUsedTick);
      if (isBetter) best = view;
    }
    return best;
  }

  /** A failure pauses the peer, twice as long with each one in a row (SYNC-6). */
  onFailure(view: PeerView, tick: number): void {
    view.failureCount++;
    const doublings = Math.min(view.failureCount - 1, 16);
    view.pausedUntilTick = tick + Math.min(this.#limits.pauseTicks * 2 ** doublings, this.#limits.pauseTicksMax);
  }
}

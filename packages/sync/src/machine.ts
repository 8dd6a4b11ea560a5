/**
 * Which blocks to fetch from whom. Bounded state: peers (`peerCountMax`), one request per peer and `requestCountMax` in
 * all, blocks held for import (`bufferSizeMax` bytes, `aheadCountMax` heights). Unbounded: nothing.
 * Rules: docs/spec/sync.md. All of them serve SYNC-9: one honest peer is enough.
 */
import { assertNever, type Height, type NodeId } from '@hansa/primitives';
import { type SyncFailure, syncFailure } from './errors.ts';
import { assertSyncLimits, DEFAULT_SYNC_LIMITS, type SyncLimits } from './limits.ts';
import { type PeerView, PeerViews } from './peer-view.ts';
import { findRangeFailure } from './range.ts';
import type { ReceivedBlock, SyncEffect, SyncInput, SyncMachine, SyncProgress } from './types.ts';

type Request = {
  readonly id: number;
  readonly peer: NodeId;
  readonly from: Height;
  readonly to: Height;
  readonly tick: number;
};
type Held = { readonly peer: NodeId; readonly block: ReceivedBlock };

/** `height`: of the last final block here. */
export function createSyncMachine(options: {
  readonly height: Height;
  readonly limits?: Partial<SyncLimits>;
}): SyncMachine {
  return new Machine(options.height, { ...DEFAULT_SYNC_LIMITS, ...options.limits });
}

/** What is decided lacks only execution and results: consensus gets this many times `graceTicks` for it. */
const DECIDED_PATIENCE = 5;

class Machine implements SyncMachine {
  readonly #limits: SyncLimits;
  readonly #peers: PeerViews;
  readonly #requests: Map<number, Request> = new Map();
  readonly #held: Map<Height, Held> = new Map();
  #heldBytes = 0;
  #height: Height;
  #decidedHeight: Height;
  #importing: Height | undefined;
  /** No import before this tick: the last one failed here, not at its sender. */
  #importPausedUntilTick = 0;
  #tick = 0;
  #movedTick = 0;
  #nextRequestId = 1;
  /** undefined until a peer has told its height. */
  #isBehind: boolean | undefined;
  #effects: SyncEffect[] = [];

  constructor(height: Height, limits: SyncLimits) {
    assertSyncLimits(limits);
    this.#height = height;
    this.#decidedHeight = height;
    this.#limits = limits;
    this.#peers = new PeerViews(limits);
  }

  step(input: SyncInput): readonly SyncEffect[] {
    this.#take(input);
    this.#judge();
    this.#importNext();
    this.#requestMissing();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  progress(): SyncProgress {
    return {
      height: this.#height,
      target: this.#target(),
      behind: this.#isBehind === true,
      requestCount: this.#requests.size,
      bufferedCount: this.#held.size,
      bufferedBytes: this.#heldBytes,
      peers: this.#peers.all().map((view) => ({
        peer: view.peer,
        height: view.height,
        failureCount: view.failureCount,
        pausedTicks: Math.max(0, view.pausedUntilTick - this.#tick),
      })),
    };
  }

  #take(input: SyncInput): void {
    switch (input.type) {
      case 'peerStatus':
        this.#peers.setHeight(input.peer, input.height);
        return;
      case 'peerGone':
        this.#onPeerGone(input.peer);
        return;
      case 'blocks':
        this.#onBlocks(input.peer, input.requestId, input.blocks);
        return;
      case 'failure':
        this.#onFailure(input);
        return;
      case 'imported':
        this.#onImported(input.height);
        return;
      case 'decided':
        this.#decidedHeight = input.height;
        return;
      case 'importFailed':
        this.#onImportFailed(input);
        return;
      case 'tick':
        this.#onTick();
        return;
      default:
        assertNever(input);
    }
  }

  #onPeerGone(peer: NodeId): void {
    const view = this.#peers.get(peer);
    if (view?.requestId !== undefined) this.#requests.delete(view.requestId);
    this.#peers.remove(peer);
  }

  #onBlocks(peer: NodeId, requestId: number, blocks: readonly ReceivedBlock[]): void {
    const request = this.#closeRequest(peer, requestId);
    if (request === undefined) return;
    const view = this.#peers.get(peer) as PeerView;
    const failure = findRangeFailure(request, blocks);
    if (failure !== undefined) {
      this.#blame(view, failure);
      return;
    }
    for (const block of blocks) {
      const height = block.block.header.height;
      if (height > this.#height && !this.#held.has(height)) this.#hold(height, { peer, block });
    }
  }

  #onFailure(input: Extract<SyncInput, { readonly type: 'failure' }>): void {
    const request = this.#closeRequest(input.peer, input.requestId);
    if (request === undefined) return;
    const view = this.#peers.get(input.peer) as PeerView;
    if (input.reason === 'malformed') {
      this.#blame(
        view,
        syncFailure('SYNC_MALFORMED', `the answer to heights ${request.from} to ${request.to} is malformed`),
      );
      return;
    }
    this.#peers.onFailure(view, this.#tick);
    // SYNC-5: it said that it had them. Until it says so again, it does not have them.
    if (input.reason === 'unavailable') view.height = (request.from - 1) as Height;
  }

  #onImported(height: Height): void {
    if (height <= this.#height) return;
    const held = this.#held.get(height);
    const view = held === undefined ? undefined : this.#peers.get(held.peer);
    if (view !== undefined) view.failureCount = 0;
    for (let at = this.#height + 1; at <= height; at++) this.#release(at as Height);
    this.#height = height;
    this.#movedTick = this.#tick;
    if (this.#importing !== undefined && this.#importing <= height) this.#importing = undefined;
  }

  #onImportFailed(input: Extract<SyncInput, { readonly type: 'importFailed' }>): void {
    if (input.height !== this.#importing) return;
    this.#importing = undefined;
    if (!input.fault) {
      this.#importPausedUntilTick = this.#tick + this.#limits.pauseTicks;
      return;
    }
    const view = this.#peers.get(input.peer);
    if (view === undefined)
      this.#effects.push({ type: 'penalise', peer: input.peer, failure: input.failure, severity: 'wrong' });
    else this.#blame(view, input.failure);
    this.#release(input.height);
    this.#releaseFrom(input.peer);
  }

  #onTick(): void {
    this.#tick++;
    for (const request of [...this.#requests.values()]) {
      if (this.#tick - request.tick < this.#limits.requestTimeoutTicks) continue;
      this.#closeRequest(request.peer, request.id);
      const view = this.#peers.get(request.peer);
      if (view === undefined) continue;
      this.#blame(view, syncFailure('SYNC_TIMEOUT', `no answer to heights ${request.from} to ${request.to} in time`));
    }
  }

  /** SYNC-6: pause and report; of who was wrong, not just slow, nothing else is kept. */
  #blame(view: PeerView, failure: SyncFailure): void {
    const severity = failure.code === 'SYNC_TIMEOUT' ? 'slow' : 'wrong';
    this.#peers.onFailure(view, this.#tick);
    this.#effects.push({ type: 'penalise', peer: view.peer, failure, severity });
    if (severity === 'wrong') this.#releaseFrom(view.peer);
  }

  /** The request, when it is open and its peer's: late answers and answers to others are ignored. */
  #closeRequest(peer: NodeId, requestId: number): Request | undefined {
    const request = this.#requests.get(requestId);
    if (request === undefined || request.peer !== peer) return undefined;
    this.#requests.delete(requestId);
    const view = this.#peers.get(peer);
    if (view !== undefined) view.requestId = undefined;
    return request;
  }

  /** SYNC-3: who is near leaves the next block to the own consensus for a while. */
  #judge(): void {
    const target = this.#peers.target(this.#tick);
    if (target === undefined) return;
    const missing = target - this.#ownHeight();
    if (missing <= 0) {
      if (this.#isBehind !== false) this.#effects.push({ type: 'caughtUp', height: this.#height });
      this.#isBehind = false;
      return;
    }
    if (this.#isBehind === true) return;
    if (this.#isBehind === undefined || missing > this.#limits.nearCountMax || this.#isStillFor(1)) {
      this.#isBehind = true;
      this.#effects.push({ type: 'behind', height: this.#height, target });
    }
  }

  /** Up to here blocks are final, or the own consensus is about to bring them. */
  #ownHeight(): Height {
    if (this.#decidedHeight <= this.#height || this.#isStillFor(DECIDED_PATIENCE)) return this.#height;
    return this.#decidedHeight;
  }

  #isStillFor(graceCount: number): boolean {
    return this.#tick - this.#movedTick >= graceCount * this.#limits.graceTicks;
  }

  /** SYNC-8. */
  #importNext(): void {
    if (this.#importing !== undefined || this.#importPausedUntilTick > this.#tick) return;
    const held = this.#held.get((this.#height + 1) as Height);
    if (held === undefined) return;
    this.#importing = (this.#height + 1) as Height;
    this.#effects.push({ type: 'import', peer: held.peer, block: held.block });
  }

  /** SYNC-1, SYNC-2: within all limits, from the lowest missing height on. */
  #requestMissing(): void {
    if (this.#isBehind !== true) return;
    const end = this.#height + this.#limits.aheadCountMax;
    let from = this.#ownHeight() + 1;
    while (this.#requests.size < this.#limits.requestCountMax) {
      while (from <= end && this.#isCovered(from)) from++;
      if (from > end) return;
      // The next height is asked for even when the buffer is full of later ones.
      const isNext = from === this.#height + 1;
      const reservedBytes = this.#heldBytes + (this.#requests.size + 1) * this.#limits.answerSizeMax;
      if (!isNext && reservedBytes > this.#limits.bufferSizeMax) return;
      const view = this.#peers.choose(from as Height, this.#tick);
      if (view === undefined) return;
      let to = from;
      const last = Math.min(end, view.height, from + this.#limits.rangeCountMax - 1);
      while (to < last && !this.#isCovered(to + 1)) to++;
      this.#request(view, from as Height, to as Height);
    }
  }

  #request(view: PeerView, from: Height, to: Height): void {
    const id = this.#nextRequestId++;
    view.requestId = id;
    view.lastUsedTick = this.#tick;
    this.#requests.set(id, { id, peer: view.peer, from, to, tick: this.#tick });
    const sizeMax = this.#limits.answerSizeMax;
    this.#effects.push({ type: 'request', peer: view.peer, requestId: id, from, to, sizeMax });
  }

  #isCovered(height: number): boolean {
    if (this.#held.has(height as Height)) return true;
    for (const { from, to } of this.#requests.values()) if (from <= height && height <= to) return true;
    return false;
  }

  #hold(height: Height, held: Held): void {
    this.#held.set(height, held);
    this.#heldBytes += held.block.sizeBytes;
  }

  #release(height: Height): void {
    const held = this.#held.get(height);
    if (held === undefined) return;
    this.#held.delete(height);
    this.#heldBytes -= held.block.sizeBytes;
  }

  #releaseFrom(peer: NodeId): void {
    for (const [height, held] of [...this.#held]) {
      if (held.peer === peer && height !== this.#importing) this.#release(height);
    }
  }

  #target(): Height {
    const target = this.#peers.target(this.#tick);
    return target === undefined || target < this.#height ? this.#height : target;
  }
}

import type { NodeId } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { Entry } from './entry.ts';
import type { SentRequirement } from './ports.ts';

/**
 * What has to be passed on, in order of arrival, with one cursor per peer: O(1) per transaction and peer, and what a
 * peer was sent is known without a set per transaction. Bounded: a peer that falls behind the oldest misses it.
 */
export class GossipLog {
  readonly #countMax: number;
  readonly #peerCountMax: number;
  /** Entry of position p at `#entries[p - #base]`. */
  #entries: Entry[] = [];
  #base = 0;
  readonly #cursors: Map<NodeId, number> = new Map();
  /** Where each peer's cursor stood before its last batch. */
  readonly #cursorsBefore: Map<NodeId, number> = new Map();
  #missedCount = 0;

  constructor(countMax: number, peerCountMax: number) {
    this.#countMax = countMax;
    this.#peerCountMax = peerCountMax;
  }

  get missedCount(): number {
    return this.#missedCount;
  }

  get #end(): number {
    return this.#base + this.#entries.length;
  }

  append(entry: Entry): void {
    entry.logPosition = this.#end;
    this.#entries.push(entry);
    // Cut at twice the maximum, so that cutting costs O(1) per entry.
    if (this.#entries.length >= 2 * this.#countMax) this.#cut(this.#end - this.#countMax);
  }

  /** Lets go of ended transactions at the front. */
  trim(): void {
    let from = 0;
    while (from < this.#entries.length && this.#isOver(from)) from++;
    if (from > 0 && (from >= 1024 || from === this.#entries.length)) this.#cut(this.#base + from);
  }

  addPeer(nodeId: NodeId): void {
    if (this.#cursors.has(nodeId) || this.#cursors.size >= this.#peerCountMax) return;
    this.#cursors.set(nodeId, this.#base);
  }

  removePeer(nodeId: NodeId): void {
    this.#cursors.delete(nodeId);
    this.#cursorsBefore.delete(nodeId);
  }

  isConnected(nodeId: NodeId): boolean {
    return this.#cursors.has(nodeId);
  }

  take(
    nodeId: NodeId,
    limits: { readonly countMax: number; readonly sizeBytesMax: number },
  ): readonly SignedTransaction[] {
    const cursor = this.#cursors.get(nodeId);
    if (cursor === undefined) return [];
    if (cursor < this.#base) this.#missedCount += this.#base - cursor;
    const taken: SignedTransaction[] = [];
    let position = Math.max(cursor, this.#base);
    let sizeBytes = 0;
    for (; position < this.#end && taken.length < limits.countMax; position++) {
      const at = position - this.#base;
      const entry = this.#entries[at] as Entry;
      if (this.#isOver(at) || (entry.origin.type === 'peer' && entry.origin.nodeId === nodeId)) continue;
      sizeBytes += entry.tx.bytes.length;
      if (sizeBytes > limits.sizeBytesMax && taken.length > 0) break;
      taken.push(entry.tx);
    }
    this.#cursors.set(nodeId, position);
    this.#cursorsBefore.set(nodeId, cursor);
    return taken;
  }

  /** The last batch of a peer was not sent after all. */
  untake(nodeId: NodeId): void {
    const before = this.#cursorsBefore.get(nodeId);
    if (before === undefined) return;
    this.#cursors.set(nodeId, before);
    this.#cursorsBefore.delete(nodeId);
  }

  peersWithMore(): readonly NodeId[] {
    const peers: NodeId[] = [];
    for (const [nodeId, cursor] of this.#cursors) if (cursor < this.#end) peers.push(nodeId);
    return peers;
  }

  /** False for what was not logged yet. A peer that is not connected cannot be sent anything: nobody waits for it. */
  isSentTo(entry: Entry, nodeId: NodeId | undefined): boolean {
    if (entry.logPosition < 0) return false;
    const cursor = nodeId === undefined ? undefined : this.#cursors.get(nodeId);
    return cursor === undefined || cursor > entry.logPosition;
  }

  /** What stands below this position was sent to all whom the requirement names. */
  sentBelow(requirement: SentRequirement): number {
    const { primary, others, weightAbove } = requirement;
    const primaryCursor = (primary === undefined ? undefined : this.#cursors.get(primary)) ?? this.#end;
    const reached = others
      .map((other) => ({ cursor: this.#cursors.get(other.nodeId) ?? -1, weight: other.weight }))
      .sort((a, b) => b.cursor - a.cursor);
    let weight = 0;
    for (const { cursor, weight: own } of reached) {
      weight += own;
      if (weight > weightAbove) return Math.min(primaryCursor, cursor);
    }
    return 0;
  }

  #isOver(at: number): boolean {
    const entry = this.#entries[at] as Entry;
    // A transaction that was logged again counts at its newest place only.
    return entry.isGone || entry.logPosition !== this.#base + at;
  }

  #cut(base: number): void {
    this.#entries = this.#entries.slice(base - this.#base);
    this.#base = base;
  }
}

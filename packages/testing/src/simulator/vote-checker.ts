/**
 * What the disk and the wire say of each honest member's votes: durable before sent, one vote for one place for ever,
 * and all of it given back after a crash. Reads batches and messages with an own parser.
 */
import type { PbftStatus } from '@hansa/consensus';
import { decodeStoreRecord, type RestoredVotes, type StoreRecord } from '@hansa/node';
import { ZERO_HASH } from '@hansa/primitives';
import type { PbftMessage, TermInfo } from '@hansa/protocol';
import { describePacket, type SimPacket } from './packet.ts';
import type { Fail } from './violation.ts';

/** magic 10, owner 32, salt 4, checksum 4: docs/spec/vote-store.md, VS-2 and VS-3 */
const FILE_HEAD_SIZE = 50;
const BATCH_HEAD_SIZE = 20;

/** Whose votes are judged: a simulated node of either kind. */
export type Voter = {
  readonly label: string;
  readonly isByzantine: boolean;
  readonly wasWiped: boolean;
  readonly height: number;
  readonly state: { readonly term: TermInfo };
};

/** Virtual time. */
type Time = { readonly queue: { readonly nowMs: number } };

type Sent = { readonly term: number; readonly view: number; readonly height: number; readonly digest: string };
type NodeRecord = {
  /** Keys of durable votes of the newest two terms, with the order in which they became durable. */
  durable: Map<string, number>;
  durableCount: number;
  durableTerm: number;
  /** (kind, term, view, height) to digest. */
  readonly sent: Map<string, Sent>;
  /** Highest VIEW-CHANGE of the newest term. */
  leftTerm: number;
  leftBelow: number;
  lastPacket: SimPacket | undefined;
  /** The view in which it is not changing, and since when. */
  enteredView: number;
  enteredMs: number;
};

export class VoteChecker {
  viewChangeCount = 0;
  readonly #world: Time;
  readonly #fail: Fail;
  /** Views that somebody honest wants to leave because of censorship, without a time-out. */
  readonly #accusedViews: Set<string> = new Set();
  readonly #records: Map<Voter, NodeRecord> = new Map();

  constructor(world: Time, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
  }

  /** False when the packet was seen already: one broadcast is one packet. */
  isNew(from: Voter, packet: SimPacket): boolean {
    const record = this.#recordOf(from);
    if (record.lastPacket === packet) return false;
    record.lastPacket = packet;
    return true;
  }

  /** Notes when a member came into the view in which it votes now. */
  onStatus(node: Voter, status: PbftStatus): void {
    const record = this.#recordOf(node);
    const entered = status.changing ? -1 : status.view;
    if (entered !== record.enteredView) record.enteredMs = this.#world.queue.nowMs;
    record.enteredView = entered;
  }

  /** Views of the term that were complained about. */
  accusedCount(term: number): number {
    let count = 0;
    for (const view of this.#accusedViews) if (view.startsWith(`${term}/`)) count++;
    return count;
  }

  /** `message` is its own, of a term whose set it belongs to. */
  onSent(from: Voter, message: PbftMessage & { term: number }, term: TermInfo): void {
    const record = this.#recordOf(from);
    const line = (): string => `${from.label} sends ${describePacket({ type: 'pbft', message })}`;
    if (message.type === 'suspect') {
      this.#checkSuspect(from, record, message, term, line);
      return;
    }
    const vote = voteOf(message);
    if (vote === undefined) return;
    const { key, durableKey, digest, view, height } = vote;
    if (!record.durable.has(durableKey)) this.#fail('durable before sent', `${line()}, which is not on its disk`);
    const before = record.sent.get(key);
    if (before !== undefined) {
      if (before.digest !== digest) this.#fail('single vote', `${line()} after ${short(before.digest)}`);
      return;
    }
    if (view !== undefined && message.type !== 'view-change') {
      // A COMMIT that was written, and never sent because of a crash, may still go out (R1).
      const left = record.durable.get(`view-change/${message.term}/${record.leftBelow}`) ?? 0;
      const isLater = (record.durable.get(durableKey) ?? 0) > left;
      if (isLater && message.term === record.leftTerm && view < record.leftBelow) {
        this.#fail('single vote', `${line()} after VIEW-CHANGE to ${record.leftBelow}`);
      }
    }
    if (message.type === 'view-change') {
      if (message.term !== record.leftTerm) record.leftBelow = 0;
      if (message.term > record.leftTerm || message.view > record.leftBelow) this.viewChangeCount++;
      record.leftTerm = message.term;
      record.leftBelow = Math.max(record.leftBelow, message.view);
    }
    record.sent.set(key, { term: message.term, view: view ?? -1, height, digest });
  }

  /** V1: no time-out while all that may be proposed is decided. V2 names the end of the term; V5 has a view to reach. */
  #checkSuspect(
    from: Voter,
    record: NodeRecord,
    message: Extract<PbftMessage, { type: 'suspect' }>,
    term: TermInfo,
    line: () => string,
  ): void {
    if (message.decidedHeight >= term.endHeight) {
      this.#accusedViews.add(`${message.term}/${message.view}`);
      return;
    }
    if (from.state.term.term !== message.term) return;
    // A time-out of this view takes longer than this; what comes sooner was meant for the time before it began.
    const isSettled = record.enteredView === message.view && this.#world.queue.nowMs - record.enteredMs > 500;
    const highest = Math.min(from.height + term.parameters.window, term.endHeight);
    if (isSettled && message.decidedHeight >= highest) {
      this.#fail('views', `${line()} although everything up to ${highest} is decided`);
    }
  }

  /** Reads what became durable with an own parser of the batches. */
  onDurable(node: Voter, name: string, bytes: Uint8Array, isWhole: boolean): void {
    if (name !== 'a') return;
    const record = this.#recordOf(node);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = isWhole ? FILE_HEAD_SIZE : 0; at + BATCH_HEAD_SIZE <= bytes.length; ) {
      const end = at + BATCH_HEAD_SIZE + view.getUint32(at + 4);
      for (at += BATCH_HEAD_SIZE; at < end; ) {
        const size = view.getUint32(at);
        this.#noteDurable(record, decodeStoreRecord(bytes.subarray(at + 4, at + 4 + size)));
        at += 4 + size;
      }
    }
  }

  #noteDurable(record: NodeRecord, stored: StoreRecord): void {
    const note = (key: string): void => {
      if (!record.durable.has(key)) record.durable.set(key, ++record.durableCount);
    };
    switch (stored.type) {
      case 'term':
        if (stored.term > record.durableTerm) {
          record.durableTerm = stored.term;
          // One batch may hold the last votes of a term and, by sync, the beginning of a much later one.
          const kept = [...record.durable].filter(([key]) => Number(key.split('/')[1]) >= stored.term - 64);
          record.durable = new Map(kept);
        }
        break;
      case 'proposal':
        note(`proposal/${stored.term}/${stored.view}/${stored.height}/${stored.digest}`);
        break;
      case 'vote':
        note(`${stored.kind}/${stored.term}/${stored.view}/${stored.height}/${stored.digest}`);
        break;
      case 'result':
        note(`result/${stored.term}/${stored.height}/${stored.blockHash}`);
        break;
      case 'view':
        // Who is in the view has left the ones below it, too: within one batch the later record takes the earlier one's place.
        if (stored.changing || stored.newView !== undefined) note(`view-change/${stored.term}/${stored.view}`);
        if (stored.newView !== undefined) note(`new-view/${stored.term}/${stored.view}`);
        break;
      default:
        break;
    }
  }

  /** What an intact store gives back holds every vote that still binds. */
  onRestored(node: Voter, restored: RestoredVotes): void {
    const record = this.#recordOf(node);
    record.lastPacket = undefined;
    if (node.isByzantine || node.wasWiped || restored.durable.voteStore.type !== 'intact') return;
    const { durable } = restored;
    const view = durable.view?.term === durable.term ? (durable.view?.view ?? 0) : 0;
    if (record.leftTerm === durable.term && view < record.leftBelow) {
      this.#fail('restored', `${node.label} left for view ${record.leftBelow}, its store says ${view}`);
    }
    const held = new Set<string>();
    for (const vote of durable.votes) held.add(`${vote.kind}/${vote.term}/${vote.view}/${vote.height}`);
    for (const own of durable.proposals) held.add(`proposal/${own.term}/${own.view}/${own.height}`);
    for (const result of durable.results) held.add(`result/${result.term}/${result.height}`);
    for (const [key, sent] of record.sent) {
      if (sent.term < (durable.term ?? 0) || sent.height <= node.height) {
        if (sent.term < (durable.term ?? 0) - 1) record.sent.delete(key);
        continue;
      }
      const binds = key.startsWith('result') || (sent.view === view && !key.includes('view'));
      if (binds && !held.has(key)) this.#fail('restored', `${node.label} sent ${key}, its store has forgotten it`);
    }
  }

  #recordOf(node: Voter): NodeRecord {
    let record = this.#records.get(node);
    if (record === undefined) {
      record = {
        durable: new Map(),
        durableCount: 0,
        durableTerm: -1,
        sent: new Map(),
        leftTerm: -1,
        leftBelow: 0,
        lastPacket: undefined,
        enteredView: -1,
        enteredMs: 0,
      };
      this.#records.set(node, record);
    }
    return record;
  }
}

type Vote = { key: string; durableKey: string; digest: string; view: number | undefined; height: number };

function voteOf(message: PbftMessage): Vote | undefined {
  switch (message.type) {
    case 'proposal': {
      const { height } = message.proposal;
      const key = `proposal/${message.term}/${message.view}/${height}`;
      return { key, durableKey: `${key}/${message.digest}`, digest: message.digest, view: message.view, height };
    }
    case 'prepare':
    case 'commit': {
      const key = `${message.type}/${message.term}/${message.view}/${message.height}`;
      const { digest, view, height } = message;
      return { key, durableKey: `${key}/${digest}`, digest, view, height };
    }
    case 'result': {
      const key = `result/${message.term}/${message.height}`;
      const { blockHash, height } = message;
      return { key, durableKey: `${key}/${blockHash}`, digest: blockHash, view: undefined, height };
    }
    case 'view-change': {
      const key = `view-change/${message.term}/${message.view}`;
      const { claim } = message;
      const digest = claim === undefined ? ZERO_HASH : `${claim.view}/${claim.height}/${claim.digest}`;
      return { key, durableKey: key, digest, view: message.view, height: 0 };
    }
    case 'new-view': {
      const key = `new-view/${message.term}/${message.view}`;
      const digest = message.certificate?.digest ?? ZERO_HASH;
      return { key, durableKey: key, digest, view: message.view, height: 0 };
    }
    default:
      return undefined;
  }
}

const short = (digest: string): string => digest.slice(0, 8);

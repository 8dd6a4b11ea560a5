/**
 * What must hold, judged from disks, wire and effects only, with own arithmetic: nothing here asks the replica whether
 * it is right. The first violation ends the run.
 */
import type { PbftReport, PbftStatus } from '@hansa/consensus';
import { type DriverReport, decodeStoreRecord, type RestoredVotes, type StoreRecord } from '@hansa/node';
import { type HashHex, type Height, type NodeId, ZERO_HASH } from '@hansa/primitives';
import type { PbftMessage, TermInfo } from '@hansa/protocol';
import type { Member } from './member.ts';
import { describePacket, type SimPacket } from './packet.ts';
import { type SimBlock, type SimState, simExecute } from './sim-chain.ts';
import { simVerify } from './sim-crypto.ts';
import type { World } from './world.ts';

export type CheckerName =
  | 'order'
  | 'agreement'
  | 'views'
  | 'single vote'
  | 'durable before sent'
  | 'restored'
  | 'chain'
  | 'validity'
  | 'liveness'
  | 'bounded'
  | 'quiet'
  | 'report'
  | 'exception';

export type Violation = { readonly checker: CheckerName; readonly detail: string; readonly atMs: number };

export class RunEnded extends Error {}

/** magic 10, owner 32, salt 4, checksum 4: docs/spec/vote-store.md, VS-2 and VS-3 */
const FILE_HEAD_SIZE = 50;
const BATCH_HEAD_SIZE = 20;

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

export class Checkers {
  readonly world: World;
  violation: Violation | undefined;
  /** First height that was final, by height - 1: what everybody else is compared with. */
  readonly chain: SimBlock[] = [];
  /** Messages of honest members by kind since the last `resetTraffic`. */
  readonly traffic: Map<string, number> = new Map();
  readonly #states: SimState[] = [];
  readonly #decided: Map<number, { digest: HashHex; by: string }> = new Map();
  readonly #onChain: Set<HashHex> = new Set();
  readonly #records: Map<Member, NodeRecord> = new Map();
  /** When each term was first seen by anybody honest, in ms. */
  readonly #termSeenMs: Map<number, number> = new Map();
  /** Views that somebody honest wants to leave because of censorship, without a time-out. */
  readonly #accusedViews: Set<string> = new Set();
  viewChangeCount = 0;
  highestView = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Notes the first violation and ends the run by throwing: a broken replica may never come to rest by itself. */
  fail(checker: CheckerName, detail: string): never {
    if (this.violation === undefined) {
      this.violation = { checker, detail, atMs: this.world.queue.nowMs };
      this.world.trace(() => `VIOLATION ${checker}: ${detail}`);
    }
    throw new RunEnded(detail);
  }

  resetTraffic(): void {
    this.traffic.clear();
  }

  /** Order: no two honest members decide different proposals at one height. */
  onDecided(node: Member, height: Height, digest: HashHex): void {
    if (node.isByzantine) return;
    const known = this.#decided.get(height);
    if (known === undefined) this.#decided.set(height, { digest, by: node.label });
    else if (known.digest !== digest) {
      this.fail(
        'order',
        `${node.label} decides ${short(digest)} at ${height}, ${known.by} decided ${short(known.digest)}`,
      );
    }
    const final = this.chain[height - 1];
    if (final !== undefined && final.digest !== digest) {
      this.fail('order', `${node.label} decides ${short(digest)} at ${height}, final is ${short(final.digest)}`);
    }
  }

  /** Agreement, chain, validity: one block per height, each certified by the set that genesis and the chain derive. */
  onCommitted(node: Member, block: SimBlock): void {
    if (node.isByzantine) return;
    const { height } = block.proposal;
    const known = this.chain[height - 1];
    if (known !== undefined) {
      if (known.state.blockHash === block.state.blockHash) return;
      const other = short(known.state.blockHash);
      this.fail('agreement', `${node.label} has ${short(block.state.blockHash)} at ${height}, others have ${other}`);
    }
    if (height !== this.chain.length + 1) {
      this.fail('chain', `${node.label} commits ${height}, the chain ends at ${this.chain.length}`);
    }
    const decided = this.#decided.get(height);
    if (decided !== undefined && decided.digest !== block.digest) {
      this.fail('order', `final ${short(block.digest)} at ${height} is not what ${decided.by} decided`);
    }
    const parent = this.#states.at(-1) ?? this.world.genesis;
    this.#checkCertificate(block, parent.term);
    if (block.proposal.parentDigest !== parent.proposalDigest) this.fail('chain', `${height} is not on its parent`);
    if (block.proposal.timestamp <= parent.timestamp) this.fail('chain', `time of ${height} does not rise`);
    if (block.proposal.term !== parent.term.term) this.fail('chain', `${height} is of term ${block.proposal.term}`);
    for (const hash of block.proposal.transactionHashes) {
      if (this.#onChain.has(hash)) this.fail('validity', `a transaction is final twice, again at ${height}`);
      if (!this.world.transactions.has(hash))
        this.fail('validity', `a transaction that nobody sent is final at ${height}`);
      this.#onChain.add(hash);
    }
    const state = simExecute(parent, block.proposal, block.digest, (hash) => this.world.transactions.get(hash));
    if (state.blockHash !== block.certificate.blockHash) this.fail('chain', `the result of ${height} is another`);
    this.#states.push(state);
    this.chain.push(block);
  }

  isFinal(hash: HashHex): boolean {
    return this.#onChain.has(hash);
  }

  /** Single vote, durable before sent, views; traffic for quiet. */
  onSent(from: Member, packet: SimPacket): void {
    if (from.isByzantine) return;
    const record = this.#recordOf(from);
    if (record.lastPacket === packet) return;
    record.lastPacket = packet;
    const kind = packet.type === 'pbft' ? packet.message.type : packet.type;
    this.traffic.set(kind, (this.traffic.get(kind) ?? 0) + 1);
    if (packet.type !== 'pbft' || !('sender' in packet.message)) return;
    const { message } = packet;
    const term = this.#termOf(message.term, from);
    if (term?.validators[message.sender]?.nodeId !== from.nodeId) return;
    this.#checkVote(from, record, message, term);
  }

  #checkVote(from: Member, record: NodeRecord, message: PbftMessage & { term: number }, term: TermInfo): void {
    const line = (): string => `${from.label} sends ${describePacket({ type: 'pbft', message })}`;
    if (message.type === 'suspect') {
      this.#checkSuspect(from, record, message, term, line);
      return;
    }
    const vote = voteOf(message);
    if (vote === undefined) return;
    const { key, durableKey, digest, view, height } = vote;
    if (!record.durable.has(durableKey)) this.fail('durable before sent', `${line()}, which is not on its disk`);
    const before = record.sent.get(key);
    if (before !== undefined) {
      if (before.digest !== digest) this.fail('single vote', `${line()} after ${short(before.digest)}`);
      return;
    }
    if (view !== undefined && message.type !== 'view-change') {
      // A COMMIT that was written, and never sent because of a crash, may still go out (R1).
      const left = record.durable.get(`view-change/${message.term}/${record.leftBelow}`) ?? 0;
      const isLater = (record.durable.get(durableKey) ?? 0) > left;
      if (isLater && message.term === record.leftTerm && view < record.leftBelow) {
        this.fail('single vote', `${line()} after VIEW-CHANGE to ${record.leftBelow}`);
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
    from: Member,
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
    const isSettled = record.enteredView === message.view && this.world.queue.nowMs - record.enteredMs > 500;
    const highest = Math.min(from.height + term.parameters.window, term.endHeight);
    if (isSettled && message.decidedHeight >= highest) {
      this.fail('views', `${line()} although everything up to ${highest} is decided`);
    }
  }

  /** Reads what became durable with an own parser of the batches. */
  onDurable(node: Member, name: string, bytes: Uint8Array, isWhole: boolean): void {
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
        if (stored.changing) note(`view-change/${stored.term}/${stored.view}`);
        if (stored.newView !== undefined) note(`new-view/${stored.term}/${stored.view}`);
        break;
      default:
        break;
    }
  }

  /** What an intact store gives back holds every vote that still binds. */
  onRestored(node: Member, restored: RestoredVotes): void {
    const record = this.#recordOf(node);
    record.lastPacket = undefined;
    if (node.isByzantine || node.wasWiped || restored.durable.voteStore.type !== 'intact') return;
    const { durable } = restored;
    const view = durable.view?.term === durable.term ? (durable.view?.view ?? 0) : 0;
    if (record.leftTerm === durable.term && view < record.leftBelow) {
      this.fail('restored', `${node.label} left for view ${record.leftBelow}, its store says ${view}`);
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
      if (binds && !held.has(key)) this.fail('restored', `${node.label} sent ${key}, its store has forgotten it`);
    }
  }

  /** Views: an honest view needs a time-out of somebody honest, so it cannot run ahead of the clock. */
  onStatus(node: Member, status: PbftStatus): void {
    if (node.isByzantine) return;
    const nowMs = this.world.queue.nowMs;
    if (!this.#termSeenMs.has(status.term)) this.#termSeenMs.set(status.term, nowMs);
    const elapsedMs = nowMs - (this.#termSeenMs.get(status.term) ?? nowMs);
    const { viewTimeoutBaseMs, window } = node.state.term.parameters;
    this.highestView = Math.max(this.highestView, status.view);
    const record = this.#recordOf(node);
    const entered = status.changing ? -1 : status.view;
    if (entered !== record.enteredView) record.enteredMs = nowMs;
    record.enteredView = entered;
    let accused = 0;
    for (const view of this.#accusedViews) if (view.startsWith(`${status.term}/`)) accused++;
    if (status.view > elapsedMs / viewTimeoutBaseMs + 2 + accused) {
      this.fail(
        'views',
        `${node.label} is in view ${status.view} ${elapsedMs} ms after the start of term ${status.term}`,
      );
    }
    if (status.inFlight.length > 2 * window) {
      this.fail('bounded', `${node.label} has ${status.inFlight.length} heights in flight, the window is ${window}`);
    }
  }

  onReport(node: Member, report: PbftReport | DriverReport): void {
    if (node.isByzantine) return;
    const blame = (text: string): void => this.fail('report', `${node.label}: ${text}`);
    switch (report.type) {
      case 'safetyViolation':
        blame(`${report.rule}: ${report.detail}`);
        break;
      case 'divergence':
      case 'nondeterminism':
        if (node.executionFault === '') blame(`${report.type} at ${report.height}`);
        break;
      case 'ledgerBehindVotes':
        blame(report.type);
        break;
      case 'secondCopy':
        // A store that was rolled back within one incarnation is found out when an own vote comes back.
        if (!node.wasWiped) blame(report.detail);
        break;
      case 'rolledBack':
        if (!node.wasWiped) blame(`rolled back: ${report.ownIncarnation}, seen ${report.seenIncarnation}`);
        break;
      case 'evidence': {
        const accused = this.world.nodes.find(({ nodeId }) => nodeId === report.nodeId);
        if (accused !== undefined && !accused.isByzantine && accused.executionFault === '' && !accused.wasWiped) {
          blame(`accuses ${accused.label} of two different ${report.kind}s`);
        }
        break;
      }
      default:
        break;
    }
  }

  onFatal(node: Member, failure: unknown): void {
    if ((failure as { code?: string }).code === 'VOTE_STORE_FULL' && node.disk.isFull) return;
    this.fail('exception', `${node.label} stopped: ${String(failure)}`);
  }

  /** After the judging phase of a run without liars: nothing but heartbeats and STATUS. */
  checkQuiet(): void {
    for (const [kind, count] of this.traffic) {
      if (kind !== 'status' && kind !== 'heartbeat') this.fail('quiet', `${count} ${kind} on an idle network`);
    }
  }

  #checkCertificate({ certificate, proposal }: SimBlock, { term, validators }: TermInfo): void {
    const { height } = proposal;
    let total = 0;
    for (const validator of validators) total += validator.weight;
    const faulty = Math.floor((total - 1) / 3);
    const signers = new Set<NodeId>();
    let weight = 0;
    for (const { index, signature } of certificate.signatures) {
      const validator = validators[index];
      const { blockHash } = certificate;
      const digest = this.world.digests.signingDigest({ type: 'result', term, sender: index, height, blockHash });
      if (validator === undefined || !simVerify(digest, signature, validator.nodeId)) {
        this.fail('chain', `the certificate of ${height} has a signature that is no member's`);
      }
      if (!signers.has(validator.nodeId)) weight += validator.weight;
      signers.add(validator.nodeId);
    }
    if (weight < Math.floor((total + faulty) / 2) + 1) {
      this.fail('chain', `the certificate of ${height} has weight ${weight} of ${total}`);
    }
  }

  #termOf(term: number, node: Member): TermInfo | undefined {
    if (node.state.term.term === term) return node.state.term;
    if (this.world.genesis.term.term === term) return this.world.genesis.term;
    return this.#states.findLast((state) => state.term.term === term)?.term;
  }

  #recordOf(node: Member): NodeRecord {
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

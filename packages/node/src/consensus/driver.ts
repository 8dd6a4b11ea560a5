/**
 * The single-writer loop around the replica: drain → reject cheaply → verify in batch → step each → one synced write →
 * sign and send. docs/spec/pbft.md (durable before sent), docs/spec/vote-store.md.
 *
 * Everything runs on one thread and nothing is awaited between reading and writing the replica's state. While a write is
 * under way no step is made: inputs gather, and the next write serves them all.
 * Bounded: `Inbox` per peer and kind; `READY_MAX` inputs; packets in verification.
 */
import {
  DEFAULT_PBFT_SETTINGS,
  type FinalHead,
  type PbftConfig,
  type PbftInput,
  PbftReplica,
  type PbftStatus,
  type PoolState,
  type RestoredState,
  type VoteStoreState,
} from '@hansa/consensus';
import { assertNever, type Height, type NodeId } from '@hansa/primitives';
import type { PbftMessage, Proposal } from '@hansa/protocol';
import { EffectPerformer, type Step } from './driver-effects.ts';
import { Inbox, type Received } from './inbox.ts';
import { Incarnations } from './incarnations.ts';
import { asVerified, signatureChecks, termOf } from './message-auth.ts';
import type { ConsensusPacket, ConsensusPorts, DriverCounters, SignatureCheck } from './ports.ts';
import { ProposalIntake } from './proposal-intake.ts';
import type { Pending } from './vote-file.ts';
import type { SignerMark, StoreRecord } from './vote-record.ts';
import type { VoteStore } from './vote-store.ts';
import { WorkQueue } from './work-queue.ts';

/** Inputs of one batch: more would delay the votes of the first, fewer would waste syncs. */
export const BATCH_INPUTS_MAX = 64;
/** Messages whose signatures are being checked. */
const VERIFYING_MAX = 256;
/** A tick after a long pause of the machine counts as this many. */
const TICKS_JUMP_MAX = 4;

/** The part of the replica that the driver uses. A test kit may put a broken one here to see that it is caught. */
export type Replica = Pick<PbftReplica, 'step' | 'status' | 'rejectReason' | 'proposalChain'>;

export type DriverOptions = {
  readonly nodeId: NodeId;
  readonly chainId: number;
  readonly groupId: string;
  /** The ledger's head at the start. */
  readonly head: FinalHead;
  /** `begin()` MUST have completed. The driver is its only writer from now on. */
  readonly store: VoteStore;
  /** Random, 16 bytes in hex, new for each process. */
  readonly instance: string;
  readonly settings?: Partial<Omit<PbftConfig, 'nodeId' | 'incarnation' | 'instance'>>;
  readonly createReplica?: (config: PbftConfig, restored: RestoredState) => Replica;
};

export class ConsensusDriver {
  readonly #options: DriverOptions;
  readonly #ports: ConsensusPorts;
  readonly #settings: Omit<PbftConfig, 'nodeId' | 'incarnation' | 'instance'>;
  readonly #inbox = new Inbox();
  readonly #intake: ProposalIntake;
  readonly #incarnations: Incarnations;
  readonly #work: WorkQueue;
  readonly #effects: EffectPerformer;
  #replica: Replica;
  #status: PbftStatus | undefined;
  #head: FinalHead;
  #storeState: VoteStoreState;
  #ready: PbftInput[] = [];
  /** Records of the driver itself, and packets that wait for them. */
  #extraRecords: StoreRecord[] = [];
  #afterWrite: { readonly to: NodeId; readonly packet: ConsensusPacket }[] = [];
  #raiseAbove: number | undefined;
  #notedMark: SignerMark | undefined;
  #isPumping = false;
  #isWriting = false;
  #isStopped = false;
  #isDeferred = false;
  #verifyingCount = 0;
  #tick = 0;
  #tickedAtMs: number;
  #isTickReady = false;
  readonly #counts = { step: 0, batch: 0, record: 0, sent: 0, rejected: 0, badSignature: 0 };

  constructor(options: DriverOptions, ports: ConsensusPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#settings = { ...DEFAULT_PBFT_SETTINGS, ...options.settings };
    this.#head = options.head;
    this.#tickedAtMs = ports.clock.monotonicMs();
    const { durable, transactions, peerStatements } = options.store.restored();
    for (const raw of transactions) ports.transactions.restore(raw);
    this.#storeState = durable.voteStore;
    this.#notedMark = options.store.signerMark;
    this.#replica = this.#createReplica();
    this.#intake = new ProposalIntake({
      nodeId: options.nodeId,
      chainId: options.chainId,
      groupId: options.groupId,
      ports,
      term: () => this.#head.term,
      persist: (record) => this.#extraRecords.push(record),
      send: (to, packet) => this.#send(to, [packet]),
      input: (input) => this.#input(input),
      proposalChain: (digest, heightMin) => this.#replica.proposalChain(digest, heightMin),
    });
    this.#incarnations = new Incarnations(
      {
        nodeId: options.nodeId,
        ports,
        instance: options.instance,
        incarnation: () => options.store.incarnation,
        storeState: () => this.#storeState,
        validators: () => this.#head.term.validators,
        persistThenSend: (record, to, packet) => {
          if (record !== undefined) this.#extraRecords.push(record);
          this.#afterWrite.push({ to, packet });
          this.#schedule();
        },
        send: (to, packet) => this.#send(to, [packet]),
        input: (input) => this.#input(input),
        raiseAbove: (incarnation) => {
          this.#raiseAbove = Math.max(this.#raiseAbove ?? 0, incarnation);
          this.#schedule();
        },
      },
      peerStatements,
    );
    this.#work = new WorkQueue(ports, {
      executed: (input) => this.#input(input),
      committed: (head) => this.committed(head),
    });
    this.#effects = new EffectPerformer({
      nodeId: options.nodeId,
      chainId: options.chainId,
      groupId: options.groupId,
      ports,
      intake: this.#intake,
      incarnations: this.#incarnations,
      work: this.#work,
      input: (input) => this.#input(input),
      head: () => this.#head,
      isStopped: () => this.#isStopped,
      proposalOf: (digest, height) => this.#replica.proposalChain(digest, height)[0],
      send: (to, packets) => this.#send(to, packets),
    });
  }

  /** The same object until the next step: it is asked for more often than there is something new. */
  get status(): PbftStatus {
    this.#status ??= this.#replica.status;
    return this.#status;
  }

  /** Proposals above the final block on my chain, highest first: the pool must not offer their transactions again. */
  inFlightProposals(status: PbftStatus = this.status): readonly Proposal[] {
    const tip = status.inFlight.at(-1);
    return tip === undefined ? [] : this.#replica.proposalChain(tip.digest, (this.#head.height + 1) as Height);
  }

  get head(): FinalHead {
    return this.#head;
  }

  get counters(): DriverCounters {
    return {
      stepCount: this.#counts.step,
      batchCount: this.#counts.batch,
      recordCount: this.#counts.record,
      sentCount: this.#counts.sent,
      inboxDroppedCount: this.#inbox.droppedCount,
      rejectedCount: this.#counts.rejected,
      badSignatureCount: this.#counts.badSignature,
      refusedBudgetCount: this.#intake.refusedCount,
    };
  }

  /** The clock fires, about every `settings.tickMs`. */
  onTick(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const passed = Math.floor((nowMs - this.#tickedAtMs) / this.#settings.tickMs);
    if (passed < 1) return;
    this.#tickedAtMs += passed * this.#settings.tickMs;
    this.#tick += Math.min(passed, TICKS_JUMP_MAX);
    this.#intake.onTick();
    // At most one tick waits: it says all that an older one would.
    if (this.#isTickReady) return;
    this.#isTickReady = true;
    this.#schedule();
  }

  /** A packet of a connected peer, decoded. `from` is authenticated by the channel. */
  receive(from: NodeId, packet: ConsensusPacket): void {
    if (this.#isStopped || from === this.#options.nodeId) return;
    if (!this.#inbox.push(from, packet)) this.#ports.observer.misbehaved(from, 'CONSENSUS_INBOX_FULL');
    this.#schedule();
  }

  /** The ledger holds a block that came by sync, synced to disk. Own commits come back by the committer's answer. */
  committed(head: FinalHead): void {
    this.#input({ type: 'committed', head });
  }

  /** A certified block gave another result here, also when it was executed again from what is on disk (spec PBFT-N7). */
  diverged(divergence: Omit<Extract<PbftInput, { type: 'diverged' }>, 'type'>): void {
    this.#input({ type: 'diverged', ...divergence });
  }

  onPoolState(pool: PoolState): void {
    this.#input({ type: 'poolState', pool });
  }

  /** Transactions arrived by the pool's own channel: proposals that waited for them may be complete. */
  onTransactionsAdmitted(): void {
    this.#intake.recheck();
  }

  onPeerConnected(nodeId: NodeId): void {
    this.#input({ type: 'peerConnected', nodeId });
  }

  /** Nothing is sent or written after it. Idempotent; the store stays open and belongs to the caller. */
  stop(): void {
    this.#isStopped = true;
    this.#inbox.clear();
    this.#ready = [];
    this.#extraRecords = [];
    this.#afterWrite = [];
  }

  /** Works until nothing is left to do or a write is under way. The scheduler calls it; a simulator may, too. */
  pump(): void {
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    try {
      for (;;) {
        this.#drainInbox();
        if (this.#isWriting || this.#isStopped || !this.#runBatch()) break;
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #schedule(): void {
    if (this.#isDeferred || this.#isStopped || this.#isPumping) return;
    this.#isDeferred = true;
    this.#ports.scheduler.defer(() => {
      this.#isDeferred = false;
      this.pump();
    });
  }

  #input(input: PbftInput): void {
    if (this.#isStopped) return;
    this.#ready.push(input);
    this.#schedule();
  }

  #createReplica(): Replica {
    const { nodeId, instance, store, createReplica } = this.#options;
    const config: PbftConfig = { ...this.#settings, nodeId, instance, incarnation: store.incarnation };
    const restored: RestoredState = { head: this.#head, durable: store.restored().durable };
    return createReplica === undefined ? new PbftReplica(config, restored) : createReplica(config, restored);
  }

  #drainInbox(): void {
    while (this.#inbox.size > 0 && this.#verifyingCount < VERIFYING_MAX && this.#ready.length < BATCH_INPUTS_MAX) {
      const received = this.#inbox.drain(BATCH_INPUTS_MAX);
      const messages: Received[] = [];
      for (const item of received) {
        if (item.packet.type === 'pbft') messages.push(item);
        else this.#onPacket(item.from, item.packet);
      }
      this.#verify(messages);
    }
  }

  /** Cheap reject, then all signatures of the batch in one call. */
  #verify(received: readonly Received[]): void {
    const checks: SignatureCheck[] = [];
    const candidates: { message: PbftMessage; from: NodeId; start: number; end: number }[] = [];
    const { validators } = this.#head.term;
    for (const { from, packet } of received) {
      if (packet.type !== 'pbft') continue;
      const { message } = packet;
      const reason = this.#replica.rejectReason(message);
      if (reason !== undefined) {
        this.#counts.rejected++;
        if (reason === 'PBFT_OTHER_TERM') this.#otherTerm(message, from);
        else this.#ports.observer.misbehaved(from, reason);
        continue;
      }
      const own = signatureChecks(message, validators, this.#ports.digests);
      if (own === undefined) {
        this.#badSignature(from);
        continue;
      }
      const start = checks.length;
      for (const check of own) checks.push(check);
      candidates.push({ message, from, start, end: checks.length });
    }
    if (candidates.length === 0) return;
    this.#verifyingCount += candidates.length;
    this.#ports.verifier.verify(checks, (valid) => {
      this.#verifyingCount -= candidates.length;
      for (const { message, from, start, end } of candidates) {
        // Refused work is a lost message: resending repairs it (spec PBFT-R1).
        if (valid === undefined) continue;
        let isValid = true;
        for (let i = start; i < end; i++) if (valid[i] !== true) isValid = false;
        if (isValid) this.#input({ type: 'message', message: asVerified(message), from });
        else this.#badSignature(from);
      }
      this.#schedule();
    });
  }

  #otherTerm(message: PbftMessage, from: NodeId): void {
    const term = termOf(message);
    const isKnown = this.#ready.some((i) => i.type === 'otherTerm' && i.from === from && i.term === term);
    if (!isKnown) this.#input({ type: 'otherTerm', term, from });
  }

  #badSignature(from: NodeId): void {
    this.#counts.badSignature++;
    this.#ports.observer.misbehaved(from, 'CONSENSUS_BAD_SIGNATURE');
  }

  #onPacket(from: NodeId, packet: Exclude<ConsensusPacket, { type: 'pbft' }>): void {
    switch (packet.type) {
      case 'incarnation':
        this.#incarnations.onStatement(from, packet.statement);
        break;
      case 'incarnation-stored':
        this.#incarnations.onStored(from, packet.incarnation, packet.instance);
        break;
      case 'incarnation-held':
        this.#incarnations.onHeld(from, packet.statement);
        break;
      case 'final-height-request':
        this.#incarnations.onFinalHeightRequest(from, packet.nonce);
        break;
      case 'final-height':
        this.#incarnations.onFinalHeight(from, packet);
        break;
      case 'proposal-request':
        this.#intake.onProposalRequest(from, packet.digest, packet.heightMin);
        break;
      case 'proposals':
        this.#intake.onProposals(from, packet.proposals);
        break;
      case 'transaction-request':
        this.#intake.onTransactionRequest(from, packet.hashes);
        break;
      case 'transactions':
        this.#intake.onTransactions(from, packet.raw);
        break;
      default:
        assertNever(packet);
    }
  }

  /** False when there was nothing to do. */
  #runBatch(): boolean {
    if (this.#raiseAbove !== undefined) {
      this.#restartAbove(this.#raiseAbove);
      return true;
    }
    const inputs = this.#takeInputs();
    if (inputs.length + this.#extraRecords.length + this.#afterWrite.length === 0) return false;
    this.#counts.batch++;
    const steps: Step[] = [];
    const records: StoreRecord[] = this.#extraRecords;
    const packets = this.#afterWrite;
    this.#extraRecords = [];
    this.#afterWrite = [];
    for (const input of inputs) this.#step(input, steps, records);
    this.#noteMark(records);
    this.#write(
      () => this.#options.store.append(records),
      () => {
        this.#counts.record += records.length;
        for (const { to, packet } of packets) this.#send([to], [packet]);
        return this.#effects.perform(steps);
      },
    );
    return true;
  }

  /** spec SGN-10: with the first batch after the signer's answer, before it is asked again. */
  #noteMark(records: StoreRecord[]): void {
    const mark = this.#ports.signer.mark();
    if (records.length === 0 || mark === undefined) return;
    if (mark.id === this.#notedMark?.id && mark.sequence === this.#notedMark.sequence) return;
    this.#notedMark = mark;
    records.push({ type: 'signer', ...mark });
  }

  #takeInputs(): PbftInput[] {
    const count = Math.min(this.#ready.length, BATCH_INPUTS_MAX);
    const inputs = count === this.#ready.length ? this.#ready : this.#ready.slice(0, count);
    this.#ready = count === this.#ready.length ? [] : this.#ready.slice(count);
    if (this.#isTickReady) {
      this.#isTickReady = false;
      inputs.push({ type: 'tick', tick: this.#tick, clockMs: this.#ports.clock.nowMs() });
    }
    return inputs;
  }

  #step(input: PbftInput, steps: Step[], records: StoreRecord[]): void {
    if (input.type === 'committed') {
      // Sync and the own commit may report one height twice.
      if (input.head.height <= this.#head.height) return;
      this.#intake.onCommitted(input.head.height);
      this.#work.onCommitted(input.head.height);
    }
    const { term } = this.#head;
    this.#counts.step++;
    const effects = this.#replica.step(input);
    this.#status = undefined;
    if (input.type === 'committed') this.#head = input.head;
    steps.push({ effects, term });
    for (const effect of effects) {
      if (effect.type !== 'persist') continue;
      records.push(effect.record);
      if (effect.record.type === 'vote-store') this.#storeState = effect.record.state;
    }
  }

  /**
   * `then` runs when the write is durable; a failed write stops everything before anything of it is sent. No step is made
   * before both have completed.
   */
  #write(write: () => Pending, then: () => Pending): void {
    let written: Pending;
    try {
      written = write();
    } catch (error) {
      this.#fail(error);
      return;
    }
    const pending = written === undefined ? then() : written.then(() => (this.#isStopped ? undefined : then()));
    if (pending === undefined) return;
    this.#isWriting = true;
    pending.then(
      () => {
        this.#isWriting = false;
        this.#schedule();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.stop();
    this.#ports.fatal(error instanceof Error ? error : new Error(String(error)));
  }

  #restartAbove(held: number): void {
    this.#raiseAbove = undefined;
    const from = this.#options.store.incarnation;
    this.#write(
      () => this.#options.store.begin(held),
      () => {
        this.#replica = this.#createReplica();
        this.#status = undefined;
        this.#ports.observer.report({ type: 'incarnationRaised', from, to: this.#options.store.incarnation });
        return undefined;
      },
    );
  }

  #send(to: readonly NodeId[], packets: readonly ConsensusPacket[]): void {
    if (this.#isStopped || to.length === 0 || packets.length === 0) return;
    this.#counts.sent += packets.length;
    this.#ports.transport.send(to, packets);
  }
}

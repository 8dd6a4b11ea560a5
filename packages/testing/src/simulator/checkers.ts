/**
 * What must hold, judged from disks, wire and effects only, with own arithmetic: nothing here asks the replica whether
 * it is right. The first violation ends the run.
 */
import { DEFAULT_PBFT_SETTINGS, type PbftReport, type PbftStatus } from '@hansa/consensus';
import type { DriverReport } from '@hansa/node';
import type { HashHex, Height, NodeId } from '@hansa/primitives';
import type { Proposal, TermInfo } from '@hansa/protocol';
import type { Member } from './member.ts';
import type { SimPacket } from './packet.ts';
import { type SimBlock, type SimState, simExecute } from './sim-chain.ts';
import { simVerify } from './sim-crypto.ts';
import { type CheckerName, RunEnded, type Violation } from './violation.ts';
import { VoteChecker } from './vote-checker.ts';
import { EPOCH_MS, type World } from './world.ts';

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
  /** When each term was first seen by anybody honest, in ms. */
  readonly #termSeenMs: Map<number, number> = new Map();
  /** Disks and wire, member by member. */
  readonly votes: VoteChecker;
  highestView = 0;

  constructor(world: World) {
    this.world = world;
    this.votes = new VoteChecker(world, (checker, detail) => this.fail(checker, detail));
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
    this.#checkOrigin(block.proposal, parent.term);
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

  /** Traffic for quiet; then the votes. */
  onSent(from: Member, packet: SimPacket): void {
    if (from.isByzantine || from.hasForgottenVotes || !this.votes.isNew(from, packet)) return;
    const kind = packet.type === 'pbft' ? packet.message.type : packet.type;
    this.traffic.set(kind, (this.traffic.get(kind) ?? 0) + 1);
    if (packet.type !== 'pbft' || !('sender' in packet.message)) return;
    const { message } = packet;
    const term = this.#termOf(message.term, from);
    if (term?.validators[message.sender]?.nodeId !== from.nodeId) return;
    this.votes.onSent(from, message, term);
  }

  /** Views: an honest view needs a time-out of somebody honest, so it cannot run ahead of the clock. */
  onStatus(node: Member, status: PbftStatus): void {
    if (node.isByzantine) return;
    const nowMs = this.world.queue.nowMs;
    if (!this.#termSeenMs.has(status.term)) this.#termSeenMs.set(status.term, nowMs);
    const elapsedMs = nowMs - (this.#termSeenMs.get(status.term) ?? nowMs);
    const { viewTimeoutBaseMs, viewTimeoutCapMs, window } = node.state.term.parameters;
    this.highestView = Math.max(this.highestView, status.view);
    this.votes.onStatus(node, status);
    const accused = this.votes.accusedCount(status.term);
    if (status.view > elapsedMs / viewTimeoutBaseMs + 2 + accused) {
      this.fail(
        'views',
        `${node.label} is in view ${status.view} ${elapsedMs} ms after the start of term ${status.term}`,
      );
    }
    const limitMs = (status.timer?.limitTicks ?? 0) * DEFAULT_PBFT_SETTINGS.tickMs;
    if (limitMs > viewTimeoutCapMs) {
      this.fail('views', `${node.label} waits ${limitMs} ms in view ${status.view}, the cap is ${viewTimeoutCapMs}`);
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

  /** Chain: from the primary of the view that it names, and not from a future that no honest clock has seen. */
  #checkOrigin({ height, view, proposer, timestamp }: Proposal, { primaryOrder, parameters }: TermInfo): void {
    if (primaryOrder[view % primaryOrder.length] !== proposer) {
      this.fail('chain', `${height} was proposed in view ${view} by ${proposer}, who does not lead it`);
    }
    const nowMs = EPOCH_MS + this.world.queue.nowMs + this.world.clockAheadMsMax;
    if (timestamp > nowMs + parameters.clockSkewMs) {
      this.fail('chain', `${height} is ${timestamp - nowMs} ms ahead of every clock`);
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
}

const short = (digest: string): string => digest.slice(0, 8);

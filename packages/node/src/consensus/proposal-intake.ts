/**
 * Bodies and transactions of proposals: checks what is asked, fetches what is missing, answers peers who miss it.
 * Bounded: `PENDING_MAX` proposals in check and as many in fetch; the oldest is given up, the replica asks again.
 */
import type { PbftEffect, PbftInput } from '@hansa/consensus';
import { assert, type HashHex, type Height, type NodeId } from '@hansa/primitives';
import type { Proposal, TermInfo } from '@hansa/protocol';
import { AnswerBudget } from './answer-budget.ts';
import type { ConsensusPacket, ConsensusPorts, MisbehaviourCode } from './ports.ts';
import type { StoreRecord } from './vote-record.ts';

type ValidateEffect = Extract<PbftEffect, { type: 'validate' }>;
type FetchEffect = Extract<PbftEffect, { type: 'fetch' }>;

const PENDING_MAX = 64;
/**
 * Ticks before the transactions of a proposal are asked for the first time. They left the same node by the pool's own
 * channel at about the same moment: to ask at once would have most of them sent and checked twice.
 */
const PATIENCE_TICKS = 2;
/** Transaction hashes of one request; a proposal has at most some thousand. */
const HASHES_MAX = 10_000;
/** Bytes of transactions in one answer: below the frame limit of the channel. */
const TRANSACTIONS_BYTES_MAX = 1024 * 1024;
/** Above the block size limit that a chain may set, so that a checked proposal's transactions are never cut. */
const STORED_BYTES_MAX = 16 * 1024 * 1024;
const PROPOSALS_PER_ANSWER = 32;
const BUDGET = { bytesPerSecond: 4 * 1024 * 1024, bytesMax: 8 * 1024 * 1024 };
const REQUEST_COST = 512;

export type IntakeContext = {
  readonly nodeId: NodeId;
  readonly chainId: number;
  readonly groupId: string;
  readonly ports: ConsensusPorts;
  term(): TermInfo;
  persist(record: StoreRecord): void;
  send(to: readonly NodeId[], packet: ConsensusPacket): void;
  input(input: PbftInput): void;
  proposalChain(digest: HashHex, heightMin: Height): readonly Proposal[];
};

type Check = {
  readonly request: ValidateEffect;
  readonly attempt: number;
  /** Until the first request. */
  patienceTicks: number;
};
type Fetch = { readonly heightMin: Height; attempt: number };

export class ProposalIntake {
  readonly #context: IntakeContext;
  readonly #budget = new AnswerBudget(BUDGET);
  readonly #checks: Map<HashHex, Check> = new Map();
  readonly #fetches: Map<HashHex, Fetch> = new Map();
  /** Whose transactions are on disk already: one record per proposal. */
  readonly #stored: Map<HashHex, Height> = new Map();

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  get refusedCount(): number {
    return this.#budget.refusedCount;
  }

  onValidate(request: ValidateEffect): void {
    const known = this.#checks.get(request.digest);
    this.#checks.delete(request.digest);
    // The replica asks again when it has waited for long: then a request is due.
    const check: Check =
      known === undefined
        ? { request, attempt: 0, patienceTicks: PATIENCE_TICKS }
        : { request, attempt: known.attempt + (known.patienceTicks > 0 ? 0 : 1), patienceTicks: 0 };
    const { proposal, mode } = request;
    if (mode === 'full' && (proposal.chainId !== this.#context.chainId || proposal.groupId !== this.#context.groupId)) {
      this.#answer(check, {
        type: 'invalid',
        reason: `it is for chain ${proposal.chainId}, group ${proposal.groupId}`,
      });
      return;
    }
    const missing = this.#check(check);
    if (missing === undefined) return;
    remember(this.#checks, request.digest, check);
    this.#context.input({ type: 'validated', digest: request.digest, verdict: { type: 'waiting' } });
    if (check.patienceTicks === 0) this.#askTransactions(check, missing);
  }

  onTick(): void {
    for (const check of [...this.#checks.values()]) {
      if (check.patienceTicks === 0) continue;
      check.patienceTicks--;
      if (check.patienceTicks > 0) continue;
      const missing = this.#check(check);
      if (missing === undefined) this.#checks.delete(check.request.digest);
      else this.#askTransactions(check, missing);
    }
  }

  onFetch(request: FetchEffect): void {
    const { digest, heightMin, from } = request;
    const attempt = (this.#fetches.get(digest)?.attempt ?? -1) + 1;
    remember(this.#fetches, digest, { heightMin, attempt });
    const peers = from.filter((peer) => peer !== this.#context.nodeId);
    const peer = peers[attempt % Math.max(1, peers.length)];
    if (peer !== undefined) this.#context.send([peer], { type: 'proposal-request', digest, heightMin });
  }

  /** Own proposal: its transactions go to disk in the write that makes it durable. */
  onOwnProposal(proposal: Proposal, digest: HashHex): void {
    this.#store(proposal, digest);
  }

  onCommitted(height: Height): void {
    for (const [digest, check] of this.#checks)
      if (check.request.proposal.height <= height) this.#checks.delete(digest);
    for (const [digest, stored] of this.#stored) if (stored <= height) this.#stored.delete(digest);
  }

  /** Proposals that I asked for: the first has the digest that I named, each next one is the parent of the one before. */
  onProposals(from: NodeId, proposals: readonly Proposal[]): void {
    const { ports } = this.#context;
    let expected: HashHex | undefined;
    for (const proposal of proposals.slice(0, PROPOSALS_PER_ANSWER)) {
      const digest = ports.digests.proposalDigest(proposal);
      if (expected === undefined ? !this.#fetches.has(digest) : digest !== expected) {
        ports.observer.misbehaved(from, UNASKED);
        return;
      }
      this.#fetches.delete(digest);
      expected = proposal.parentDigest;
      this.#context.input({ type: 'body', proposal, digest });
    }
  }

  onTransactions(from: NodeId, raw: readonly Uint8Array[]): void {
    const isAsked = [...this.#checks.values()].some(({ request }) => request.from.includes(from));
    if (!isAsked) {
      this.#context.ports.observer.misbehaved(from, UNASKED);
      return;
    }
    this.#context.ports.transactions.admit(raw, from, () => this.recheck());
  }

  /** Something may have arrived, by the pool's own channel too. */
  recheck(): void {
    for (const check of [...this.#checks.values()]) {
      if (this.#check(check) === undefined) this.#checks.delete(check.request.digest);
    }
  }

  onProposalRequest(from: NodeId, digest: HashHex, heightMin: Height): void {
    const chain = this.#context.proposalChain(digest, heightMin).slice(0, PROPOSALS_PER_ANSWER);
    if (chain.length === 0) return;
    let size = REQUEST_COST;
    for (const proposal of chain) size += 200 + 32 * proposal.transactionHashes.length;
    if (this.#spend(from, size)) this.#context.send([from], { type: 'proposals', proposals: chain });
  }

  onTransactionRequest(from: NodeId, hashes: readonly HashHex[]): void {
    const { ports } = this.#context;
    const room = Math.min(
      TRANSACTIONS_BYTES_MAX,
      this.#budget.available(from, ports.clock.monotonicMs()) - REQUEST_COST,
    );
    const raw = room <= 0 ? [] : ports.transactions.raw(hashes.slice(0, HASHES_MAX), room);
    let size = REQUEST_COST;
    for (const bytes of raw) size += bytes.length;
    if (this.#spend(from, size) && raw.length > 0) this.#context.send([from], { type: 'transactions', raw });
  }

  #spend(peer: NodeId, bytes: number): boolean {
    return this.#budget.spend(peer, bytes, this.#context.ports.clock.monotonicMs());
  }

  /** Hashes that are missing; `undefined` when the answer was given. */
  #check(check: Check): readonly HashHex[] | undefined {
    const { proposal, ancestors, mode, digest } = check.request;
    const outcome = this.#context.ports.transactions.check({ proposal, ancestors, mode, term: this.#context.term() });
    if (outcome.type === 'missing') return outcome.hashes;
    if (outcome.type === 'valid') this.#store(proposal, digest);
    assert(mode === 'full' || outcome.type === 'valid', 'a certified proposal was called invalid');
    this.#answer(check, outcome);
    return undefined;
  }

  #answer(check: Check, verdict: Extract<PbftInput, { type: 'validated' }>['verdict']): void {
    this.#context.input({ type: 'validated', digest: check.request.digest, verdict });
  }

  /** The record is written before the vote that the answer leads to: same batch or an earlier one (spec PBFT-N2). */
  #store(proposal: Proposal, digest: HashHex): void {
    if (this.#stored.has(digest) || proposal.transactionHashes.length === 0) return;
    remember(this.#stored, digest, proposal.height);
    const raw = this.#context.ports.transactions.raw(proposal.transactionHashes, STORED_BYTES_MAX);
    assert(raw.length === proposal.transactionHashes.length, 'transactions of a checked proposal are not held');
    const { term, height } = proposal;
    this.#context.persist({ type: 'transactions', term, height, digest, raw });
  }

  #askTransactions(check: Check, hashes: readonly HashHex[]): void {
    const peers = check.request.from.filter((peer) => peer !== this.#context.nodeId);
    const peer = peers[check.attempt % Math.max(1, peers.length)];
    if (peer === undefined) return;
    this.#context.send([peer], { type: 'transaction-request', hashes: hashes.slice(0, HASHES_MAX) });
  }
}

const UNASKED: MisbehaviourCode = 'CONSENSUS_UNASKED';

function remember<T>(map: Map<HashHex, T>, key: HashHex, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= PENDING_MAX) break;
    map.delete(oldest);
  }
}

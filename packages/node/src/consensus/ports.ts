/**
 * What the consensus driver needs from the rest of the node. `node-core.ts` joins these to libp2p, pool, ledger and
 * workers; the simulator joins the same driver to a virtual network and disk.
 *
 * Rules for every implementer: a method MUST return at once (work that takes longer than a millisecond goes elsewhere)
 * and MUST NOT call the driver back with data from peers that it did not get through `receive`. A `done` callback MUST
 * be called exactly once, now or later, on the main thread; a failure that cannot be answered is fatal to the process.
 */
import type { FinalHead, PbftReport, PbftStatus, RejectCode, UnsignedPbftMessage } from '@hansa/consensus';
import type { Failure, HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import type { Certificate, IncarnationMessage, PbftMessage, Proposal, TermInfo, ValidatorSet } from '@hansa/protocol';
import type { SignerMark } from './vote-record.ts';

/** Everything that travels on the consensus channel. The channel authenticates the peer, so answers need no signature. */
export type ConsensusPacket =
  | { readonly type: 'pbft'; readonly message: PbftMessage }
  /** "Store this and acknowledge it" (spec PBFT-T3). */
  | { readonly type: 'incarnation'; readonly statement: IncarnationMessage }
  /** "It is on my disk." */
  | { readonly type: 'incarnation-stored'; readonly incarnation: number; readonly instance: string }
  /** "I hold this one of yours, which is not older." */
  | { readonly type: 'incarnation-held'; readonly statement: IncarnationMessage }
  | { readonly type: 'final-height-request'; readonly nonce: string }
  /** Highest final height and its certificate; no certificate for height 0. */
  | {
      readonly type: 'final-height';
      readonly nonce: string;
      readonly height: Height;
      readonly certificate: Certificate | undefined;
    }
  /** A proposal and its ancestors down to `heightMin`. */
  | { readonly type: 'proposal-request'; readonly digest: HashHex; readonly heightMin: Height }
  /** Descending, each the parent of the one before it. */
  | { readonly type: 'proposals'; readonly proposals: readonly Proposal[] }
  | { readonly type: 'transaction-request'; readonly hashes: readonly HashHex[] }
  /** Original bytes, any order, any part of what was asked. */
  | { readonly type: 'transactions'; readonly raw: readonly Uint8Array[] };

/** To the peers. Nothing relies on delivery (spec PBFT-R1); an order among packets to one peer need not be kept. */
export type ConsensusTransport = {
  /**
   * MUST encode and queue the packets for each of `to`, or drop and count them when a peer's bounded queue is full or it
   * is not connected. MUST NOT deliver to the own node id. The packets are immutable; bytes in them belong to the driver.
   */
  send(to: readonly NodeId[], packets: readonly ConsensusPacket[]): void;
};

/** One signature to check: over `digest`, by the holder of `nodeId`. */
export type SignatureCheck = { readonly digest: HashHex; readonly signature: Uint8Array; readonly nodeId: NodeId };

/** Signatures of peers. */
export type SignatureVerifier = {
  /**
   * MUST answer with one boolean per check, in order; `undefined` when it refused the work (queue full). It may answer
   * before it returns.
   */
  verify(checks: readonly SignatureCheck[], done: (valid: readonly boolean[] | undefined) => void): void;
};

/** Votes to sign, in the order in which they were approved. */
export type SigningRequest = {
  /** The final block of this node: nothing at or below it is voted on any more. */
  readonly final: { readonly height: Height; readonly proposalDigest: HashHex };
  readonly votes: readonly {
    readonly vote: UnsignedPbftMessage;
    /** Of a PREPARE: digest of its proposal's parent. */
    readonly parent: HashHex | undefined;
  }[];
};

/** Whoever holds the node key: this process, or a signer of its own (docs/spec/signer.md). Called by the driver only. */
export type VoteSigner = {
  /**
   * MUST answer with one signature of 64 bytes per vote, `undefined` where it is not signed: the signer is away or
   * refuses it. Such a vote is a lost message (spec PBFT-R1).
   */
  signVotes(request: SigningRequest, done: (signatures: readonly (Uint8Array | undefined)[]) => void): void;
  signIncarnation(
    statement: Omit<IncarnationMessage, 'signature'>,
    done: (signature: Uint8Array | undefined) => void,
  ): void;
  /** How far the signer's own record had come at its last answer, to be kept (spec SGN-10); a local one has none. */
  mark(): SignerMark | undefined;
};

/** The canonical digests that the driver needs; `node-core.ts` binds `@hansa/protocol` to the chain's suite. */
export type ConsensusDigests = {
  /** What a message's author signs. */
  signingDigest(message: UnsignedPbftMessage): HashHex;
  incarnationDigest(statement: Omit<IncarnationMessage, 'signature'>): HashHex;
  proposalDigest(proposal: Proposal): HashHex;
};

export type TransactionCheck =
  | { readonly type: 'valid' }
  | { readonly type: 'missing'; readonly hashes: readonly HashHex[] }
  | { readonly type: 'invalid'; readonly reason: string };

/**
 * The transactions of proposals: the pool, and what was fetched for a proposal without being admitted to the pool.
 * MUST keep the transactions of proposals that it called valid until their height is final.
 */
export type ProposalTransactions = {
  /**
   * Stateless validity (spec PBFT-N2): counts, bytes and declared gas within the limits of `term.parameters`, each
   * transaction held, decoded, signed, for this chain, not expired at this height, none twice, none in `ancestors` or on
   * chain within the replay window. With mode `availability` only `missing` or `valid` may be answered. Synchronous: it
   * looks at what is in memory. Chain id and group id are checked by the driver.
   */
  check(request: {
    readonly proposal: Proposal;
    readonly ancestors: readonly Proposal[];
    readonly mode: 'full' | 'availability';
    readonly term: TermInfo;
  }): TransactionCheck;
  /** Original bytes of those that are held, at most `bytesMax` in all; for the vote store and for peers. */
  raw(hashes: readonly HashHex[], bytesMax: number): readonly Uint8Array[];
  /** Transactions that a peer sent because a proposal needs them: MUST be decoded and their signatures checked. */
  admit(raw: readonly Uint8Array[], from: NodeId, done: () => void): void;
  /** From the own vote store at start: as `admit`, before anything else. */
  restore(raw: readonly Uint8Array[]): void;
  /** Half of the view timer is over: MUST send the waiting transactions to all validators again (spec PBFT-V1). */
  resendWaiting(): void;
};

/** What to order next, from the pool. */
export type ProposalSource = {
  /**
   * MUST answer with executable transactions that are in none of `ancestors`, within the limits of the term; `undefined`
   * when there is nothing to order. It may wait a few milliseconds to fill the block, never for the first transaction.
   */
  select(
    request: { readonly height: Height; readonly ancestors: readonly Proposal[]; readonly term: TermInfo },
    done: (hashes: readonly HashHex[] | undefined) => void,
  ): void;
};

export type ExecutionRequest = {
  readonly height: Height;
  readonly proposal: Proposal;
  readonly digest: HashHex;
};

/** The execution worker. The driver asks for one height after the other, never two at a time. */
export type BlockExecutor = {
  /**
   * MUST execute on the result of `height - 1`, keep the result until that height is final, and answer with the block
   * hash. Execution is total. When the height became final by sync meanwhile, `undefined` is the answer.
   */
  execute(request: ExecutionRequest, done: (blockHash: HashHex | undefined) => void): void;
};

/** The ledger. Called in height order, one at a time. */
export type BlockCommitter = {
  /**
   * MUST write block, certificate and state in one synced batch, tell pool, gate, RPC and sync about it, and then answer
   * with the new head. `undefined`: the ledger has this height already (sync was faster; `committed` reports it).
   */
  commit(
    request: ExecutionRequest & { readonly blockHash: HashHex; readonly certificate: Certificate },
    done: (head: FinalHead | undefined) => void,
  ): void;
  /** Highest final height with its certificate (none for height 0): the answer to a peer that lost its vote store. */
  finalHead(): { readonly height: Height; readonly certificate: Certificate | undefined };
  /**
   * Set that signs `height`, when this ledger knows it (it does up to the end of the current term). The driver checks
   * certificates of `final-height` answers with it.
   */
  validatorsAt(height: Height): { readonly term: Term; readonly validators: ValidatorSet } | undefined;
};

export type SyncHints = {
  /** Final blocks up to about `height` are missing; these peers have them. MUST NOT trust the height. */
  behind(height: Height, from: readonly NodeId[]): void;
};

export type ConsensusClock = {
  /** Wall clock, milliseconds since 1970: the time of own proposals and the skew check, nothing else. */
  nowMs(): number;
  /** Milliseconds from any start that never go back. */
  monotonicMs(): number;
};

export type ConsensusScheduler = {
  /** MUST call `run` soon, from an empty stack, once per call. Node: `setImmediate`. */
  defer(run: () => void): void;
};

/** What the node's operator and metrics learn. All methods MUST be cheap. */
export type ConsensusObserver = {
  report(report: DriverReport): void;
  status(status: PbftStatus): void;
  /** A peer sent what an honest one does not send; `code` for metrics and score. */
  misbehaved(peer: NodeId, code: MisbehaviourCode): void;
};

export type MisbehaviourCode = 'CONSENSUS_BAD_SIGNATURE' | 'CONSENSUS_UNASKED' | 'CONSENSUS_INBOX_FULL' | RejectCode;

/** Reports of the replica, and those of the driver itself. */
export type DriverReport =
  | PbftReport
  /** Own incarnation was raised above one that a peer holds; only after the store was known to be lost. */
  | { readonly type: 'incarnationRaised'; readonly from: number; readonly to: number };

export type ConsensusPorts = {
  readonly transport: ConsensusTransport;
  readonly verifier: SignatureVerifier;
  readonly signer: VoteSigner;
  readonly digests: ConsensusDigests;
  readonly transactions: ProposalTransactions;
  readonly source: ProposalSource;
  readonly executor: BlockExecutor;
  readonly committer: BlockCommitter;
  readonly sync: SyncHints;
  readonly clock: ConsensusClock;
  readonly scheduler: ConsensusScheduler;
  readonly observer: ConsensusObserver;
  /** Chance: 16 bytes in hex for the nonce of `final-height-request`. */
  readonly randomHex: () => string;
  /**
   * A vote could not be made durable. Nothing was sent and the driver has stopped for good; MUST end the process with
   * the failure's code, message and remedy.
   */
  readonly fatal: (failure: Failure | Error) => void;
};

/** Counters for /metrics. */
export type DriverCounters = {
  readonly stepCount: number;
  readonly batchCount: number;
  readonly recordCount: number;
  readonly sentCount: number;
  readonly inboxDroppedCount: number;
  readonly rejectedCount: number;
  readonly badSignatureCount: number;
  readonly refusedBudgetCount: number;
};

/** Where the driver's consensus stands; for RPC. */
export type DriverStatus = {
  readonly pbft: PbftStatus;
  readonly counters: DriverCounters;
  readonly head: FinalHead;
  readonly index: ValidatorIndex | undefined;
  readonly view: View;
};

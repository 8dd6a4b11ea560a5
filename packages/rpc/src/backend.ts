import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, Failure, HashHex, Height, NodeId, Result } from '@hansa/primitives';
import type {
  AccessListEntry,
  BlockBody,
  BlockHeader,
  Certificate,
  Receipt,
  SignedTransaction,
  StateKey,
  StateProof,
  ValidatorSet,
} from '@hansa/protocol';

/**
 * What the RPC asks of the node. Values are the protocol's (hex brands without 0x, bytes, bigints); the RPC converts.
 * Synchronous methods MUST cost some microseconds; nothing above the head is ever shown. A method MAY throw: the client
 * then gets -32603 and the error is passed to `onInternalError`.
 */
export type RpcBackend = ChainReads & PoolAccess & StateQueries & NodeReports & ChainEvents;

export type ChainFacts = {
  readonly chainId: number;
  readonly groupId: string;
  readonly genesisHash: HashHex;
  readonly suite: CryptoSuite;
  /** `Hansa/v0.1.0/linux-x64/node20.20` */
  readonly clientVersion: string;
};

export type HeadFacts = { readonly height: Height; readonly hash: HashHex; readonly header: BlockHeader };

export type BlockFacts = HeadFacts & {
  readonly body: BlockBody;
  /** Of the block's term. */
  readonly feeRecipient: AddressHex;
  readonly minimumGasPrice: bigint;
};

export type TransactionFacts = {
  readonly transaction: SignedTransaction;
  /** Undefined: in the pool. */
  readonly location: { readonly height: Height; readonly index: number } | undefined;
};

/** `topics[i]`: undefined or an empty list matches anything, else one of the list must be at that place. */
export type LogQuery = {
  readonly fromHeight: Height;
  /** Inclusive. */
  readonly toHeight: Height;
  readonly addresses: readonly AddressHex[];
  readonly topics: readonly (readonly HashHex[] | undefined)[];
  readonly countMax: number;
  readonly signal: AbortSignal;
};

export type LogFacts = {
  readonly address: AddressHex;
  readonly topics: readonly HashHex[];
  readonly data: Uint8Array;
  readonly height: Height;
  readonly blockHash: HashHex;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly transactionHash: HashHex;
  readonly transactionIndex: number;
  readonly logIndex: number;
};

export type ChainReads = {
  readonly chain: ChainFacts;
  head(): HeadFacts;
  /** By block hash or by the hash of the header as Ethereum's clients compute it. */
  heightOfHash(hash: HashHex): Height | undefined;
  headerAt(height: Height): BlockHeader | undefined;
  hashAt(height: Height): HashHex | undefined;
  /** Least price of gas in a block up to the head, in wei. */
  minimumGasPriceAt(height: Height): bigint;
  blockAt(height: Height): BlockFacts | undefined;
  receiptsAt(height: Height): readonly Receipt[] | undefined;
  receiptAt(location: { readonly height: Height; readonly index: number }): Receipt | undefined;
  certificateAt(height: Height): Certificate | undefined;
  /** Validators that certify this height. */
  validatorsAt(height: Height): ValidatorSet | undefined;
  /** In the ledger or in the pool. */
  transaction(hash: HashHex): TransactionFacts | undefined;
  /** Sender of a committed transaction, for whole blocks; MAY keep what it has recovered. */
  committedTransaction(raw: Uint8Array): SignedTransaction;
  /** Ordered by height and position. Rejects with the signal's reason when it is aborted. */
  logs(query: LogQuery): Promise<Result<readonly LogFacts[], Failure>>;
};

export type TransactionStatusFacts =
  | { readonly type: 'unknown' }
  | { readonly type: 'pending'; readonly reason: string | undefined; readonly remedy: string | undefined }
  | { readonly type: 'ordered'; readonly height: Height }
  | { readonly type: 'committed'; readonly height: Height; readonly index: number }
  | { readonly type: 'left out'; readonly height: Height; readonly reason: string; readonly remedy: string }
  | { readonly type: 'replaced'; readonly by: HashHex }
  | { readonly type: 'expired'; readonly lastHeight: Height; readonly reason: string; readonly remedy: string }
  | { readonly type: 'dropped here'; readonly code: string; readonly reason: string; readonly remedy: string };

export type PoolCountFacts = { readonly pending: number; readonly queued: number; readonly ordered: number };

export type PoolAccess = {
  /** Resolves when the transaction is in the pool and safe against a restart. */
  submit(raw: Uint8Array): Promise<Result<HashHex, Failure>>;
  transactionStatus(hash: HashHex): TransactionStatusFacts;
  poolCounts(): PoolCountFacts;
  poolContent(address: AddressHex | undefined): {
    readonly pending: readonly SignedTransaction[];
    readonly queued: readonly SignedTransaction[];
  };
  /** The nonce that the account's next transaction should have. */
  pendingNonce(address: AddressHex): bigint;
  /** Least price that a transaction needs now, in wei. */
  gasPrice(): bigint;
};

export type CallRequest = {
  readonly from: AddressHex;
  readonly to: AddressHex | undefined;
  /** Undefined: the most that is allowed. */
  readonly gas: bigint | undefined;
  /** Price per gas; undefined with the two below: 0, nothing is paid. */
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  readonly overrides: readonly AccountOverride[];
};

export type AccountOverride = {
  readonly address: AddressHex;
  readonly balance: bigint | undefined;
  readonly nonce: bigint | undefined;
  readonly code: Uint8Array | undefined;
  /** 32-byte values by slot. `replace`: every slot that is not named is zero. */
  readonly storage: { readonly replace: boolean; readonly slots: readonly (readonly [HashHex, HashHex])[] } | undefined;
};

/** How a call ended. `failed`: out of gas, invalid opcode …, in the words of Ethereum clients. */
export type CallOutcome =
  | { readonly type: 'success'; readonly output: Uint8Array; readonly gasUsed: bigint }
  | { readonly type: 'reverted'; readonly output: Uint8Array; readonly gasUsed: bigint }
  | { readonly type: 'failed'; readonly message: string; readonly gasUsed: bigint };

export type AccountFacts = {
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: Uint8Array;
};

export type TraceOptions = {
  readonly tracer: 'struct' | 'call' | 'prestate';
  /** struct */
  readonly withMemory: boolean;
  readonly withStack: boolean;
  readonly withStorage: boolean;
  readonly withReturnData: boolean;
  /** call */
  readonly onlyTopCall: boolean;
  readonly withLog: boolean;
  /** prestate */
  readonly diffMode: boolean;
};

/** State of one height, read and executed outside the main thread where it may take long. */
export type StateQueries = {
  /** Fails with a message when the height's state is pruned. An account that does not exist is all zero. */
  account(address: AddressHex, height: Height): Promise<Result<AccountFacts, Failure>>;
  /** 32 bytes. */
  storage(address: AddressHex, slot: HashHex, height: Height): Promise<Result<HashHex, Failure>>;
  call(request: CallRequest, height: Height, signal: AbortSignal): Promise<Result<CallOutcome, Failure>>;
  /** `success.gasUsed` is the least gas limit with which it succeeds. */
  estimateGas(request: CallRequest, height: Height, signal: AbortSignal): Promise<Result<CallOutcome, Failure>>;
  createAccessList(
    request: CallRequest,
    height: Height,
    signal: AbortSignal,
  ): Promise<Result<{ readonly accessList: readonly AccessListEntry[]; readonly outcome: CallOutcome }, Failure>>;
  /**
   * Executes a block again. `index` undefined: all its transactions. A trace is plain JSON data, as
   * `debug_traceTransaction` of other clients answers it.
   */
  trace(
    location: { readonly height: Height; readonly index: number | undefined },
    options: TraceOptions,
    signal: AbortSignal,
  ): Promise<Result<readonly { readonly transactionHash: HashHex; readonly trace: unknown }[], Failure>>;
  /** At the head. */
  stateProof(key: StateKey): {
    readonly height: Height;
    readonly header: BlockHeader;
    readonly value: Uint8Array | undefined;
    readonly proof: StateProof;
  };
};

export type PeerReport = {
  readonly nodeId: NodeId;
  readonly organisation: string | null;
  readonly state: string;
  readonly address: string | null;
  readonly height: number | null;
  readonly clockOffsetMs: number | null;
  readonly roundTripMs: number | null;
  readonly lastError: string | null;
};

/** Answer of `hansa_getStatus`; plain JSON, hex without 0x is given a prefix by the RPC where it is a hash. */
export type NodeStatusReport = {
  readonly nodeId: NodeId;
  readonly organisation: string | null;
  /** `none`: it is not in the registry of its own head. */
  readonly role: 'validator' | 'observer' | 'none';
  readonly voting: boolean;
  readonly lastBlockAgeMs: number | null;
  readonly term: number;
  readonly view: number;
  readonly changing: boolean;
  readonly primary: NodeId;
  readonly validatorCount: number;
  readonly totalWeight: number;
  readonly quorumWeight: number;
  readonly toleratedWeight: number;
  readonly presentWeight: number;
  readonly missing: readonly { readonly nodeId: NodeId; readonly organisation: string | null }[];
  readonly whyNoBlock: string | null;
  readonly remedy: string | null;
  /** The block whose certified result this node does not get; null when there is none. Hex with 0x. */
  readonly divergence: {
    readonly height: number;
    readonly field: string;
    readonly certified: string;
    readonly own: string;
    readonly key: string | null;
    readonly certifiedValue: string | null;
    readonly ownValue: string | null;
    readonly healing: string | null;
  } | null;
  /** Results that validators have signed for the block above the head, heaviest first. */
  readonly results: readonly {
    readonly height: number;
    readonly blockHash: string;
    readonly weight: number;
    readonly nodeIds: readonly NodeId[];
  }[];
  readonly peers: readonly PeerReport[];
  /** Nodes that lost their vote or their place by a rule, or wait for attestations. */
  readonly setAside: readonly SetAsideReport[];
  /** X.509 certificate of this node, when it has one. */
  readonly certificate: CertificateReport | null;
};

export type CertificateReport = {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** Whole days; negative when it has expired. */
  readonly daysLeft: number;
  readonly state: 'valid' | 'expiring' | 'expired' | 'not yet valid';
};

export type MemberReport = {
  readonly nodeId: NodeId;
  readonly organisation: string;
  readonly role: 'validator' | 'candidate' | 'observer' | 'suspended';
  readonly weight: number;
  readonly addresses: readonly string[];
  /** Block of the last change, and what brought it about. */
  readonly since: number;
  readonly reason: string;
  /** Of a candidate: validators that have attested it. */
  readonly attestedBy: readonly NodeId[];
};

export type OrganisationReport = {
  readonly id: string;
  readonly name: string;
  readonly contact: string;
  /** With 0x. */
  readonly admins: readonly string[];
  readonly threshold: number;
  /** 0: no governor. */
  readonly governorWeight: number;
};

export type MembersReport = {
  readonly term: number;
  readonly organisations: readonly OrganisationReport[];
  readonly members: readonly MemberReport[];
  /** A change that waits for the end of the term. */
  readonly changePending: boolean;
};

/** A node that lost its vote, or its place, by a rule: for `status`. */
export type SetAsideReport = {
  readonly nodeId: NodeId;
  readonly organisation: string;
  readonly role: string;
  readonly since: number;
  readonly reason: string;
};

/** What a set of validators can bear. */
export type AssessmentReport = {
  readonly validatorCount: number;
  readonly totalWeight: number;
  readonly quorumWeight: number;
  readonly toleratedFaults: number;
  readonly toleratedAbsences: number;
  readonly blockingAlone: readonly string[];
  readonly blockingPairs: readonly (readonly string[])[];
  readonly blockingPairCount: number;
};

export type ProposalReport = {
  readonly id: number;
  readonly organisation: string;
  readonly proposer: string;
  readonly createdAt: number;
  readonly deadline: number;
  readonly acceptRisk: boolean;
  readonly reason: string;
  readonly actions: readonly { readonly type: string; readonly text: string }[];
  readonly effect: {
    readonly before: AssessmentReport;
    readonly after: AssessmentReport;
    readonly risks: readonly string[];
  };
  readonly ballots: readonly {
    readonly voter: string;
    readonly organisation: string | null;
    readonly agrees: boolean;
  }[];
  /** Weight of the governors by what their accounts say now. */
  readonly votes: { readonly agree: number; readonly against: number; readonly total: number };
  readonly status: 'open' | 'waiting' | 'passed' | 'denied' | 'revoked' | 'outdated';
  readonly since: number;
  readonly code: number;
};

export type CommitteeReport = {
  readonly participationRate: number;
  readonly winRate: number;
  readonly governors: readonly { readonly organisation: string; readonly weight: number }[];
  readonly proposalCount: number;
  readonly openProposals: readonly number[];
};

export type HistoryReport = {
  readonly index: number;
  readonly height: number;
  /** Null: a rule at the end of the block. */
  readonly transactionHash: string | null;
  readonly cause: string;
  readonly subject: string;
  readonly from: string;
  readonly to: string;
};

/** A proof for third parties (spec FMT-72), with what people want to know of it. Hex with 0x. */
export type MisbehaviourRecord = {
  readonly format: string;
  readonly genesisHash: string;
  readonly nodeId: NodeId;
  readonly organisation: string | null;
  readonly kind: string;
  readonly term: number;
  readonly view: number | null;
  readonly height: number | null;
  /** Milliseconds since 1970, by this node's clock. */
  readonly seenAt: number;
  readonly first: string;
  readonly second: string;
};

export type NodeReports = {
  syncing(): { readonly starting: Height; readonly current: Height; readonly highest: Height } | undefined;
  peerCount(): number;
  /** Why nothing of the chain may be read here; asked before each call. */
  quarantine(): Failure | undefined;
  status(): NodeStatusReport;
  members(): MembersReport;
  committee(): CommitteeReport;
  /** Undefined: there is none with this id. */
  proposal(id: number): ProposalReport | undefined;
  /** Changes of members, committee and permissions from `index` on, at most `count`. */
  membershipHistory(index: number, count: number): readonly HistoryReport[];
  /** Proofs of misbehaviour that this node holds, newest last. */
  misbehaviour(): readonly MisbehaviourRecord[];
};

export type ChainEvents = {
  /** After each committed block, in order of height. Returns how to end it. */
  onHead(listener: (head: HeadFacts) => void): () => void;
  /** Transactions that the pool has admitted, in batches. */
  onPendingTransactions(listener: (transactions: readonly SignedTransaction[]) => void): () => void;
};

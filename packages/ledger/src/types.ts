import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height, Result } from '@hansa/primitives';
import type {
  Block,
  BlockBody,
  BlockHeader,
  Certificate,
  CertifiedBlock,
  LeftOutReason,
  Receipt,
  StateChange,
  StateKey,
  StateReader,
  TermInfo,
  ValidatorSet,
} from '@hansa/protocol';
import type { LedgerFailure } from './errors.ts';

/** What the ledger of a chain begins with. `changes` is its whole state; the header's stateRoot must be the root of it. */
export type LedgerGenesis = {
  readonly block: Block;
  readonly changes: readonly StateChange[];
  /** Term in force for height 1. */
  readonly termInfo: TermInfo;
};

export type LedgerOptions = {
  /** Directory of the store; made when it is not there. */
  readonly location: string;
  readonly suite: CryptoSuite;
  readonly genesis: LedgerGenesis;
  /** Bytes of state values and tree pages kept in memory. Default 64 MiB. */
  readonly hotStateBytesMax?: number;
  /** Blocks whose state before the head can still be read. Default 1024. */
  readonly stateHistoryBlocks?: number;
};

export type LedgerReaderOptions = { readonly location: string; readonly suite: CryptoSuite };

export type LedgerHead = {
  readonly height: Height;
  readonly hash: HashHex;
  readonly header: BlockHeader;
};

export type TransactionLocation = { readonly height: Height; readonly index: number };
export type LeftOutLocation = { readonly height: Height; readonly position: number; readonly reason: LeftOutReason };

/** The state of one block, unmoved by later commits. MUST be closed: an open one holds back the store's compaction. */
export type StateSnapshot = StateReader & {
  readonly height: Height;
  readonly header: BlockHeader;
  close(): Promise<void>;
};

/** `topics[i]`: undefined or an empty list matches anything, else one of the list must be at that place. */
export type LogFilter = {
  readonly fromHeight: Height;
  /** Inclusive; heights above the head are ignored. */
  readonly toHeight: Height;
  /** Empty matches every address. */
  readonly addresses: readonly AddressHex[];
  readonly topics: readonly (readonly HashHex[] | undefined)[];
  /** More than so many: LEDGER_TOO_MANY_LOGS. Default 10,000. */
  readonly countMax?: number;
  /** Stops the query between two chunks of work; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

export type LogEntry = {
  readonly address: AddressHex;
  readonly topics: readonly HashHex[];
  readonly data: Uint8Array;
  readonly height: Height;
  readonly blockHash: HashHex;
  /** Of its block, in milliseconds. */
  readonly timestamp: number;
  readonly transactionHash: HashHex;
  readonly transactionIndex: number;
  /** Position in the block, from 0. */
  readonly logIndex: number;
};

/** One path of the state tree, as `verifyStateProof` of protocol checks it. */
export type StateProofAt = {
  readonly height: Height;
  readonly header: BlockHeader;
  readonly value: Uint8Array | undefined;
  readonly proof: import('@hansa/protocol').StateProof;
};

export type LedgerStats = {
  /** Bytes of the values and tree pages that the writer keeps in memory. */
  readonly hotStateBytes: number;
  readonly hotStateHits: number;
  readonly hotStateMisses: number;
  /** Values and pages dropped from memory to stay below the maximum, since opening. */
  readonly hotStateDropped: number;
};

/**
 * Committed data, readable from any thread of the process that has the ledger open. Point reads are synchronous: one
 * costs about 10 µs here, an awaited one 50 µs. Nothing above the head is ever seen.
 * Every method throws LEDGER_DAMAGED when a record is not what was written, LEDGER_CLOSED after `close`.
 */
export type LedgerReader = {
  readonly genesisHash: HashHex;
  head(): LedgerHead;
  hashAt(height: Height): HashHex | undefined;
  headerAt(height: Height): BlockHeader | undefined;
  bodyAt(height: Height): BlockBody | undefined;
  blockAt(height: Height): Block | undefined;
  /** Undefined for genesis, which needs none. */
  certificateAt(height: Height): Certificate | undefined;
  certifiedBlockAt(height: Height): CertifiedBlock | undefined;
  receiptsAt(height: Height): readonly Receipt[] | undefined;
  receiptAt(location: TransactionLocation): Receipt | undefined;
  /** Original bytes. */
  transactionAt(location: TransactionLocation): Uint8Array | undefined;
  /** By block hash or by an alias given at its commit. */
  heightOfHash(hash: HashHex): Height | undefined;
  transactionLocation(hash: HashHex): TransactionLocation | undefined;
  /** Where a transaction was last left out; undefined when it was committed or never ordered. */
  leftOutLocation(hash: HashHex): LeftOutLocation | undefined;
  /** Term in force for this height, from 1 to the head plus 1. `baseHash` is filled in. */
  termInfoAt(height: Height): TermInfo | undefined;
  /** Term in force for the height above the head. */
  currentTermInfo(): TermInfo;
  /** Validators that certify this height. */
  validatorsAt(height: Height): ValidatorSet | undefined;
  /** State of the head. */
  snapshot(): StateSnapshot;
  /** LEDGER_HEIGHT_UNKNOWN or LEDGER_STATE_PRUNED. */
  stateAt(height: Height): Result<StateSnapshot, LedgerFailure>;
  /** Oldest height whose state can be read. */
  stateHistoryFrom(): Height;
  /**
   * What a block changed of the state, by key: the values after it. LEDGER_HEIGHT_UNKNOWN, or LEDGER_STATE_PRUNED when
   * the state before it is no longer kept.
   */
  changesAt(height: Height): Result<readonly StateChange[], LedgerFailure>;
  /** Proof of presence or absence at the head. */
  stateProof(key: StateKey): StateProofAt;
  /** Ordered by height and position. Works in chunks of a few milliseconds. LEDGER_TOO_MANY_LOGS */
  logs(filter: LogFilter): Promise<Result<readonly LogEntry[], LedgerFailure>>;
  diskBytes(): Promise<number>;
  /** Consistent copy of the head's ledger into a new directory, while blocks go on being committed. */
  copyTo(destination: string, onProgress?: (entryCount: number) => void): Promise<CopyReport>;
  close(): Promise<void>;
};

export type CopyReport = { readonly height: Height; readonly entryCount: number; readonly sizeBytes: number };

export type StagedBlock = { readonly height: Height; readonly root: HashHex };

export type CommitInput = {
  /** Header of the lowest staged height; its stateRoot is the one that `stage` returned. */
  readonly header: BlockHeader;
  readonly body: BlockBody;
  /** One per transaction of the body, in order. */
  readonly receipts: readonly Receipt[];
  readonly certificate: Certificate;
  /** Term in force for the next height. Stored when it differs from the one before. */
  readonly termInfo: TermInfo;
  /** Other hashes by which the block shall be found. */
  readonly aliasHashes?: readonly HashHex[];
};

/** The one writer of a ledger. Reads of its own reader side see committed data only; `state` sees what is staged. */
export type Ledger = LedgerReader & {
  /** State on top of all that is staged. */
  readonly state: StateReader;
  /** Highest staged height, the head's when nothing is staged. */
  stagedHeight(): Height;
  /** State after a staged height, or after the head; undefined for others. */
  stagedStateAt(height: Height): StateReader | undefined;
  /**
   * Applies a block's changes on top of what is staged and returns the new root. Changes are ordered by key, each key
   * once; a change to the value that is there already is allowed. Synchronous, nothing is written.
   */
  stage(changes: readonly StateChange[]): StagedBlock;
  /** Forgets staged heights above `height`. */
  discardAbove(height: Height): void;
  /** Forgets all that is staged and every value kept in memory: what is read next comes from disk. */
  forget(): void;
  /**
   * Writes the lowest staged height with all that belongs to it in one synced batch. Resolves when it is durable.
   * @throws ChainError LEDGER_WRITE_FAILED; every later call then throws it too, and nothing of the block is there
   */
  commitBlock(input: CommitInput): Promise<LedgerHead>;
  stats(): LedgerStats;
  /** Gives the disk space of deleted records back; may take minutes on a large ledger. */
  compact(): Promise<void>;
};

import type { AddressHex, HashHex, Height, NodeId, Result } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { PoolRefusal } from './errors.ts';
import type { PoolLimits } from './limits.ts';
import type {
  ChainView,
  CommittedFacts,
  Origin,
  PoolContent,
  PoolCounts,
  PoolJournal,
  PoolListener,
  PoolMetrics,
  PoolStatus,
  Selection,
  SentRequirement,
} from './ports.ts';

export type TxPoolOptions = { readonly chainId: number; readonly limits?: Partial<PoolLimits> };
export type TxPoolDependencies = {
  readonly chain: ChainView;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly journal?: PoolJournal;
  readonly listener?: PoolListener;
};
/** The type of `createTxPool`. */
export type CreateTxPool = (options: TxPoolOptions, dependencies: TxPoolDependencies) => TxPool;

export type Admission = { readonly hash: HashHex; readonly state: 'pending' | 'queued' };

/** Transactions that wait to be ordered. Synchronous; one writer, the main thread. Senders are recovered beforehand. */
export type TxPool = {
  /** One outcome per transaction, in their order. Events are one per call, so pass whole batches. */
  add(transactions: readonly SignedTransaction[], origin: Origin): readonly Result<Admission, PoolRefusal>[];
  /** In the pool, or in a proposal in flight. The value belongs to the pool. */
  get(hash: HashHex): SignedTransaction | undefined;
  has(hash: HashHex): boolean;
  status(hash: HashHex): PoolStatus;
  /** The nonce that the account's next transaction should have, after all that is ordered or executable here. */
  nextNonce(address: AddressHex): bigint;
  counts(): PoolCounts;
  metrics(): PoolMetrics;
  /** All, or those of one account; by sender and nonce. For `txpool_content`, not for the hot path. */
  content(address?: AddressHex): PoolContent;

  /**
   * Content of the next proposal: by price, then arrival, in nonce order per sender; only what can execute on the
   * head's state after what is in flight below `height`. Marks nothing.
   */
  select(selection: Selection): readonly SignedTransaction[];
  /**
   * The proposal at `height` that this node follows now (its own or an accepted one). Replaces what was marked at that
   * height. Takes whole transactions, since a proposal may hold some that this pool refused: they are kept, and
   * answered by `get`, until the height is committed or dropped.
   */
  markOrdered(height: Height, transactions: readonly SignedTransaction[]): void;
  /** A view change has dropped the proposals from this height on. */
  dropOrdered(fromHeight: Height): void;
  /** Height of the proposal in flight that holds the transaction. */
  orderedHeight(hash: HashHex): Height | undefined;
  /** A final block, heights strictly increasing, none left out. The chain view MUST show it already. */
  onCommitted(facts: CommittedFacts): void;

  /** Something is executable here and not in flight (PBFT-N1). */
  hasExecutable(): boolean;
  /** Something is executable here that the primary and more than F of the others were sent by this node (PBFT-V1). */
  hasWaiting(requirement: SentRequirement): boolean;
  /** For how long the one that waits longest among the best executable ones could have been ordered; 0: none is there. */
  longestWaitMs(): number;
  /**
   * PBFT-V2: a transaction that is executable here, was sent to the primary, and that `ordered` overtakes: one of
   * them is of no higher price and came here more than `marginMs` after it. Call before `markOrdered`.
   */
  findOvertaken(
    ordered: readonly SignedTransaction[],
    options: { readonly marginMs: number; readonly primary: NodeId | undefined },
  ): HashHex | undefined;

  /** Connected peers get what is admitted from now on, and first what is waiting already. */
  addPeer(nodeId: NodeId): void;
  removePeer(nodeId: NodeId): void;
  /** The next transactions to send to a peer, which count as sent with this call; never back to their origin. */
  takeGossip(
    nodeId: NodeId,
    options: { readonly countMax: number; readonly sizeBytesMax: number },
  ): readonly SignedTransaction[];
  /** The network did not take the peer's last batch: it is given again, and does not count as sent. */
  untakeGossip(nodeId: NodeId): void;
  /** Peers for whom `takeGossip` would give something. */
  peersWithGossip(): readonly NodeId[];
  /**
   * Puts up to `sentMax` of the first `countMax` executable transactions that have waited `waitedMsMin` into the gossip
   * for every peer again, foreign ones too (PBFT-V1, at T/2). `onlyForeign`: those that this node has not sent to anybody
   * yet, so that a transaction which only its first node knows to be waiting is soon waited for by all. Returns how many.
   */
  resendWaiting(options: {
    readonly countMax: number;
    readonly sentMax: number;
    readonly waitedMsMin: number;
    readonly onlyForeign?: true;
  }): number;
  /** Executable transactions that clients of this node handed in: what a primary may have lost of them. */
  ownWaiting(countMax: number): readonly SignedTransaction[];
};

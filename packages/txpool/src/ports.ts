import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import type { ChainParameters, LeftOut, SignedTransaction } from '@hansa/protocol';

export type AccountFacts = {
  readonly nonce: bigint;
  readonly balance: bigint;
  /** An account with code cannot send (EIP-3607). */
  readonly hasCode: boolean;
};

/**
 * The chain at its head, as the pool sees it. Synchronous: an implementer MUST answer from memory or by a synchronous
 * read of a few microseconds. It MAY be ahead of the last `onCommitted`, never behind it.
 */
export type ChainView = {
  /** Height of the last final block. */
  height(): Height;
  /** Zero nonce and balance for an account that does not exist. */
  account(address: AddressHex): AccountFacts;
  /** Parameters that hold for the next height. */
  parameters(): ChainParameters;
  /** Whether the minimum price does not count for it (spec EXE-18). Asked only of what is below it. Default: never. */
  isFeeFree?(tx: SignedTransaction): boolean;
};

/**
 * Keeps this node's own transactions across a restart. The pool only appends and rewrites; who acknowledges a
 * transaction to a client MUST wait for the journal's own `flush` first.
 */
export type PoolJournal = {
  append(transactions: readonly Uint8Array[]): void;
  /** The content from now on. Called when most of what was appended has ended. */
  rewrite(transactions: readonly Uint8Array[]): void;
};

/** Told of changes, in batches, after the pool has made them. MUST NOT call back into the pool. */
export type PoolListener = {
  onAdmitted?(transactions: readonly SignedTransaction[]): void;
  /** Expired, evicted, left out for good, or made impossible by a commit. */
  onDropped?(ended: readonly EndedTransaction[]): void;
  onReplaced?(replaced: readonly { readonly hash: HashHex; readonly by: HashHex }[]): void;
};

export type Origin =
  /** Submitted to this node: kept in the journal, evicted after all foreign ones, passed on to every peer. */
  | { readonly type: 'local' }
  /** Read back from the journal: as `local`, but not appended again, and not refused for what can pass. */
  | { readonly type: 'journal' }
  /** `relay`: pass it on at once (it came from a node that does not reach the validators itself). */
  /** Came with a proposal that was dropped later, or was fetched for one. */
  | { readonly type: 'proposal' }
  | { readonly type: 'peer'; readonly nodeId: NodeId; readonly relay: boolean };

/** How a transaction ended in this pool. Committed ones are the ledger's to tell. */
export type EndedTransaction = { readonly hash: HashHex } & (
  | { readonly type: 'replaced'; readonly by: HashHex }
  | { readonly type: 'expired'; readonly lastHeight: Height; readonly message: string; readonly remedy: string }
  | { readonly type: 'left out'; readonly height: Height; readonly reason: string; readonly remedy: string }
  | { readonly type: 'dropped here'; readonly code: string; readonly message: string; readonly remedy: string }
);

/** What a final block changed. */
export type CommittedFacts = {
  readonly height: Height;
  readonly executed: readonly { readonly hash: HashHex; readonly sender: AddressHex; readonly nonce: bigint }[];
  readonly leftOut: readonly LeftOut[];
  /** MUST name every account whose nonce, balance or code changed, with its values after the block. */
  readonly accounts: readonly ({ readonly address: AddressHex } & AccountFacts)[];
};

/** What this pool knows of a hash; `unknown` includes transactions that are final (ask the ledger first). */
export type PoolStatus =
  | { readonly type: 'unknown' }
  /** Executable as soon as it is ordered. `leftOut`: it was ordered before and left out, and may be ordered again. */
  | { readonly type: 'pending'; readonly leftOut: PastLeftOut | undefined }
  /** Waits for something: said in `reason`, with what to do in `remedy`. */
  | {
      readonly type: 'queued';
      readonly cause: 'nonce gap' | 'nonce ordered' | 'funds' | 'parameters';
      readonly missingNonce: bigint | undefined;
      readonly reason: string;
      readonly remedy: string;
      readonly leftOut: PastLeftOut | undefined;
    }
  /** In a proposal at this height that is not final. */
  | { readonly type: 'ordered'; readonly height: Height }
  | EndedTransaction;

export type PastLeftOut = { readonly height: Height; readonly reason: string };

/** Limits of one proposal on top of everything that is marked as ordered below `height`. */
export type Selection = {
  readonly height: Height;
  readonly countMax: number;
  readonly sizeBytesMax: number;
  readonly gasMax: bigint;
};

/** Who has to have been sent a transaction before it counts as waiting (PBFT-V1). */
export type SentRequirement = {
  /** undefined when this node is the primary itself. */
  readonly primary: NodeId | undefined;
  /** The other validators of the term and their weights, without this node and the primary. */
  readonly others: readonly { readonly nodeId: NodeId; readonly weight: number }[];
  /** More than this weight of the others must have been sent it: F. */
  readonly weightAbove: number;
};

export type PoolCounts = {
  readonly pending: number;
  readonly queued: number;
  readonly ordered: number;
  readonly own: number;
  readonly accounts: number;
  readonly sizeBytes: number;
};

/** Counters since start, for metrics. */
export type PoolMetrics = {
  readonly admitted: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly evicted: number;
  readonly replaced: number;
  readonly expired: number;
  readonly leftOut: number;
  readonly committed: number;
  /** Gossip that a slow peer missed. */
  readonly gossipMissed: number;
  readonly endedForgotten: number;
};

export type PoolContent = {
  readonly pending: readonly SignedTransaction[];
  readonly queued: readonly SignedTransaction[];
};

import type { Failure, HashHex, NodeId, Result } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';

/** One signature of a validator to check: over `digest`, by the holder of `nodeId`. */
export type SignatureCheck = { readonly digest: HashHex; readonly signature: Uint8Array; readonly nodeId: NodeId };

/**
 * Who waits for the check. `proposal`: a vote does. `peer`: a transaction that a member has said yes to. `client`: one
 * that may still be refused. A proposal's overtake all others; peers have three turns of four, so that overload makes
 * clients wait, not the chain.
 */
export type VerifyUrgency = 'proposal' | 'peer' | 'client';

export type VerifyLimits = {
  /** Transactions waiting or being checked; above it a batch is refused as a whole. */
  readonly transactionCountMax: number;
  /** Their bytes. */
  readonly transactionBytesMax: number;
  /** Signatures waiting or being checked. */
  readonly signatureCountMax: number;
};

/** The verify worker refused work because its queue is full: the caller has to slow its source down. */
export type VerifyBusy = Failure<'VERIFY_BUSY'>;

/**
 * Decoding and signature checks off the main thread. Outcomes come in the order of the input, and calls of one
 * kind and urgency are answered in the order in which they were made. Signatures overtake transactions.
 */
export type VerifyPool = {
  start(): Promise<void>;
  /** Idempotent. What is still waiting is answered with VERIFY_BUSY. */
  stop(): Promise<void>;
  /** Decode and recover the sender. The bytes are copied before this returns. */
  verifyTransactions(
    raw: readonly Uint8Array[],
    urgency: VerifyUrgency,
  ): Promise<Result<readonly Result<SignedTransaction, Failure>[], VerifyBusy>>;
  verifySignatures(checks: readonly SignatureCheck[]): Promise<Result<readonly boolean[], VerifyBusy>>;
  /** For metrics and for back pressure: sources pause while `transactionCount` is above half of its limit. */
  load(): { readonly transactionCount: number; readonly transactionBytes: number; readonly signatureCount: number };
};

export type VerifyPoolOptions = { readonly suite: 'standard' | 'sm'; readonly limits?: Partial<VerifyLimits> };
/** `onFatal`: the worker ended without being asked to. The node cannot go on and MUST stop. */
export type VerifyPoolDependencies = { readonly onFatal: (error: Error) => void };
/** The type of `createVerifyPool`. */
export type CreateVerifyPool = (options: VerifyPoolOptions, dependencies: VerifyPoolDependencies) => VerifyPool;

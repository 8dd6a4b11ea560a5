import type { MessagePort } from 'node:worker_threads';
import type { HashHex, NodeId } from '@hansa/primitives';

/** What crosses between the verify worker and the main thread. Buffers are transferred. */
export type VerifyWorkerData = { readonly suite: 'standard' | 'sm'; readonly votePort: MessagePort };

/** `packed`: for each transaction u32 length ‖ bytes. */
export type TransactionBatch = { readonly id: number; readonly packed: Uint8Array<ArrayBuffer> };
/** `records`: see transaction-record.ts, one per transaction, in order. */
export type TransactionAnswer = { readonly id: number; readonly records: Uint8Array<ArrayBuffer> };

/** Signature i is at 64 · i of `signatures`. */
export type VoteBatch = {
  readonly id: number;
  readonly digests: readonly HashHex[];
  readonly nodeIds: readonly NodeId[];
  readonly signatures: Uint8Array<ArrayBuffer>;
};
/** 1 for each signature that is right. */
export type VoteAnswer = { readonly id: number; readonly valid: Uint8Array<ArrayBuffer> };

/** The first message on the worker's own port, once it can work. */
export type VerifyReady = { readonly type: 'ready' };

import type { Failure } from '@hansa/primitives';

/** What is wrong with an answer or a block. All of them are the sender's fault except the last two. */
export type SyncCode =
  | 'SYNC_MALFORMED'
  | 'SYNC_WRONG_RANGE'
  | 'SYNC_WRONG_CHAIN'
  | 'SYNC_WRONG_PARENT'
  | 'SYNC_WRONG_TERM'
  | 'SYNC_WRONG_TIMESTAMP'
  | 'SYNC_WRONG_VALIDATORS'
  | 'SYNC_WRONG_PROPOSER'
  | 'SYNC_WRONG_TRANSACTIONS'
  | 'SYNC_WRONG_PROPOSAL'
  | 'SYNC_WRONG_CERTIFICATE'
  | 'SYNC_WRONG_HEIGHT_CLAIM'
  | 'SYNC_TIMEOUT'
  | 'SYNC_BUSY'
  | 'SYNC_RESULT_DIFFERS';

export type SyncFailure = Failure<SyncCode>;

export const syncFailure = (code: SyncCode, message: string): SyncFailure => ({ code, message });

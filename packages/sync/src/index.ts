export { type SyncCode, type SyncFailure, syncFailure } from './errors.ts';
export { DEFAULT_SYNC_LIMITS, SYNC_BLOCK_SIZE_MAX, SYNC_FRAME_SIZE_MAX, type SyncLimits } from './limits.ts';
export type { ReceivedBlock, SyncEffect, SyncInput, SyncMachine, SyncProgress } from './types.ts';

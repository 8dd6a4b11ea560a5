export { type SyncCode, type SyncFailure, syncFailure } from './errors.ts';
export { DEFAULT_SYNC_LIMITS, SYNC_MESSAGE_SIZE_MAX, SYNC_PART_SIZE_MAX, type SyncLimits } from './limits.ts';
export { createSyncMachine } from './machine.ts';
export { MessageAssembler, PartOutbox, splitMessage } from './parts.ts';
export {
  ServeBudgets,
  type StoredBlock,
  type SyncAnswer,
  type SyncReader,
  type SyncRequest,
  serveBlocks,
} from './serve.ts';
export type { ReceivedBlock, SyncEffect, SyncInput, SyncMachine, SyncProgress } from './types.ts';
export { type BlockContext, type VerifiedBlock, verifyBlock } from './verify-block.ts';

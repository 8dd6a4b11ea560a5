export {
  isLedgerError,
  type LedgerError,
  type LedgerErrorCode,
  type LedgerFailure,
  REBUILD_REMEDY,
} from './errors.ts';
export { openLedger } from './ledger.ts';
export { lockHolderPid, type WriterLock } from './lock.ts';
export { openLedgerReader } from './reader.ts';
export { computeStateRoot } from './state-tree/state-root.ts';
export type { LedgerDependencies, LedgerStorage } from './storage.ts';
export type { Store, StoreBatch, StoreEntry, StoreIterator, StoreSnapshot } from './store.ts';
export type {
  CommitInput,
  CopyReport,
  Ledger,
  LedgerGenesis,
  LedgerHead,
  LedgerOptions,
  LedgerReader,
  LedgerReaderOptions,
  LedgerStats,
  LeftOutLocation,
  LogEntry,
  LogFilter,
  StagedBlock,
  StateProofAt,
  StateSnapshot,
  TransactionLocation,
} from './types.ts';
export { verifyLedger } from './verify.ts';
export type { VerifiedBlock, VerifyFault, VerifyOptions, VerifyReport } from './verify-types.ts';

export {
  isLedgerError,
  type LedgerError,
  type LedgerErrorCode,
  type LedgerFailure,
  REBUILD_REMEDY,
} from './errors.ts';
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
export type { VerifiedBlock, VerifyFault, VerifyOptions, VerifyReport } from './verify-types.ts';
// Functions, next: openLedger(LedgerOptions): Promise<Ledger>; openLedgerReader(LedgerReaderOptions): Promise<LedgerReader>;
// computeStateRoot(suite, changes): HashHex; verifyLedger(VerifyOptions): Promise<VerifyReport>.

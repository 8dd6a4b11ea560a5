import { ChainError, type Failure } from '@hansa/primitives';

/** Failures of the ledger. Each is thrown as a `ChainError` with its cause and remedy, or returned as a `Failure`. */
export type LedgerErrorCode =
  /** Another process (or another thread of this one) writes this directory. */
  | 'LEDGER_LOCKED'
  /** The directory holds the ledger of another chain. */
  | 'LEDGER_WRONG_GENESIS'
  /** Written by another version of the schema. */
  | 'LEDGER_WRONG_SCHEMA'
  /** Opened for reading, and there is none. */
  | 'LEDGER_MISSING'
  /** A record is missing, contradicts another one or fails its checksum: the disk lost or changed data. */
  | 'LEDGER_DAMAGED'
  /** The store could not be opened or read for another reason. */
  | 'LEDGER_UNREADABLE'
  /** A write failed (disk full, quota, I/O error). The ledger refuses everything afterwards. */
  | 'LEDGER_WRITE_FAILED'
  | 'LEDGER_CLOSED'
  /** The destination of a copy exists and is not empty. */
  | 'LEDGER_DESTINATION_EXISTS'
  /** State at a height whose history is no longer kept. */
  | 'LEDGER_STATE_PRUNED'
  /** A height above the head. */
  | 'LEDGER_HEIGHT_UNKNOWN'
  /** A query that would return more logs than the limit. */
  | 'LEDGER_TOO_MANY_LOGS';

export type LedgerFailure = Failure<LedgerErrorCode>;
export type LedgerError = ChainError<LedgerErrorCode>;

export const REBUILD_REMEDY = 'run `hansa start --rebuild`: the ledger is fetched again from the peers and verified';

export function ledgerError(failure: LedgerFailure, cause?: unknown): LedgerError {
  return new ChainError<LedgerErrorCode>(failure, cause === undefined ? {} : { cause });
}

/** A record that is not what was written. `what` names the record. */
export function damaged(what: string, cause?: unknown): LedgerError {
  return ledgerError(
    { code: 'LEDGER_DAMAGED', message: `the ledger is damaged: ${what}`, remedy: REBUILD_REMEDY },
    cause,
  );
}

export const isLedgerError = (error: unknown, code?: LedgerErrorCode): error is LedgerError =>
  error instanceof ChainError &&
  String(error.code).startsWith('LEDGER_') &&
  (code === undefined || error.code === code);

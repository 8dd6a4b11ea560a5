import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HashHex } from '@hansa/primitives';
import { ledgerError } from './errors.ts';
import { acquireWriterLock, lockedBy, lockHolderPid, type WriterLock } from './lock.ts';
import { openStore, type Store } from './store.ts';

/** Says that a genesis was written here: an empty store beside it has lost everything (spec LED-6). */
const CREATED_MARK = 'hansa.created';

/**
 * Where the bytes of one ledger are. Writer and readers touch no disk but through it, so that a simulator can put one
 * beneath them that forgets what was not synced.
 */
export type LedgerStorage = {
  /** Lets one writer in until `release`. @throws ChainError LEDGER_LOCKED */
  lock(): WriterLock;
  /** For the writer; an empty store is made where none is. @throws ChainError LEDGER_LOCKED or LEDGER_UNREADABLE */
  open(): Promise<Store>;
  /** For a reader. @throws ChainError LEDGER_MISSING, LEDGER_LOCKED, LEDGER_DAMAGED or LEDGER_UNREADABLE */
  openExisting(): Promise<Store>;
  /** Whether `markCreated` was called here before, in any earlier process. */
  isMarkedCreated(): boolean;
  /** MUST be durable when it returns. */
  markCreated(genesisHash: HashHex): void;
};

/** What the ledger of a location lies on. */
export type LedgerDependencies = { readonly storageAt: (location: string) => LedgerStorage };

/** A directory with a LevelDB store. */
export function levelStorage(location: string): LedgerStorage {
  const mark = join(location, CREATED_MARK);
  return {
    lock: () => acquireWriterLock(location),
    open: () => openStore(location, { createIfMissing: true }),
    openExisting: async () => {
      if (!existsSync(join(location, 'CURRENT'))) {
        throw ledgerError({
          code: 'LEDGER_MISSING',
          message: `there is no ledger in ${location}`,
          remedy: 'name the data directory of a node that was started',
        });
      }
      const pid = lockHolderPid(location);
      if (pid !== undefined && pid !== process.pid) throw lockedBy(location, pid);
      return openStore(location, { createIfMissing: false });
    },
    isMarkedCreated: () => existsSync(mark),
    markCreated: (genesisHash) => writeFileSync(mark, `${genesisHash}\n`, { mode: 0o600, flush: true }),
  };
}

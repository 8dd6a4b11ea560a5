import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { AbstractSnapshot } from 'abstract-level';
import { Level } from 'level';
import { damaged, type LedgerError, ledgerError } from './errors.ts';
import type { KeyRange } from './keys.ts';

const CHECKSUM_SIZE = 4;
/** Larger records get an array of their own. */
const SEAL_SCRATCH_SIZE = 16 * 1024;
const CACHE_SIZE = 16 * 1024 * 1024;
/** Also bounds how many blocks can be in a log that is not yet a table: see `check.ts`. */
export const WRITE_BUFFER_SIZE: number = 4 * 1024 * 1024;
const FILE_SIZE_MAX = 16 * 1024 * 1024;

/** What the store held at one moment. MUST be closed: an open one holds back the store's compaction. */
export type StoreSnapshot = { close(): Promise<void> };

/** One atomic write. `put` copies both key and value. */
export type StoreBatch = {
  put(key: Uint8Array, value: Uint8Array): void;
  del(key: Uint8Array): void;
  readonly entryCount: number;
  /** All or nothing. With `sync` it is on disk when the promise resolves. @throws ChainError LEDGER_WRITE_FAILED */
  write(options: { readonly sync: boolean }): Promise<void>;
  /** Gives up what was put. */
  discard(): Promise<void>;
};

/** `value` is undefined when the record does not have the checksum that it was written with. */
export type StoreEntry = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** In ascending order of keys. MUST be closed. */
export type StoreIterator = {
  /** Up to `count` entries; none at the end. */
  next(count: number): Promise<readonly StoreEntry[]>;
  close(): Promise<void>;
};

/**
 * Bytes under keys, in order, each value sealed with a CRC-32 over key and value: LevelDB serves damaged tables without
 * an error. Values returned belong to the caller.
 */
export type Store = {
  /** @throws ChainError LEDGER_DAMAGED when the checksum does not fit */
  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined;
  batch(): StoreBatch;
  iterate(range: KeyRange, snapshot?: StoreSnapshot): StoreIterator;
  snapshot(): StoreSnapshot;
  compact(range: KeyRange): Promise<void>;
  close(): Promise<void>;
};

type Database = Level<Uint8Array, Uint8Array>;

/** @throws ChainError LEDGER_LOCKED or LEDGER_UNREADABLE */
export async function openStore(location: string, options: { readonly createIfMissing: boolean }): Promise<Store> {
  const database: Database = new Level<Uint8Array, Uint8Array>(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    multithreading: true,
    createIfMissing: options.createIfMissing,
    cacheSize: CACHE_SIZE,
    writeBufferSize: WRITE_BUFFER_SIZE,
    maxFileSize: FILE_SIZE_MAX,
  });
  try {
    await database.open();
  } catch (error) {
    throw openingError(location, error);
  }
  return new LevelStore(database);
}

const sealScratch = new Uint8Array(SEAL_SCRATCH_SIZE);

/** Appends the checksum. The result is good until the next call: a batch copies what is put into it. */
export function sealRecord(key: Uint8Array, value: Uint8Array): Uint8Array {
  const size = value.length + CHECKSUM_SIZE;
  const sealed = size <= SEAL_SCRATCH_SIZE ? sealScratch.subarray(0, size) : new Uint8Array(size);
  sealed.set(value, 0);
  const checksum = crc32(value, crc32(key));
  sealed[size - 4] = checksum >>> 24;
  sealed[size - 3] = checksum >>> 16;
  sealed[size - 2] = checksum >>> 8;
  sealed[size - 1] = checksum;
  return sealed;
}

/** The value without its checksum (a view), or undefined when it does not fit. */
export function unsealRecord(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const size = sealed.length - CHECKSUM_SIZE;
  if (size < 0) return undefined;
  // A plain view: the store returns Buffers, whose `slice` does not copy.
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, size);
  const checksum = new DataView(sealed.buffer, sealed.byteOffset + size, CHECKSUM_SIZE).getUint32(0);
  return crc32(value, crc32(key)) === checksum ? value : undefined;
}

/** Name of a record for people: table letter and the rest of the key. */
export function describeKey(key: Uint8Array): string {
  const table = String.fromCharCode(key[0] ?? 0x3f);
  return `record ${table}:${Array.from(key.subarray(1), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Bytes of all files of a directory; files that vanish meanwhile are not counted. */
export async function directorySize(location: string): Promise<number> {
  let size = 0;
  for (const name of await readdir(location)) {
    size += await stat(join(location, name)).then(
      (file) => file.size,
      () => 0,
    );
  }
  return size;
}

class LevelStore implements Store {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    let sealed: Uint8Array | undefined;
    try {
      sealed = getSync(this.#database, key, snapshot);
    } catch (error) {
      throw readingError(error, describeKey(key));
    }
    if (sealed === undefined) return undefined;
    const value = unsealRecord(key, sealed);
    if (value === undefined) throw damaged(`${describeKey(key)} does not have its checksum`);
    return value;
  }

  batch(): StoreBatch {
    const chain = this.#database.batch();
    return {
      put: (key, value) => void chain.put(key, sealRecord(key, value)),
      del: (key) => void chain.del(key),
      get entryCount() {
        return chain.length;
      },
      write: async (options) => {
        try {
          await chain.write(options);
        } catch (error) {
          throw writingError(error);
        }
      },
      discard: () => chain.close(),
    };
  }

  iterate(range: KeyRange, snapshot?: StoreSnapshot): StoreIterator {
    const options = { gte: range.gte, lt: range.lt, fillCache: false, highWaterMarkBytes: 256 * 1024 };
    const iterator = this.#database.iterator(
      snapshot === undefined ? options : { ...options, snapshot: snapshot as AbstractSnapshot },
    );
    return {
      next: async (count) => {
        try {
          const entries = await iterator.nextv(count);
          return entries.map(([key, sealed]) => {
            const plainKey = new Uint8Array(key.buffer, key.byteOffset, key.length);
            return { key: plainKey, value: unsealRecord(plainKey, sealed) };
          });
        } catch (error) {
          throw readingError(error, 'a range of records');
        }
      },
      close: () => iterator.close(),
    };
  }

  snapshot(): StoreSnapshot {
    try {
      return (this.#database as unknown as { snapshot(): AbstractSnapshot }).snapshot();
    } catch (error) {
      throw readingError(error, 'a snapshot');
    }
  }

  async compact(range: KeyRange): Promise<void> {
    const database = this.#database as unknown as { compactRange(from: Uint8Array, to: Uint8Array): Promise<void> };
    await database.compactRange(range.gte, range.lt);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** The types of `level` name only what browsers have too. */
function getSync(database: Database, key: Uint8Array, snapshot: StoreSnapshot | undefined): Uint8Array | undefined {
  const native = database as unknown as { getSync(key: Uint8Array, options: object): Uint8Array | undefined };
  return native.getSync(key, snapshot === undefined ? {} : { snapshot });
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const causeOf = (error: unknown): unknown => (error as { cause?: unknown } | null)?.cause ?? error;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function openingError(location: string, error: unknown): LedgerError {
  const cause = causeOf(error);
  if (codeOf(cause) === 'LEVEL_LOCKED') {
    return ledgerError(
      {
        code: 'LEDGER_LOCKED',
        message: `the ledger ${location} is in use by another process`,
        remedy: 'stop the process that has it open (a node, or `hansa verify` or `hansa backup` on this directory)',
      },
      cause,
    );
  }
  if (codeOf(cause) === 'LEVEL_CORRUPTION') return damaged(`the store does not open: ${messageOf(cause)}`, cause);
  return ledgerError(
    {
      code: 'LEDGER_UNREADABLE',
      message: `the ledger ${location} cannot be opened: ${messageOf(cause)}`,
      remedy:
        'check that the directory exists, that this user may read and write it and that the disk is well; ' +
        'if files are missing or damaged, run `hansa start --rebuild`',
    },
    cause,
  );
}

function readingError(error: unknown, what: string): LedgerError {
  const code = codeOf(error);
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN' || code === 'LEVEL_SNAPSHOT_NOT_OPEN') {
    return ledgerError({ code: 'LEDGER_CLOSED', message: `${what} was asked for after the ledger was closed` }, error);
  }
  if (code === 'LEVEL_CORRUPTION') return damaged(`${what} cannot be read: ${messageOf(error)}`, error);
  return ledgerError(
    {
      code: 'LEDGER_UNREADABLE',
      message: `${what} cannot be read: ${messageOf(error)}`,
      remedy: 'check the disk; if it is well, run `hansa start --rebuild`',
    },
    error,
  );
}

/** What a failed write is thrown as. */
export function writingError(error: unknown): LedgerError {
  if (codeOf(error) === 'LEVEL_DATABASE_NOT_OPEN') {
    return ledgerError({ code: 'LEDGER_CLOSED', message: 'a write was asked for after the ledger was closed' }, error);
  }
  return ledgerError(
    {
      code: 'LEDGER_WRITE_FAILED',
      message: `the ledger could not be written: ${messageOf(error)}`,
      remedy: 'free disk space or repair the disk, then start the node again: nothing of the failed write is kept',
    },
    error,
  );
}

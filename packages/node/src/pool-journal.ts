import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { ChainError, concatBytes } from '@hansa/primitives';
import type { PoolJournal } from '@hansa/txpool';
import type { NodeErrorCode } from './errors.ts';

/** u32 length ‖ u32 CRC-32 of the transaction ‖ transaction. */
const RECORD_HEADER_SIZE = 8;
const RECORD_SIZE_MAX = 1024 * 1024;

/** The pool's own transactions on disk. One writer. */
export type PoolJournalFile = PoolJournal & {
  /** Resolves when everything that was appended so far is on disk: before it a client MUST NOT be told yes. */
  flush(): Promise<void>;
  /** Writes what is left and closes. Idempotent. */
  stop(): Promise<void>;
};

export type OpenedPoolJournal = {
  readonly journal: PoolJournalFile;
  /** What was in it, oldest first; some of it may be final meanwhile. */
  readonly transactions: readonly Uint8Array[];
  /** Bytes at the end that were not whole: a record that a crash cut off before it was acknowledged. */
  readonly damagedSizeBytes: number;
};

/**
 * Opens or creates the journal and takes its content.
 * @param onFatal the disk refused a write: acknowledged transactions can no longer be kept, the process MUST stop
 * @throws ChainError NODE_JOURNAL_FAILED when the file cannot be read or opened
 */
export async function openPoolJournal(path: string, onFatal: (error: Error) => void): Promise<OpenedPoolJournal> {
  try {
    const content = await readWhole(path);
    const { transactions, sizeBytes } = decodePoolJournal(content);
    const handle = await open(path, 'a', 0o600);
    // What a crash has cut off must not stand before whole records.
    if (sizeBytes < content.length) await handle.truncate(sizeBytes);
    const journal = new Journal(path, handle, onFatal);
    return { journal, transactions, damagedSizeBytes: content.length - sizeBytes };
  } catch (error) {
    throw journalFailure(path, error);
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    // A plain array: `slice` of Node's own kind shares its memory.
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array(0);
    throw error;
  }
}

class Journal implements PoolJournalFile {
  readonly #path: string;
  readonly #onFatal: (error: Error) => void;
  #handle: FileHandle;
  /** Records to append; after `#content`, if there is one. */
  #appended: Uint8Array[] = [];
  /** The whole content, when it is to be written anew. */
  #content: readonly Uint8Array[] | undefined;
  /** The writer's loop, while it runs. */
  #writing: Promise<void> | undefined;
  /** Appends and rewrites that were asked for, and those that are on disk. */
  #wantedCount = 0;
  #writtenCount = 0;
  #failure: Error | undefined;
  #isStopped = false;

  constructor(path: string, handle: FileHandle, onFatal: (error: Error) => void) {
    this.#path = path;
    this.#handle = handle;
    this.#onFatal = onFatal;
  }

  append(transactions: readonly Uint8Array[]): void {
    if (this.#isStopped) return;
    for (const bytes of transactions) this.#appended.push(encodeRecord(bytes));
    this.#wantedCount++;
  }

  rewrite(transactions: readonly Uint8Array[]): void {
    if (this.#isStopped) return;
    this.#content = transactions.map(encodeRecord);
    // The new content has all that is still wanted of what waits.
    this.#appended = [];
    this.#wantedCount++;
    this.#write().catch(() => undefined);
  }

  async flush(): Promise<void> {
    // Counted, since a write that another caller has begun meanwhile may hold what this one has appended.
    const wanted = this.#wantedCount;
    while (this.#writtenCount < wanted) await this.#write();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.flush().catch(() => undefined);
    await this.#handle.close();
  }

  #write(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** One synced write serves everybody who appended before it began. */
  async #writeAll(): Promise<void> {
    const content = this.#content;
    const appended = this.#appended;
    const count = this.#wantedCount;
    this.#content = undefined;
    this.#appended = [];
    try {
      if (content !== undefined) await this.#replace(content);
      if (appended.length > 0) {
        await this.#handle.appendFile(concatBytes(...appended));
        await this.#handle.datasync();
      }
      this.#writtenCount = count;
    } catch (error) {
      this.#failure = journalFailure(this.#path, error);
      this.#onFatal(this.#failure);
      throw this.#failure;
    }
  }

  async #replace(records: readonly Uint8Array[]): Promise<void> {
    const next = `${this.#path}.new`;
    const handle = await open(next, 'w', 0o600);
    await handle.appendFile(concatBytes(...records));
    await handle.sync();
    await rename(next, this.#path);
    const directory = await open(dirname(this.#path));
    await directory.sync();
    await directory.close();
    await this.#handle.close();
    this.#handle = handle;
  }
}

function encodeRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_SIZE + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, bytes.length);
  view.setUint32(4, crc32(bytes));
  record.set(bytes, RECORD_HEADER_SIZE);
  return record;
}

/** Whole records from the start; stops at the first one that is cut off or damaged. */
export function decodePoolJournal(content: Uint8Array): {
  readonly transactions: readonly Uint8Array[];
  readonly sizeBytes: number;
} {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const transactions: Uint8Array[] = [];
  let at = 0;
  while (at + RECORD_HEADER_SIZE <= content.length) {
    const size = view.getUint32(at);
    const end = at + RECORD_HEADER_SIZE + size;
    if (size === 0 || size > RECORD_SIZE_MAX || end > content.length) break;
    const bytes = content.slice(at + RECORD_HEADER_SIZE, end);
    if (crc32(bytes) !== view.getUint32(at + 4)) break;
    transactions.push(bytes);
    at = end;
  }
  return { transactions, sizeBytes: at };
}

function journalFailure(path: string, cause: unknown): ChainError<NodeErrorCode> {
  return new ChainError(
    {
      code: 'NODE_JOURNAL_FAILED',
      message: `the journal of own transactions ${path} cannot be read or written: ${String(cause)}`,
      remedy: 'check free space and permissions of the data directory, then start the node again',
    },
    { cause },
  );
}

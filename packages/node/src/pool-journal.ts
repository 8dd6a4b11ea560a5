import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert, ChainError, concatBytes } from '@hansa/primitives';
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
 * The bytes of the journal. Small, so that a simulator can put a disk beneath it that forgets: what was not synced may
 * vanish or be torn at a power cut, what was synced stays, `replace` happens wholly or not at all.
 */
export type JournalFile = {
  /** Where it lies, for people. */
  readonly name: string;
  /** The whole content, empty when there is none; opens it for writing. Called once, first. */
  read(): Promise<Uint8Array>;
  /** Cuts off what a crash has torn. */
  truncate(sizeBytes: number): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** MUST NOT resolve before everything that was appended would survive a power cut. */
  sync(): Promise<void>;
  /** Puts `bytes` in the place of the whole content: atomic across a power cut, durable when it resolves. */
  replace(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens or creates the journal and takes its content.
 * @param onFatal the disk refused a write: acknowledged transactions can no longer be kept, the process MUST stop
 * @throws ChainError NODE_JOURNAL_FAILED when the file cannot be read or opened
 */
export async function openPoolJournal(file: JournalFile, onFatal: (error: Error) => void): Promise<OpenedPoolJournal> {
  try {
    const content = await file.read();
    const { transactions, sizeBytes } = decodePoolJournal(content);
    // What a crash has cut off must not stand before whole records.
    if (sizeBytes < content.length) await file.truncate(sizeBytes);
    return { journal: new Journal(file, onFatal), transactions, damagedSizeBytes: content.length - sizeBytes };
  } catch (error) {
    throw journalFailure(file.name, error);
  }
}

/** The journal at `path`, mode 0600. The folder must exist. */
export function journalFile(path: string): JournalFile {
  let handle: FileHandle | undefined;
  const opened = (): FileHandle => {
    assert(handle !== undefined, 'a journal is read before it is written');
    return handle;
  };
  return {
    name: path,
    read: async () => {
      const content = await readWhole(path);
      handle = await open(path, 'a', 0o600);
      return content;
    },
    truncate: (sizeBytes) => opened().truncate(sizeBytes),
    append: (bytes) => opened().appendFile(bytes),
    sync: () => opened().datasync(),
    replace: async (bytes) => {
      const next = `${path}.new`;
      const draft = await open(next, 'w', 0o600);
      await draft.appendFile(bytes);
      await draft.sync();
      await rename(next, path);
      const directory = await open(dirname(path));
      await directory.sync();
      await directory.close();
      await opened().close();
      handle = draft;
    },
    close: () => opened().close(),
  };
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
  readonly #file: JournalFile;
  readonly #onFatal: (error: Error) => void;
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

  constructor(file: JournalFile, onFatal: (error: Error) => void) {
    this.#file = file;
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
    await this.#file.close();
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
      if (content !== undefined) await this.#file.replace(concatBytes(...content));
      if (appended.length > 0) {
        await this.#file.append(concatBytes(...appended));
        await this.#file.sync();
      }
      this.#writtenCount = count;
    } catch (error) {
      this.#failure = journalFailure(this.#file.name, error);
      this.#onFatal(this.#failure);
      throw this.#failure;
    }
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

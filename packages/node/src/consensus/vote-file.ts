/**
 * One copy of the vote store as a file. The port is small so that a simulator can put a faulty disk beneath the real
 * store: writes that were not synced may vanish or be torn, a synced one stays, `replace` happens wholly or not at all.
 */
import { close, closeSync, constants, fdatasync, openSync, readFileSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ChainError } from '@hansa/primitives';

/** `undefined` when it is already done; a promise when the caller must wait. */
export type Pending = Promise<void> | undefined;

export type VoteFile = {
  /** Where it lies, for people. */
  readonly name: string;
  /** The whole content; `undefined` when there is no such file. Called before any write. */
  read(): Uint8Array | undefined;
  /** Adds bytes at the end. MUST write all of them or fail. */
  append(bytes: Uint8Array): Pending;
  /** MUST NOT complete before everything that was appended would survive a power cut. */
  sync(): Pending;
  /** Puts `bytes` in the place of the whole content. MUST be atomic across a power cut, and durable when it returns. */
  replace(bytes: Uint8Array): Pending;
  close(): void;
};

export type VoteStoreErrorCode =
  | 'VOTE_STORE_FULL'
  | 'VOTE_STORE_WRITE_FAILED'
  | 'VOTE_STORE_SYNC_FAILED'
  | 'VOTE_STORE_STOPPED'
  | 'VOTE_STORE_LOST'
  | 'VOTE_STORE_EXISTS'
  | 'VOTE_STORE_AHEAD';

/** A failure of the vote store. Every one of them stops the process before the vote in question leaves. */
export class VoteStoreError extends ChainError<VoteStoreErrorCode> {
  override readonly name: string = 'VoteStoreError';
}

/** The copy at `path`, mode 0600. The folder must exist. */
export function openVoteFile(path: string): VoteFile {
  let descriptor: number | undefined;
  const handle = (): number => {
    descriptor ??= openSync(path, constants.O_WRONLY | constants.O_APPEND, 0o600);
    return descriptor;
  };
  return {
    name: path,
    read() {
      try {
        return new Uint8Array(readFileSync(path));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw writeError('read', path, error);
      }
    },
    append(bytes) {
      try {
        writeAll(handle(), bytes);
      } catch (error) {
        throw writeError('append to', path, error);
      }
      return undefined;
    },
    sync: () => settle((done) => fdatasync(handle(), done), 'sync', path),
    async replace(bytes) {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
      try {
        await replaceFile(path, bytes);
      } catch (error) {
        throw writeError('replace', path, error);
      }
    },
    close() {
      // The data was synced by whoever needed it; a failure to close changes nothing about it.
      if (descriptor !== undefined) close(descriptor);
      descriptor = undefined;
    },
  };
}

type Done = (error: NodeJS.ErrnoException | null) => void;

function settle(start: (done: Done) => void, doing: 'sync', path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      start((error) => {
        if (error === null || error === undefined) resolve();
        else reject(writeError(doing, path, error));
      });
    } catch (error) {
      reject(writeError(doing, path, error));
    }
  });
}

/**
 * Into the page cache, on the calling thread: it takes some microseconds, less than to hand it to another thread. What
 * waits for the disk is the sync. write(2) may take only a part, on a disk that is nearly full for one.
 */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    const written = writeSync(descriptor, bytes, from, bytes.length - from, null);
    if (written === 0) throw Object.assign(new Error('wrote nothing'), { code: 'ENOSPC' });
    from += written;
  }
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    for (let from = 0; from < bytes.length; ) from += (await file.write(bytes, from, bytes.length - from)).bytesWritten;
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  // The rename itself lives in the folder.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function writeError(doing: 'read' | 'append to' | 'sync' | 'replace', path: string, cause: unknown): VoteStoreError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new VoteStoreError(
      {
        code: 'VOTE_STORE_FULL',
        message: `no room on the disk for ${path} (${code}): the vote was not sent`,
        remedy: 'make room on this disk and start the node again; nothing was lost',
      },
      { cause },
    );
  }
  return new VoteStoreError(
    {
      // After a failed fsync the kernel may have dropped the pages and report success next time: never retried.
      code: doing === 'sync' ? 'VOTE_STORE_SYNC_FAILED' : 'VOTE_STORE_WRITE_FAILED',
      message: `could not ${doing} ${path} (${code}): the vote was not sent`,
      remedy: 'check the disk and the permissions of the file, then start the node again',
    },
    { cause },
  );
}

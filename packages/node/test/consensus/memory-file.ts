import { type Pending, type VoteFile, VoteStoreError } from '../../src/consensus/vote-file.ts';

/** A copy in memory, with what a test wants to break. */
export class MemoryFile implements VoteFile {
  readonly name: string;
  content: Uint8Array | undefined;
  unsynced: Uint8Array = new Uint8Array(0);
  syncCount = 0;
  failAppend: VoteStoreError | undefined;
  failSync: VoteStoreError | undefined;
  /** Completed by the test: a disk that takes its time. */
  gate: Promise<void> | undefined;

  constructor(name: string, content?: Uint8Array) {
    this.name = name;
    this.content = content;
  }

  read(): Uint8Array | undefined {
    return this.content?.slice();
  }

  append(bytes: Uint8Array): Pending {
    if (this.failAppend !== undefined) throw this.failAppend;
    this.unsynced = join(this.unsynced, bytes);
    return this.gate;
  }

  sync(): Pending {
    if (this.failSync !== undefined) throw this.failSync;
    this.content = join(this.content ?? new Uint8Array(0), this.unsynced);
    this.unsynced = new Uint8Array(0);
    this.syncCount++;
    return undefined;
  }

  replace(bytes: Uint8Array): Pending {
    if (this.failAppend !== undefined) throw this.failAppend;
    this.content = bytes.slice();
    this.unsynced = new Uint8Array(0);
    return undefined;
  }

  close(): void {
    this.unsynced = new Uint8Array(0);
  }
}

export function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

export const fullDisk = (): VoteStoreError =>
  new VoteStoreError({ code: 'VOTE_STORE_FULL', message: 'no room on the disk', remedy: 'make room' });

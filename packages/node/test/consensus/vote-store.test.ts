import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { crc32 } from 'node:zlib';
import type { DurableRecord } from '@hansa/consensus';
import { type HashHex, type Height, InvariantError, type Term, type View } from '@hansa/primitives';
import { describe, expect, test } from 'vitest';
import { VoteStoreError } from '../../src/consensus/vote-file.ts';
import {
  createVoteStore,
  openVoteStore,
  replaceLostVoteStore,
  type VoteStore,
} from '../../src/consensus/vote-store.ts';
import * as onDisk from '../../src/consensus/vote-store-file.ts';
import { fullDisk, MemoryFile } from './memory-file.ts';

const OWNER = 'ab'.repeat(32) as HashHex;
let salt = 0;
const OPTIONS = { owner: OWNER, random: () => ++salt };

const hashOf = (n: number): HashHex => n.toString(16).padStart(64, '0') as HashHex;
const term = (t = 0): DurableRecord => ({ type: 'term', term: t as Term });
const vote = (height: number, t = 0, view = 0): DurableRecord => ({
  type: 'vote',
  kind: 'prepare',
  term: t as Term,
  view: view as View,
  height: height as Height,
  digest: hashOf(height),
});
const final = (height: number, t = 0): DurableRecord => ({ type: 'final', term: t as Term, height: height as Height });

function freshFiles(): MemoryFile[] {
  const files = [new MemoryFile('a'), new MemoryFile('b')];
  expect(createVoteStore(files, OPTIONS)).toBeUndefined();
  return files;
}

function open(files: readonly MemoryFile[]): VoteStore {
  const opened = openVoteStore(files, OPTIONS);
  if (opened.state === 'lost') throw new Error(`lost: ${opened.loss.detail}`);
  expect(opened.store.begin()).toBeUndefined();
  return opened.store;
}

const heightsIn = (store: VoteStore): number[] => store.restored().durable.votes.map(({ height }) => height);
const copies = (files: readonly MemoryFile[]): MemoryFile[] =>
  files.map((file) => new MemoryFile(file.name, file.read()));
const cutTo = (file: MemoryFile, size: number): void => {
  file.content = file.content?.slice(0, size);
};
const flip = (file: MemoryFile, at: number): void => {
  const bytes = file.content as Uint8Array;
  bytes[at] = (bytes[at] as number) ^ 0x10;
};

/** A store with three acknowledged batches, and the size of its copies after each. */
function threeBatches(): { files: MemoryFile[]; sizes: number[] } {
  const files = freshFiles();
  const store = open(files);
  const sizes = [files[0]?.content?.length as number];
  for (const height of [1, 2, 3]) {
    void store.append(height === 1 ? [term(), vote(1)] : [vote(height)]);
    sizes.push(files[0]?.content?.length as number);
  }
  return { files, sizes };
}

describe('what was acknowledged comes back', () => {
  test('VS-3: after a restart the votes are there, and both copies were synced', () => {
    const { files } = threeBatches();
    expect(files.map((file) => file.syncCount)).toEqual([3, 3]);
    expect(heightsIn(open(copies(files)))).toEqual([1, 2, 3]);
  });

  test('VS-5: one copy missing, or torn anywhere, changes nothing', () => {
    const { files, sizes } = threeBatches();
    const whole = sizes.at(-1) as number;
    for (let size = -1; size <= whole; size++) {
      const damaged = copies(files);
      if (size < 0) (damaged[0] as MemoryFile).content = undefined;
      else cutTo(damaged[0] as MemoryFile, size);
      expect(heightsIn(open(damaged)), `copy a cut to ${size} bytes`).toEqual([1, 2, 3]);
      expect(damaged[0]?.content, 'healed by begin()').toEqual(damaged[1]?.content);
    }
  });

  test('VS-5: one flipped bit anywhere in one copy changes nothing', () => {
    const { files, sizes } = threeBatches();
    for (let at = 0; at < (sizes.at(-1) as number); at++) {
      const damaged = copies(files);
      flip(damaged[1] as MemoryFile, at);
      // A flipped owner field is caught by the checksum of the head, so it is damage and not another validator's file.
      expect(heightsIn(open(damaged)), `byte ${at} of copy b`).toEqual([1, 2, 3]);
    }
  });

  test('VS-5: a batch that was being written to both copies may be cut at any byte of each', () => {
    const { files, sizes } = threeBatches();
    const [from, whole] = [sizes[2] as number, sizes[3] as number];
    for (let a = from; a <= whole; a += 3) {
      for (let b = from; b <= whole; b += 7) {
        const torn = copies(files);
        cutTo(torn[0] as MemoryFile, a);
        cutTo(torn[1] as MemoryFile, b);
        const isThere = a === whole || b === whole;
        expect(heightsIn(open(torn))).toEqual(isThere ? [1, 2, 3] : [1, 2]);
      }
    }
  });

  test('VS-5: zeros or rubbish in the place of an unsynced batch are a torn tail, not a loss', () => {
    const { files, sizes } = threeBatches();
    const torn = copies(files);
    for (const [index, file] of torn.entries()) {
      file.content?.fill(index === 0 ? 0 : 0x9e, (sizes[2] as number) + 5);
    }
    const opened = openVoteStore(torn, OPTIONS);
    expect(opened.state).toBe('intact');
    expect(opened.state === 'intact' && opened.notes.join()).toContain('never acknowledged');
  });
});

describe('what cannot be vouched for is lost', () => {
  const reasonOf = (files: readonly MemoryFile[]): string => {
    const opened = openVoteStore(files, OPTIONS);
    return opened.state === 'lost' ? opened.loss.reason : 'intact';
  };

  test('VS-6: both copies missing', () => {
    expect(reasonOf([new MemoryFile('a'), new MemoryFile('b')])).toBe('missing');
  });

  test('VS-6: the beginning of both copies unreadable, by a cut at any byte', () => {
    const { files, sizes } = threeBatches();
    for (let size = 0; size < (sizes[0] as number); size++) {
      const damaged = copies(files);
      for (const file of damaged) cutTo(file, size);
      expect(reasonOf(damaged)).toBe('damaged');
    }
  });

  test('VS-6: an acknowledged batch unreadable in both copies, with a later one there, at every byte', () => {
    const { files, sizes } = threeBatches();
    for (let at = sizes[1] as number; at < (sizes[2] as number); at++) {
      const damaged = copies(files);
      for (const file of damaged) flip(file, at);
      expect(reasonOf(damaged), `byte ${at} of both copies`).toBe('damaged');
    }
  });

  test('VS-6: bytes that a peer chose cannot pass for a later batch in a torn tail', () => {
    const { files } = threeBatches();
    const forged = files[0]?.content?.slice(-100) as Uint8Array;
    const store = open(files);
    void store.append([
      { type: 'transactions', term: 0 as Term, height: 9 as Height, digest: hashOf(9), raw: [forged] },
    ]);
    for (const file of files) cutTo(file, (file.content?.length as number) - 1);
    expect(reasonOf(files)).toBe('intact');
  });

  test('VS-6: marks that a peer repeats in its transactions do not make the search long', () => {
    const { files } = threeBatches();
    const store = open(files);
    const raw = new Uint8Array(1024 * 1024);
    const view = new DataView(raw.buffer);
    // A mark every 20 bytes, each with a batch up to the end behind it.
    for (let at = 0; at + 20 <= raw.length; at += 20) {
      view.setUint32(at, 0x9e48_5642);
      view.setUint32(at + 4, raw.length - at - 21);
    }
    void store.append([{ type: 'transactions', term: 0 as Term, height: 9 as Height, digest: hashOf(9), raw: [raw] }]);
    for (const file of files) cutTo(file, (file.content?.length as number) - 1);
    const before = process.cpuUsage();
    expect(reasonOf(files)).toBe('intact');
    // One after the other they would take two times 25 GB of checksums.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(4_000);
  });

  test('VS-4: a batch whose records do not fill it is a broken invariant, not a number out of range', () => {
    const files = freshFiles();
    open(files);
    const content = files[0]?.content as Uint8Array;
    const salt = new DataView(content.buffer, content.byteOffset).getUint32(42);
    const batch = new Uint8Array(20 + 3);
    const view = new DataView(batch.buffer);
    view.setUint32(0, 0x9e48_5642);
    view.setUint32(4, 3);
    view.setBigUint64(8, 2n);
    view.setUint32(16, crc32(batch.subarray(20), crc32(batch.subarray(4, 16), salt)));
    for (const file of files) file.content = Uint8Array.from([...content, ...batch]);
    expect(() => openVoteStore(files, OPTIONS)).toThrow(InvariantError);
  });

  test('VS-2: a copy of another validator or chain is refused', () => {
    const { files } = threeBatches();
    const opened = openVoteStore(files, { ...OPTIONS, owner: 'cd'.repeat(32) as HashHex });
    expect(opened.state === 'lost' && opened.loss.reason).toBe('foreign');
  });

  test('VS-9: a store in the place of a lost one says so, and its incarnation goes above what peers hold', () => {
    const files = [new MemoryFile('a'), new MemoryFile('b')];
    const store = replaceLostVoteStore(files, OPTIONS);
    void store.begin();
    expect(store.restored().durable.voteStore).toEqual({ type: 'lost' });
    void store.begin(41);
    expect(store.incarnation).toBe(42);
    expect(open(copies(files)).incarnation).toBe(43);
  });
});

describe('a disk that fails', () => {
  test('VS-8: disk full: a typed error, and no later vote is ever taken', () => {
    const files = freshFiles();
    const store = open(files);
    (files[1] as MemoryFile).failAppend = fullDisk();
    expect(() => store.append([term(), vote(1)])).toThrow(VoteStoreError);
    (files[1] as MemoryFile).failAppend = undefined;
    expect(() => store.append([vote(1)])).toThrow(/took no more votes/);
    // Copy a had it, unsynced, copy b had not: it was not acknowledged, and it may come back.
    expect(heightsIn(open(copies(files)))).toEqual([]);
  });

  test('VS-8: a failed sync is not tried again', () => {
    const files = freshFiles();
    const store = open(files);
    const failure = new VoteStoreError({ code: 'VOTE_STORE_SYNC_FAILED', message: 'sync failed' });
    (files[0] as MemoryFile).failSync = failure;
    expect(() => store.append([term(), vote(1)])).toThrow(failure);
    (files[0] as MemoryFile).failSync = undefined;
    expect(() => store.append([vote(1)])).toThrow(/took no more votes/);
  });

  test('VS-3: it completes when both copies are durable and not before', async () => {
    const files = freshFiles();
    const store = open(files);
    let release = (): void => undefined;
    (files[1] as MemoryFile).gate = new Promise((resolve) => {
      release = resolve;
    });
    let isDone = false;
    const pending = store.append([term(), vote(1)])?.then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect([isDone, files[1]?.syncCount]).toEqual([false, 0]);
    release();
    await pending;
    expect([isDone, files[0]?.syncCount, files[1]?.syncCount]).toEqual([true, 1, 1]);
  });
});

describe('compaction', () => {
  test('VS-7: the log stays small, and everything that binds stays', () => {
    const files = freshFiles();
    const opened = openVoteStore(files, { ...OPTIONS, compactBytesMin: 2_000 });
    if (opened.state === 'lost') throw new Error('lost');
    void opened.store.begin();
    void opened.store.append([term()]);
    let largest = 0;
    for (let height = 1; height <= 500; height++) {
      void opened.store.append([vote(height), final(Math.max(0, height - 3))]);
      largest = Math.max(largest, files[0]?.content?.length as number);
    }
    expect(largest).toBeLessThan(3_000);
    expect(heightsIn(open(copies(files)))).toEqual([498, 499, 500]);
  });

  test('VS-7: the view of an older term does not decide what is dead in the next one', () => {
    const files = freshFiles();
    const store = open(files);
    const left: DurableRecord = {
      type: 'view',
      term: 0 as Term,
      view: 3 as View,
      changing: true,
      previousView: undefined,
      newView: undefined,
    };
    void store.append([term(), left]);
    void store.append([term(1), final(4, 1), vote(5, 1)]);
    expect(heightsIn(open(copies(files)))).toEqual([5]);
    expect(heightsIn(open(files))).toEqual([5]);
    expect(heightsIn(open(files))).toEqual([5]);
  });

  test('VS-7: cut while the copies are replaced: the old or the new content, never less', () => {
    const { files } = threeBatches();
    const before = copies(files);
    const store = open(files);
    void store.append([vote(4)]);
    // Copy a is replaced already, copy b not yet.
    const between = [files[0] as MemoryFile, before[1] as MemoryFile];
    expect(heightsIn(open(copies(between)))).toEqual([1, 2, 3, 4]);
  });
});

describe('in a directory', () => {
  test('VS-1: two files of mode 0600, written by init and never overwritten', async () => {
    const folder = joinPath(mkdtempSync(joinPath(tmpdir(), 'hansa-votes-')), 'votes');
    onDisk.createVoteStore(folder);
    expect(readdirSync(folder).sort((a, b) => (a < b ? -1 : 1))).toEqual(['a.votes', 'b.votes']);
    expect(statSync(joinPath(folder, 'a.votes')).mode & 0o777).toBe(0o600);
    expect(() => onDisk.createVoteStore(folder)).toThrow(/is there already/);
    const opened = onDisk.openVoteStore(folder, OWNER);
    if (opened.state === 'lost') throw new Error(opened.loss.detail);
    await opened.store.begin();
    await opened.store.append([term(), vote(1)]);
    await opened.store.append([vote(2)]);
    opened.store.close();
    const again = onDisk.openVoteStore(folder, OWNER);
    if (again.state === 'lost') throw new Error(again.loss.detail);
    expect(heightsIn(again.store)).toEqual([1, 2]);
    expect(again.store.incarnation).toBe(1);
    expect(statSync(joinPath(folder, 'b.votes')).mode & 0o777).toBe(0o600);
  });

  test('VS-6: a directory without a store is lost, and replaced only on demand', async () => {
    const folder = joinPath(mkdtempSync(joinPath(tmpdir(), 'hansa-votes-')), 'votes');
    const opened = onDisk.openVoteStore(folder, OWNER);
    expect(opened.state === 'lost' && opened.loss.reason).toBe('missing');
    const store = onDisk.replaceLostVoteStore(folder, OWNER);
    await store.begin();
    store.close();
    expect(readFileSync(joinPath(folder, 'a.votes'))).toEqual(readFileSync(joinPath(folder, 'b.votes')));
  });

  test('VS-8: a write that the disk refuses is a typed error with a remedy', async () => {
    const folder = joinPath(mkdtempSync(joinPath(tmpdir(), 'hansa-votes-')), 'votes');
    onDisk.createVoteStore(folder);
    const opened = onDisk.openVoteStore(folder, OWNER);
    if (opened.state === 'lost') throw new Error(opened.loss.detail);
    // A file where the draft has to be made: begin() must replace the copy and cannot.
    const blocked = joinPath(folder, 'a.votes.new');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(blocked);
    writeFileSync(joinPath(blocked, 'x'), '');
    await expect(Promise.resolve().then(() => opened.store.begin())).rejects.toMatchObject({
      code: 'VOTE_STORE_WRITE_FAILED',
      remedy: expect.stringContaining('check the disk'),
    });
  });
});

/**
 * The bytes of the vote store: an append-only log in two copies, read back after any crash. docs/spec/vote-store.md.
 * Bounded: a batch is at most `BATCH_BYTES_MAX`; the file is rewritten by its owner (`rewrite`) when most of it is dead.
 */
import { crc32 } from 'node:zlib';
import { assert, concatBytes, equalBytes, fromHex, type HashHex, hashToHex, ZERO_HASH } from '@hansa/primitives';
import { CrcRanges } from './crc-ranges.ts';
import { type Pending, type VoteFile, VoteStoreError } from './vote-file.ts';

/** ASCII "hansavot", then u16 version 1: the first bytes of each copy. */
const MAGIC = new Uint8Array([0x68, 0x61, 0x6e, 0x73, 0x61, 0x76, 0x6f, 0x74, 0, 1]);
/** magic 10 ‖ owner 32 ‖ u32 salt ‖ u32 crc */
const HEADER_SIZE: number = MAGIC.length + 32 + 8;
/** First bytes of a batch, so that batches behind a damaged place can be found (VS-6). */
const BATCH_MARK = 0x9e_48_56_42;
/** u32 mark ‖ u32 size of the payload ‖ u64 sequence ‖ u32 crc of size, sequence and payload, begun with the salt */
const BATCH_HEAD_SIZE = 20;
/** A window of 8 proposals of 1 MiB with their transactions, twice. */
export const BATCH_BYTES_MAX: number = 32 * 1024 * 1024;

/** Owner of a store that `init` has just written: it has never voted, and belongs to whoever opens it first. */
export const UNBOUND_OWNER: HashHex = ZERO_HASH;

export type VoteLogLoss = {
  readonly reason: 'missing' | 'damaged' | 'foreign';
  /** One sentence for people: which copies, where. */
  readonly detail: string;
};
export type OpenedVoteLog =
  | {
      readonly state: 'intact';
      readonly log: VoteLog;
      /** All records, oldest first; the bytes belong to the caller. */
      readonly records: readonly Uint8Array[];
      /** What was found wrong with one copy and is healed by the next `rewrite`; for the log. */
      readonly notes: readonly string[];
    }
  | { readonly state: 'lost'; readonly loss: VoteLogLoss };

export type VoteLogOptions = {
  /** Digest of genesis hash and node id: a copy that belongs to another validator or chain is refused (VS-2). */
  readonly owner: HashHex;
  /**
   * u32 from chance. The checksums begin with it, so that bytes that a peer chose (transactions) cannot pass for a batch
   * when a damaged file is searched (VS-6).
   */
  readonly random: () => number;
};

type Copy = {
  readonly file: VoteFile;
  readonly state: 'missing' | 'foreign' | 'damaged' | 'readable';
  /** Records of the unbroken run of batches from the beginning. */
  readonly records: readonly Uint8Array[];
  /** Sequence of the last batch of that run; -1 when there is none. */
  readonly last: number;
  /** Highest sequence of any valid batch, behind a damaged place too. */
  readonly highest: number;
  /** Bytes behind the unbroken run. */
  readonly restSize: number;
};

/** Two copies of one log. Created by `openVoteLog`, or by `createVoteLog` where there is none. */
export class VoteLog {
  readonly #copies: readonly VoteFile[];
  readonly #owner: HashHex;
  readonly #random: () => number;
  #salt = 0;
  #sequence: number;
  #size: number;
  #failure: unknown;

  /** The first write MUST be a `rewrite`: it heals a damaged copy and draws the salt. */
  constructor(options: VoteLogOptions & { readonly copies: readonly VoteFile[]; sequence: number; size: number }) {
    this.#copies = options.copies;
    this.#random = options.random;
    this.#owner = options.owner;
    this.#sequence = options.sequence;
    this.#size = options.size;
  }

  /** Bytes of one copy. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends one batch to both copies and syncs them. Completed = durable in both (VS-3). After any failure the log is
   * dead: every later call fails, since nobody knows what the disk holds (VS-8).
   * @throws VoteStoreError (or the promise fails with it)
   */
  append(records: readonly Uint8Array[]): Pending {
    this.#assertAlive();
    assert(this.#salt !== 0, 'a rewrite was expected before the first append');
    const batch = encodeBatch(this.#sequence + 1, records, this.#salt);
    this.#sequence++;
    this.#size += batch.length;
    return this.#guarded(() => {
      const appended = this.#copies.map((file) => file.append(batch));
      const writes = this.#copies.flatMap((file, i) => {
        const written = appended[i];
        return (written === undefined ? file.sync() : written.then(() => file.sync())) ?? [];
      });
      return writes.length === 0 ? undefined : Promise.all(writes).then(() => undefined);
    });
  }

  /** Replaces the content of both copies, one after the other, by one batch (VS-7). Completed = durable in both. */
  rewrite(records: readonly Uint8Array[]): Pending {
    this.#assertAlive();
    this.#sequence++;
    this.#salt = this.#random() || 1;
    const content = concatBytes(
      encodeHeader(this.#owner, this.#salt),
      encodeBatch(this.#sequence, records, this.#salt),
    );
    this.#size = content.length;
    return this.#guarded(() => replaceFrom(this.#copies, 0, content));
  }

  close(): void {
    for (const file of this.#copies) file.close();
  }

  #assertAlive(): void {
    if (this.#failure === undefined) return;
    throw new VoteStoreError(
      {
        code: 'VOTE_STORE_STOPPED',
        message: 'the vote store took no more votes after a failed write',
        remedy: 'see the first error; start the node again when its cause is gone',
      },
      { cause: this.#failure },
    );
  }

  #guarded(write: () => Pending): Pending {
    const remember = (error: unknown): never => {
      this.#failure = error;
      throw error;
    };
    try {
      return write()?.catch(remember);
    } catch (error) {
      return remember(error);
    }
  }
}

function replaceFrom(copies: readonly VoteFile[], index: number, content: Uint8Array): Pending {
  const file = copies[index];
  if (file === undefined) return undefined;
  const replaced = file.replace(content);
  if (replaced === undefined) return replaceFrom(copies, index + 1, content);
  return replaced.then(() => replaceFrom(copies, index + 1, content));
}

/**
 * A log where there is none; the caller writes its first content by `rewrite`.
 * @throws VoteStoreError VOTE_STORE_EXISTS
 */
export function createVoteLog(copies: readonly VoteFile[], options: VoteLogOptions): VoteLog {
  for (const file of copies) {
    if (file.read() === undefined) continue;
    throw new VoteStoreError({
      code: 'VOTE_STORE_EXISTS',
      message: `${file.name} is there already`,
      remedy: 'a vote store is never overwritten: it is what keeps this validator from voting twice',
    });
  }
  return new VoteLog({ ...options, copies, sequence: -1, size: 0 });
}

/** A log in the place of one that is lost, whatever the copies hold; the caller writes its content by `rewrite`. */
export function replaceVoteLog(copies: readonly VoteFile[], options: VoteLogOptions): VoteLog {
  return new VoteLog({ ...options, copies, sequence: -1, size: 0 });
}

/**
 * Reads both copies and decides (VS-5, VS-6): the longer unbroken run of batches is the log, unless a batch that was
 * written after a place that is unreadable in both copies proves that something acknowledged is gone.
 */
export function openVoteLog(files: readonly VoteFile[], options: VoteLogOptions): OpenedVoteLog {
  const copies = files.map((file) => readCopy(file, options.owner));
  const foreign = copies.find((copy) => copy.state === 'foreign');
  if (foreign !== undefined) {
    return lost('foreign', `${foreign.file.name} belongs to another validator or another chain`);
  }
  if (copies.every((copy) => copy.state === 'missing')) return lost('missing', `${names(files)}: no such files`);
  const readable = copies.filter((copy) => copy.state === 'readable').sort((a, b) => b.last - a.last);
  const best = readable[0];
  if (best === undefined) return lost('damaged', `${names(files)}: no copy begins as it should`);
  const highest = Math.max(...copies.map((copy) => copy.highest));
  if (highest > best.last) {
    return lost('damaged', `${names(files)}: batch ${best.last + 1} is unreadable in both copies, ${highest} is there`);
  }
  const notes = copies.flatMap((copy) => noteOf(copy, best));
  const size = HEADER_SIZE + best.records.reduce((sum, record) => sum + record.length + 4, BATCH_HEAD_SIZE);
  // The worse copy is rewritten first, so that at no time both are in doubt.
  const order = [...copies].sort((a, b) => a.last - b.last).map((copy) => copy.file);
  const log = new VoteLog({ ...options, copies: order, sequence: best.last, size });
  return { state: 'intact', log, records: best.records, notes };
}

function noteOf(copy: Copy, best: Copy): string[] {
  const name = copy.file.name;
  if (copy.state === 'missing') return [`${name} is missing; the other copy is whole`];
  if (copy.state === 'damaged') return [`${name} does not begin as it should; the other copy is whole`];
  if (copy.highest > copy.last) return [`${name} is damaged behind batch ${copy.last}; the other copy is whole`];
  if (copy.restSize > 0) return [`${name} ends in ${copy.restSize} bytes of a batch that was never acknowledged`];
  if (copy.last < best.last) return [`${name} ends at batch ${copy.last}, the other copy at ${best.last}`];
  return [];
}

function lost(reason: VoteLogLoss['reason'], detail: string): OpenedVoteLog {
  return { state: 'lost', loss: { reason, detail } };
}

function names(files: readonly VoteFile[]): string {
  return files.map((file) => file.name).join(', ');
}

function readCopy(file: VoteFile, owner: HashHex): Copy {
  const bytes = file.read();
  const nothing = { file, records: [], last: -1, highest: -1, restSize: 0 };
  if (bytes === undefined) return { ...nothing, state: 'missing' };
  const header = readHeader(bytes, owner);
  if (header === 'foreign') return { ...nothing, state: 'foreign' };
  if (header === 'unreadable') return { ...nothing, state: 'damaged', restSize: bytes.length };
  const records: Uint8Array[] = [];
  let last = -1;
  let at = HEADER_SIZE;
  for (;;) {
    const batch = readBatch(bytes, at, header.salt);
    if (batch === undefined || (last >= 0 && batch.sequence !== last + 1)) break;
    records.push(...batch.records);
    last = batch.sequence;
    at = batch.end;
  }
  const highest = Math.max(last, highestSequence(bytes, at, header.salt));
  return { file, state: last >= 0 ? 'readable' : 'damaged', records, last, highest, restSize: bytes.length - at };
}

/** Looks for whole batches behind the place where the run broke off. */
function highestSequence(bytes: Uint8Array, from: number, salt: number): number {
  // A peer's transactions can hold the mark as often as they like, each with a length up to the end.
  const ranges = new CrcRanges(bytes);
  let highest = -1;
  for (let at = from; at + BATCH_HEAD_SIZE <= bytes.length; at++) {
    if (bytes[at] !== 0x9e || bytes[at + 1] !== 0x48) continue;
    const batch = readBatch(bytes, at, salt, ranges);
    if (batch === undefined) continue;
    highest = Math.max(highest, batch.sequence);
    at = batch.end - 1;
  }
  return highest;
}

function encodeHeader(owner: HashHex, salt: number): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE);
  header.set(MAGIC);
  header.set(fromHex(owner), MAGIC.length);
  viewOf(header).setUint32(HEADER_SIZE - 8, salt);
  viewOf(header).setUint32(HEADER_SIZE - 4, crc32(header.subarray(0, HEADER_SIZE - 4)));
  return header;
}

function readHeader(bytes: Uint8Array, owner: HashHex): { readonly salt: number } | 'foreign' | 'unreadable' {
  if (bytes.length < HEADER_SIZE) return 'unreadable';
  const body = bytes.subarray(0, HEADER_SIZE - 4);
  if (viewOf(bytes).getUint32(HEADER_SIZE - 4) !== crc32(body)) return 'unreadable';
  if (!equalBytes(body.subarray(0, MAGIC.length), MAGIC)) return 'unreadable';
  const found = hashToHex(body.subarray(MAGIC.length, MAGIC.length + 32));
  if (found !== owner && found !== UNBOUND_OWNER) return 'foreign';
  return { salt: viewOf(bytes).getUint32(HEADER_SIZE - 8) };
}

function encodeBatch(sequence: number, records: readonly Uint8Array[], salt: number): Uint8Array {
  let payloadSize = 0;
  for (const record of records) payloadSize += 4 + record.length;
  assert(payloadSize <= BATCH_BYTES_MAX, `a batch of ${payloadSize} bytes is above ${BATCH_BYTES_MAX}`);
  const batch = new Uint8Array(BATCH_HEAD_SIZE + payloadSize);
  const view = viewOf(batch);
  view.setUint32(0, BATCH_MARK);
  view.setUint32(4, payloadSize);
  view.setBigUint64(8, BigInt(sequence));
  let at = BATCH_HEAD_SIZE;
  for (const record of records) {
    view.setUint32(at, record.length);
    batch.set(record, at + 4);
    at += 4 + record.length;
  }
  view.setUint32(16, batchChecksum(batch, 0, batch.length, salt));
  return batch;
}

function batchChecksum(bytes: Uint8Array, from: number, end: number, salt: number, ranges?: CrcRanges): number {
  const head = crc32(bytes.subarray(from + 4, from + 16), salt);
  const start = from + BATCH_HEAD_SIZE;
  return ranges === undefined ? crc32(bytes.subarray(start, end), head) : ranges.checksum(start, end, head);
}

type Batch = { readonly sequence: number; readonly records: Uint8Array[]; readonly end: number };

/** @param ranges for many trials on the same bytes */
function readBatch(bytes: Uint8Array, from: number, salt: number, ranges?: CrcRanges): Batch | undefined {
  if (from + BATCH_HEAD_SIZE > bytes.length) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(from) !== BATCH_MARK) return undefined;
  const end = from + BATCH_HEAD_SIZE + view.getUint32(from + 4);
  if (end > bytes.length || end - from > BATCH_HEAD_SIZE + BATCH_BYTES_MAX) return undefined;
  if (view.getUint32(from + 16) !== batchChecksum(bytes, from, end, salt, ranges)) return undefined;
  const records: Uint8Array[] = [];
  for (let at = from + BATCH_HEAD_SIZE; at < end; ) {
    const size = at + 4 <= end ? view.getUint32(at) : end;
    assert(at + 4 + size <= end, 'a batch of the vote store ends within a record');
    records.push(bytes.slice(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return { sequence: Number(view.getBigUint64(from + 8)), records, end };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

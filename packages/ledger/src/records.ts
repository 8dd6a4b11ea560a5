/** Bytes of the records that are the ledger's own: docs/spec/ledger.md. Numbers are big-endian. Decoders say undefined. */
import { assert, bytesToHex, fromHex, type HashHex, type Height, hashToHex } from '@hansa/primitives';
import {
  type BlockHeader,
  decodeHeader,
  decodeReceipt,
  encodeHeader,
  encodeReceipt,
  LEFT_OUT_REASONS,
  type Receipt,
  type StateKey,
} from '@hansa/protocol';
import type { LeftOutLocation, TransactionLocation } from './types.ts';

const HASH_SIZE = 32;
const TWO_TO_32 = 0x1_0000_0000;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_TO_32));
  view.setUint32(at + 4, value % TWO_TO_32);
}

const getU64 = (view: DataView, at: number): number => view.getUint32(at) * TWO_TO_32 + view.getUint32(at + 4);

export const encodeHeight = (height: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  setU64(viewOf(bytes), 0, height);
  return bytes;
};

export const decodeHeight = (bytes: Uint8Array): Height | undefined =>
  bytes.length === 8 ? (getU64(viewOf(bytes), 0) as Height) : undefined;

/** Which chain the store belongs to. */
export type ChainRecord = { readonly schemaVersion: number; readonly genesisHash: HashHex; readonly suite: string };

/** u32 schema version ‖ genesis hash ‖ suite's name in ASCII */
export function encodeChainRecord(record: ChainRecord): Uint8Array {
  const bytes = new Uint8Array(4 + HASH_SIZE + record.suite.length);
  viewOf(bytes).setUint32(0, record.schemaVersion);
  bytes.set(fromHex(record.genesisHash), 4);
  for (let i = 0; i < record.suite.length; i++) bytes[4 + HASH_SIZE + i] = record.suite.charCodeAt(i);
  return bytes;
}

export function decodeChainRecord(bytes: Uint8Array): ChainRecord | undefined {
  if (bytes.length < 4 + HASH_SIZE) return undefined;
  return {
    schemaVersion: viewOf(bytes).getUint32(0),
    genesisHash: hashToHex(bytes.subarray(4, 4 + HASH_SIZE)),
    suite: String.fromCharCode(...bytes.subarray(4 + HASH_SIZE)),
  };
}

/** The head pointer. */
export type HeadRecord = {
  readonly height: Height;
  readonly hash: HashHex;
  readonly stateRoot: HashHex;
  /** Oldest height whose state can be read. */
  readonly historyFrom: Height;
  /** Key of the term record in force for the next height. */
  readonly termHeight: Height;
};

/** u64 height ‖ block hash ‖ state root ‖ u64 history from ‖ u64 term height */
export function encodeHeadRecord(head: HeadRecord): Uint8Array {
  const bytes = new Uint8Array(8 + 2 * HASH_SIZE + 16);
  const view = viewOf(bytes);
  setU64(view, 0, head.height);
  bytes.set(fromHex(head.hash), 8);
  bytes.set(fromHex(head.stateRoot), 8 + HASH_SIZE);
  setU64(view, 8 + 2 * HASH_SIZE, head.historyFrom);
  setU64(view, 16 + 2 * HASH_SIZE, head.termHeight);
  return bytes;
}

export function decodeHeadRecord(bytes: Uint8Array): HeadRecord | undefined {
  if (bytes.length !== 8 + 2 * HASH_SIZE + 16) return undefined;
  const view = viewOf(bytes);
  return {
    height: getU64(view, 0) as Height,
    hash: hashToHex(bytes.subarray(8, 8 + HASH_SIZE)),
    stateRoot: hashToHex(bytes.subarray(8 + HASH_SIZE, 8 + 2 * HASH_SIZE)),
    historyFrom: getU64(view, 8 + 2 * HASH_SIZE) as Height,
    termHeight: getU64(view, 16 + 2 * HASH_SIZE) as Height,
  };
}

export type HeaderRecord = { readonly hash: HashHex; readonly termHeight: Height; readonly headerBytes: Uint8Array };

/** block hash ‖ u64 height of the term record in force for this block ‖ header */
export function encodeHeaderRecord(hash: HashHex, termHeight: number, header: BlockHeader): Uint8Array {
  const headerBytes = encodeHeader(header);
  const bytes = new Uint8Array(HASH_SIZE + 8 + headerBytes.length);
  bytes.set(fromHex(hash), 0);
  setU64(viewOf(bytes), HASH_SIZE, termHeight);
  bytes.set(headerBytes, HASH_SIZE + 8);
  return bytes;
}

export function decodeHeaderRecord(bytes: Uint8Array): HeaderRecord | undefined {
  if (bytes.length < HASH_SIZE + 8) return undefined;
  return {
    hash: hashToHex(bytes.subarray(0, HASH_SIZE)),
    termHeight: getU64(viewOf(bytes), HASH_SIZE) as Height,
    headerBytes: bytes.subarray(HASH_SIZE + 8),
  };
}

export function headerOf(record: HeaderRecord): BlockHeader | undefined {
  const decoded = decodeHeader(record.headerBytes);
  return decoded.ok ? decoded.value : undefined;
}

/** u32 count ‖ (u32 size ‖ receipt)*. One receipt is found without decoding the others. */
export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  const parts = receipts.map(encodeReceipt);
  let size = 4;
  for (const part of parts) size += 4 + part.length;
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, parts.length);
  let at = 4;
  for (const part of parts) {
    view.setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** Bytes of each receipt (views), undefined when they do not fit exactly. */
export function splitReceipts(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (bytes.length < 4) return undefined;
  const view = viewOf(bytes);
  const count = view.getUint32(0);
  const parts: Uint8Array[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return at === bytes.length ? parts : undefined;
}

export function decodeReceipts(bytes: Uint8Array): readonly Receipt[] | undefined {
  const parts = splitReceipts(bytes);
  if (parts === undefined) return undefined;
  const receipts: Receipt[] = [];
  for (const part of parts) {
    const receipt = decodeReceipt(part);
    if (!receipt.ok) return undefined;
    receipts.push(receipt.value);
  }
  return receipts;
}

const COMMITTED = 1;
const LEFT_OUT = 2;

export type TransactionRecord =
  | ({ readonly type: 'committed' } & TransactionLocation)
  | ({ readonly type: 'left out' } & LeftOutLocation);

/** u8 1 ‖ u64 height ‖ u32 index, or u8 2 ‖ u64 height ‖ u32 position ‖ u8 reason */
export function encodeTransactionRecord(record: TransactionRecord): Uint8Array {
  const bytes = new Uint8Array(record.type === 'committed' ? 13 : 14);
  const view = viewOf(bytes);
  bytes[0] = record.type === 'committed' ? COMMITTED : LEFT_OUT;
  setU64(view, 1, record.height);
  view.setUint32(9, record.type === 'committed' ? record.index : record.position);
  if (record.type === 'left out') bytes[13] = LEFT_OUT_REASONS.indexOf(record.reason);
  return bytes;
}

export function decodeTransactionRecord(bytes: Uint8Array): TransactionRecord | undefined {
  if (bytes.length < 13) return undefined;
  const view = viewOf(bytes);
  const height = getU64(view, 1) as Height;
  const position = view.getUint32(9);
  if (bytes[0] === COMMITTED && bytes.length === 13) return { type: 'committed', height, index: position };
  const reason = LEFT_OUT_REASONS[bytes[13] ?? 255];
  if (bytes[0] !== LEFT_OUT || bytes.length !== 14 || reason === undefined) return undefined;
  return { type: 'left out', height, position, reason };
}

/** Value of a key before a block; undefined when it was absent. */
export type PreviousValue = { readonly key: StateKey; readonly previous: Uint8Array | undefined };

/** u32 count ‖ u32 offset of each ‖ per key in ascending order: u16 key size ‖ key ‖ u8 present ‖ previous value */
export function encodeUndo(entries: readonly PreviousValue[]): Uint8Array {
  let size = 4 + 4 * entries.length;
  for (const { key, previous } of entries) size += 3 + key.length / 2 + (previous?.length ?? 0);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, entries.length);
  let at = 4 + 4 * entries.length;
  let before = '';
  entries.forEach(({ key, previous }, index) => {
    assert(before < key, `state changes were expected in ascending order of keys, ${key} follows ${before}`);
    before = key;
    view.setUint32(4 + 4 * index, at);
    const keyBytes = fromHex(key);
    view.setUint16(at, keyBytes.length);
    bytes.set(keyBytes, at + 2);
    at += 2 + keyBytes.length;
    bytes[at++] = previous === undefined ? 0 : 1;
    if (previous !== undefined) bytes.set(previous, at);
    at += previous?.length ?? 0;
  });
  return bytes;
}

/** Finds keys in the bytes of an undo record without decoding the others. */
export class UndoRecord {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly count: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.count = bytes.length < 4 ? 0 : this.#view.getUint32(0);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  entryAt(index: number): PreviousValue {
    const at = this.#view.getUint32(4 + 4 * index);
    const end = index + 1 < this.count ? this.#view.getUint32(8 + 4 * index) : this.#bytes.length;
    const valueAt = at + 3 + this.#view.getUint16(at);
    const key = bytesToHex(this.#bytes.subarray(at + 2, valueAt - 1)) as StateKey;
    return { key, previous: this.#bytes[valueAt - 1] === 1 ? this.#bytes.slice(valueAt, end) : undefined };
  }

  /** Undefined when the block did not change the key. */
  find(key: StateKey): PreviousValue | undefined {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const entry = this.entryAt(middle);
      if (entry.key === key) return entry;
      if (entry.key < key) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

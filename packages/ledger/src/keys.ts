import { assert, fromHex, type HashHex, type Height } from '@hansa/primitives';
import type { StateKey } from '@hansa/protocol';
import { TABLES, type TableName } from './schema.ts';

const TWO_TO_32 = 0x1_0000_0000;

export type KeyRange = { readonly gte: Uint8Array; readonly lt: Uint8Array };

type HeightTable = 'header' | 'body' | 'receipts' | 'certificate' | 'logFilter' | 'term' | 'undo' | 'undoFilter';

/** Prefix ‖ u64 height: order of keys is order of heights. */
export function heightKey(table: HeightTable, height: number): Uint8Array {
  assert(Number.isSafeInteger(height) && height >= 0, `a height was expected, got ${height}`);
  const key = new Uint8Array(9);
  const view = new DataView(key.buffer);
  key[0] = TABLES[table];
  view.setUint32(1, Math.floor(height / TWO_TO_32));
  view.setUint32(5, height % TWO_TO_32);
  return key;
}

export function heightOfKey(key: Uint8Array): Height {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return (view.getUint32(1) * TWO_TO_32 + view.getUint32(5)) as Height;
}

export const hashKey = (table: 'blockIndex' | 'transactionIndex', hash: HashHex): Uint8Array =>
  prefixedHex(table, hash);
export const stateEntryKey = (key: StateKey): Uint8Array => prefixedHex('state', key);
export const pageKey = (path: string): Uint8Array => prefixedText('page', path);
export const metaKey = (name: string): Uint8Array => prefixedText('meta', name);

/** All keys of a table. */
export function tableRange(table: TableName): KeyRange {
  return { gte: Uint8Array.of(TABLES[table]), lt: Uint8Array.of(TABLES[table] + 1) };
}

/** Heights `from` to `to`, both included. */
export function heightRange(table: HeightTable, from: number, to: number): KeyRange {
  return { gte: heightKey(table, from), lt: heightKey(table, to + 1) };
}

function prefixedHex(table: TableName, hex: string): Uint8Array {
  const key = new Uint8Array(1 + hex.length / 2);
  key[0] = TABLES[table];
  key.set(fromHex(hex), 1);
  return key;
}

function prefixedText(table: TableName, text: string): Uint8Array {
  const key = new Uint8Array(1 + text.length);
  key[0] = TABLES[table];
  for (let i = 0; i < text.length; i++) key[i + 1] = text.charCodeAt(i);
  return key;
}

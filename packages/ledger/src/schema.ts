/**
 * Every table of the store, and what is in it (spec LED-1). One byte of prefix before each key.
 * Numbers are big-endian, heights u64. Each value is followed by a CRC-32 over its key and itself (`store.ts`).
 */
export const SCHEMA_VERSION = 1;

export const TABLES = {
  /** name → `chain`: schema version, genesis hash, suite; `head`: the head pointer. */
  meta: 0x6d,
  /** height → block hash ‖ height of the term record in force ‖ header */
  header: 0x68,
  /** height → body: executed transactions as original bytes, and those left out */
  body: 0x62,
  /** height → receipts, each with its length */
  receipts: 0x72,
  /** height → certificate; none for genesis */
  certificate: 0x63,
  /** block hash or alias → height */
  blockIndex: 0x69,
  /** transaction hash → where it was committed, or last left out */
  transactionIndex: 0x74,
  /** height → filter over the addresses and topics of the block's logs; none for a block without logs */
  logFilter: 0x66,
  /** height of a block → term information in force after it, where it changed */
  term: 0x76,
  /** state key → value */
  state: 0x73,
  /** path of nibbles (ASCII hex) → page of the state tree */
  page: 0x6e,
  /** height → values before the block of all keys that it changed */
  undo: 0x75,
  /** height → filter over the keys of the undo record */
  undoFilter: 0x55,
} as const;

export type TableName = keyof typeof TABLES;

export const META_CHAIN = 'chain';
export const META_HEAD = 'head';

import type { CryptoSuite } from '@hansa/crypto';
import { assert, equalBytes, type HashHex, type Height } from '@hansa/primitives';
import {
  type Block,
  blockHash,
  type Certificate,
  encodeBody,
  encodeCertificate,
  encodeTermInfo,
  type Receipt,
  type StateChange,
  type TermInfo,
} from '@hansa/protocol';
import { buildFilter } from './filter.ts';
import { hashKey, heightKey, metaKey, pageKey, stateEntryKey } from './keys.ts';
import { buildLogFilter } from './log-query.ts';
import {
  encodeHeaderRecord,
  encodeHeadRecord,
  encodeHeight,
  encodeReceipts,
  encodeTransactionRecord,
  encodeUndo,
  type HeadRecord,
  type PreviousValue,
} from './records.ts';
import { META_HEAD } from './schema.ts';
import type { StoreBatch } from './store.ts';

/** Undo records removed by one commit at the most: more is only due after the setting was lowered. */
const PRUNE_COUNT_MAX = 16;

/** All that is stored for one block. */
export type BlockRecords = {
  readonly block: Block;
  readonly receipts: readonly Receipt[];
  /** None for genesis. */
  readonly certificate: Certificate | undefined;
  /** In force for the next height. */
  readonly termInfo: TermInfo;
  readonly aliasHashes: readonly HashHex[];
  readonly changes: readonly StateChange[];
  /** By key; empty for genesis. */
  readonly previous: readonly PreviousValue[];
  readonly pages: ReadonlyMap<string, Uint8Array | undefined>;
};

/** Where the chain stands, and the term record last written. */
export type ChainPosition = { readonly head: HeadRecord; readonly termBytes: Uint8Array };

export type PutDependencies = {
  readonly suite: CryptoSuite;
  readonly batch: StoreBatch;
  readonly stateHistoryBlocks: number;
  /** Whether a transaction is committed: what is left out because of that keeps its record. */
  readonly isCommitted: (hash: HashHex) => boolean;
};

/** Fills the one batch of a block (spec LED-3). The head pointer is its last entry. `before` is undefined for genesis. */
export function putBlock(
  dependencies: PutDependencies,
  records: BlockRecords,
  before: ChainPosition | undefined,
): ChainPosition {
  const { suite, batch, stateHistoryBlocks } = dependencies;
  const { header } = records.block;
  const { height } = header;
  const hash = blockHash(suite, header);
  const termBytes = encodeTermInfo(records.termInfo);
  const isSameTerm = before !== undefined && equalBytes(before.termBytes, termBytes);
  const head: HeadRecord = {
    height,
    hash,
    stateRoot: header.stateRoot,
    historyFrom: historyFromAfter(height, before?.head, stateHistoryBlocks),
    termHeight: isSameTerm ? before.head.termHeight : height,
  };
  if (!isSameTerm) batch.put(heightKey('term', height), termBytes);
  batch.put(heightKey('header', height), encodeHeaderRecord(hash, before?.head.termHeight ?? height, header));
  batch.put(heightKey('body', height), encodeBody(records.block.body));
  batch.put(heightKey('receipts', height), encodeReceipts(records.receipts));
  if (records.certificate !== undefined) {
    batch.put(heightKey('certificate', height), encodeCertificate(records.certificate));
  }
  putIndices(dependencies, records, hash);
  putState(batch, records);
  if (before !== undefined) putUndo(batch, height, records.previous);
  for (let old = (before?.head.historyFrom ?? 0) + 1; old <= head.historyFrom; old++) {
    batch.del(heightKey('undo', old));
    batch.del(heightKey('undoFilter', old));
  }
  batch.put(metaKey(META_HEAD), encodeHeadRecord(head));
  return { head, termBytes };
}

function historyFromAfter(height: number, head: HeadRecord | undefined, stateHistoryBlocks: number): Height {
  const before = head?.historyFrom ?? 0;
  const wanted = Math.max(before, height - stateHistoryBlocks);
  return Math.min(wanted, before + PRUNE_COUNT_MAX) as Height;
}

function putIndices({ batch, isCommitted }: PutDependencies, records: BlockRecords, hash: HashHex): void {
  const { height } = records.block.header;
  const heightBytes = encodeHeight(height);
  for (const alias of [hash, ...records.aliasHashes]) batch.put(hashKey('blockIndex', alias), heightBytes);
  for (const { hash: leftOut, position, reason } of records.block.body.leftOut) {
    // spec LED-5: being committed is the last word on a transaction.
    if (isCommitted(leftOut)) continue;
    const record = encodeTransactionRecord({ type: 'left out', height, position, reason });
    batch.put(hashKey('transactionIndex', leftOut), record);
  }
  // After those left out: a hash that a proposal names twice is executed once.
  records.receipts.forEach(({ transactionHash }, index) => {
    const record = encodeTransactionRecord({ type: 'committed', height, index });
    batch.put(hashKey('transactionIndex', transactionHash), record);
  });
  const logFilter = buildLogFilter(records.receipts);
  if (logFilter !== undefined) batch.put(heightKey('logFilter', height), logFilter);
}

function putState(batch: StoreBatch, { changes, pages }: BlockRecords): void {
  for (const { key, value } of changes) {
    if (value === undefined) batch.del(stateEntryKey(key));
    else batch.put(stateEntryKey(key), value);
  }
  for (const [path, page] of pages) {
    if (page === undefined) batch.del(pageKey(path));
    else batch.put(pageKey(path), page);
  }
}

function putUndo(batch: StoreBatch, height: number, previous: readonly PreviousValue[]): void {
  batch.put(heightKey('undo', height), encodeUndo(previous));
  batch.put(heightKey('undoFilter', height), buildFilter(new Set(previous.map(({ key }) => key))));
}

/** What a block must be to stand on the head; a caller that breaks it executed or checked something else. */
export function assertFits(suite: CryptoSuite, records: BlockRecords, head: HeadRecord, root: HashHex): void {
  const { header, body } = records.block;
  assert(header.height === head.height + 1, `height ${head.height + 1} was expected, got ${header.height}`);
  assert(header.parentHash === head.hash, `parent ${head.hash} was expected, got ${header.parentHash}`);
  assert(header.stateRoot === root, `state root ${root} was staged, the header has ${header.stateRoot}`);
  const count = body.transactions.length;
  assert(records.receipts.length === count, `${count} receipts were expected, got ${records.receipts.length}`);
  const { certificate } = records;
  assert(certificate?.height === header.height, `a certificate of height ${header.height} was expected`);
  const hash = blockHash(suite, header);
  assert(certificate.blockHash === hash, `a certificate of block ${hash} was expected, got ${certificate.blockHash}`);
}

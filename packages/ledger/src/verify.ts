import { setImmediate } from 'node:timers/promises';

import { bytesToHex, equalBytes, fromHex, type Height } from '@hansa/primitives';
import { damaged, isLedgerError } from './errors.ts';
import { HotCache } from './hot-cache.ts';
import { heightKey, heightOfKey, metaKey, tableRange } from './keys.ts';
import { storedPages } from './page-source.ts';
import { readChainRecord } from './reader.ts';
import { decodeHeadRecord, type HeadRecord } from './records.ts';
import { META_HEAD, TABLES, type TableName } from './schema.ts';
import { pageDigest } from './state-tree/hash-pages.ts';
import { decodePage } from './state-tree/page.ts';
import { findLeaf, leafOf, walkPages } from './state-tree/prove.ts';
import { type LedgerDependencies, levelStorage } from './storage.ts';
import { describeKey, type Store, type StoreEntry } from './store.ts';
import { BlockVerifier, FaultFound } from './verify-block.ts';
import type { VerifyFault, VerifyOptions, VerifyReport } from './verify-types.ts';

/** Blocks or entries between two looks at the rest of the thread. */
const CHUNK_COUNT = 64;
const PAGE_CACHE_SIZE = 64 * 1024 * 1024;

/** Tables with a height as key that nothing else reads completely. */
const REST: readonly TableName[] = [
  'meta',
  'term',
  'undo',
  'undoFilter',
  'logFilter',
  'blockIndex',
  'transactionIndex',
];

/**
 * Checks a whole ledger from the genesis hash alone, offline: headers and their chain, certificates against the
 * validators that the block before names, transactions, receipts, indices, and every entry of the state against the
 * root of the head. Reports the first fault with its height and field.
 * @throws ChainError LEDGER_MISSING, LEDGER_LOCKED, LEDGER_WRONG_SCHEMA or LEDGER_UNREADABLE: no statement is possible
 */
export async function verifyLedger(
  options: VerifyOptions,
  dependencies: LedgerDependencies = { storageAt: levelStorage },
): Promise<VerifyReport> {
  let store: Store | undefined;
  let height = 0 as Height;
  try {
    store = await dependencies.storageAt(options.location).openExisting();
    const head = readHead(store, options);
    const { transactionCount } = await verifyBlocks(store, head, options, (reached) => {
      height = reached;
    });
    const stateEntryCount = await verifyState(store, head, options);
    await verifyRest(store, head);
    return { ok: true, height: head.height, transactionCount, stateEntryCount };
  } catch (error) {
    if (error instanceof FaultFound) return { ok: false, fault: error.fault };
    if (isLedgerError(error, 'LEDGER_DAMAGED'))
      return { ok: false, fault: { height, field: 'store', message: error.message } };
    throw error;
  } finally {
    await store?.close();
  }
}

function readHead(store: Store, { location, expectedGenesisHash, suite }: VerifyOptions): HeadRecord {
  const chain = readChainRecord(store, location);
  if (chain.genesisHash !== expectedGenesisHash || chain.suite !== suite.name) {
    const message = `the ledger is that of genesis ${chain.genesisHash} (${chain.suite}), ${expectedGenesisHash} (${suite.name}) was expected`;
    throw new FaultFound({ height: 0 as Height, field: 'header', message });
  }
  const bytes = store.get(metaKey(META_HEAD));
  const head = bytes === undefined ? undefined : decodeHeadRecord(bytes);
  if (head === undefined) throw damaged('the head pointer is missing or malformed');
  return head;
}

async function verifyBlocks(
  store: Store,
  head: HeadRecord,
  options: VerifyOptions,
  onReached: (height: Height) => void,
): Promise<{ readonly transactionCount: number }> {
  const verifier = new BlockVerifier(store, options.suite, options.expectedGenesisHash);
  let transactionCount = 0;
  for (let number = 0; number <= head.height; number++) {
    const height = number as Height;
    onReached(height);
    const verified = verifier.verify(height);
    transactionCount += verified.block.body.transactions.length;
    const fault = await options.onBlock?.(verified);
    if (fault !== undefined) throw new FaultFound(fault);
    if (number % CHUNK_COUNT === 0 || number === head.height) {
      options.onProgress?.({ stage: 'blocks', count: number + 1, total: head.height + 1 });
      await setImmediate();
    }
  }
  verifier.verifyHead(head);
  return { transactionCount };
}

/** Every entry is where the tree has its leaf, and the tree has no leaf more: then the root commits to just these. */
async function verifyState(store: Store, head: HeadRecord, { suite, onProgress }: VerifyOptions): Promise<number> {
  const pages = storedPages(suite, store, { cache: new HotCache(PAGE_CACHE_SIZE) });
  const top = decodePage(pages.get('', undefined) ?? new Uint8Array(0));
  if (top === undefined || !equalBytes(pageDigest(suite, top), fromHex(head.stateRoot))) {
    fault(head, 'tree', `the top of the state tree does not have the state root of height ${head.height}`);
  }
  let leafCount = 0;
  for (const { page } of walkPages(storedPages(suite, store))) leafCount += page.leafCount();
  let count = 0;
  for await (const { key, value } of entriesOf(store, 'state')) {
    const name = bytesToHex(key.subarray(1));
    if (value === undefined) fault(head, `state ${name}`, 'the entry does not have its checksum');
    const leaf = leafOf(suite, key.subarray(1), value);
    const found = findLeaf(pages, leaf.keyHash);
    if (found === undefined) fault(head, `state ${name}`, 'the state root does not hold this key');
    if (!equalBytes(found.digest, leaf.digest))
      fault(head, `state ${name}`, 'the state root holds another value of this key');
    if (++count % (CHUNK_COUNT * 16) === 0) onProgress?.({ stage: 'state', count, total: leafCount });
  }
  onProgress?.({ stage: 'state', count, total: leafCount });
  if (count !== leafCount) fault(head, 'state', `the state root holds ${leafCount} keys, ${count} entries are there`);
  return count;
}

/** Records that nothing above has read: at least they are what was written. */
async function verifyRest(store: Store, head: HeadRecord): Promise<void> {
  for (const table of REST) {
    for await (const { key, value } of entriesOf(store, table)) {
      if (value !== undefined) continue;
      const height = key.length === 9 && key[0] !== TABLES.meta ? heightOfKey(key) : head.height;
      throw new FaultFound({ height, field: table, message: `${describeKey(key)} does not have its checksum` });
    }
  }
  const above = (head.height + 1) as Height;
  if (store.get(heightKey('header', above)) !== undefined) {
    throw new FaultFound({ height: above, field: 'header', message: `the head pointer says ${head.height}` });
  }
}

async function* entriesOf(store: Store, table: TableName): AsyncGenerator<StoreEntry> {
  const iterator = store.iterate(tableRange(table));
  try {
    for (;;) {
      const entries = await iterator.next(CHUNK_COUNT * 8);
      if (entries.length === 0) return;
      yield* entries;
    }
  } finally {
    await iterator.close();
  }
}

function fault(head: HeadRecord, field: VerifyFault['field'], message: string): never {
  throw new FaultFound({ height: head.height, field, message });
}

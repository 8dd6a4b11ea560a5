import { setImmediate } from 'node:timers/promises';
import { type AddressHex, assert, fail, type HashHex, ok, type Result } from '@hansa/primitives';
import type { Log, Receipt } from '@hansa/protocol';
import { damaged, type LedgerFailure } from './errors.ts';
import { buildFilter, filterMayHold, type HashedTerm, hashTerm } from './filter.ts';
import { heightOfKey, heightRange } from './keys.ts';
import type { Store } from './store.ts';
import type { LedgerReader, LogEntry, LogFilter } from './types.ts';

const COUNT_MAX_DEFAULT = 10_000;
/** Filters read and tested between two looks at the rest of the thread: about 1 ms. */
const CHUNK_COUNT = 256;
/** Receipts decoded between two looks at the rest of the thread: about 5 ms. */
const RECEIPT_COUNT_MAX = 1000;

const addressTerm = (address: AddressHex): string => `a${address}`;
const topicTerm = (position: number, topic: HashHex): string => `${position}${topic}`;

/** Filter over the logs of a block, undefined when it has none. */
export function buildLogFilter(receipts: readonly Receipt[]): Uint8Array | undefined {
  const terms = new Set<string>();
  for (const receipt of receipts) {
    for (const log of receipt.logs) {
      terms.add(addressTerm(log.address));
      log.topics.forEach((topic, position) => {
        terms.add(topicTerm(position, topic));
      });
    }
  }
  return terms.size === 0 ? undefined : buildFilter(terms);
}

/** Only blocks whose filter may fit are read (spec LED-10). Others cost their filter alone, blocks without logs nothing. */
export async function queryLogs(
  store: Store,
  reader: Pick<LedgerReader, 'head' | 'hashAt' | 'headerAt' | 'receiptsAt'>,
  filter: LogFilter,
): Promise<Result<readonly LogEntry[], LedgerFailure>> {
  const to = Math.min(filter.toHeight, reader.head().height);
  const countMax = filter.countMax ?? COUNT_MAX_DEFAULT;
  assert(countMax > 0, `a maximum above 0 was expected, got ${countMax}`);
  const entries: LogEntry[] = [];
  if (filter.fromHeight > to) return ok(entries);
  const needed = hashedTerms(filter);
  let receiptCount = 0;
  const iterator = store.iterate(heightRange('logFilter', filter.fromHeight, to));
  try {
    for (;;) {
      filter.signal?.throwIfAborted();
      const chunk = await iterator.next(CHUNK_COUNT);
      if (chunk.length === 0) return ok(entries);
      for (const { key, value } of chunk) {
        const height = heightOfKey(key);
        if (value === undefined) throw damaged(`the log filter of height ${height} does not have its checksum`);
        if (!needed.every((some) => some.some((term) => filterMayHold(value, term)))) continue;
        receiptCount += appendMatches(entries, reader, height, filter);
        if (entries.length > countMax) return fail(tooMany(countMax));
        if (receiptCount < RECEIPT_COUNT_MAX) continue;
        receiptCount = 0;
        await setImmediate();
        filter.signal?.throwIfAborted();
      }
    }
  } finally {
    await iterator.close();
  }
}

/** One list per condition: a block can only fit when of each list at least one term is in its filter. */
function hashedTerms(filter: LogFilter): readonly (readonly HashedTerm[])[] {
  const lists: HashedTerm[][] = [];
  if (filter.addresses.length > 0) lists.push(filter.addresses.map((address) => hashTerm(addressTerm(address))));
  filter.topics.forEach((topics, position) => {
    if (topics !== undefined && topics.length > 0) {
      lists.push(topics.map((topic) => hashTerm(topicTerm(position, topic))));
    }
  });
  return lists;
}

/** Returns how many receipts were read. */
function appendMatches(
  entries: LogEntry[],
  reader: Pick<LedgerReader, 'hashAt' | 'headerAt' | 'receiptsAt'>,
  height: LogEntry['height'],
  filter: LogFilter,
): number {
  const header = reader.headerAt(height);
  const blockHash = reader.hashAt(height);
  const receipts = reader.receiptsAt(height);
  if (header === undefined || blockHash === undefined || receipts === undefined) {
    throw damaged(`the block of height ${height} is missing, its log filter is there`);
  }
  let logIndex = 0;
  for (const receipt of receipts) {
    for (const log of receipt.logs) {
      const index = logIndex++;
      if (!matches(log, filter)) continue;
      entries.push({
        address: log.address,
        topics: log.topics,
        data: log.data,
        height,
        blockHash,
        timestamp: header.timestamp,
        transactionHash: receipt.transactionHash,
        transactionIndex: receipt.index,
        logIndex: index,
      });
    }
  }
  return receipts.length;
}

function matches(log: Log, filter: LogFilter): boolean {
  if (filter.addresses.length > 0 && !filter.addresses.includes(log.address)) return false;
  // As in Ethereum's eth_getLogs: a log with fewer topics than the filter has places does not fit.
  if (filter.topics.length > log.topics.length) return false;
  return filter.topics.every((allowed, position) => {
    const topic = log.topics[position];
    return allowed === undefined || allowed.length === 0 || (topic !== undefined && allowed.includes(topic));
  });
}

const tooMany = (countMax: number): LedgerFailure => ({
  code: 'LEDGER_TOO_MANY_LOGS',
  message: `the query matches more than ${countMax} logs`,
  remedy: 'ask for fewer blocks, or name an address or topics',
});

import type { AddressHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { LogFacts } from './backend.ts';
import type { CachedBlock } from './block-cache.ts';
import { blockLogs, toHeaderJson, toLogJson, toTransactionJson } from './block-json.ts';
import { type LogPattern, matchesLog } from './log-filter.ts';

/** What blocks and transactions are to subscribers, as JSON: made once for all of them. */
export type Notices = {
  header(block: CachedBlock): string;
  logs(block: CachedBlock, pattern: LogPattern): readonly string[];
  /** Of a transaction in the pool. */
  transaction(transaction: SignedTransaction): string;
};

type Indexed = {
  readonly all: readonly LogFacts[];
  readonly byAddress: ReadonlyMap<AddressHex, readonly LogFacts[]>;
  readonly texts: Map<LogFacts, string>;
};

export function createNotices(): Notices {
  const headers = new WeakMap<CachedBlock, string>();
  const logs = new WeakMap<CachedBlock, Indexed>();
  const transactions = new WeakMap<SignedTransaction, string>();

  function indexedOf(block: CachedBlock): Indexed {
    const known = logs.get(block);
    if (known !== undefined) return known;
    const all = blockLogs(block);
    const byAddress = new Map<AddressHex, LogFacts[]>();
    for (const log of all) {
      const list = byAddress.get(log.address);
      if (list === undefined) byAddress.set(log.address, [log]);
      else list.push(log);
    }
    const indexed = { all, byAddress, texts: new Map() };
    logs.set(block, indexed);
    return indexed;
  }

  return {
    header: (block) => {
      const known = headers.get(block);
      if (known !== undefined) return known;
      const text = JSON.stringify(toHeaderJson(block));
      headers.set(block, text);
      return text;
    },
    transaction: (transaction) => {
      const known = transactions.get(transaction);
      if (known !== undefined) return known;
      const text = JSON.stringify(toTransactionJson(transaction, undefined));
      transactions.set(transaction, text);
      return text;
    },
    logs: (block, pattern) => {
      const { all, byAddress, texts } = indexedOf(block);
      return candidates({ all, byAddress }, pattern)
        .filter((log) => matchesLog(pattern, log))
        .map((log) => {
          const text = texts.get(log) ?? JSON.stringify(toLogJson(log));
          texts.set(log, text);
          return text;
        });
    },
  };
}

/** In the order of the block. */
function candidates(
  { all, byAddress }: Pick<Indexed, 'all' | 'byAddress'>,
  { addresses }: LogPattern,
): readonly LogFacts[] {
  const [first] = addresses;
  if (first === undefined) return all;
  if (addresses.length === 1) return byAddress.get(first) ?? [];
  return [...new Set(addresses)]
    .flatMap((address) => byAddress.get(address) ?? [])
    .sort((a, b) => a.logIndex - b.logIndex);
}

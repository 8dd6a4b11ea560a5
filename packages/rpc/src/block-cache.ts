import type { Height } from '@hansa/primitives';
import { encodeBody, encodeHeader, type Receipt } from '@hansa/protocol';
import type { BlockFacts, RpcBackend } from './backend.ts';
import { type EthereumHeader, toEthereumHeader } from './ethereum-header.ts';

const BLOCK_COUNT_MAX = 32;
/** Bytes of the blocks as weightOf counts them. */
const WEIGHT_MAX = 32 * 1024 * 1024;
/** Of a transaction with its receipt, or of a log, beside its bytes. */
const OBJECT_WEIGHT = 500;

export type CachedBlock = {
  readonly facts: BlockFacts;
  readonly receipts: readonly Receipt[];
  /** Number of the first log of each transaction. */
  readonly firstLogIndex: readonly number[];
  /** Computed when it is first asked for: the bloom filter of a full block takes some ten milliseconds. */
  readonly header: EthereumHeader;
  /** Of the encoded header and body. */
  readonly sizeBytes: number;
};

/** The blocks that were asked for last; final blocks never change. The least recently used one is dropped. */
export type BlockCache = { get(height: Height): CachedBlock | undefined };

export function createBlockCache(
  backend: Pick<RpcBackend, 'chain' | 'blockAt' | 'receiptsAt'>,
  limits: { readonly countMax: number; readonly weightMax: number } = {
    countMax: BLOCK_COUNT_MAX,
    weightMax: WEIGHT_MAX,
  },
): BlockCache {
  const entries = new Map<Height, { readonly block: CachedBlock; readonly weight: number }>();
  let weightSum = 0;

  function load(height: Height): CachedBlock | undefined {
    const facts = backend.blockAt(height);
    const receipts = backend.receiptsAt(height);
    if (facts === undefined || receipts === undefined) return undefined;
    const block = toCachedBlock(backend, facts, receipts);
    const weight = weightOf(block);
    entries.set(height, { block, weight });
    weightSum += weight;
    for (const [oldest, entry] of entries) {
      // The one that was asked for stays, however large it is.
      if (oldest === height || (entries.size <= limits.countMax && weightSum <= limits.weightMax)) break;
      entries.delete(oldest);
      weightSum -= entry.weight;
    }
    return block;
  }

  return {
    get: (height) => {
      const entry = entries.get(height);
      if (entry === undefined) return load(height);
      entries.delete(height);
      entries.set(height, entry);
      return entry.block;
    },
  };
}

function toCachedBlock(
  { chain }: Pick<RpcBackend, 'chain'>,
  facts: BlockFacts,
  receipts: readonly Receipt[],
): CachedBlock {
  const firstLogIndex: number[] = [];
  let logCount = 0;
  for (const receipt of receipts) {
    firstLogIndex.push(logCount);
    logCount += receipt.logs.length;
  }
  let header: EthereumHeader | undefined;
  let sizeBytes: number | undefined;
  return {
    facts,
    receipts,
    firstLogIndex,
    get header() {
      header ??= toEthereumHeader({ ...facts, suite: chain.suite, receipts });
      return header;
    },
    get sizeBytes() {
      sizeBytes ??= encodeHeader(facts.header).length + encodeBody(facts.body).length;
      return sizeBytes;
    },
  };
}

function weightOf({ facts, receipts }: CachedBlock): number {
  let weight = OBJECT_WEIGHT;
  for (const raw of facts.body.transactions) weight += raw.length + OBJECT_WEIGHT;
  for (const { output, logs } of receipts) {
    weight += output.length;
    for (const log of logs) weight += log.data.length + OBJECT_WEIGHT;
  }
  return weight;
}

import type { Height } from '@hansa/primitives';
import { encodeBody, encodeHeader, type Receipt } from '@hansa/protocol';
import type { BlockFacts, RpcBackend } from './backend.ts';
import { type EthereumHeader, toEthereumHeader } from './ethereum-header.ts';

const BLOCK_COUNT_MAX = 32;

export type CachedBlock = {
  readonly facts: BlockFacts;
  readonly receipts: readonly Receipt[];
  readonly header: EthereumHeader;
  /** Of the encoded header and body. */
  readonly sizeBytes: number;
  /** Number of the first log of each transaction. */
  readonly firstLogIndex: readonly number[];
};

/** The blocks that were asked for last; final blocks never change. The least recently used one is dropped. */
export type BlockCache = { get(height: Height): CachedBlock | undefined };

export function createBlockCache(
  backend: Pick<RpcBackend, 'chain' | 'blockAt' | 'receiptsAt'>,
  countMax: number = BLOCK_COUNT_MAX,
): BlockCache {
  const blocks = new Map<Height, CachedBlock>();

  function load(height: Height): CachedBlock | undefined {
    const facts = backend.blockAt(height);
    const receipts = backend.receiptsAt(height);
    if (facts === undefined || receipts === undefined) return undefined;
    const firstLogIndex: number[] = [];
    let logCount = 0;
    for (const receipt of receipts) {
      firstLogIndex.push(logCount);
      logCount += receipt.logs.length;
    }
    return {
      facts,
      receipts,
      header: toEthereumHeader({ ...facts, suite: backend.chain.suite, receipts }),
      sizeBytes: encodeHeader(facts.header).length + encodeBody(facts.body).length,
      firstLogIndex,
    };
  }

  return {
    get: (height) => {
      const block = blocks.get(height) ?? load(height);
      if (block === undefined) return undefined;
      blocks.delete(height);
      blocks.set(height, block);
      if (blocks.size > countMax) blocks.delete(blocks.keys().next().value as Height);
      return block;
    },
  };
}

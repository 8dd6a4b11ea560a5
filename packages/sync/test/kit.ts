import type { HashHex, Height, NodeId, Term, View } from '@hansa/primitives';
import { ZERO_HASH } from '@hansa/primitives';
import type { BlockHeader } from '@hansa/protocol';
import type { ReceivedBlock } from '../src/index.ts';

export const nodeId = (n: number): NodeId => n.toString(16).padStart(128, '0') as NodeId;
export const height = (n: number): Height => n as Height;

/** Hash of the honest chain's block, or of a branch of it. */
export const hashAt = (n: number, branch = 0): HashHex => (n * 16 + branch).toString(16).padStart(64, '0') as HashHex;

/** A block as far as the machine looks into it: heights, links and size. `branch` 0 is the honest chain. */
export function blockAt(n: number, branch = 0, sizeBytes = 1_000): ReceivedBlock {
  const header: BlockHeader = {
    version: 1,
    chainId: 20200,
    groupId: 'group0',
    height: height(n),
    term: 0 as Term,
    view: 0 as View,
    proposer: nodeId(1),
    parentHash: hashAt(n - 1, branch),
    timestamp: n,
    proposalDigest: ZERO_HASH,
    txRoot: ZERO_HASH,
    receiptRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    gasUsed: 0n,
    gasLimit: 30_000_000n,
    validatorsHash: ZERO_HASH,
    nextValidatorsHash: ZERO_HASH,
    registryRoot: ZERO_HASH,
    extensions: [],
  };
  return {
    block: { header, body: { transactions: [], leftOut: [] } },
    certificate: { height: height(n), blockHash: hashAt(n, branch), signatures: [] },
    sizeBytes,
  };
}

export const blocksFrom = (from: number, to: number, branch = 0): ReceivedBlock[] =>
  Array.from({ length: to - from + 1 }, (_, i) => blockAt(from + i, branch));

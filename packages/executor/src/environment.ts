import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex, Height } from '@hansa/primitives';
import { type BlockHeader, prevRandao, type TermInfo } from '@hansa/protocol';
import type { BlockEnvironment } from './machine.ts';

const HASHES_MAX = 256;

export type EnvironmentFacts = {
  readonly suite: CryptoSuite;
  readonly chainId: number;
  readonly parent: { readonly header: BlockHeader; readonly hash: HashHex };
  readonly info: TermInfo;
  readonly height: Height;
  readonly timestampMs: number;
  readonly blockHashAt: (height: number) => HashHex | undefined;
};

/** What contracts see of the block (EXE-20). PREVRANDAO is a digest of what everybody knows: predictable. */
export function blockEnvironment(facts: EnvironmentFacts): BlockEnvironment {
  const { suite, parent, info, height } = facts;
  return {
    chainId: facts.chainId,
    height,
    timestamp: Math.floor(facts.timestampMs / 1000),
    gasLimit: info.parameters.blockGasLimit,
    baseFee: info.parameters.minimumGasPrice,
    coinbase: info.parameters.feeRecipient,
    prevRandao: prevRandao(suite, parent.hash, height),
    blockHash: (asked) => {
      if (asked >= height || asked < height - HASHES_MAX || asked < 0) return undefined;
      return asked === parent.header.height ? parent.hash : facts.blockHashAt(asked);
    },
  };
}

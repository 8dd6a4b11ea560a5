import type { CryptoSuite } from '@hansa/crypto';
import { buildGenesisBlock, type GenesisBlock } from '@hansa/executor';
import { computeStateRoot } from '@hansa/ledger';
import type { Genesis } from '@hansa/protocol';

/** Block 0 with its state root: what names the chain. */
export function buildGenesis(genesis: Genesis, suite: CryptoSuite): GenesisBlock {
  return buildGenesisBlock(genesis, suite, (changes) => computeStateRoot(suite, changes));
}

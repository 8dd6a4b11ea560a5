import type { CryptoSuite } from '@hansa/crypto';
import { bigintToBytes, concatBytes, fromHex, type HashHex } from '@hansa/primitives';

const TAG = 'hansa/randao/v1';

/**
 * The EVM's PREVRANDAO and the `mixHash` of a block as served: a digest of parent hash and height (docs/spec/execution.md,
 * EXE-20). Everybody knows it beforehand: no source of chance.
 */
export function prevRandao(suite: CryptoSuite, parentHash: HashHex, height: number): HashHex {
  return suite.taggedDigest(TAG, concatBytes(fromHex(parentHash), bigintToBytes(BigInt(height), 8)));
}

import { addressToHex, assert } from '@hansa/primitives';
import type { CurveEngine } from './curve-engine.ts';
import { isLowS, isScalar, isSignatureInRange } from './curve-range.ts';
import { curve, keccak256 } from './engines.ts';
import type { EthereumCrypto } from './suite.ts';

/** Ethereum's algorithms on an engine. With another engine than this process's in tests only. */
export function createEthereumCrypto(engine: CurveEngine): EthereumCrypto {
  const recoverPublicKey: EthereumCrypto['recoverPublicKey'] = (digest, compact, recovery) => {
    if (digest.length !== 32 || !isSignatureInRange(compact)) return undefined;
    return engine.recover(digest, compact, recovery)?.subarray(1);
  };
  const addressOfPublicKey: EthereumCrypto['addressOfPublicKey'] = (publicKey) => {
    assert(publicKey.length === 64, `a public key of 64 bytes was expected, got ${publicKey.length}`);
    return addressToHex(keccak256(publicKey).subarray(12));
  };
  return {
    keccak256,
    recoverPublicKey,
    addressOfPublicKey,
    recoverAddress(digest, compact, recovery) {
      if (compact.length !== 64 || !isLowS(compact.subarray(32))) return undefined;
      const publicKey = recoverPublicKey(digest, compact, recovery);
      return publicKey === undefined ? undefined : addressOfPublicKey(publicKey);
    },
    signDigest(digest, key) {
      assert(digest.length === 32, `a digest of 32 bytes was expected, got ${digest.length}`);
      assert(isScalar(key), 'a private key of 32 bytes within the order of the curve was expected');
      return engine.sign(digest, key);
    },
    addressOfKey(key) {
      assert(isScalar(key), 'a private key of 32 bytes within the order of the curve was expected');
      return addressOfPublicKey(engine.publicKeyOf(key).subarray(1));
    },
  };
}

export const ethereumCrypto: EthereumCrypto = createEthereumCrypto(curve);

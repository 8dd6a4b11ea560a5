import { ethereumCrypto } from '@hansa/crypto';
import { concatBytes, fromHex, type HashHex } from '@hansa/primitives';

/** Signatures of admin accounts over a digest as the system contracts read them: 65 bytes each, r, s and recovery. */
export function recoverableSignatures(digest: HashHex, keys: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...keys.map((key) => {
      const { signature, recovery } = ethereumCrypto.signDigest(fromHex(digest), key);
      return concatBytes(signature, Uint8Array.of(recovery));
    }),
  );
}

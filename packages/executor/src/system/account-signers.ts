import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex } from '@hansa/primitives';
import { splitAccountSignatures } from '@hansa/protocol';

/**
 * Accounts that have signed a digest (spec JOIN-2). Undefined stands for a signature that is none; so does a list that is
 * none or empty.
 */
export function signersOf(
  digest: HashHex,
  signatures: Uint8Array,
  countMax?: number,
): readonly (AddressHex | undefined)[] {
  const bytes = fromHex(digest);
  return (
    splitAccountSignatures(signatures, countMax)?.map(({ signature, recovery }) =>
      ethereumCrypto.recoverAddress(bytes, signature, recovery),
    ) ?? [undefined]
  );
}

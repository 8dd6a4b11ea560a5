import { compareBytes, fromHex } from '@hansa/primitives';

/** Order of secp256k1 (SEC 2, 2.4.1), big-endian. */
const ORDER: Uint8Array = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
/** Half of it, rounded down: the highest s that is low (EIP-2, BIP 62). */
const HALF_ORDER: Uint8Array = fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** Numbers of 32 bytes in [1, n−1]: private keys, r and s. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  if (compareBytes(bytes, ORDER) >= 0) return false;
  return bytes.some((byte) => byte !== 0);
}

/** r ‖ s of 64 bytes with both in [1, n−1]; s may be high. */
export function isSignatureInRange(signature: Uint8Array): boolean {
  return signature.length === 64 && isScalar(signature.subarray(0, 32)) && isScalar(signature.subarray(32));
}

/** True for the one of the two equivalent values of s that we accept. `s`: 32 bytes in [1, n−1]. */
export function isLowS(s: Uint8Array): boolean {
  return compareBytes(s, HALF_ORDER) <= 0;
}

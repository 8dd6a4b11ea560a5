/**
 * secp256k1 (SEC 2, 2.4.1) behind one port with two engines: libsecp256k1 as a prebuilt native addon, and noble in
 * JavaScript. Both are fed only values whose ranges were checked here, so that they cannot differ in what they accept.
 */
import { createRequire } from 'node:module';
import { secp256k1 as noble } from '@noble/curves/secp256k1.js';

export type CurveEngine = {
  readonly name: 'native' | 'noble';
  /** `signature`: r and s in [1, n−1], s ≤ n/2. `publicKey`: 65 bytes. False too when the key is no point. */
  verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** 65-byte public key, undefined when there is none. `signature`: r and s in [1, n−1]. */
  recover(digest: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array | undefined;
  /** Low-s, RFC 6979. */
  sign(digest: Uint8Array, key: Uint8Array): { readonly signature: Uint8Array; readonly recovery: 0 | 1 };
  /** 65 bytes with 0x04. */
  publicKeyOf(key: Uint8Array): Uint8Array;
  isPublicKey(publicKey: Uint8Array): boolean;
};

/** What is used of the addon's JavaScript side. It throws where a value cannot be parsed. */
type NativeBinding = {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaRecover(signature: Uint8Array, recovery: number, digest: Uint8Array, compressed: boolean): Uint8Array;
  ecdsaSign(digest: Uint8Array, key: Uint8Array): { signature: Uint8Array; recid: number };
  publicKeyCreate(key: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyVerify(publicKey: Uint8Array): boolean;
};

/**
 * The native engine, or why there is none. `secp256k1/bindings.js` is named explicitly: the package's index falls back
 * silently to a JavaScript library that is slower than noble.
 */
export function loadNativeCurve(
  load: (name: string) => unknown = createRequire(import.meta.url),
): { readonly engine: CurveEngine } | { readonly engine: undefined; readonly reason: string } {
  try {
    return { engine: nativeCurve(load('secp256k1/bindings.js') as NativeBinding) };
  } catch (cause) {
    return { engine: undefined, reason: cause instanceof Error ? firstLine(cause.message) : String(cause) };
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] as string;

function nativeCurve(binding: NativeBinding): CurveEngine {
  return {
    name: 'native',
    verify(digest, signature, publicKey) {
      try {
        return binding.ecdsaVerify(signature, digest, publicKey);
      } catch {
        // The addon throws when the public key is no point; that is a wrong signature like any other.
        return false;
      }
    },
    recover(digest, signature, recovery) {
      try {
        return binding.ecdsaRecover(signature, recovery, digest, false);
      } catch {
        // No point has this r: nothing is recovered.
        return undefined;
      }
    },
    sign(digest, key) {
      const { signature, recid } = binding.ecdsaSign(digest, key);
      return { signature, recovery: recid as 0 | 1 };
    },
    publicKeyOf: (key) => binding.publicKeyCreate(key, false),
    isPublicKey: (publicKey) => binding.publicKeyVerify(publicKey),
  };
}

/** The engine that runs everywhere, some 24 times slower than the native one. */
export const nobleCurve: CurveEngine = {
  name: 'noble',
  verify(digest, signature, publicKey) {
    try {
      return noble.verify(signature, digest, publicKey, { prehash: false });
    } catch {
      // noble throws when the public key is no point.
      return false;
    }
  },
  recover(digest, signature, recovery) {
    try {
      return noble.Signature.fromBytes(signature, 'compact')
        .addRecoveryBit(recovery)
        .recoverPublicKey(digest)
        .toBytes(false);
    } catch {
      // No point has this r: nothing is recovered.
      return undefined;
    }
  },
  sign(digest, key) {
    const recovered = noble.sign(digest, key, { prehash: false, format: 'recovered' });
    return { signature: recovered.slice(1), recovery: recovered[0] as 0 | 1 };
  },
  publicKeyOf: (key) => noble.getPublicKey(key, false),
  isPublicKey: (publicKey) => noble.utils.isValidPublicKey(publicKey, false),
};

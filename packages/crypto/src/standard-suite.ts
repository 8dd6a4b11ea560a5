import { hash, randomBytes } from 'node:crypto';
import { asciiBytes, assert, bytesToHex, fromHex, type HashHex, isNodeId, type NodeId } from '@hansa/primitives';
import type { CurveEngine } from './curve-engine.ts';
import { isLowS, isScalar, isSignatureInRange } from './curve-range.ts';
import { curve, type PairsEngine, pairs } from './engines.ts';
import type { CryptoSuite, PrivateKey } from './suite.ts';

/** Tags are constants of ours; more than this many means that something builds them from data. */
const TAG_COUNT_MAX = 256;
/** Decoded node ids kept, so that a vote does not decode its 128 digits again. Emptied when full. */
const NODE_ID_COUNT_MAX = 512;
/** Inputs up to this size are hashed from one buffer that is used again and again. */
const SCRATCH_SIZE = 4096;

/**
 * Suite `standard`: SHA-256 (FIPS 180-4) and ECDSA over secp256k1. With another engine in tests only.
 */
export function createStandardSuite(engines: {
  readonly curve: CurveEngine;
  readonly pairs: PairsEngine;
}): CryptoSuite {
  const prefixes = new Map<string, Uint8Array>();
  const publicKeys = new Map<string, Uint8Array>();
  const scratch = new Uint8Array(SCRATCH_SIZE);

  const prefixOf = (tag: string): Uint8Array => {
    let prefix = prefixes.get(tag);
    if (prefix === undefined) {
      assert(prefixes.size < TAG_COUNT_MAX, `at most ${TAG_COUNT_MAX} tags were expected; "${tag}" is one more`);
      assert(tag.length > 0 && tag.length < 256, `a tag has 1 to 255 characters, "${tag}" has ${tag.length}`);
      prefix = new Uint8Array(1 + tag.length);
      prefix[0] = tag.length;
      prefix.set(asciiBytes(tag), 1);
      prefixes.set(tag, prefix);
    }
    return prefix;
  };
  const publicKeyOf = (nodeId: string): Uint8Array | undefined => {
    const known = publicKeys.get(nodeId);
    if (known !== undefined) return known;
    if (!isNodeId(nodeId)) return undefined;
    const publicKey = fromHex(`04${nodeId}`);
    if (publicKeys.size >= NODE_ID_COUNT_MAX) publicKeys.clear();
    publicKeys.set(nodeId, publicKey);
    return publicKey;
  };
  return {
    name: 'standard',
    digest: (bytes) => bytesOfBinary(hash('sha256', bytes, 'binary')),
    taggedDigest(tag, bytes) {
      const prefix = prefixOf(tag);
      const size = prefix.length + bytes.length;
      const input = size <= SCRATCH_SIZE ? scratch.subarray(0, size) : new Uint8Array(size);
      input.set(prefix, 0);
      input.set(bytes, prefix.length);
      return hash('sha256', input, 'hex') as HashHex;
    },
    digestPairs(input) {
      assert(input.length % 64 === 0, `whole pairs of 64 bytes were expected, got ${input.length} bytes`);
      return engines.pairs.digestPairs(input);
    },
    sign(digest, key) {
      assert(isScalar(key), 'a private key of 32 bytes within the order of the curve was expected');
      return engines.curve.sign(fromHex(digest), key).signature;
    },
    verify(digest, signature, nodeId) {
      // spec FMT-6: low-s is our own rule, whatever the library accepts.
      if (digest.length !== 64 || !isSignatureInRange(signature) || !isLowS(signature.subarray(32))) return false;
      const publicKey = publicKeyOf(nodeId);
      return publicKey !== undefined && engines.curve.verify(fromHex(digest), signature, publicKey);
    },
    nodeIdOf(key) {
      assert(isScalar(key), 'a private key of 32 bytes within the order of the curve was expected');
      // spec FMT-5: the uncompressed point without its leading 0x04.
      return bytesToHex(engines.curve.publicKeyOf(key).subarray(1)) as NodeId;
    },
    isValidNodeId(nodeId): nodeId is NodeId {
      return isNodeId(nodeId) && engines.curve.isPublicKey(fromHex(`04${nodeId}`));
    },
    isValidPrivateKey: isScalar,
    generateKey(): PrivateKey {
      for (;;) {
        const key = plainBytes(randomBytes(32));
        if (isScalar(key)) return key;
      }
    },
  };
}

/** As text of one character per byte the digest comes in 0.3 µs, as a Buffer, which is allocated outside of the heap, in 0.8. */
function bytesOfBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A Buffer behaves differently from the Uint8Array that its type promises: its `slice` is a view. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer);
}

export const standardSuite: CryptoSuite = createStandardSuite({ curve, pairs });

/** The suite that genesis names; undefined when this program does not have it. */
export function suiteByName(name: string): CryptoSuite | undefined {
  return name === 'standard' ? standardSuite : undefined;
}

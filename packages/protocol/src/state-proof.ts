/** Proofs of the state tree radix-v1: docs/spec/state.md. Pure, for light verifiers; the tree itself is kept by the ledger. */
import type { CryptoSuite } from '@hansa/crypto';
import { asciiBytes, compareText, concatBytes, fromHex, type HashHex, hashToHex, isHashHex } from '@hansa/primitives';
import type { StateKey } from './state-key.ts';

const TAG = asciiBytes('hansa/state-leaf/v1');
const SIZE = 32;
const DEPTH_MAX = 256;
/** Used again for each leaf: the suite keeps nothing that it is given. */
const LEAF_INPUT: Uint8Array = concatBytes(Uint8Array.of(TAG.length), TAG, new Uint8Array(2 * SIZE));
const STATE_KEY = /^(?:[0-9a-f]{2})+$/;

/** The empty subtree (spec STATE-3). */
export const EMPTY_SUBTREE: Uint8Array = new Uint8Array(SIZE);

/**
 * Way from the top of the tree to where the key belongs. At its end is a leaf (the key's own, or another key's with the
 * same first bits) or nothing.
 */
export type StateProof = {
  /** From the top downwards; their count is the depth of the end, at most 256. */
  readonly siblings: readonly HashHex[];
  readonly leaf: { readonly keyHash: HashHex; readonly valueHash: HashHex } | undefined;
};

/** Digest of a leaf from H(key) and H(value), 32 bytes each (spec STATE-4). */
export function stateLeafDigest(suite: CryptoSuite, keyHash: Uint8Array, valueHash: Uint8Array): Uint8Array {
  LEAF_INPUT.set(keyHash, 1 + TAG.length);
  LEAF_INPUT.set(valueHash, 1 + TAG.length + SIZE);
  return suite.digest(LEAF_INPUT);
}

/** Bit `depth` of a hash, most significant first (spec STATE-2). */
export function stateKeyBit(keyHash: Uint8Array, depth: number): 0 | 1 {
  return (((keyHash[depth >> 3] as number) >> (7 - (depth & 7))) & 1) as 0 | 1;
}

/**
 * Whether the state under `root` holds exactly `value` for `key`; `undefined` claims that the key is absent.
 * Never throws: claim and proof may come from anybody (spec STATE-7).
 */
export function verifyStateProof(
  suite: CryptoSuite,
  claim: {
    readonly root: HashHex;
    readonly key: StateKey;
    readonly value: Uint8Array | undefined;
    readonly proof: StateProof;
  },
): boolean {
  const { siblings, leaf } = claim.proof;
  if (siblings.length > DEPTH_MAX || !STATE_KEY.test(claim.key) || !siblings.every(isHashHex)) return false;
  const keyHash = suite.digest(fromHex(claim.key));
  let node = EMPTY_SUBTREE;
  if (leaf !== undefined) {
    if (!isHashHex(leaf.keyHash) || !isHashHex(leaf.valueHash)) return false;
    const leafKeyHash = fromHex(leaf.keyHash);
    for (let depth = 0; depth < siblings.length; depth++) {
      if (stateKeyBit(leafKeyHash, depth) !== stateKeyBit(keyHash, depth)) return false;
    }
    node = stateLeafDigest(suite, leafKeyHash, fromHex(leaf.valueHash));
  }
  const isOwnLeaf = leaf !== undefined && leaf.keyHash === hashToHex(keyHash);
  if (isOwnLeaf !== (claim.value !== undefined)) return false;
  if (leaf !== undefined && claim.value !== undefined) {
    if (compareText(leaf.valueHash, hashToHex(suite.digest(claim.value))) !== 0) return false;
  }
  const pair = new Uint8Array(2 * SIZE);
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = fromHex(siblings[depth] as HashHex);
    const isRight = stateKeyBit(keyHash, depth) === 1;
    pair.set(isRight ? sibling : node, 0);
    pair.set(isRight ? node : sibling, SIZE);
    node = suite.digestPairs(pair);
  }
  return hashToHex(node) === claim.root;
}

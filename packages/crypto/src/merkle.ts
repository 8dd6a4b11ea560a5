/**
 * Merkle tree of a block (spec FMT-7): 32-byte leaves, padded with zero subtrees to a power of two, pairs hashed bare,
 * root = H(tag ‖ u32 count ‖ top). Depth and position follow from the count, so a node can never pass for a leaf.
 */
import { assert, fromHex, type HashHex, hashToHex, isHashHex, writeHex } from '@hansa/primitives';
import type { CryptoSuite } from './suite.ts';

const SIZE = 32;
/** Leaves that a proof may speak of: the count is a u32, and no tree of ours comes near. */
const LEAF_COUNT_MAX = 0xffff_ffff;

/** Way from a leaf to the root. `siblings`: from the leaf's level upwards, as many as the tree is deep. */
export type MerkleProof = {
  readonly index: number;
  readonly count: number;
  readonly siblings: readonly HashHex[];
};

/** Root over `leaves` in order. No leaf: the top is 32 zero bytes. */
export function merkleRoot(suite: CryptoSuite, tag: string, leaves: readonly HashHex[]): HashHex {
  let level = levelOf(leaves);
  let zero: Uint8Array = new Uint8Array(SIZE);
  while (level.length > SIZE) {
    level = suite.digestPairs(padded(level, zero));
    zero = parentOf(suite, zero, zero);
  }
  return rootOf(suite, tag, leaves.length, level.length === 0 ? zero : level);
}

/** @throws InvariantError when there is no leaf `index` */
export function merkleProof(suite: CryptoSuite, leaves: readonly HashHex[], index: number): MerkleProof {
  assert(Number.isInteger(index) && index >= 0 && index < leaves.length, `no leaf ${index} among ${leaves.length}`);
  const siblings: HashHex[] = [];
  let level = levelOf(leaves);
  let zero: Uint8Array = new Uint8Array(SIZE);
  let position = index;
  while (level.length > SIZE) {
    const full = padded(level, zero);
    const sibling = position % 2 === 0 ? position + 1 : position - 1;
    siblings.push(hashToHex(full.subarray(sibling * SIZE, (sibling + 1) * SIZE)));
    level = suite.digestPairs(full);
    zero = parentOf(suite, zero, zero);
    position = Math.floor(position / 2);
  }
  return { index, count: leaves.length, siblings };
}

/** Whether `leaf` stands at `proof.index` under `root`. Never throws: the proof may come from anybody. */
export function verifyMerkleProof(
  suite: CryptoSuite,
  tag: string,
  claim: { readonly root: HashHex; readonly leaf: HashHex; readonly proof: MerkleProof },
): boolean {
  const { index, count, siblings } = claim.proof;
  if (!Number.isInteger(count) || count < 1 || count > LEAF_COUNT_MAX) return false;
  if (!Number.isInteger(index) || index < 0 || index >= count) return false;
  if (siblings.length !== depthOf(count) || !isHashHex(claim.leaf)) return false;
  let node = fromHex(claim.leaf);
  let position = index;
  for (const sibling of siblings) {
    if (!isHashHex(sibling)) return false;
    const other = fromHex(sibling);
    node = position % 2 === 0 ? parentOf(suite, node, other) : parentOf(suite, other, node);
    position = Math.floor(position / 2);
  }
  return rootOf(suite, tag, count, node) === claim.root;
}

/** Levels between the leaves and the top: 0 for one leaf, 1 for two, 2 for three and four. */
function depthOf(count: number): number {
  let depth = 0;
  for (let width = 1; width < count; width *= 2) depth++;
  return depth;
}

function levelOf(leaves: readonly HashHex[]): Uint8Array {
  const level = new Uint8Array(leaves.length * SIZE);
  for (let i = 0; i < leaves.length; i++) writeHex(level, i * SIZE, leaves[i] as HashHex);
  return level;
}

/** An odd level gets the empty subtree of its height at the end. */
function padded(level: Uint8Array, zero: Uint8Array): Uint8Array {
  if (level.length % (2 * SIZE) === 0) return level;
  const full = new Uint8Array(level.length + SIZE);
  full.set(level, 0);
  full.set(zero, level.length);
  return full;
}

function parentOf(suite: CryptoSuite, left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * SIZE);
  pair.set(left, 0);
  pair.set(right, SIZE);
  return suite.digestPairs(pair);
}

function rootOf(suite: CryptoSuite, tag: string, count: number, top: Uint8Array): HashHex {
  const bytes = new Uint8Array(4 + SIZE);
  new DataView(bytes.buffer).setUint32(0, count);
  bytes.set(top, 4);
  return suite.taggedDigest(tag, bytes);
}

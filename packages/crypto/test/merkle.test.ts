import { createHash } from 'node:crypto';
import { type MerkleProof, merkleProof, merkleRoot, standardSuite as suite, verifyMerkleProof } from '@hansa/crypto';
import { type HashHex, InvariantError, ZERO_HASH } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';

const TAG = 'hansa/test-tree/v1';
const sha = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(typeof part === 'string' ? Buffer.from(part, 'hex') : part);
  return hash.digest('hex');
};
const leaf = (index: number): HashHex => sha(Uint8Array.of(index >> 8, index & 0xff)) as HashHex;
const leaves = (count: number): HashHex[] => Array.from({ length: count }, (_, index) => leaf(index));
const flip = (hash: HashHex): HashHex => `${hash[0] === '0' ? '1' : '0'}${hash.slice(1)}` as HashHex;

/** The definition, written differently: a full tree of zeros with the leaves in front. */
function rootByDefinition(items: readonly HashHex[]): string {
  let width = 1;
  while (width < items.length) width *= 2;
  let level: string[] = Array.from({ length: width }, (_, i) => items[i] ?? ZERO_HASH);
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) => sha(level[2 * i] as string, level[2 * i + 1] as string));
  }
  const count = Buffer.alloc(4);
  count.writeUInt32BE(items.length);
  return sha(Uint8Array.of(TAG.length), Buffer.from(TAG), count, level[0] as string);
}

it('FMT-7: the root is that of the definition, for every count up to 40 and some larger', () => {
  for (const count of [...Array(41).keys(), 63, 64, 65, 127, 128, 129, 1000]) {
    expect(merkleRoot(suite, TAG, leaves(count)), `${count}`).toBe(rootByDefinition(leaves(count)));
  }
});

it('FMT-7: the count is part of the root: padding with zero leaves gives another one', () => {
  const three = leaves(3);
  expect(merkleRoot(suite, TAG, [...three, ZERO_HASH])).not.toBe(merkleRoot(suite, TAG, three));
  expect(merkleRoot(suite, TAG, [])).not.toBe(merkleRoot(suite, TAG, [ZERO_HASH]));
});

it('every leaf of every small tree can be proven, and nothing but it', () => {
  for (let count = 1; count <= 17; count++) {
    const items = leaves(count);
    const root = merkleRoot(suite, TAG, items);
    for (let index = 0; index < count; index++) {
      const proof = merkleProof(suite, items, index);
      const claim = { root, leaf: leaf(index), proof };
      expect(verifyMerkleProof(suite, TAG, claim)).toBe(true);
      expect(verifyMerkleProof(suite, TAG, { ...claim, leaf: leaf(index + 1) })).toBe(false);
      expect(verifyMerkleProof(suite, TAG, { ...claim, root: flip(root) })).toBe(false);
      expect(verifyMerkleProof(suite, 'hansa/other/v1', claim)).toBe(false);
      for (let level = 0; level < proof.siblings.length; level++) {
        const siblings = proof.siblings.map((sibling, i) => (i === level ? flip(sibling) : sibling));
        expect(verifyMerkleProof(suite, TAG, { ...claim, proof: { ...proof, siblings } })).toBe(false);
      }
      for (let other = 0; other < count; other++) {
        if (other !== index)
          expect(verifyMerkleProof(suite, TAG, { ...claim, proof: { ...proof, index: other } })).toBe(false);
      }
    }
  }
});

it('an inner node cannot pass for a leaf', () => {
  const items = leaves(4);
  const root = merkleRoot(suite, TAG, items);
  const inner = sha(items[0] as string, items[1] as string) as HashHex;
  const sibling = sha(items[2] as string, items[3] as string) as HashHex;
  for (const count of [1, 2, 3, 4]) {
    const proof: MerkleProof = { index: 0, count, siblings: [sibling] };
    expect(verifyMerkleProof(suite, TAG, { root, leaf: inner, proof })).toBe(false);
  }
});

describe('malformed proofs are false, never a throw', () => {
  const root = merkleRoot(suite, TAG, leaves(4));
  const good = merkleProof(suite, leaves(4), 1);
  const cases: Record<string, Partial<MerkleProof>> = {
    'no count': { count: 0 },
    'negative index': { index: -1 },
    'index at the count': { index: 4 },
    'half an index': { index: 0.5 },
    'count not a number': { count: Number.NaN },
    'count above u32': { count: 2 ** 33 },
    'a sibling too few': { siblings: good.siblings.slice(1) },
    'a sibling too many': { siblings: [...good.siblings, ZERO_HASH] },
    'a sibling that is no hash': { siblings: ['xyz' as HashHex, ...good.siblings.slice(1)] },
  };
  for (const [name, change] of Object.entries(cases)) {
    it(name, () => {
      expect(verifyMerkleProof(suite, TAG, { root, leaf: leaf(1), proof: { ...good, ...change } })).toBe(false);
    });
  }
  it('a leaf that is no hash', () => {
    expect(verifyMerkleProof(suite, TAG, { root, leaf: 'zz' as HashHex, proof: good })).toBe(false);
  });
});

it('there is no proof for a leaf that is not there', () => {
  expect(() => merkleProof(suite, leaves(2), 2)).toThrow(InvariantError);
  expect(() => merkleProof(suite, [], 0)).toThrow(InvariantError);
});

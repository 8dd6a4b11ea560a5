import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import { concatBytes, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import {
  type StateChange,
  type StateKey,
  type StateProof,
  stateKeyBit,
  stateLeafDigest,
  verifyStateProof,
} from '@hansa/protocol';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodePage, encodePage } from '../src/state-tree/page.ts';
import { proveKey } from '../src/state-tree/prove.ts';
import { computeStateRoot, EMPTY_TREE, toLeafChanges } from '../src/state-tree/state-root.ts';
import { type PageSource, updateTree } from '../src/state-tree/update.ts';

beforeAll(() => initCrypto());

const ZERO = new Uint8Array(32);
const keyOf = (number: number): StateKey => `01${number.toString(16).padStart(40, '0')}` as StateKey;

/** The definition, read from the spec: nothing shared with the code under test but the leaf's digest. */
function naiveRoot(entries: ReadonlyMap<StateKey, Uint8Array>): HashHex {
  const leaves = [...entries].map(([key, value]) => {
    const keyHash = suite.digest(fromHex(key));
    return { keyHash, digest: stateLeafDigest(suite, keyHash, suite.digest(value)) };
  });
  const subtree = (below: typeof leaves, depth: number): Uint8Array => {
    if (below.length === 0) return ZERO;
    if (below.length === 1) return (below[0] as (typeof leaves)[0]).digest;
    const left = below.filter((leaf) => stateKeyBit(leaf.keyHash, depth) === 0);
    const right = below.filter((leaf) => stateKeyBit(leaf.keyHash, depth) === 1);
    return suite.digest(concatBytes(subtree(left, depth + 1), subtree(right, depth + 1)));
  };
  return hashToHex(subtree(leaves, 0));
}

/** A tree in a map, as the store keeps it. */
class MapTree implements PageSource {
  readonly pages = new Map<string, Uint8Array>();
  root: HashHex = hashToHex(ZERO);

  get(path: string): Uint8Array | undefined {
    return this.pages.get(path);
  }

  apply(changes: readonly StateChange[]): void {
    const update = updateTree(suite, this, toLeafChanges(suite, changes));
    for (const [path, page] of update.pages) {
      if (page === undefined) this.pages.delete(path);
      else this.pages.set(path, page);
    }
    this.root = hashToHex(update.root);
  }
}

const valueArbitrary = fc.option(fc.uint8Array({ minLength: 0, maxLength: 40 }), { nil: undefined, freq: 3 });
const batchArbitrary = (keyCount: number) =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: keyCount }), valueArbitrary), {
      selector: ([number]) => number,
      maxLength: 40,
    })
    .map((list) => list.map(([number, value]): StateChange => ({ key: keyOf(number), value })));

describe('state tree radix-v1', () => {
  it('STATE-1 to STATE-5: equals the naive recursive definition after random batches with deletions', () => {
    fc.assert(
      fc.property(fc.array(batchArbitrary(60), { maxLength: 8 }), (batches) => {
        const tree = new MapTree();
        const entries = new Map<StateKey, Uint8Array>();
        for (const batch of batches) {
          tree.apply(batch);
          for (const { key, value } of batch) {
            if (value === undefined) entries.delete(key);
            else entries.set(key, value);
          }
          expect(tree.root).toBe(naiveRoot(entries));
        }
        // Nothing is left behind of what was deleted: the pages are those of a tree built at once.
        const fresh = new MapTree();
        fresh.apply([...entries].map(([key, value]) => ({ key, value })));
        if (tree.pages.size > 0)
          expect([...tree.pages.keys()].sort(order)).toEqual([...fresh.pages.keys()].sort(order));
      }),
      { numRuns: 120 },
    );
  });

  it('STATE-6: the root does not depend on the order of writes or on how they are cut into batches', () => {
    const shuffled = batchArbitrary(1000).chain((batch) =>
      fc.tuple(
        fc.constant(batch),
        fc.shuffledSubarray(batch, { minLength: batch.length }),
        fc.integer({ min: 1, max: 9 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([batch, other, size]) => {
        const once = new MapTree();
        once.apply(batch);
        const pieces = new MapTree();
        for (let from = 0; from < other.length; from += size) pieces.apply(other.slice(from, from + size));
        expect(pieces.root).toBe(once.root);
        expect(computeStateRoot(suite, other)).toBe(once.root);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps thousands of keys, over several pages deep, equal to the definition', () => {
    const entries = new Map(
      Array.from({ length: 3000 }, (_, number) => [keyOf(number), Uint8Array.of(number, number >> 8)] as const),
    );
    const tree = new MapTree();
    tree.apply([...entries].map(([key, value]) => ({ key, value })));
    expect(tree.root).toBe(naiveRoot(entries));
    const gone = [...entries.keys()].filter((_, number) => number % 3 !== 0);
    tree.apply(gone.map((key) => ({ key, value: undefined })));
    for (const key of gone) entries.delete(key);
    expect(tree.root).toBe(naiveRoot(entries));
    expect(Math.max(...[...tree.pages.keys()].map((path) => path.length))).toBeGreaterThan(2);
  });

  it('STATE-3: has the roots of the smallest trees', () => {
    expect(computeStateRoot(suite, [])).toBe('00'.repeat(32));
    const value = Uint8Array.of(1);
    const keyHash = suite.digest(fromHex(keyOf(1)));
    const leaf = stateLeafDigest(suite, keyHash, suite.digest(value));
    expect(computeStateRoot(suite, [{ key: keyOf(1), value }])).toBe(hashToHex(leaf));
    expect(hashToHex(leaf)).toBe(suite.taggedDigest('hansa/state-leaf/v1', concatBytes(keyHash, suite.digest(value))));
  });

  it('STATE-4: gives the golden root', () => {
    const changes = Array.from({ length: 10 }, (_, number) => ({ key: keyOf(number), value: Uint8Array.of(number) }));
    expect(computeStateRoot(suite, changes)).toMatchInlineSnapshot(
      `"7993ac4dc58d31288d6207013cff7a9b7d140d234a638cffe787ba12c5276746"`,
    );
  });
});

describe('proofs', () => {
  it('STATE-7: proves what is there and what is not, and nothing else', () => {
    fc.assert(
      fc.property(
        batchArbitrary(60),
        fc.integer({ min: 0, max: 60 }),
        fc.uint8Array({ maxLength: 40 }),
        (batch, number, other) => {
          const tree = new MapTree();
          tree.apply(batch);
          const key = keyOf(number);
          const value = batch.find((change) => change.key === key)?.value;
          const proof = proveKey(suite, tree, key);
          const verify = (claimed: Uint8Array | undefined, shown: StateProof = proof, root = tree.root): boolean =>
            verifyStateProof(suite, { root, key, value: claimed, proof: shown });
          expect(verify(value)).toBe(true);
          const isOther = value === undefined || hashToHex(suite.digest(other)) !== hashToHex(suite.digest(value));
          if (isOther) expect(verify(other)).toBe(false);
          if (value !== undefined) expect(verify(undefined)).toBe(false);
          expect(verify(value, proof, 'ab'.repeat(32) as HashHex)).toBe(false);
          expect(verify(value, { ...proof, siblings: [...proof.siblings, 'cd'.repeat(32) as HashHex] })).toBe(false);
          if (proof.siblings.length > 0)
            expect(verify(value, { ...proof, siblings: proof.siblings.slice(1) })).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('STATE-7: an inner node cannot be shown as a leaf, nor another key as the own one', () => {
    const tree = new MapTree();
    tree.apply([1, 2, 3, 4].map((number) => ({ key: keyOf(number), value: Uint8Array.of(number) })));
    const proof = proveKey(suite, tree, keyOf(1));
    const value = Uint8Array.of(1);
    // The preimage of an inner node offered as the two hashes of a leaf.
    const inner = { keyHash: proof.siblings[0] as HashHex, valueHash: proof.siblings[0] as HashHex };
    for (const leaf of [inner, undefined]) {
      for (const claimed of [value, undefined]) {
        const claim = { root: tree.root, key: keyOf(1), value: claimed, proof: { siblings: [], leaf } };
        expect(verifyStateProof(suite, claim)).toBe(false);
      }
    }
    expect(verifyStateProof(suite, { root: tree.root, key: keyOf(2), value, proof })).toBe(false);
  });

  it('STATE-7: malformed claims are false, never a throw', () => {
    const siblings = Array.from({ length: 257 }, () => '00'.repeat(32) as HashHex);
    const root = '00'.repeat(32) as HashHex;
    const claims = [
      { root, key: keyOf(1), value: undefined, proof: { siblings, leaf: undefined } },
      { root, key: '0' as StateKey, value: undefined, proof: { siblings: [], leaf: undefined } },
      { root, key: '' as StateKey, value: undefined, proof: { siblings: [], leaf: undefined } },
      { root, key: keyOf(1), value: undefined, proof: { siblings: ['zz' as HashHex], leaf: undefined } },
      {
        root,
        key: keyOf(1),
        value: undefined,
        proof: { siblings: [], leaf: { keyHash: 'x' as HashHex, valueHash: 'y' as HashHex } },
      },
    ];
    for (const claim of claims) expect(verifyStateProof(suite, claim)).toBe(false);
    expect(
      verifyStateProof(suite, { root, key: keyOf(1), value: undefined, proof: { siblings: [], leaf: undefined } }),
    ).toBe(true);
  });
});

describe('pages', () => {
  it('decode what was encoded, and refuse everything else', () => {
    const tree = new MapTree();
    tree.apply(Array.from({ length: 50 }, (_, number) => ({ key: keyOf(number), value: Uint8Array.of(number) })));
    for (const bytes of tree.pages.values()) {
      const page = decodePage(bytes);
      expect(page === undefined ? undefined : encodePage(page)).toEqual(bytes);
      for (const size of [0, 3, 4, bytes.length - 1]) expect(decodePage(bytes.subarray(0, size))).toBeUndefined();
      expect(decodePage(concatBytes(bytes, Uint8Array.of(0)))).toBeUndefined();
    }
    expect(decodePage(Uint8Array.of(0, 1, 0, 1))).toBeUndefined();
    expect(updateTree(suite, EMPTY_TREE, []).pages.size).toBe(1);
  });
});

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

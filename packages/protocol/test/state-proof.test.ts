/** docs/spec/state.md: places and keys of the state, and what a proof of it must show. The trees are built by hand. */
import { standardSuite as suite } from '@hansa/crypto';
import { type AddressHex, asciiBytes, concatBytes, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import {
  accountKey,
  codeKey,
  EMPTY_SUBTREE,
  type StateKey,
  type StateProof,
  stateKeyBit,
  stateLeafDigest,
  storageKey,
  systemKey,
  verifyStateProof,
} from '@hansa/protocol';
import { describe, expect, it } from 'vitest';

const hash = (digit: string): HashHex => digit.repeat(64) as HashHex;
const address = 'ab'.repeat(20) as AddressHex;
const pairOf = (left: Uint8Array, right: Uint8Array): Uint8Array => suite.digest(concatBytes(left, right));

it('STATE-1: the kind of a key is its first byte, and no key of one kind is one of another', () => {
  expect([
    accountKey(address),
    storageKey(address, hash('1')),
    systemKey(address, '6e616d65'),
    codeKey(hash('2')),
  ]).toEqual([`01${address}`, `02${address}${hash('1')}`, `03${address}6e616d65`, `04${hash('2')}`]);
});

it('STATE-2: the way down is given by the bits of the hash, the most significant first', () => {
  const keyHash = Uint8Array.of(0b1010_0000, 0b0000_0001, ...new Uint8Array(30));
  expect(Array.from({ length: 16 }, (_, depth) => stateKeyBit(keyHash, depth))).toEqual([
    1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
  ]);
});

it('STATE-4: a leaf is the tagged digest of the hashes of key and value', () => {
  const [keyHash, valueHash] = [fromHex(hash('1')), fromHex(hash('2'))];
  const preimage = concatBytes(Uint8Array.of(19), asciiBytes('hansa/state-leaf/v1'), keyHash, valueHash);
  expect(preimage).toHaveLength(84);
  expect(stateLeafDigest(suite, keyHash, valueHash)).toEqual(suite.digest(preimage));
});

/** Three keys whose hashes begin with 0, 10 and 11, and a fourth without entry whose hash begins with 11 too. */
const keys = (() => {
  const wanted = ['0', '10', '11', '11'];
  const found: StateKey[] = [];
  for (let i = 0; found.length < wanted.length; i++) {
    const key = `01${i.toString(16).padStart(40, '0')}` as StateKey;
    const keyHash = suite.digest(fromHex(key));
    const bits = [stateKeyBit(keyHash, 0), stateKeyBit(keyHash, 1)].join('');
    if (bits.startsWith(wanted[found.length] as string)) found.push(key);
  }
  return found as unknown as readonly [StateKey, StateKey, StateKey, StateKey];
})();
const values = keys.map((_key, i) => Uint8Array.of(i, 1));
const leafOf = (i: number): { readonly keyHash: HashHex; readonly valueHash: HashHex } => ({
  keyHash: hashToHex(suite.digest(fromHex(keys[i] as StateKey))),
  valueHash: hashToHex(suite.digest(values[i] as Uint8Array)),
});
const digestOf = (i: number): Uint8Array =>
  stateLeafDigest(suite, fromHex(leafOf(i).keyHash), fromHex(leafOf(i).valueHash));
const [zero, one, two] = [digestOf(0), digestOf(1), digestOf(2)];
const root = hashToHex(pairOf(zero, pairOf(one, two)));
const [atZero, atOne, atTwo] = [zero, one, two].map(hashToHex) as [HashHex, HashHex, HashHex];
const right = hashToHex(pairOf(one, two));

type Claim = Parameters<typeof verifyStateProof>[1];
const good: Claim = {
  root,
  key: keys[1],
  value: values[1],
  proof: { siblings: [atZero, atTwo], leaf: leafOf(1) },
};
const proof = (change: Partial<StateProof>): Claim => ({ ...good, proof: { ...good.proof, ...change } });

describe('STATE-7: a proof shows', () => {
  const cases: readonly { readonly name: string; readonly claim: Claim }[] = [
    { name: 'the value of a key on the right, one level down', claim: good },
    {
      name: 'the value of a key on the left, at once',
      claim: { root, key: keys[0], value: values[0], proof: { siblings: [right], leaf: leafOf(0) } },
    },
    {
      name: 'STATE-3: the value of the only key, whose leaf is the root',
      claim: { root: atZero, key: keys[0], value: values[0], proof: { siblings: [], leaf: leafOf(0) } },
    },
    {
      name: 'that a key is absent, because another one stands where it would',
      claim: { root, key: keys[3], value: undefined, proof: { siblings: [atZero, atOne], leaf: leafOf(2) } },
    },
    {
      name: 'that a key is absent, because nothing stands there',
      claim: {
        root: hashToHex(pairOf(EMPTY_SUBTREE, pairOf(one, two))),
        key: keys[0],
        value: undefined,
        proof: { siblings: [right], leaf: undefined },
      },
    },
    {
      name: 'STATE-5: that any key is absent from the empty state',
      claim: {
        root: hashToHex(EMPTY_SUBTREE),
        key: keys[0],
        value: undefined,
        proof: { siblings: [], leaf: undefined },
      },
    },
  ];
  it.each(cases)('$name', ({ claim }) => expect(verifyStateProof(suite, claim)).toBe(true));
});

describe('STATE-7: a proof is refused, never thrown at, when', () => {
  const cases: readonly { readonly name: string; readonly claim: Claim }[] = [
    { name: 'the root is another', claim: { ...good, root: hash('0') } },
    { name: 'the value is another', claim: { ...good, value: Uint8Array.of(9) } },
    { name: 'it claims that a key that is there is absent', claim: { ...good, value: undefined } },
    { name: 'it claims a value where nothing stands', claim: proof({ leaf: undefined }) },
    {
      name: 'it claims a value where another key stands',
      claim: { root, key: keys[3], value: values[2], proof: { siblings: [atZero, atOne], leaf: leafOf(2) } },
    },
    {
      name: 'the leaf stands where its hash does not lead',
      claim: { root, key: keys[3], value: undefined, proof: { siblings: [atZero, atTwo], leaf: leafOf(1) } },
    },
    {
      name: 'an inner node is passed for nothing',
      claim: { ...good, value: undefined, proof: { siblings: [atZero], leaf: undefined } },
    },
    { name: 'a sibling is missing', claim: proof({ siblings: [atZero] }) },
    { name: 'the siblings are turned around', claim: proof({ siblings: [atTwo, atZero] }) },
    { name: 'it is deeper than a hash has bits', claim: proof({ siblings: Array<HashHex>(257).fill(hash('0')) }) },
    { name: 'a sibling is no hash', claim: proof({ siblings: [atZero, 'zz' as HashHex] }) },
    {
      name: 'the hash of the key in the leaf is none',
      claim: proof({ leaf: { ...leafOf(1), keyHash: '' as HashHex } }),
    },
    {
      name: 'the hash of the value in the leaf is none',
      claim: proof({ leaf: { ...leafOf(1), valueHash: 'ab' as HashHex } }),
    },
    { name: 'the key is no bytes', claim: { ...good, key: 'xyz' as StateKey } },
    { name: 'the key is empty', claim: { ...good, key: '' as StateKey } },
  ];
  it.each(cases)('$name', ({ claim }) => expect(verifyStateProof(suite, claim)).toBe(false));

  it('it has 256 siblings that do not lead to the root', () =>
    expect(verifyStateProof(suite, proof({ siblings: Array<HashHex>(256).fill(hash('0')), leaf: undefined }))).toBe(
      false,
    ));
});

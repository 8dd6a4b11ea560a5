/** Ethereum's Merkle-Patricia trie (Yellow Paper, appendix D), only to compare with Ethereum's tests. */
import { ethereumCrypto } from '@hansa/crypto';
import { type HashHex, hashToHex } from '@hansa/primitives';
import { encodeRlp, type RlpItem } from '@hansa/protocol';

/** Root over pairs of key and value, keys hashed. Built anew each time. */
export function secureTrieRoot(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): HashHex {
  if (pairs.length === 0) return hashToHex(ethereumCrypto.keccak256(Uint8Array.of(0x80)));
  const leaves = pairs.map(([key, value]) => ({ path: nibblesOf(ethereumCrypto.keccak256(key)), value }));
  return hashToHex(ethereumCrypto.keccak256(encodeRlp(nodeOf(leaves, 0))));
}

type Leaf = { readonly path: readonly number[]; readonly value: Uint8Array };

function nodeOf(leaves: readonly Leaf[], depth: number): RlpItem {
  const [first] = leaves as readonly [Leaf];
  if (leaves.length === 1) return [compact(first.path.slice(depth), true), first.value];
  let shared = depth;
  while (leaves.every(({ path }) => path[shared] === first.path[shared])) shared++;
  if (shared > depth) return [compact(first.path.slice(depth, shared), false), referenceTo(nodeOf(leaves, shared))];
  const children: RlpItem[] = Array.from({ length: 17 }, () => new Uint8Array(0));
  for (let nibble = 0; nibble < 16; nibble++) {
    const below = leaves.filter(({ path }) => path[depth] === nibble);
    if (below.length > 0) children[nibble] = referenceTo(nodeOf(below, depth + 1));
  }
  return children;
}

function referenceTo(node: RlpItem): RlpItem {
  const bytes = encodeRlp(node);
  return bytes.length < 32 ? node : ethereumCrypto.keccak256(bytes);
}

function compact(path: readonly number[], isLeaf: boolean): Uint8Array {
  const isOdd = path.length % 2 === 1;
  const nibbles = [(isLeaf ? 2 : 0) + (isOdd ? 1 : 0), ...(isOdd ? [] : [0]), ...path];
  return Uint8Array.from(
    { length: nibbles.length / 2 },
    (_, i) => (nibbles[2 * i] as number) * 16 + (nibbles[2 * i + 1] as number),
  );
}

const nibblesOf = (bytes: Uint8Array): number[] => [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);

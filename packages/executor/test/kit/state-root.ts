import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { accountKey, decodeAccount, encodeRlp, type Log, type RlpItem, rlpUint } from '@hansa/protocol';
import type { MemoryState } from './chain.ts';

/** Ethereum's state root (Yellow Paper, appendix D), to compare with Ethereum's tests. Built anew each time. */
export function ethereumStateRoot({ entries }: MemoryState): HashHex {
  const slots = new Map<AddressHex, [Uint8Array, Uint8Array][]>();
  const accounts: [Uint8Array, Uint8Array][] = [];
  const addresses: AddressHex[] = [];
  for (const [key, value] of entries) {
    const address = key.slice(2, 42) as AddressHex;
    if (key.startsWith('01')) addresses.push(address);
    if (!key.startsWith('02')) continue;
    const list = slots.get(address) ?? [];
    list.push([fromHex(key.slice(42)), encodeRlp(withoutZeros(value))]);
    slots.set(address, list);
  }
  for (const address of addresses) {
    const decoded = decodeAccount(entries.get(accountKey(address)) as Uint8Array);
    if (!decoded.ok) throw new Error(decoded.error.message);
    const { nonce, balance, codeHash } = decoded.value;
    const storageRoot = secureTrieRoot(slots.get(address) ?? []);
    accounts.push([
      fromHex(address),
      encodeRlp([rlpUint(nonce), rlpUint(balance), fromHex(storageRoot), fromHex(codeHash)]),
    ]);
  }
  return secureTrieRoot(accounts);
}

/** Hash of the RLP of the logs, as Ethereum's state tests name it. */
export function logsHash(logs: readonly Log[]): HashHex {
  const items = logs.map(({ address, topics, data }): RlpItem => [fromHex(address), topics.map(fromHex), data]);
  return hashToHex(ethereumCrypto.keccak256(encodeRlp(items)));
}

type Leaf = { readonly path: readonly number[]; readonly value: Uint8Array };

function secureTrieRoot(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): HashHex {
  if (pairs.length === 0) return hashToHex(ethereumCrypto.keccak256(Uint8Array.of(0x80)));
  const leaves = pairs.map(([key, value]) => ({ path: nibblesOf(ethereumCrypto.keccak256(key)), value }));
  return hashToHex(ethereumCrypto.keccak256(encodeRlp(nodeOf(leaves, 0))));
}

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

function withoutZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : word.subarray(start);
}

import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { accountKey, decodeAccount, encodeRlp, type Log, type RlpItem, rlpUint } from '@hansa/protocol';
import { secureTrieRoot } from '../../../testing/src/state-tests/secure-trie.ts';
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

function withoutZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : word.subarray(start);
}

/** A state of two entries and its proofs, by the rules of docs/spec/state.md. */
import type { CryptoSuite } from '@hansa/crypto';
import { fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import {
  accountKey,
  EMPTY_SUBTREE,
  type StateKey,
  type StateProof,
  stateKeyBit,
  stateLeafDigest,
} from '@hansa/protocol';

export type SmallState = {
  readonly root: HashHex;
  readonly keys: readonly [StateKey, StateKey];
  prove(key: StateKey): { readonly value: Uint8Array | undefined; readonly proof: StateProof };
};

export function smallState(suite: CryptoSuite): SmallState {
  const keys = [accountKey('11'.repeat(20) as never), accountKey('22'.repeat(20) as never)] as const;
  const values = [Uint8Array.of(1, 1), Uint8Array.of(2, 2, 2)] as const;
  const hashes = keys.map((key) => suite.digest(fromHex(key)));
  const leaves = keys.map((_, i) =>
    stateLeafDigest(suite, hashes[i] as Uint8Array, suite.digest(values[i] as Uint8Array)),
  );
  let depth = 0;
  while (stateKeyBit(hashes[0] as Uint8Array, depth) === stateKeyBit(hashes[1] as Uint8Array, depth)) depth++;

  const fold = (own: number): HashHex => {
    let node = leaves[own] as Uint8Array;
    for (let at = depth; at >= 0; at--) {
      const sibling = at === depth ? (leaves[1 - own] as Uint8Array) : EMPTY_SUBTREE;
      const isRight = stateKeyBit(hashes[own] as Uint8Array, at) === 1;
      const pair = new Uint8Array(64);
      pair.set(isRight ? sibling : node, 0);
      pair.set(isRight ? node : sibling, 32);
      node = suite.digestPairs(pair);
    }
    return hashToHex(node);
  };
  const root = fold(0);
  if (root !== fold(1)) throw new Error('both leaves must lead to one root');

  return {
    root,
    keys,
    prove: (key) => {
      const own = keys.indexOf(key);
      if (own < 0) throw new Error('only the two entries can be proved');
      const siblings = Array.from({ length: depth + 1 }, (_, at) =>
        hashToHex(at === depth ? (leaves[1 - own] as Uint8Array) : EMPTY_SUBTREE),
      );
      const value = values[own] as Uint8Array;
      return {
        value,
        proof: {
          siblings,
          leaf: { keyHash: hashToHex(hashes[own] as Uint8Array), valueHash: hashToHex(suite.digest(value)) },
        },
      };
    },
  };
}

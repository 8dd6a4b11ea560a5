import type { CryptoSuite } from '@hansa/crypto';
import { fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import type { StateChange } from '@hansa/protocol';
import { leafOf } from './prove.ts';
import { type LeafChange, type PageSource, updateTree } from './update.ts';

/** A tree without a key. */
export const EMPTY_TREE: PageSource = { get: () => undefined };

/** Root of a state that holds exactly these entries, e.g. of genesis. The order of the entries does not matter. */
export function computeStateRoot(suite: CryptoSuite, changes: readonly StateChange[]): HashHex {
  return hashToHex(updateTree(suite, EMPTY_TREE, toLeafChanges(suite, changes)).root);
}

export function toLeafChanges(suite: CryptoSuite, changes: readonly StateChange[]): readonly LeafChange[] {
  return changes.map(({ key, value }) => {
    const bytes = fromHex(key);
    if (value === undefined) return { keyHash: suite.digest(bytes), leaf: undefined };
    const leaf = leafOf(suite, bytes, value);
    return { keyHash: leaf.keyHash, leaf };
  });
}

import type { CryptoSuite } from '@hansa/crypto';
import { assert, equalBytes, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { type StateKey, type StateProof, stateLeafDigest } from '@hansa/protocol';
import { hashPages, LEAF, MANY, type PageNodes, TOP_NODE } from './hash-pages.ts';
import { childPath, DIGEST_SIZE, decodePage, type Leaf, nibbleAt, type WorkPage } from './page.ts';
import type { PageSource } from './update.ts';

/** Leaf of a key with a value (spec STATE-4). `key`: bytes of the state key. */
export function leafOf(suite: CryptoSuite, key: Uint8Array, value: Uint8Array): Leaf {
  const keyHash = suite.digest(key);
  const valueHash = suite.digest(value);
  return { keyHash, valueHash, digest: stateLeafDigest(suite, keyHash, valueHash) };
}

/** Leaf of a key as the tree has it, undefined when the key is absent. */
export function findLeaf(source: PageSource, keyHash: Uint8Array): Leaf | undefined {
  let path = '';
  let page = pageAt(source, path, undefined);
  while (page !== undefined) {
    const place = nibbleAt(keyHash, path.length);
    if (page.isLeaf(place)) return equalBytes(page.keyHashAt(place), keyHash) ? page.leafAt(place) : undefined;
    if (!page.isChild(place)) return undefined;
    path = childPath(path, place);
    page = pageAt(source, path, page.digestAt(place));
  }
  return undefined;
}

/** Proof of what the tree holds for `key`, be it a value or nothing (spec STATE-7). */
export function proveKey(suite: CryptoSuite, source: PageSource, key: StateKey): StateProof {
  const keyHash = suite.digest(fromHex(key));
  const siblings: HashHex[] = [];
  let path = '';
  let page = pageAt(source, path, undefined);
  while (page !== undefined) {
    const place = nibbleAt(keyHash, path.length);
    const { kind, depth } = descend(hashPages(suite, [page]), place, siblings);
    if (kind !== MANY) return { siblings, leaf: kind === LEAF ? shown(leafBelow(page, place, depth)) : undefined };
    path = childPath(path, place);
    page = pageAt(source, path, page.digestAt(place));
  }
  return { siblings, leaf: undefined };
}

/** Pages from the top, each checked against its parent. Recursion is at most 64 deep. */
export function* walkPages(
  source: PageSource,
  path = '',
  digest?: Uint8Array,
): Generator<{ readonly path: string; readonly page: WorkPage }> {
  const page = pageAt(source, path, digest);
  if (page === undefined) return;
  yield { path, page };
  for (let place = 0; place < 16; place++) {
    if (page.isChild(place)) yield* walkPages(source, childPath(path, place), page.digestAt(place));
  }
}

/** Goes from a page's top towards a place, notes the siblings, and says what stands where it ends. */
function descend(nodes: PageNodes, place: number, siblings: HashHex[]): { kind: number; depth: number } {
  const way = [TOP_NODE, 28 + (place >> 3), 24 + (place >> 2), 16 + (place >> 1), place];
  let depth = 0;
  for (;;) {
    const kind = nodes.kinds[way[depth] as number] as number;
    const below = way[depth + 1];
    if (kind !== MANY || below === undefined) return { kind, depth };
    const sibling = below ^ 1;
    siblings.push(hashToHex(nodes.digests.subarray(sibling * DIGEST_SIZE, (sibling + 1) * DIGEST_SIZE)));
    depth++;
  }
}

/** The only leaf among the places that share the first `depth` bits with `place`. */
function leafBelow(page: WorkPage, place: number, depth: number): Leaf {
  const width = 2 ** (4 - depth);
  const first = place - (place % width);
  for (let candidate = first; candidate < first + width; candidate++) {
    if (page.isLeaf(candidate)) return page.leafAt(candidate);
  }
  assert(false, 'a subtree of one key was expected to have its leaf');
}

const shown = (leaf: Leaf): NonNullable<StateProof['leaf']> => ({
  keyHash: hashToHex(leaf.keyHash),
  valueHash: hashToHex(leaf.valueHash),
});

function pageAt(source: PageSource, path: string, digest: Uint8Array | undefined): WorkPage | undefined {
  const bytes = source.get(path, digest);
  if (bytes === undefined) return undefined;
  const page = decodePage(bytes);
  assert(page !== undefined, `page "${path}" of the state tree was expected to be well formed`);
  return page;
}

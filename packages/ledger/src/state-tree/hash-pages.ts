/** Digests of pages, many at a time: one call of the suite per level for all pages of one depth (spec STATE-5). */
import type { CryptoSuite } from '@hansa/crypto';
import { DIGEST_SIZE, PLACE_COUNT, type WorkPage } from './page.ts';

/** Kinds of a subtree. Two of kind `leaf` or more make one of kind `many`. */
export const EMPTY = 0;
export const LEAF = 1;
export const MANY = 2;

/**
 * All 31 nodes of a page: level 4 (its 16 places) at 0 to 15, level 3 at 16 to 23, … the top at 30.
 * `digests` of several pages follow each other.
 */
export type PageNodes = { readonly kinds: Uint8Array; readonly digests: Uint8Array };

export const NODE_COUNT = 31;
const LEVEL_STARTS = [0, 16, 24, 28, 30] as const;
export const TOP_NODE = 30;

/** Node above node `index`. */
export const parentNode = (index: number): number => 16 + (index >> 1);

export function hashPages(suite: CryptoSuite, pages: readonly WorkPage[]): PageNodes {
  const kinds = new Uint8Array(pages.length * NODE_COUNT);
  const digests = new Uint8Array(pages.length * NODE_COUNT * DIGEST_SIZE);
  pages.forEach((page, number) => {
    const first = number * NODE_COUNT;
    digests.set(page.digests, first * DIGEST_SIZE);
    for (let place = 0; place < PLACE_COUNT; place++) {
      if (page.isLeaf(place)) kinds[first + place] = LEAF;
      else if (page.isChild(place)) kinds[first + place] = MANY;
      // An emptied place may still have its old digest.
      else digests.fill(0, (first + place) * DIGEST_SIZE, (first + place + 1) * DIGEST_SIZE);
    }
  });
  for (let level = 0; level < 4; level++) hashLevel(suite, { kinds, digests }, pages.length, level);
  return { kinds, digests };
}

let pairsScratch = new Uint8Array(64 * 1024);

/** Room for the pairs of one level, used again: it is handed to the suite, which keeps nothing that it is given. */
function scratch(size: number): Uint8Array {
  if (pairsScratch.length < size) pairsScratch = new Uint8Array(2 ** Math.ceil(Math.log2(size)));
  return pairsScratch;
}

function hashLevel(suite: CryptoSuite, nodes: PageNodes, pageCount: number, level: number): void {
  const { kinds, digests } = nodes;
  const from = LEVEL_STARTS[level] as number;
  const to = LEVEL_STARTS[level + 1] as number;
  const pairs = scratch(pageCount * (to - from) * DIGEST_SIZE);
  const targets: number[] = [];
  for (let page = 0; page < pageCount; page++) {
    for (let index = from; index < to; index += 2) {
      const left = page * NODE_COUNT + index;
      const parent = page * NODE_COUNT + parentNode(index);
      const kind = combine(kinds[left] as number, kinds[left + 1] as number);
      kinds[parent] = kind;
      if (kind === MANY) {
        pairs.set(digests.subarray(left * DIGEST_SIZE, (left + 2) * DIGEST_SIZE), targets.length * 2 * DIGEST_SIZE);
        targets.push(parent);
      } else if (kind === LEAF) {
        const only = kinds[left] === LEAF ? left : left + 1;
        digests.copyWithin(parent * DIGEST_SIZE, only * DIGEST_SIZE, (only + 1) * DIGEST_SIZE);
      }
    }
  }
  if (targets.length === 0) return;
  const hashed = suite.digestPairs(pairs.subarray(0, targets.length * 2 * DIGEST_SIZE));
  for (let i = 0; i < targets.length; i++) {
    digests.set(hashed.subarray(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE), (targets[i] as number) * DIGEST_SIZE);
  }
}

function combine(left: number, right: number): number {
  if (left === EMPTY && right === EMPTY) return EMPTY;
  return left + right === LEAF ? LEAF : MANY;
}

/** Digest of the top of one page. */
export function pageDigest(suite: CryptoSuite, page: WorkPage): Uint8Array {
  return topDigest(hashPages(suite, [page]), 0);
}

export function topDigest(nodes: PageNodes, pageNumber: number): Uint8Array {
  const top = pageNumber * NODE_COUNT + TOP_NODE;
  return nodes.digests.subarray(top * DIGEST_SIZE, (top + 1) * DIGEST_SIZE);
}

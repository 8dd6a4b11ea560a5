import type { CryptoSuite } from '@hansa/crypto';
import { equalBytes } from '@hansa/primitives';
import { damaged } from './errors.ts';
import type { HotCache } from './hot-cache.ts';
import { pageKey } from './keys.ts';
import { pageDigest } from './state-tree/hash-pages.ts';
import { decodePage } from './state-tree/page.ts';
import type { PageSource } from './state-tree/update.ts';
import type { Store, StoreSnapshot } from './store.ts';

/**
 * Pages of the committed tree. Each is checked against the digest that its parent names when it comes from the store
 * (spec LED-4).
 * The topmost page is checked against the state root by whoever opens the ledger.
 */
export function storedPages(
  suite: CryptoSuite,
  store: Store,
  options: { readonly cache?: HotCache; readonly snapshot?: StoreSnapshot } = {},
): PageSource {
  const load = (path: string, digest: Uint8Array | undefined): Uint8Array | undefined => {
    const bytes = store.get(pageKey(path), options.snapshot);
    if (bytes === undefined) {
      if (digest === undefined) return undefined;
      throw damaged(`page "${path}" of the state tree is missing`);
    }
    const page = decodePage(bytes);
    if (page === undefined) throw damaged(`page "${path}" of the state tree is malformed`);
    if (digest !== undefined && !equalBytes(pageDigest(suite, page), digest)) {
      throw damaged(`page "${path}" of the state tree does not have the digest that the page above it names`);
    }
    return bytes;
  };
  const { cache } = options;
  if (cache === undefined) return { get: load };
  return { get: (path, digest) => cache.getOrLoad(path, () => load(path, digest)) };
}

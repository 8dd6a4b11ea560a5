/** Changes of the state tree radix-v1: docs/spec/state.md. Pages are immutable bytes; an update makes new ones. */
import type { CryptoSuite } from '@hansa/crypto';
import { assert, equalBytes } from '@hansa/primitives';
import { hashPages, topDigest } from './hash-pages.ts';
import { childPath, decodePage, encodePage, type Leaf, nibbleAt, WorkPage } from './page.ts';

/**
 * Pages of one version of a tree. `digest` is what the parent says of the page (undefined for the topmost): the source
 * MUST have checked the page against it, or check it now, and throw when it does not fit or is missing.
 */
export type PageSource = {
  get(path: string, digest: Uint8Array | undefined): Uint8Array | undefined;
};

/** A leaf to set, or the leaf of `keyHash` to remove. Each `keyHash` at most once in an update. */
export type LeafChange = { readonly keyHash: Uint8Array; readonly leaf: Leaf | undefined };

/** `pages`: new bytes by path, undefined for a page that is gone. */
export type TreeUpdate = { readonly root: Uint8Array; readonly pages: ReadonlyMap<string, Uint8Array | undefined> };

/** The tree of a map is one, whatever the way to it (spec STATE-6): a page that a removal leaves too small is dissolved. */
export function updateTree(suite: CryptoSuite, source: PageSource, changes: readonly LeafChange[]): TreeUpdate {
  const update = new Update(source);
  const top = update.load('', undefined) ?? update.take();
  update.applyTo(top, '', changes);
  const result = update.finish(suite, top);
  update.giveBack();
  return result;
}

/** Pages to work on, used again: making three arrays per page costs more than the rest of an update. 1.6 KB each. */
const SPARE_COUNT_MAX = 2048;
const spare: WorkPage[] = [];

type Touched = { readonly page: WorkPage; readonly path: string; readonly parent: WorkPage | undefined };

class Update {
  readonly #source: PageSource;
  /** Changed pages by depth: children are hashed before their parents, all of one depth together. */
  readonly #touched: Touched[][] = [];
  readonly #removed: string[] = [];
  readonly #taken: WorkPage[] = [];

  constructor(source: PageSource) {
    this.#source = source;
  }

  take(): WorkPage {
    const page = spare.pop() ?? new WorkPage();
    page.reset();
    this.#taken.push(page);
    return page;
  }

  /** After the last use of any page of this update. */
  giveBack(): void {
    for (const page of this.#taken) {
      if (spare.length < SPARE_COUNT_MAX) spare.push(page);
    }
  }

  load(path: string, digest: Uint8Array | undefined): WorkPage | undefined {
    const bytes = this.#source.get(path, digest);
    if (bytes === undefined) return undefined;
    const page = decodePage(bytes, this.take());
    assert(page !== undefined, `page "${path}" of the state tree was expected to be well formed`);
    return page;
  }

  /** Changes the places of `page`, whose depth is the length of its path. Depth is at most 64: keys are distinct. */
  applyTo(page: WorkPage, path: string, changes: readonly LeafChange[]): void {
    const byPlace: LeafChange[][] = [];
    for (const change of changes) {
      const place = nibbleAt(change.keyHash, path.length);
      const list = byPlace[place];
      if (list === undefined) byPlace[place] = [change];
      else list.push(change);
    }
    for (let place = 0; place < byPlace.length; place++) {
      const list = byPlace[place];
      if (list !== undefined) this.#applyAt({ page, path, place }, list);
    }
  }

  #applyAt(at: { page: WorkPage; path: string; place: number }, changes: readonly LeafChange[]): void {
    const { page, place } = at;
    const path = childPath(at.path, place);
    if (page.isChild(place)) {
      const child = this.load(path, page.digestAt(place));
      assert(child !== undefined, `page "${path}" of the state tree was expected, its parent names it`);
      this.applyTo(child, path, changes);
      this.#settle(at, path, { child, existed: true });
      return;
    }
    const leaves = withExisting(page, place, changes);
    const only = leaves[0]?.leaf;
    if (only === undefined) page.setEmpty(place);
    else if (leaves.length === 1) page.setLeaf(place, only);
    else {
      const child = this.take();
      this.applyTo(child, path, leaves);
      this.#settle(at, path, { child, existed: false });
    }
  }

  /** A subtree with one key is its leaf, one without is nothing: no page is kept for them (spec STATE-3). */
  #settle(
    at: { page: WorkPage; place: number },
    path: string,
    { child, existed }: { child: WorkPage; existed: boolean },
  ): void {
    const only = child.onlyLeaf();
    if (only !== undefined) at.page.setLeaf(at.place, child.leafAt(only));
    else if (child.isEmpty()) at.page.setEmpty(at.place);
    else {
      at.page.setChild(at.place);
      this.#touch(path.length, { page: child, path, parent: at.page });
      return;
    }
    if (existed) this.#removed.push(path);
  }

  #touch(depth: number, touched: Touched): void {
    while (this.#touched.length <= depth) this.#touched.push([]);
    (this.#touched[depth] as Touched[]).push(touched);
  }

  finish(suite: CryptoSuite, top: WorkPage): TreeUpdate {
    const pages = new Map<string, Uint8Array | undefined>();
    for (const path of this.#removed) pages.set(path, undefined);
    for (let depth = this.#touched.length - 1; depth > 0; depth--) {
      const touched = this.#touched[depth] as Touched[];
      const nodes = hashPages(
        suite,
        touched.map((each) => each.page),
      );
      touched.forEach(({ page, path, parent }, number) => {
        pages.set(path, encodePage(page));
        const place = Number.parseInt(path[depth - 1] as string, 16);
        parent?.digestAt(place).set(topDigest(nodes, number));
      });
    }
    pages.set('', encodePage(top));
    return { root: topDigest(hashPages(suite, [top]), 0).slice(), pages };
  }
}

/** What stands at a place without a child page after the changes: only leaves to set. */
function withExisting(page: WorkPage, place: number, changes: readonly LeafChange[]): readonly LeafChange[] {
  const leaves = changes.filter((change) => change.leaf !== undefined);
  if (!page.isLeaf(place)) return leaves;
  const keyHash = page.keyHashAt(place);
  if (changes.some((change) => equalBytes(change.keyHash, keyHash))) return leaves;
  const leaf = page.leafAt(place);
  return [...leaves, { keyHash: leaf.keyHash, leaf }];
}

import type { CryptoSuite } from '@hansa/crypto';
import { assert, equalBytes, type HashHex, type Height, hashToHex } from '@hansa/primitives';
import type { StateChange, StateKey, StateReader } from '@hansa/protocol';
import { HotCache } from './hot-cache.ts';
import { stateEntryKey } from './keys.ts';
import { storedPages } from './page-source.ts';
import type { PreviousValue } from './records.ts';
import { toLeafChanges } from './state-tree/state-root.ts';
import { type PageSource, updateTree } from './state-tree/update.ts';
import type { Store } from './store.ts';
import type { StagedBlock } from './types.ts';

/** Heights that may be staged at the same time; the window of consensus is far below. */
const LAYER_COUNT_MAX = 256;

/** Changes of one height on top of the one below. `changes` are those that really change a value, by key. */
export type StateLayer = StagedBlock & {
  readonly changes: readonly StateChange[];
  readonly previous: readonly PreviousValue[];
  readonly values: ReadonlyMap<StateKey, Uint8Array | undefined>;
  readonly pages: ReadonlyMap<string, Uint8Array | undefined>;
};

/** Committed state with a bounded cache, and the layers on top of it, each one height. One thread, the writer's. */
export class StagedState implements StateReader {
  readonly #suite: CryptoSuite;
  readonly #store: Store;
  readonly #values: HotCache;
  readonly #pages: HotCache;
  readonly #storedPages: PageSource;
  #layers: StateLayer[] = [];
  #base: StagedBlock;

  constructor(
    dependencies: { readonly suite: CryptoSuite; readonly store: Store },
    head: StagedBlock,
    sizeMax: number,
  ) {
    this.#suite = dependencies.suite;
    this.#store = dependencies.store;
    this.#values = new HotCache(Math.ceil(sizeMax / 2));
    this.#pages = new HotCache(Math.ceil(sizeMax / 2));
    this.#storedPages = storedPages(this.#suite, this.#store, { cache: this.#pages });
    this.#base = head;
  }

  get caches(): readonly HotCache[] {
    return [this.#values, this.#pages];
  }

  get top(): StagedBlock {
    return this.#layers.at(-1) ?? this.#base;
  }

  get lowest(): StateLayer | undefined {
    return this.#layers[0];
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.#valueBelow(key, this.#layers.length);
  }

  /** State after `height`: of the head or of a staged height. */
  readerAt(height: Height): StateReader | undefined {
    if (height < this.#base.height || height > this.top.height) return undefined;
    return {
      get: (key) => {
        const count = height - this.#base.height;
        assert(count >= 0 && count <= this.#layers.length, `the state of height ${height} is no longer staged`);
        return this.#valueBelow(key, count);
      },
    };
  }

  stage(changes: readonly StateChange[]): StateLayer {
    assert(this.#layers.length < LAYER_COUNT_MAX, `at most ${LAYER_COUNT_MAX} heights can be staged`);
    const effective: StateChange[] = [];
    const previous: PreviousValue[] = [];
    const values = new Map<StateKey, Uint8Array | undefined>();
    let before = '';
    for (const { key, value } of changes) {
      assert(before < key, `state changes were expected in ascending order of keys, ${key} follows ${before}`);
      before = key;
      const old = this.get(key);
      if (isSame(old, value)) continue;
      const kept = value === undefined ? undefined : new Uint8Array(value);
      effective.push({ key, value: kept });
      previous.push({ key, previous: old });
      values.set(key, kept);
    }
    const update = updateTree(this.#suite, this.#pageSource(), toLeafChanges(this.#suite, effective));
    const layer: StateLayer = {
      height: (this.top.height + 1) as Height,
      root: hashToHex(update.root),
      changes: effective,
      previous,
      values,
      pages: update.pages,
    };
    this.#layers.push(layer);
    return layer;
  }

  discardAbove(height: Height): void {
    this.#layers = this.#layers.slice(0, Math.max(0, height - this.#base.height));
  }

  /** The lowest layer is durable: it becomes the committed state. */
  settleLowest(): void {
    const layer = this.#layers.shift();
    assert(layer !== undefined, 'a staged height was expected');
    for (const [key, value] of layer.values) this.#values.set(key, value);
    for (const [path, page] of layer.pages) this.#pages.set(path, page);
    this.#base = { height: layer.height, root: layer.root as HashHex };
  }

  /** Value seen below layer `count`. */
  #valueBelow(key: StateKey, count: number): Uint8Array | undefined {
    for (let index = count - 1; index >= 0; index--) {
      const { values } = this.#layers[index] as StateLayer;
      const value = values.get(key);
      if (value !== undefined || values.has(key)) return value;
    }
    return this.#values.getOrLoad(key, () => this.#store.get(stateEntryKey(key)));
  }

  #pageSource(): PageSource {
    return {
      get: (path, digest) => {
        for (let index = this.#layers.length - 1; index >= 0; index--) {
          const { pages } = this.#layers[index] as StateLayer;
          const page = pages.get(path);
          if (page !== undefined || pages.has(path)) return page;
        }
        return this.#storedPages.get(path, digest);
      },
    };
  }
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

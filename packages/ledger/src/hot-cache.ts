import { assert } from '@hansa/primitives';

/** What a map entry costs beside its key and value, roughly: measured on V8 with strings of 86 digits. */
const ENTRY_OVERHEAD = 160;

/**
 * Values by text, never above `sizeMax` bytes. Two generations: what is used moves to the young one; when that is half
 * full the old one is dropped as a whole. That is close to least recently used, at the cost of a plain map.
 * An absent value is remembered as undefined.
 */
export class HotCache {
  readonly sizeMax: number;
  #young = new Map<string, Uint8Array | undefined>();
  #old = new Map<string, Uint8Array | undefined>();
  #youngSize = 0;
  #oldSize = 0;
  #hits = 0;
  #misses = 0;
  #dropped = 0;

  constructor(sizeMax: number) {
    assert(Number.isSafeInteger(sizeMax) && sizeMax > 0, `a cache size above 0 was expected, got ${sizeMax}`);
    this.sizeMax = sizeMax;
  }

  get sizeBytes(): number {
    return this.#youngSize + this.#oldSize;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Entries dropped to stay below the maximum. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The known value, else what `load` returns, which is remembered. */
  getOrLoad(key: string, load: () => Uint8Array | undefined): Uint8Array | undefined {
    const value = this.#young.get(key);
    if (value !== undefined || this.#young.has(key)) {
      this.#hits++;
      return value;
    }
    if (this.#old.has(key)) {
      this.#hits++;
      const kept = this.#old.get(key);
      this.set(key, kept);
      return kept;
    }
    this.#misses++;
    const loaded = load();
    this.set(key, loaded);
    return loaded;
  }

  set(key: string, value: Uint8Array | undefined): void {
    if (this.#young.has(key)) this.#youngSize -= sizeOf(key, this.#young.get(key));
    else if (this.#old.has(key)) {
      this.#oldSize -= sizeOf(key, this.#old.get(key));
      this.#old.delete(key);
    }
    this.#young.set(key, value);
    this.#youngSize += sizeOf(key, value);
    if (this.#youngSize * 2 > this.sizeMax || this.sizeBytes > this.sizeMax) this.#age();
  }

  #age(): void {
    this.#dropped += this.#old.size;
    this.#old = this.#young;
    this.#oldSize = this.#youngSize;
    this.#young = new Map();
    this.#youngSize = 0;
    // One value alone may be larger than half of the maximum.
    if (this.#oldSize > this.sizeMax) {
      this.#dropped += this.#old.size;
      this.#old = new Map();
      this.#oldSize = 0;
    }
  }
}

const sizeOf = (key: string, value: Uint8Array | undefined): number =>
  ENTRY_OVERHEAD + key.length + (value?.length ?? 0);

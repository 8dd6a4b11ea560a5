import { assert } from './assert.ts';

/** First in, first out, never above `capacity` items; what does not fit is refused and counted. O(1) per item. */
export class BoundedQueue<T> {
  readonly capacity: number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #droppedCount = 0;

  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, `capacity must be a positive integer, got ${capacity}`);
    this.capacity = capacity;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Items refused or evicted since construction. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** False when full: the item was not taken, and is counted as dropped. */
  push(item: T): boolean {
    if (this.size >= this.capacity) {
      this.#droppedCount++;
      return false;
    }
    this.#items.push(item);
    return true;
  }

  /** Takes the item even when full, by evicting the oldest (which is returned and counted). */
  pushEvictingOldest(item: T): T | undefined {
    const evicted = this.size >= this.capacity ? this.shift() : undefined;
    if (evicted !== undefined) this.#droppedCount++;
    this.#items.push(item);
    return evicted;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

/** Where an item stands in each heap that it can be in; -1: not in it. */
export type Slotted = { readonly slots: [number, number] };

/**
 * Binary heap whose items know their place, so that a changed item moves in O(log n). `which` names the item's slot
 * for this heap. The best item (nothing is `before` it) is first.
 */
export class IndexedHeap<T extends Slotted> {
  readonly #which: 0 | 1;
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  constructor(which: 0 | 1, before: (a: T, b: T) => boolean) {
    this.#which = which;
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  /** By place in the heap: the children of place i are 2i + 1 and 2i + 2, none of them before their parent. */
  at(place: number): T | undefined {
    return this.#items[place];
  }

  /** Puts the item in, or to its new place after its key has changed. */
  update(item: T): void {
    let place = item.slots[this.#which];
    if (place < 0) {
      place = this.#items.length;
      this.#items.push(item);
    }
    if (!this.#siftUp(item, place)) this.#siftDown(item, item.slots[this.#which]);
  }

  remove(item: T): void {
    const place = item.slots[this.#which];
    if (place < 0) return;
    item.slots[this.#which] = -1;
    const last = this.#items.pop() as T;
    if (last === item) return;
    last.slots[this.#which] = place;
    this.#items[place] = last;
    if (!this.#siftUp(last, place)) this.#siftDown(last, place);
  }

  #siftUp(item: T, from: number): boolean {
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#items[parentPlace] as T;
      if (!this.#before(item, parent)) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(item, place);
    return place !== from;
  }

  #siftDown(item: T, from: number): void {
    const size = this.#items.length;
    let place = from;
    for (;;) {
      let childPlace = 2 * place + 1;
      if (childPlace >= size) break;
      let child = this.#items[childPlace] as T;
      if (childPlace + 1 < size) {
        const right = this.#items[childPlace + 1] as T;
        if (this.#before(right, child)) {
          child = right;
          childPlace++;
        }
      }
      if (!this.#before(child, item)) break;
      this.#put(child, place);
      place = childPlace;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.slots[this.#which] = place;
  }
}

/** What is known on one path through a region: words of the stack by their place, beside what lies in memory. */
import type { Word } from './words.ts';

/** A word that is known beside memory; `isStored` when memory has it too. */
type Slot = { readonly word: Word; readonly isStored: boolean };

/**
 * Places count from the top of the stack as it was when the region began, which is 0; what was pushed since is above. A place
 * without a slot lies in memory and nowhere else.
 */
export class Path {
  readonly slots: Map<number, Slot>;
  top = 0;
  /** Words that the stack is known to have had when the region began. */
  heightMin = 0;
  heightMax = 1024;
  /** Bytes that the memory of the frame is known to have. */
  memorySize = 0;
  /** Blocks on the way here. */
  readonly visited: Set<number>;

  constructor(from?: Path) {
    this.slots = new Map(from?.slots);
    this.visited = new Set(from?.visited);
    if (from === undefined) return;
    this.top = from.top;
    this.heightMin = from.heightMin;
    this.heightMax = from.heightMax;
    this.memorySize = from.memorySize;
  }

  push(word: Word): void {
    this.top++;
    this.slots.set(this.top, { word, isStored: false });
  }

  /** Room for a word that the interpreter's module has written to the stack. */
  pushStored(): void {
    this.top++;
    this.slots.delete(this.top);
  }

  drop(count: number): void {
    for (let i = 0; i < count; i++) this.slots.delete(this.top--);
  }

  /** Places with words that memory does not have. */
  *unstored(): Generator<readonly [number, Word]> {
    for (const [place, { word, isStored }] of this.slots) if (!isStored) yield [place, word];
  }

  markStored(place: number): void {
    const slot = this.slots.get(place);
    if (slot !== undefined) this.slots.set(place, { word: slot.word, isStored: true });
  }
}

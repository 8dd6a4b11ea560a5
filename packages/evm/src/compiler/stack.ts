/** Words of a path in the interpreter's stack: read when they are first needed, written when somebody else will look. */
import { type Emitter, type Limb, LOCAL } from './emitter.ts';
import type { Path } from './path.ts';
import { WASM } from './wasm.ts';
import type { Word } from './words.ts';

/** Bytes of a whole stack: a place below the top has an offset of at least 0 from that far below. */
export const STACK_SPAN = 32_768;

export class Stack {
  readonly #emit: Emitter;
  readonly #onStored: (word: Word) => void;

  constructor(emit: Emitter, onStored: (word: Word) => void) {
    this.#emit = emit;
    this.#onStored = onStored;
  }

  read(path: Path, place: number): Word {
    const known = path.slots.get(place);
    if (known !== undefined) return known.word;
    const word = this.loadWord(() => this.#emit.local(WASM.localGet, LOCAL.stack), STACK_SPAN + 32 * place);
    path.slots.set(place, { word, isStored: true });
    return word;
  }

  pop(path: Path): Word {
    const word = this.read(path, path.top);
    path.drop(1);
    return word;
  }

  /** The word at `offset` from an address. */
  loadWord(address: () => void, offset: number): Word {
    const limb = (index: number): Limb => {
      address();
      this.#emit.memory(WASM.i64Load, offset + 8 * index);
      return this.#emit.take();
    };
    return [limb(0), limb(1), limb(2), limb(3)];
  }

  storeAll(path: Path): void {
    for (const [place, word] of path.unstored()) this.#store(place, word);
  }

  /** The upper `count` words, for a function that reads them there. */
  storeTop(path: Path, count: number): void {
    for (let place = path.top; place > path.top - count; place--) {
      const slot = path.slots.get(place);
      if (slot === undefined || slot.isStored) continue;
      this.#store(place, slot.word);
      path.markStored(place);
    }
  }

  #store(place: number, word: Word): void {
    const emit = this.#emit;
    this.#onStored(word);
    for (const [index, limb] of word.entries()) {
      emit.local(WASM.localGet, LOCAL.stack);
      emit.get(limb);
      emit.memory(WASM.i64Store, STACK_SPAN + 32 * place + 8 * index);
    }
  }
}

/**
 * A page holds four levels of the state tree: the 16 places below one path of nibbles. Only the places are stored, the
 * nodes above them follow from them. A page has at least two keys below it, except the topmost one.
 * Bytes: u16 mask of leaves ‖ u16 mask of child pages ‖ per place in order: leaf: H(key) ‖ H(value) ‖ leaf
 * digest; child: digest. H(value) is there because a proof that another key is absent shows it.
 */
import { assert } from '@hansa/primitives';

export const DIGEST_SIZE = 32;
export const PLACE_COUNT = 16;
const HEADER_SIZE = 4;

export type Leaf = { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array; readonly digest: Uint8Array };

/** Decoded page, to be changed. `keyHashes` and `valueHashes` are those of the leaves, at their places. */
export class WorkPage {
  leafMask = 0;
  childMask = 0;
  readonly digests: Uint8Array = new Uint8Array(PLACE_COUNT * DIGEST_SIZE);
  readonly keyHashes: Uint8Array = new Uint8Array(PLACE_COUNT * DIGEST_SIZE);
  readonly valueHashes: Uint8Array = new Uint8Array(PLACE_COUNT * DIGEST_SIZE);

  digestAt(place: number): Uint8Array {
    return this.digests.subarray(place * DIGEST_SIZE, (place + 1) * DIGEST_SIZE);
  }

  keyHashAt(place: number): Uint8Array {
    return this.keyHashes.subarray(place * DIGEST_SIZE, (place + 1) * DIGEST_SIZE);
  }

  /** Copy of a leaf. */
  leafAt(place: number): Leaf {
    const from = place * DIGEST_SIZE;
    const to = from + DIGEST_SIZE;
    return {
      keyHash: this.keyHashes.slice(from, to),
      valueHash: this.valueHashes.slice(from, to),
      digest: this.digests.slice(from, to),
    };
  }

  isLeaf(place: number): boolean {
    return ((this.leafMask >> place) & 1) === 1;
  }

  isChild(place: number): boolean {
    return ((this.childMask >> place) & 1) === 1;
  }

  setEmpty(place: number): void {
    this.leafMask &= ~(1 << place);
    this.childMask &= ~(1 << place);
  }

  setLeaf(place: number, leaf: Leaf): void {
    this.leafMask |= 1 << place;
    this.childMask &= ~(1 << place);
    this.keyHashes.set(leaf.keyHash, place * DIGEST_SIZE);
    this.valueHashes.set(leaf.valueHash, place * DIGEST_SIZE);
    this.digests.set(leaf.digest, place * DIGEST_SIZE);
  }

  /** The digest is set when the child is hashed. */
  setChild(place: number): void {
    this.leafMask &= ~(1 << place);
    this.childMask |= 1 << place;
  }

  /** Empty again. What the arrays hold does not matter where no mask says so. */
  reset(): void {
    this.leafMask = 0;
    this.childMask = 0;
  }

  isEmpty(): boolean {
    return (this.leafMask | this.childMask) === 0;
  }

  /** Place of the only key below this page, undefined when there are none or more. */
  onlyLeaf(): number | undefined {
    const isSingle = this.childMask === 0 && this.leafMask !== 0 && (this.leafMask & (this.leafMask - 1)) === 0;
    return isSingle ? 31 - Math.clz32(this.leafMask) : undefined;
  }

  /** Keys that end at this page. */
  leafCount(): number {
    let count = 0;
    for (let mask = this.leafMask; mask !== 0; mask &= mask - 1) count++;
    return count;
  }
}

/** Bytes of pages are cut from slabs: an array of its own, outside of the heap, would cost as much as encoding it. */
const SLAB_SIZE = 16 * 1024;
let slab = new Uint8Array(SLAB_SIZE);
let slabUsed = 0;

function cutFromSlab(size: number): Uint8Array {
  if (slabUsed + size > SLAB_SIZE) {
    slab = new Uint8Array(SLAB_SIZE);
    slabUsed = 0;
  }
  slabUsed += size;
  return slab.subarray(slabUsed - size, slabUsed);
}

export function encodePage(page: WorkPage): Uint8Array {
  let size = HEADER_SIZE;
  for (let place = 0; place < PLACE_COUNT; place++) {
    size += page.isLeaf(place) ? 3 * DIGEST_SIZE : page.isChild(place) ? DIGEST_SIZE : 0;
  }
  const bytes = cutFromSlab(size);
  bytes[0] = page.leafMask >> 8;
  bytes[1] = page.leafMask;
  bytes[2] = page.childMask >> 8;
  bytes[3] = page.childMask;
  let at = HEADER_SIZE;
  for (let place = 0; place < PLACE_COUNT; place++) {
    if (page.isLeaf(place)) {
      bytes.set(page.keyHashAt(place), at);
      bytes.set(page.valueHashes.subarray(place * DIGEST_SIZE, (place + 1) * DIGEST_SIZE), at + DIGEST_SIZE);
      at += 2 * DIGEST_SIZE;
    } else if (!page.isChild(place)) continue;
    bytes.set(page.digestAt(place), at);
    at += DIGEST_SIZE;
  }
  return bytes;
}

/**
 * Undefined when the bytes are no page.
 * @param page empty page to fill; a new one costs about as much as all the rest (its arrays are outside of the heap)
 */
export function decodePage(bytes: Uint8Array, page: WorkPage = new WorkPage()): WorkPage | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  page.leafMask = ((bytes[0] as number) << 8) | (bytes[1] as number);
  page.childMask = ((bytes[2] as number) << 8) | (bytes[3] as number);
  if ((page.leafMask & page.childMask) !== 0) return undefined;
  let at = HEADER_SIZE;
  for (let place = 0; place < PLACE_COUNT; place++) {
    const size = page.isLeaf(place) ? 3 * DIGEST_SIZE : page.isChild(place) ? DIGEST_SIZE : 0;
    if (size === 0) continue;
    if (at + size > bytes.length) return undefined;
    if (page.isLeaf(place)) {
      page.keyHashes.set(bytes.subarray(at, at + DIGEST_SIZE), place * DIGEST_SIZE);
      page.valueHashes.set(bytes.subarray(at + DIGEST_SIZE, at + 2 * DIGEST_SIZE), place * DIGEST_SIZE);
    }
    page.digests.set(bytes.subarray(at + size - DIGEST_SIZE, at + size), place * DIGEST_SIZE);
    at += size;
  }
  return at === bytes.length ? page : undefined;
}

/** Nibble `depth` of a hash: the place at a page of that depth. */
export function nibbleAt(keyHash: Uint8Array, depth: number): number {
  assert(depth < 2 * DIGEST_SIZE, `a hash has 64 nibbles, nibble ${depth} was asked for`);
  const byte = keyHash[depth >> 1] as number;
  return (depth & 1) === 0 ? byte >> 4 : byte & 15;
}

const HEX = '0123456789abcdef';

/** Path of a child page. */
export const childPath = (path: string, place: number): string => path + (HEX[place] as string);

/**
 * Bloom filters over strings (Bloom 1970; spec LED-2), sized by what is in them, so that a full block's is as sharp as a small one's.
 * They only help to skip; what depends on them is checked against the records. Bytes: u8 log2 of the bits ‖ bits.
 */
const HASH_COUNT = 4;
const BITS_PER_TERM = 12;
const BITS_LOG2_MIN = 6;
const BITS_LOG2_MAX = 20;

/** Filter over distinct or repeated terms; about 1 of 200 absent terms passes it. */
export function buildFilter(terms: ReadonlySet<string>): Uint8Array {
  let bitsLog2 = BITS_LOG2_MIN;
  while (bitsLog2 < BITS_LOG2_MAX && 2 ** bitsLog2 < terms.size * BITS_PER_TERM) bitsLog2++;
  const filter = new Uint8Array(1 + 2 ** (bitsLog2 - 3));
  filter[0] = bitsLog2;
  const mask = 2 ** bitsLog2 - 1;
  for (const term of terms) {
    const { first, second } = hashTerm(term);
    for (let i = 0; i < HASH_COUNT; i++) {
      const bit = (first + Math.imul(i, second)) & mask;
      filter[1 + (bit >>> 3)] = (filter[1 + (bit >>> 3)] as number) | (1 << (bit & 7));
    }
  }
  return filter;
}

export type HashedTerm = { readonly first: number; readonly second: number };

/** False when the term is certainly not in it. */
export function filterMayHold(filter: Uint8Array, term: HashedTerm): boolean {
  const mask = 2 ** (filter[0] ?? 0) - 1;
  for (let i = 0; i < HASH_COUNT; i++) {
    const bit = (term.first + Math.imul(i, term.second)) & mask;
    if (((filter[1 + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** Two 32-bit hashes: FNV-1a with two offsets, each finished as in MurmurHash3. */
export function hashTerm(term: string): HashedTerm {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < term.length; i++) {
    const code = term.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x01000193) ^ (b >>> 15);
  }
  // An odd step visits every bit position.
  return { first: finish(a), second: finish(b) | 1 };
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Arithmetic of words of four limbs, least significant first. What is not here is called in the interpreter's module. */
import type { Emitter, Limb } from './emitter.ts';
import { TYPE, WASM } from './wasm.ts';

export type Word = readonly [Limb, Limb, Limb, Limb];

const LIMB = 0xffff_ffff_ffff_ffffn;
const SIGN = 1n << 63n;
const WORD = 1n << 256n;
export const ZERO: Word = [0n, 0n, 0n, 0n];
/** Products of limbs that are written out; more are a call. */
const PRODUCTS_MAX = 4;

export const wordOf = (value: bigint): Word => [
  value & LIMB,
  (value >> 64n) & LIMB,
  (value >> 128n) & LIMB,
  (value >> 192n) & LIMB,
];
export const oneLimb = (limb: Limb): Word => [limb, 0n, 0n, 0n];

/** The value of a word that is known, else undefined. */
export function knownValue([a, b, c, d]: Word): bigint | undefined {
  if (typeof a !== 'bigint' || typeof b !== 'bigint' || typeof c !== 'bigint' || typeof d !== 'bigint')
    return undefined;
  return a | (b << 64n) | (c << 128n) | (d << 192n);
}

export const isOneLimb = ([, b, c, d]: Word): boolean => b === 0n && c === 0n && d === 0n;

/** A limb that is zero when the word is. */
export function anyBit(emit: Emitter, [a, b, c, d]: Word): Limb {
  return emit.or(emit.or(a, b), emit.or(c, d));
}

export function add(emit: Emitter, a: Word, b: Word): Word {
  const sum: Limb[] = [];
  let carry: Limb = 0n;
  for (let i = 0; i < 4; i++) {
    const [left, right] = [a[i] as Limb, b[i] as Limb];
    const partial = emit.add(left, right);
    const total = emit.add(partial, carry);
    if (i < 3) carry = emit.or(emit.isBelow(partial, right), carry === 0n ? 0n : emit.isBelow(total, partial));
    sum.push(total);
  }
  return sum as unknown as Word;
}

export function subtract(emit: Emitter, a: Word, b: Word): Word {
  const difference: Limb[] = [];
  let borrow: Limb = 0n;
  for (let i = 0; i < 4; i++) {
    const [left, right] = [a[i] as Limb, b[i] as Limb];
    const partial = emit.subtract(left, right);
    const total = emit.subtract(partial, borrow);
    if (i < 3) borrow = emit.or(emit.isBelow(left, right), emit.isBelow(partial, borrow));
    difference.push(total);
  }
  return difference as unknown as Word;
}

/** 1 when a < b. */
export function isBelow(emit: Emitter, a: Word, b: Word): Limb {
  let below: Limb = emit.isBelow(a[0], b[0]);
  for (let i = 1; i < 4; i++) {
    const [left, right] = [a[i] as Limb, b[i] as Limb];
    below = emit.or(emit.isBelow(left, right), emit.and(emit.isEqual(left, right), below));
  }
  return below;
}

export function isBelowSigned(emit: Emitter, a: Word, b: Word): Limb {
  const flip = (word: Word): Word => [word[0], word[1], word[2], emit.xor(word[3], SIGN)];
  return isBelow(emit, flip(a), flip(b));
}

export function isEqual(emit: Emitter, a: Word, b: Word): Limb {
  return emit.isZero(anyBit(emit, xor(emit, a, b)));
}

export const and = (emit: Emitter, a: Word, b: Word): Word => each((i) => emit.and(a[i] as Limb, b[i] as Limb));
export const or = (emit: Emitter, a: Word, b: Word): Word => each((i) => emit.or(a[i] as Limb, b[i] as Limb));
export const xor = (emit: Emitter, a: Word, b: Word): Word => each((i) => emit.xor(a[i] as Limb, b[i] as Limb));
export const not = (emit: Emitter, a: Word): Word => each((i) => emit.xor(a[i] as Limb, LIMB));

const each = (limb: (index: number) => Limb): Word => [limb(0), limb(1), limb(2), limb(3)];

export function shiftLeft(emit: Emitter, a: Word, bits: bigint): Word {
  if (bits > 255n) return ZERO;
  const limbs = Number(bits) >> 6;
  const rest = Number(bits) & 63;
  return each((i) => {
    if (i < limbs) return 0n;
    const low = emit.shiftLeft(a[i - limbs] as Limb, rest);
    if (rest === 0 || i === limbs) return low;
    return emit.or(low, emit.shiftRight(a[i - limbs - 1] as Limb, 64 - rest));
  });
}

export function shiftRight(emit: Emitter, a: Word, bits: bigint): Word {
  if (bits > 255n) return ZERO;
  const limbs = Number(bits) >> 6;
  const rest = Number(bits) & 63;
  return each((i) => {
    const from = i + limbs;
    if (from > 3) return 0n;
    const low = emit.shiftRight(a[from] as Limb, rest);
    if (rest === 0 || from === 3) return low;
    return emit.or(low, emit.shiftLeft(a[from + 1] as Limb, 64 - rest));
  });
}

/** The byte at a known index, from the most significant one on. */
export function byteAt(emit: Emitter, index: bigint, a: Word): Word {
  if (index > 31n) return ZERO;
  return oneLimb(emit.and(shiftRight(emit, a, 8n * (31n - index))[0], 0xffn));
}

/** undefined when a call is shorter. */
export function multiply(emit: Emitter, a: Word, b: Word): Word | undefined {
  const [x, y] = [knownValue(a), knownValue(b)];
  if (x !== undefined && y !== undefined) return wordOf((x * y) % WORD);
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < 4; i++) for (let j = 0; i + j < 4; j++) if (a[i] !== 0n && b[j] !== 0n) pairs.push([i, j]);
  if (pairs.length > PRODUCTS_MAX) return undefined;
  const sum: Limb[] = [0n, 0n, 0n, 0n];
  for (const [i, j] of pairs) {
    const at = i + j;
    const low = emit.multiply(a[i] as Limb, b[j] as Limb);
    sum[at] = emit.add(sum[at] as Limb, low);
    if (at === 3) continue;
    const carry = emit.isBelow(sum[at] as Limb, low);
    let more = emit.add(productHigh(emit, a[i] as Limb, b[j] as Limb), carry);
    for (let next = at + 1; next < 4 && more !== 0n; next++) {
      sum[next] = emit.add(sum[next] as Limb, more);
      more = emit.isBelow(sum[next] as Limb, more);
    }
  }
  return sum as unknown as Word;
}

/** Upper 64 bits of a product. */
function productHigh(emit: Emitter, a: Limb, b: Limb): Limb {
  if (a === 1n || b === 1n) return 0n;
  const mask = 0xffff_ffffn;
  const [a0, a1] = [emit.and(a, mask), emit.shiftRight(a, 32)];
  const [b0, b1] = [emit.and(b, mask), emit.shiftRight(b, 32)];
  const middle = emit.add(emit.multiply(a1, b0), emit.shiftRight(emit.multiply(a0, b0), 32));
  const other = emit.add(emit.multiply(a0, b1), emit.and(middle, mask));
  return emit.add(emit.add(emit.multiply(a1, b1), emit.shiftRight(middle, 32)), emit.shiftRight(other, 32));
}

/** a / b or a mod b of numbers below 2^64, or by a power of two; undefined when it is a call. By 0 it is 0. */
export function divide(emit: Emitter, a: Word, b: Word, kind: 'quotient' | 'rest'): Word | undefined {
  const [x, y] = [knownValue(a), knownValue(b)];
  if (y === 0n) return ZERO;
  if (x !== undefined && y !== undefined) return wordOf(kind === 'quotient' ? x / y : x % y);
  if (y !== undefined && (y & (y - 1n)) === 0n) {
    if (kind === 'rest') return and(emit, a, wordOf(y - 1n));
    return shiftRight(emit, a, BigInt(y.toString(2).length - 1));
  }
  if (!isOneLimb(a) || !isOneLimb(b)) return undefined;
  const instruction = kind === 'quotient' ? WASM.i64Divide : WASM.i64Remainder;
  if (y !== undefined) {
    emit.get(a[0]);
    emit.get(b[0]);
    emit.op(instruction);
    return oneLimb(emit.take());
  }
  emit.get(b[0]);
  emit.op(WASM.i64IsZero);
  emit.open(WASM.if, TYPE.i64);
  emit.i64(0n);
  emit.op(WASM.else);
  emit.get(a[0]);
  emit.get(b[0]);
  emit.op(instruction);
  emit.close();
  return oneLimb(emit.take());
}

/** Arithmetic of 256-bit words in linear memory. Every function may be given the same address twice. */
import { SCRATCH } from './layout';

const U: usize = SCRATCH;
const V: usize = SCRATCH + 0x100;
const Q: usize = SCRATCH + 0x180;
const WIDE: usize = SCRATCH + 0x200;
const BASE: usize = SCRATCH + 0x280;
const POWER: usize = SCRATCH + 0x2c0;
const LEFT: usize = SCRATCH + 0x300;
const RIGHT: usize = SCRATCH + 0x320;

// @ts-ignore: decorator
@inline
export function setWord(to: usize, low: u64): void {
  store<u64>(to, low);
  store<u64>(to, 0, 8);
  v128.store(to, i64x2(0, 0), 16);
}

// @ts-ignore: decorator
@inline
export function copyWord(to: usize, from: usize): void {
  const low = v128.load(from);
  const high = v128.load(from, 16);
  v128.store(to, low);
  v128.store(to, high, 16);
}

// @ts-ignore: decorator
@inline
export function isZero(word: usize): bool {
  return !v128.any_true(v128.or(v128.load(word), v128.load(word, 16)));
}

// @ts-ignore: decorator
@inline
export function isEqual(a: usize, b: usize): bool {
  const low = v128.xor(v128.load(a), v128.load(b));
  const high = v128.xor(v128.load(a, 16), v128.load(b, 16));
  return !v128.any_true(v128.or(low, high));
}

/** Words have their bytes in the other order in the memory of the EVM. */
// @ts-ignore: decorator
@inline
export function swapWord(to: usize, from: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 16);
  v128.store(to, v128.shuffle<u8>(b, b, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  v128.store(to, v128.shuffle<u8>(a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 16);
}

/** The word as u64, or 2^64 - 1 when it is larger. */
// @ts-ignore: decorator
@inline
export function toU64(word: usize): u64 {
  const rest = load<u64>(word, 8) | load<u64>(word, 16) | load<u64>(word, 24);
  return rest != 0 ? u64.MAX_VALUE : load<u64>(word);
}

// @ts-ignore: decorator
@inline
export function addWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const s0 = a0 + load<u64>(b);
  const c0 = u64(s0 < a0);
  const t1 = a1 + load<u64>(b, 8);
  const s1 = t1 + c0;
  const c1 = u64(t1 < a1) | u64(s1 < t1);
  const t2 = a2 + load<u64>(b, 16);
  const s2 = t2 + c1;
  const c2 = u64(t2 < a2) | u64(s2 < t2);
  const s3 = load<u64>(a, 24) + load<u64>(b, 24) + c2;
  store<u64>(to, s0);
  store<u64>(to, s1, 8);
  store<u64>(to, s2, 16);
  store<u64>(to, s3, 24);
}

// @ts-ignore: decorator
@inline
export function subtractWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const c0 = u64(a0 < b0);
  const t1 = a1 - b1;
  const c1 = u64(a1 < b1) | u64(t1 < c0);
  const t2 = a2 - b2;
  const c2 = u64(a2 < b2) | u64(t2 < c1);
  const s3 = load<u64>(a, 24) - load<u64>(b, 24) - c2;
  store<u64>(to, a0 - b0);
  store<u64>(to, t1 - c0, 8);
  store<u64>(to, t2 - c1, 16);
  store<u64>(to, s3, 24);
}

/** a < b, unsigned. */
// @ts-ignore: decorator
@inline
export function isBelow(a: usize, b: usize): bool {
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  if (a3 != b3) return a3 < b3;
  const a2 = load<u64>(a, 16);
  const b2 = load<u64>(b, 16);
  if (a2 != b2) return a2 < b2;
  const a1 = load<u64>(a, 8);
  const b1 = load<u64>(b, 8);
  if (a1 != b1) return a1 < b1;
  return load<u64>(a) < load<u64>(b);
}

/** a < b, two's complement. */
// @ts-ignore: decorator
@inline
export function isBelowSigned(a: usize, b: usize): bool {
  const a3 = load<i64>(a, 24);
  const b3 = load<i64>(b, 24);
  return a3 != b3 ? a3 < b3 : isBelow(a, b);
}

/** `count` limbs of 32 bits of a · b, both of 8 limbs. `to` must be neither of them. */
function multiplyLimbs(to: usize, a: usize, b: usize, count: i32): void {
  memory.fill(to, 0, count << 2);
  for (let i = 0; i < 8; i++) {
    const factor = <u64>load<u32>(a + (i << 2));
    if (factor == 0) continue;
    let carry: u64 = 0;
    const end = min(8, count - i);
    for (let j = 0; j < end; j++) {
      const at = to + ((i + j) << 2);
      const sum = factor * <u64>load<u32>(b + (j << 2)) + <u64>load<u32>(at) + carry;
      store<u32>(at, <u32>sum);
      carry = sum >> 32;
    }
    if (i + 8 < count) store<u32>(to + ((i + 8) << 2), <u32>carry);
  }
}

/** Both limbs of 64 bits of a product; the upper one is returned in `productHigh`. */
let productHigh: u64 = 0;
// @ts-ignore: decorator
@inline
function multiply64(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  productHigh = a1 * b1 + (middle >> 32) + (other >> 32);
  return (other << 32) | (low & 0xffffffff);
}

export function multiplyWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const b3 = load<u64>(b, 24);
  const r0 = multiply64(a0, b0);
  let r1 = productHigh;
  if ((a1 | a2 | a3 | b1 | b2 | b3) == 0) {
    store<u64>(to, r0);
    store<u64>(to, r1, 8);
    v128.store(to, i64x2(0, 0), 16);
    return;
  }
  let r2: u64 = 0;
  let r3: u64 = 0;
  // Column 1
  let low = multiply64(a1, b0);
  let high = productHigh;
  r1 += low;
  high += u64(r1 < low);
  r2 = high;
  low = multiply64(a0, b1);
  high = productHigh;
  r1 += low;
  high += u64(r1 < low);
  r2 += high;
  r3 = u64(r2 < high);
  // Column 2
  low = multiply64(a2, b0);
  high = productHigh;
  r2 += low;
  r3 += high + u64(r2 < low);
  low = multiply64(a1, b1);
  high = productHigh;
  r2 += low;
  r3 += high + u64(r2 < low);
  low = multiply64(a0, b2);
  high = productHigh;
  r2 += low;
  r3 += high + u64(r2 < low);
  // Column 3
  r3 += a3 * b0 + a2 * b1 + a1 * b2 + a0 * b3;
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/** Significant limbs of 32 bits among the first `count`. */
function significant(limbs: usize, count: i32): i32 {
  let n = count;
  while (n > 0 && load<u32>(limbs + ((n - 1) << 2)) == 0) n--;
  return n;
}

/**
 * Divides the `uCount` limbs at `numerator` by the 8 at `denominator`, which is not zero: quotient at Q (`uCount` limbs),
 * remainder at U (8 limbs). Knuth's algorithm D in base 2^32.
 */
function divide(numerator: usize, uCount: i32, denominator: usize): void {
  memory.fill(Q, 0, uCount << 2);
  const m = significant(numerator, uCount);
  const n = significant(denominator, 8);
  if (m < n) {
    memory.copy(U, numerator, 32);
    return;
  }
  if (n == 1) {
    const d = <u64>load<u32>(denominator);
    let rest: u64 = 0;
    for (let i = m - 1; i >= 0; i--) {
      const part = (rest << 32) | <u64>load<u32>(numerator + (i << 2));
      const digit = part / d;
      store<u32>(Q + (i << 2), <u32>digit);
      rest = part - digit * d;
    }
    setWord(U, rest);
    return;
  }
  const shift = <u64>clz<u32>(load<u32>(denominator + ((n - 1) << 2)));
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const part = (<u64>load<u32>(denominator + (i << 2)) << shift) | carry;
    store<u32>(V + (i << 2), <u32>part);
    carry = part >> 32;
  }
  carry = 0;
  for (let i = 0; i < m; i++) {
    const part = (<u64>load<u32>(numerator + (i << 2)) << shift) | carry;
    store<u32>(U + (i << 2), <u32>part);
    carry = part >> 32;
  }
  store<u32>(U + (m << 2), <u32>carry);
  const top = <u64>load<u32>(V + ((n - 1) << 2));
  const next = <u64>load<u32>(V + ((n - 2) << 2));
  for (let j = m - n; j >= 0; j--) {
    const at = U + (j << 2);
    const part = (<u64>load<u32>(at + (n << 2)) << 32) | <u64>load<u32>(at + ((n - 1) << 2));
    let digit = part / top;
    let rest = part - digit * top;
    while (digit > 0xffffffff || digit * next > ((rest << 32) | <u64>load<u32>(at + ((n - 2) << 2)))) {
      digit--;
      rest += top;
      if (rest > 0xffffffff) break;
    }
    let borrow: i64 = 0;
    for (let i = 0; i < n; i++) {
      const product = digit * <u64>load<u32>(V + (i << 2));
      const difference = <i64>load<u32>(at + (i << 2)) - borrow - <i64>(product & 0xffffffff);
      store<u32>(at + (i << 2), <u32>difference);
      borrow = <i64>(product >> 32) - (difference >> 32);
    }
    const last = <i64>load<u32>(at + (n << 2)) - borrow;
    store<u32>(at + (n << 2), <u32>last);
    if (last < 0) {
      digit--;
      let sum: u64 = 0;
      for (let i = 0; i < n; i++) {
        sum += <u64>load<u32>(at + (i << 2)) + <u64>load<u32>(V + (i << 2));
        store<u32>(at + (i << 2), <u32>sum);
        sum >>= 32;
      }
      store<u32>(at + (n << 2), load<u32>(at + (n << 2)) + <u32>sum);
    }
    store<u32>(Q + (j << 2), <u32>digit);
  }
  for (let i = 0; i < n; i++) {
    const part = (<u64>load<u32>(U + ((i + 1) << 2)) << 32) | <u64>load<u32>(U + (i << 2));
    store<u32>(U + (i << 2), <u32>(part >> shift));
  }
  for (let i = n; i < 8; i++) store<u32>(U + (i << 2), 0);
}

// @ts-ignore: decorator
@inline
function areSmall(a: usize, b: usize): bool {
  return (load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24) | load<u64>(b, 8) | load<u64>(b, 16) | load<u64>(b, 24)) == 0;
}

/** a / b, 0 for b = 0. */
export function divideWords(to: usize, a: usize, b: usize): void {
  if (isZero(b)) return setWord(to, 0);
  if (areSmall(a, b)) return setWord(to, load<u64>(a) / load<u64>(b));
  divide(a, 8, b);
  copyWord(to, Q);
}

/** a mod b, 0 for b = 0. */
export function moduloWords(to: usize, a: usize, b: usize): void {
  if (isZero(b)) return setWord(to, 0);
  if (areSmall(a, b)) return setWord(to, load<u64>(a) % load<u64>(b));
  divide(a, 8, b);
  copyWord(to, U);
}

// @ts-ignore: decorator
@inline
function isNegative(word: usize): bool {
  return load<i64>(word, 24) < 0;
}

function negate(to: usize, word: usize): void {
  setWord(WIDE, 0);
  subtractWords(to, WIDE, word);
}

/** Two's complement, towards zero; the least number by -1 is itself. */
export function divideSigned(to: usize, a: usize, b: usize): void {
  const isMinus = isNegative(a) != isNegative(b);
  if (isNegative(a)) negate(LEFT, a);
  else copyWord(LEFT, a);
  if (isNegative(b)) negate(RIGHT, b);
  else copyWord(RIGHT, b);
  divideWords(to, LEFT, RIGHT);
  if (isMinus) negate(to, to);
}

/** The sign is that of a. */
export function moduloSigned(to: usize, a: usize, b: usize): void {
  const isMinus = isNegative(a);
  if (isMinus) negate(LEFT, a);
  else copyWord(LEFT, a);
  if (isNegative(b)) negate(RIGHT, b);
  else copyWord(RIGHT, b);
  moduloWords(to, LEFT, RIGHT);
  if (isMinus) negate(to, to);
}

/** (a + b) mod m, without wrapping; 0 for m = 0. */
export function addModulo(to: usize, a: usize, b: usize, m: usize): void {
  if (isZero(m)) return setWord(to, 0);
  let carry: u64 = 0;
  for (let i = 0; i < 8; i++) {
    carry += <u64>load<u32>(a + (i << 2)) + <u64>load<u32>(b + (i << 2));
    store<u32>(WIDE + (i << 2), <u32>carry);
    carry >>= 32;
  }
  store<u32>(WIDE + 32, <u32>carry);
  divide(WIDE, 9, m);
  copyWord(to, U);
}

/** (a · b) mod m, without wrapping; 0 for m = 0. */
export function multiplyModulo(to: usize, a: usize, b: usize, m: usize): void {
  if (isZero(m)) return setWord(to, 0);
  multiplyLimbs(WIDE, a, b, 16);
  divide(WIDE, 16, m);
  copyWord(to, U);
}

/** base ^ exponent mod 2^256. */
export function powerOf(to: usize, base: usize, exponent: usize): void {
  copyWord(BASE, base);
  copyWord(LEFT, exponent);
  setWord(POWER, 1);
  const bits = 256 - leadingZeros(LEFT);
  for (let i = 0; i < bits; i++) {
    if ((load<u8>(LEFT + (i >> 3)) >> <u8>(i & 7)) & 1) multiplyWords(POWER, POWER, BASE);
    multiplyWords(BASE, BASE, BASE);
  }
  copyWord(to, POWER);
}

export function leadingZeros(word: usize): i32 {
  for (let i = 24; i >= 0; i -= 8) {
    const limb = load<u64>(word + i);
    if (limb != 0) return ((24 - i) << 3) + <i32>clz(limb);
  }
  return 256;
}

/** Bytes of the number without leading zeros: EXP pays for them. */
export function byteSize(word: usize): u32 {
  return (256 - leadingZeros(word) + 7) >> 3;
}

export function shiftLeft(to: usize, shift: usize, value: usize): void {
  const bits = toU64(shift);
  if (bits > 255) return setWord(to, 0);
  const limbs = <i32>(bits >> 6);
  const rest = bits & 63;
  for (let i = 3; i >= 0; i--) {
    let limb: u64 = 0;
    if (i >= limbs) {
      limb = load<u64>(value + ((i - limbs) << 3)) << rest;
      if (rest != 0 && i > limbs) limb |= load<u64>(value + ((i - limbs - 1) << 3)) >> (64 - rest);
    }
    store<u64>(to + (i << 3), limb);
  }
}

// `to` may be `value`: limbs are read before they are overwritten, since they only move down.
export function shiftRight(to: usize, shift: usize, value: usize): void {
  shiftDown(to, toU64(shift), value, 0);
}

export function shiftRightSigned(to: usize, shift: usize, value: usize): void {
  shiftDown(to, toU64(shift), value, isNegative(value) ? u64.MAX_VALUE : 0);
}

function shiftDown(to: usize, bits: u64, value: usize, fill: u64): void {
  if (bits > 255) {
    v128.store(to, i64x2.splat(fill));
    v128.store(to, i64x2.splat(fill), 16);
    return;
  }
  const limbs = <i32>(bits >> 6);
  const rest = bits & 63;
  for (let i = 0; i < 4; i++) {
    const from = i + limbs;
    const low = from < 4 ? load<u64>(value + (from << 3)) : fill;
    const high = from < 3 ? load<u64>(value + ((from + 1) << 3)) : fill;
    store<u64>(to + (i << 3), rest == 0 ? low : (low >> rest) | (high << (64 - rest)));
  }
}

/** Extends the sign of the number that has its lowest `index` + 1 bytes. */
export function extendSign(to: usize, index: usize, value: usize): void {
  const byte = toU64(index);
  copyWord(to, value);
  if (byte > 30) return;
  const at = to + <usize>byte;
  const fill: u8 = load<i8>(at) < 0 ? 0xff : 0;
  for (let i = at + 1; i < to + 32; i++) store<u8>(i, fill);
}

/** The byte at `index`, counted from the most significant one. */
export function byteAt(to: usize, index: usize, value: usize): void {
  const byte = toU64(index);
  setWord(to, byte > 31 ? 0 : <u64>load<u8>(value + 31 - <usize>byte));
}

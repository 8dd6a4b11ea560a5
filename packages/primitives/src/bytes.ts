import { assert } from './assert.ts';
import type { AddressHex, HashHex } from './brand.ts';

/** Character codes of the two digits of each byte. */
const HIGH_DIGIT: readonly number[] = Array.from({ length: 256 }, (_, byte) =>
  '0123456789abcdef'.charCodeAt(byte >> 4),
);
const LOW_DIGIT: readonly number[] = Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.charCodeAt(byte & 15));
/** Bytes whose digits become one call: it has two arguments for each. */
const HEX_PART_SIZE = 64;
const EVEN_HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** Lower-case hex without prefix. */
export function bytesToHex(bytes: Uint8Array): string {
  return partToHex(bytes, 0, bytes.length);
}

/**
 * Lower-case hex of the bytes from `start` to before `end`, both within `bytes`. A string that is added up from digits is a chain of small ones to the engine, copied
 * when it is first used as a key: 2.8 µs for a hash; in one call it is made whole, 0.7 µs.
 */
export function partToHex(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let from = start; from < end; from += HEX_PART_SIZE) {
    const to = Math.min(end, from + HEX_PART_SIZE);
    const codes: number[] = new Array(2 * (to - from));
    for (let i = from, at = 0; i < to; i++) {
      const byte = bytes[i] as number;
      codes[at++] = HIGH_DIGIT[byte] as number;
      codes[at++] = LOW_DIGIT[byte] as number;
    }
    text += String.fromCharCode.apply(undefined, codes);
  }
  return text;
}

/** Value of a digit by its code, either case. */
const NIBBLE: Uint8Array = new Uint8Array(128);
for (let value = 0; value < 16; value++) {
  NIBBLE['0123456789abcdef'.charCodeAt(value)] = value;
  NIBBLE['0123456789ABCDEF'.charCodeAt(value)] = value;
}

/** Bytes of hex without prefix, either case; `undefined` when it is not an even number of hex digits. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (!EVEN_HEX.test(text)) return undefined;
  return fromHex(text);
}

/** Bytes of hex that is known to be well formed (a brand, a constant of ours). Does not check digits. */
export function fromHex(text: string): Uint8Array {
  assert(text.length % 2 === 0, `hex of even length was expected, got ${text.length} digits`);
  const bytes = new Uint8Array(text.length / 2);
  writeHex(bytes, 0, text);
  return bytes;
}

/** Writes what `fromHex` gives to `target` from `start` on; there MUST be room for it. */
export function writeHex(target: Uint8Array, start: number, text: string): void {
  const size = text.length >> 1;
  for (let i = 0, digit = 0; i < size; i++, digit += 2) {
    target[start + i] =
      ((NIBBLE[text.charCodeAt(digit)] as number) << 4) | (NIBBLE[text.charCodeAt(digit + 1)] as number);
  }
}

/** Hash bytes (exactly 32) as the branded hex that is compared and used as a key. */
export function hashToHex(bytes: Uint8Array): HashHex {
  assert(bytes.length === 32, `a hash of 32 bytes was expected, got ${bytes.length}`);
  return bytesToHex(bytes) as HashHex;
}

/** Address bytes (exactly 20) as branded hex. */
export function addressToHex(bytes: Uint8Array): AddressHex {
  assert(bytes.length === 20, `an address of 20 bytes was expected, got ${bytes.length}`);
  return bytesToHex(bytes) as AddressHex;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order of bytes, shorter first when one is a prefix: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Code-unit order of strings, the same on every machine (never `localeCompare`). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Big-endian unsigned integer of at most 32 bytes. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** Big-endian, exactly `size` bytes. @throws InvariantError when the value does not fit */
export function bigintToBytes(value: bigint, size: number): Uint8Array {
  assert(value >= 0n && value < 1n << BigInt(8 * size), `${value} does not fit ${size} bytes`);
  return fromHex(value.toString(16).padStart(2 * size, '0'));
}

/** ASCII bytes of a constant of ours. @throws InvariantError on any other character */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    assert(code < 128, `ASCII was expected, got "${text}"`);
    bytes[i] = code;
  }
  return bytes;
}

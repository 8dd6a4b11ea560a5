/** The few forms of DER (X.690) that a request for a certificate needs. Each function gives one value with its head. */
import { asciiBytes, assert, concatBytes } from '@hansa/primitives';

const LENGTH_MAX = 0xffff;

export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...contents);
  const { length } = content;
  assert(length <= LENGTH_MAX, `a value of ${length} bytes is longer than any of a request`);
  if (length < 128) return concatBytes(Uint8Array.of(tag, length), content);
  const head = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...head), content);
}

export const derSequence = (...items: readonly Uint8Array[]): Uint8Array => derValue(0x30, ...items);
export const derSet = (...items: readonly Uint8Array[]): Uint8Array => derValue(0x31, ...items);
/** A small number, below 128. */
export const derSmall = (value: number): Uint8Array => derValue(0x02, Uint8Array.of(value));
export const derBitString = (bytes: Uint8Array): Uint8Array => derValue(0x03, Uint8Array.of(0), bytes);
/** UTF8String. */
export const derText = (text: string): Uint8Array => derValue(0x0c, new TextEncoder().encode(text));

/** `1.2.840.10045.2.1`; numbers below 2^28. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [40 * first + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let high = part >> 7; high > 0; high >>= 7) digits.unshift((high & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return derValue(0x06, Uint8Array.from(bytes));
}

/** UTCTime, for years up to 2049. */
export function derTime(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/[-:T]|\.\d+Z/g, '');
  return derValue(0x17, asciiBytes(`${digits.slice(2)}Z`));
}

/** PEM (RFC 7468). */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

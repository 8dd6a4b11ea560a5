import {
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  compareBytes,
  fromHex,
  hexToBytes,
  partToHex,
} from '@hansa/primitives';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('bytes', () => {
  it('hex: decode after encode is the identity', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(fromHex(bytesToHex(bytes))).toEqual(bytes);
        expect(hexToBytes(bytesToHex(bytes).toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it('hex: of a whole, of a part and of what is longer than one call takes, it is what one digit after the other gives', () => {
    const digits = (bytes: Uint8Array): string =>
      Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        expect(bytesToHex(bytes)).toBe(digits(bytes));
        expect(partToHex(bytes, start, end)).toBe(digits(bytes.subarray(start, end)));
      }),
    );
    expect(bytesToHex(new Uint8Array(100_000).fill(171))).toBe('ab'.repeat(100_000));
  });

  it('hex: odd length and other characters are refused', () => {
    for (const text of ['0', 'zz', '0x00', ' 00', '00 ']) expect(hexToBytes(text)).toBeUndefined();
  });

  it('integers are big-endian and of fixed width', () => {
    expect(bytesToHex(bigintToBytes(258n, 4))).toBe('00000102');
    void fc.assert(
      fc.property(fc.bigInt(0n, (1n << 256n) - 1n), (value) => {
        expect(bytesToBigint(bigintToBytes(value, 32))).toBe(value);
      }),
    );
    expect(() => bigintToBytes(256n, 1)).toThrow(/does not fit/);
  });

  it('order of bytes is that of their hex', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
        const [hexA, hexB] = [bytesToHex(a), bytesToHex(b)];
        expect(Math.sign(compareBytes(a, b))).toBe(hexA < hexB ? -1 : hexA > hexB ? 1 : 0);
      }),
    );
  });
});

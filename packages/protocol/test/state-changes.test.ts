import * as protocol from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength });
const hexOf = (value: Uint8Array): string => Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
const changes = fc
  .uniqueArray(fc.tuple(bytes(40, 1).map(hexOf), fc.option(bytes(40), { nil: undefined })), {
    selector: ([key]) => key,
  })
  .map((list) =>
    list
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value }) as unknown as protocol.StateChange),
  );
const codeOf = (value: Uint8Array): string => {
  const decoded = protocol.decodeStateChanges(value);
  return decoded.ok ? 'accepted' : decoded.error.code;
};

describe('FMT-71: changes of the state', () => {
  it('come back as they were, and only from their canonical bytes', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const encoded = protocol.encodeStateChanges(list);
        expect(protocol.decodeStateChanges(encoded)).toEqual({ ok: true, value: list });
        expect(codeOf(Uint8Array.of(...encoded, 0))).toBe('PROTOCOL_TRAILING_BYTES');
        expect(codeOf(encoded.subarray(0, -1))).toBe('PROTOCOL_TRUNCATED');
      }),
    );
  });

  it('keys that do not ascend, or of no size that a key has, are refused', () => {
    const absent = [0, 0, 0, 0];
    const entry = (...key: number[]): number[] => [0, 0, key.length >> 8, key.length & 0xff, ...key, ...absent];
    const list = (...entries: number[][]): Uint8Array => Uint8Array.of(0, 0, 0, entries.length, ...entries.flat());
    expect(codeOf(list(entry(1), entry(2)))).toBe('accepted');
    expect(codeOf(list(entry(2), entry(1)))).toBe('PROTOCOL_NOT_CANONICAL');
    expect(codeOf(list(entry(1), entry(1)))).toBe('PROTOCOL_NOT_CANONICAL');
    expect(codeOf(list(entry()))).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(codeOf(list(entry(...Array.from({ length: 257 }, () => 7))))).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(codeOf(Uint8Array.of(0xff, 0, 0, 0))).toBe('PROTOCOL_LIMIT_EXCEEDED');
  });
});

import { bigintToBytes, concatBytes } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Writer } from '../src/index.ts';

type Field = { readonly type: 'u32' | 'u64' | 'u64Bigint' | 'u256'; readonly value: bigint };

const SIZES = { u32: 4, u64: 8, u64Bigint: 8, u256: 32 } as const;
const below = (bits: bigint): fc.Arbitrary<bigint> => fc.bigInt(0n, (1n << bits) - 1n);
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ type: fc.constant('u32' as const), value: below(32n) }),
  fc.record({ type: fc.constant('u64' as const), value: below(53n) }),
  fc.record({ type: fc.constant('u64Bigint' as const), value: below(64n) }),
  fc.record({ type: fc.constant('u256' as const), value: below(256n) }),
);

function write(writer: Writer, { type, value }: Field): Writer {
  switch (type) {
    case 'u32':
      return writer.u32(Number(value));
    case 'u64':
      return writer.u64(Number(value));
    case 'u64Bigint':
      return writer.u64Bigint(value);
    case 'u256':
      return writer.u256(value);
  }
}

describe('the writer of canonical bytes', () => {
  it('FMT-1: numbers are big-endian and of fixed width, with too little, too much and exact room', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
        const plain = concatBytes(...fields.map(({ type, value }) => bigintToBytes(value, SIZES[type])));
        for (const capacity of [1, plain.length, plain.length + 1, 4_096]) {
          const writer = new Writer(capacity);
          for (const each of fields) write(writer, each);
          expect(writer.finish()).toEqual(plain);
        }
      }),
    );
  });

  it('what it has given away it does not write to again', () => {
    const writer = new Writer(4).u32(7);
    const bytes = writer.finish();
    expect(() => writer.u32(8)).toThrow('not finished');
    expect(bytes).toEqual(Uint8Array.of(0, 0, 0, 7));
  });
});

it.each([
  { name: 'u8', write: (writer: Writer) => writer.u8(256), message: 'a u8 was expected, got 256' },
  { name: 'u32', write: (writer: Writer) => writer.u32(-1), message: 'a u32 was expected, got -1' },
  { name: 'u64', write: (writer: Writer) => writer.u64(2 ** 53), message: 'a safe integer from 0 was expected' },
  { name: 'u64 of a bigint', write: (writer: Writer) => writer.u64Bigint(2n ** 64n), message: 'a u64 was expected' },
  { name: 'u256', write: (writer: Writer) => writer.u256(-1n), message: 'a u256 was expected, got -1' },
  { name: 'hex', write: (writer: Writer) => writer.hex('ab', 2), message: '4 hex digits were expected, got 2' },
])('FMT-1: $name that does not fit is refused', ({ write, message }) => {
  expect(() => write(new Writer())).toThrow(message);
});

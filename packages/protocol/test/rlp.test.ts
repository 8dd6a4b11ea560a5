import { bytesToHex, fromHex } from '@hansa/primitives';
import fc from 'fast-check';
import { fromRlp, toRlp } from 'viem';
import { describe, expect, it } from 'vitest';
import { encodeRlp, type RlpItem, RlpReader } from '../src/rlp.ts';

type Tree = `0x${string}` | readonly Tree[];
const toTree = (item: RlpItem): Tree => (item instanceof Uint8Array ? `0x${bytesToHex(item)}` : item.map(toTree));

/** Reads a whole value with the cursor, as deep as it allows. */
function read(bytes: Uint8Array): Tree | string {
  const reader = new RlpReader(bytes);
  const one = (): Tree => {
    if ((bytes[reader.position] ?? 0) < 0xc0) return `0x${bytesToHex(reader.string())}`;
    const items: Tree[] = [];
    reader.openList();
    while (reader.hasMore) items.push(one());
    reader.closeList();
    return items;
  };
  const tree = one();
  reader.finish();
  return reader.fault ?? tree;
}

const text = fc.oneof(
  fc.uint8Array({ maxLength: 3 }),
  fc.uint8Array({ minLength: 50, maxLength: 60 }),
  fc.uint8Array({ minLength: 250, maxLength: 300 }),
);
const tree = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof({ maxDepth: 3, withCrossShrink: true }, text, fc.array(tie('item'), { maxLength: 4 })),
})).item;

it('encodes as viem does, and reads back what viem wrote', () => {
  void fc.assert(
    fc.property(tree, (item) => {
      const encoded = encodeRlp(item);
      expect(`0x${bytesToHex(encoded)}`).toBe(toRlp(toTree(item) as Parameters<typeof toRlp>[0]));
      expect(read(encoded)).toEqual(toTree(item));
    }),
  );
});

it('whatever the reader accepts is what viem reads, and encodes to the same bytes', () => {
  void fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const value = read(bytes);
      if (typeof value === 'string' && !value.startsWith('0x')) return;
      expect(fromRlp(bytes)).toEqual(value);
      expect(toRlp(value as Parameters<typeof toRlp>[0])).toBe(`0x${bytesToHex(bytes)}`);
    }),
    { numRuns: 500 },
  );
});

describe('FMT-20: RLP that is not canonical is refused:', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a single byte with a prefix', '8101', 'not canonical'],
    ['a long length for a short string', `b837${'61'.repeat(55)}`, 'not canonical'],
    ['a length with leading zeros', `b90038${'61'.repeat(56)}`, 'not canonical'],
    ['a long length for a short list', `f837${'61'.repeat(55)}`, 'not canonical'],
    ['nothing', '', 'truncated'],
    ['a cut string', '8261', 'truncated'],
    ['a cut length', 'b9', 'truncated'],
    ['a length of eight bytes', 'bfffffffffffffffff', 'truncated'],
    ['an item that ends behind its list', 'c28261', 'truncated'],
    ['two values', '0102', 'trailing'],
    ['lists nested five deep', 'c5c4c3c2c1c0', 'too deep'],
  ];
  for (const [name, bytes, fault] of cases) {
    it(name, () => expect(read(fromHex(bytes))).toBe(fault));
  }
});

/** Every arithmetic opcode gives what the definition says, with operands at and around every limb. */
import { bytesToBigint } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { push32, RETURN_WORD, runCode } from './kit/world.ts';

const SIZE = 2n ** 256n;
const wrap = (value: bigint): bigint => BigInt.asUintN(256, value);
const signed = (value: bigint): bigint => BigInt.asIntN(256, value);
const bool = (value: boolean): bigint => (value ? 1n : 0n);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = wrap(b * b)) if ((e & 1n) === 1n) result = wrap(result * b);
  return result;
}

function signExtend(index: bigint, value: bigint): bigint {
  return index > 30n ? value : wrap(BigInt.asIntN(8 * (Number(index) + 1), value));
}

/** First operand on top of the stack. */
const BINARY: readonly (readonly [string, number, (a: bigint, b: bigint) => bigint])[] = [
  ['ADD', 0x01, (a, b) => wrap(a + b)],
  ['MUL', 0x02, (a, b) => wrap(a * b)],
  ['SUB', 0x03, (a, b) => wrap(a - b)],
  ['DIV', 0x04, (a, b) => (b === 0n ? 0n : a / b)],
  ['SDIV', 0x05, (a, b) => (b === 0n ? 0n : wrap(signed(a) / signed(b)))],
  ['MOD', 0x06, (a, b) => (b === 0n ? 0n : a % b)],
  ['SMOD', 0x07, (a, b) => (b === 0n ? 0n : wrap(signed(a) % signed(b)))],
  ['EXP', 0x0a, power],
  ['SIGNEXTEND', 0x0b, signExtend],
  ['LT', 0x10, (a, b) => bool(a < b)],
  ['GT', 0x11, (a, b) => bool(a > b)],
  ['SLT', 0x12, (a, b) => bool(signed(a) < signed(b))],
  ['SGT', 0x13, (a, b) => bool(signed(a) > signed(b))],
  ['EQ', 0x14, (a, b) => bool(a === b)],
  ['AND', 0x16, (a, b) => a & b],
  ['OR', 0x17, (a, b) => a | b],
  ['XOR', 0x18, (a, b) => a ^ b],
  ['BYTE', 0x1a, (a, b) => (a > 31n ? 0n : (b >> (8n * (31n - a))) & 0xffn)],
  ['SHL', 0x1b, (a, b) => (a > 255n ? 0n : wrap(b << a))],
  ['SHR', 0x1c, (a, b) => (a > 255n ? 0n : b >> a)],
  ['SAR', 0x1d, (a, b) => wrap(signed(b) >> (a > 255n ? 255n : a))],
];
const TERNARY: readonly (readonly [string, number, (a: bigint, b: bigint, m: bigint) => bigint])[] = [
  ['ADDMOD', 0x08, (a, b, m) => (m === 0n ? 0n : (a + b) % m)],
  ['MULMOD', 0x09, (a, b, m) => (m === 0n ? 0n : (a * b) % m)],
];

const EDGES = [0n, 1n, 2n, 3n, 31n, 32n, 63n, 64n, 65n, 127n, 128n, 255n, 256n].flatMap((n) => [
  n,
  n < 256n ? 2n ** n : 0n,
  n < 256n ? 2n ** n - 1n : SIZE - 1n,
  SIZE - 1n - n,
]);
const word = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...EDGES) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: SIZE - 1n }) },
  // Few limbs, and limbs of all ones: carries and the corrections of long division.
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom(0n, 1n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn), {
        minLength: 8,
        maxLength: 8,
      })
      .map((limbs) => limbs.reduce<bigint>((sum, limb) => (sum << 32n) | limb, 0n)),
  },
);
const hexOf = (opcode: number): string => opcode.toString(16).padStart(2, '0');

describe('opcodes of arithmetic', () => {
  it.each(BINARY)('%s', (_, opcode, expected) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { minLength: 40, maxLength: 40 }), (pairs) => {
        // Many at once: each run makes an engine of its own.
        const code = pairs.map(([a, b], i) => `${push32(b)}${push32(a)}${hexOf(opcode)}${storeAt(i)}`).join('');
        const { output, status } = runCode(`${code}${returnWords(pairs.length)}`, { gasLimit: 10_000_000n });
        expect(status).toBe('ok');
        for (const [i, [a, b]] of pairs.entries())
          expect([a, b, bytesToBigint(output.subarray(32 * i, 32 * i + 32))]).toEqual([a, b, expected(a, b)]);
      }),
      { numRuns: 12 },
    );
  });

  it.each(TERNARY)('%s', (_, opcode, expected) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word), { minLength: 40, maxLength: 40 }), (triples) => {
        const code = triples
          .map(([a, b, m], i) => `${push32(m)}${push32(b)}${push32(a)}${hexOf(opcode)}${storeAt(i)}`)
          .join('');
        const { output } = runCode(`${code}${returnWords(triples.length)}`, { gasLimit: 10_000_000n });
        for (const [i, [a, b, m]] of triples.entries())
          expect([a, b, m, bytesToBigint(output.subarray(32 * i, 32 * i + 32))]).toEqual([a, b, m, expected(a, b, m)]);
      }),
      { numRuns: 12 },
    );
  });

  it('ISZERO, NOT', () => {
    for (const value of EDGES) {
      expect(bytesToBigint(runCode(`${push32(value)}15${RETURN_WORD}`).output)).toBe(bool(value === 0n));
      expect(bytesToBigint(runCode(`${push32(value)}19${RETURN_WORD}`).output)).toBe(SIZE - 1n - value);
    }
  });
});

const storeAt = (index: number): string => `61${(32 * index).toString(16).padStart(4, '0')}52`;
const returnWords = (count: number): string => `61${(32 * count).toString(16).padStart(4, '0')}5ff3`;

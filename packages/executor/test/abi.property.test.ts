/** The ABI of system contracts: what is encoded decodes, and no call data makes it throw (EXE-32). */
import fc from 'fast-check';
import { decodeAbiParameters, encodeAbiParameters } from 'viem';
import { describe, expect, it } from 'vitest';
import { lowerCaseAscii } from '../src/abi.ts';
import { type AbiType, type AbiValue, decodeAbi, encodeAbi, selectorOf, topicOf } from '../src/index.ts';
import { hex } from './kit/chain.ts';

const hexDigits = (size: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => hex(bytes).slice(2));
const text = fc.string({ unit: 'grapheme', maxLength: 80 });
const typed: fc.Arbitrary<readonly [AbiType, AbiValue]> = fc.oneof(
  fc.tuple(fc.constant('uint256' as const), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })),
  fc.tuple(fc.constant('int256' as const), fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n })),
  fc.tuple(fc.constant('bool' as const), fc.boolean()),
  fc.tuple(fc.constant('address' as const), hexDigits(20)),
  fc.tuple(fc.constant('bytes32' as const), hexDigits(32)),
  fc.tuple(fc.constant('string' as const), text),
  fc.tuple(fc.constant('string[]' as const), fc.array(text, { maxLength: 5 })),
);

/** Values as viem has them. */
const forViem = (type: AbiType, value: AbiValue): unknown =>
  type === 'address' || type === 'bytes32' ? `0x${String(value)}` : value;

describe('ABI', () => {
  it('EXE-32: is the one that others speak', () => {
    fc.assert(
      fc.property(fc.array(typed, { maxLength: 5 }), (list) => {
        const types = list.map(([type]) => type);
        const values = list.map(([, value]) => value);
        const encoded = encodeAbi(types, values);
        const parameters = types.map((type) => ({ type }));
        expect(hex(encoded)).toBe(
          encodeAbiParameters(parameters, list.map(([type, value]) => forViem(type, value)) as never),
        );
        expect(decodeAbi(types, encoded)).toEqual(values);
      }),
    );
    expect(decodeAbiParameters([{ type: 'string' }], hex(encodeAbi(['string'], ['ü'])))).toEqual(['ü']);
    expect(selectorOf('setValueByKey(string,string)')).toBe('bd291aef');
    expect(topicOf('Transfer(address,address,uint256)')).toBe(
      'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
    );
  });

  it('EXE-32: any bytes give values or nothing', () => {
    const word = fc.oneof(fc.bigInt({ min: 0n, max: 200n }), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }));
    const words = fc
      .array(word, { maxLength: 12 })
      .map((list) =>
        Uint8Array.from(list.flatMap((value) => [...Buffer.from(value.toString(16).padStart(64, '0'), 'hex')])),
      );
    fc.assert(
      fc.property(
        fc.array(typed, { minLength: 1, maxLength: 4 }),
        fc.oneof(words, fc.uint8Array({ maxLength: 200 })),
        (list, data) => {
          const types = list.map(([type]) => type);
          const values = decodeAbi(types, data);
          if (values !== undefined) expect(decodeAbi(types, encodeAbi(types, values))).toEqual(values);
        },
      ),
    );
  });

  it('EXE-32: limits of texts and lists', () => {
    const long = (size: number): Uint8Array => encodeAbi(['string'], ['a'.repeat(size)]);
    expect(decodeAbi(['string'], long(16_384))).toBeDefined();
    expect(decodeAbi(['string'], long(16_385))).toBeUndefined();
    const many = (count: number): Uint8Array => encodeAbi(['string[]'], [Array.from({ length: count }, () => 'a')]);
    expect(decodeAbi(['string[]'], many(64))).toBeDefined();
    expect(decodeAbi(['string[]'], many(65))).toBeUndefined();
  });

  it('EXE-32: only A to Z have a lower case', () => {
    expect(lowerCaseAscii('AZaz09_@[`{\u212a\u0130\ua7cb')).toBe('azaz09_@[`{\u212a\u0130\ua7cb');
  });
});

import {
  InvariantError,
  isAddressHex,
  isHashHex,
  isNodeId,
  toAddressHex,
  toHashHex,
  toHeight,
  toNodeId,
  toTerm,
  toValidatorIndex,
  toView,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '@hansa/primitives';
import { describe, expect, it } from 'vitest';

describe('hex brands take lower-case digits of exactly their length', () => {
  const brands = [
    { name: 'hash', size: 64, is: isHashHex, to: toHashHex },
    { name: 'address', size: 40, is: isAddressHex, to: toAddressHex },
    { name: 'node id', size: 128, is: isNodeId, to: toNodeId },
  ];
  for (const { name, size, is, to } of brands) {
    it(name, () => {
      const good = 'a1'.repeat(size / 2);
      expect(is(good)).toBe(true);
      expect(to(good)).toBe(good);
      for (const bad of [
        good.slice(1),
        `${good}0`,
        good.toUpperCase(),
        `0x${good.slice(2)}`,
        'g'.repeat(size),
        '',
        `${good}\n`,
      ]) {
        expect(is(bad), bad).toBe(false);
        expect(() => to(bad)).toThrow(InvariantError);
      }
    });
  }
});

describe('number brands take safe integers from 0', () => {
  for (const [name, to] of Object.entries({ toHeight, toView, toTerm, toValidatorIndex })) {
    it(name, () => {
      expect(to(0)).toBe(0);
      expect(to(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
      for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]) {
        expect(() => to(bad), String(bad)).toThrow(InvariantError);
      }
    });
  }
});

it('the zero values have the right length', () => {
  expect(isHashHex(ZERO_HASH)).toBe(true);
  expect(isAddressHex(ZERO_ADDRESS)).toBe(true);
});

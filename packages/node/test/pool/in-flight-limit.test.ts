import type { Height } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { createInFlightLimit } from '../../src/pool/in-flight-limit.ts';

const VIEW_TIMEOUT_MS = 1_000;

function world() {
  let nowMs = 0;
  let height = 0;
  const limit = createInFlightLimit(() => nowMs);
  /** One own block that becomes final after so long. */
  const block = (tookMs: number, isCut: boolean): number => {
    height++;
    limit.onProposed(height as Height, isCut);
    nowMs += tookMs;
    limit.onCommitted(height as Height, VIEW_TIMEOUT_MS);
    return limit.count();
  };
  return { limit, block, nextHeight: () => ++height as Height };
}

test('it grows while it is reached and blocks are quick', () => {
  const { limit, block } = world();
  expect(limit.count()).toBe(500);
  expect(block(100, false)).toBe(500);
  expect(block(100, true)).toBe(625);
  expect(block(400, true)).toBe(625);
  for (let i = 0; i < 50; i++) block(100, true);
  expect(limit.count()).toBe(10_000);
});

test('slow blocks cut it, never below what every chain may have', () => {
  const { limit, block } = world();
  for (let i = 0; i < 5; i++) block(100, true);
  expect(limit.count()).toBe(1_525);
  expect(block(700, false)).toBe(1_068);
  for (let i = 0; i < 50; i++) block(5_000, true);
  expect(limit.count()).toBe(500);
});

test('blocks of others say nothing about the own work', () => {
  const { limit, nextHeight } = world();
  limit.onCommitted(nextHeight(), VIEW_TIMEOUT_MS);
  expect(limit.count()).toBe(500);
});

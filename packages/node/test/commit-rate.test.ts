import { expect, test } from 'vitest';
import { createCommitRate } from '../src/pool/commit-rate.ts';

test('the rate follows what becomes final, and a pause does not count as slowness', () => {
  let nowMs = 0;
  const rate = createCommitRate(() => nowMs);
  const commit = (count: number, afterMs: number): void => {
    nowMs += afterMs;
    rate.onCommitted(count);
  };
  expect(rate.perSecond()).toBe(0);
  for (let i = 0; i < 40; i++) commit(100, 100);
  expect(rate.perSecond()).toBeCloseTo(1_000, 0);
  commit(100, 3_600_000);
  expect(rate.perSecond()).toBeGreaterThan(700);
  for (let i = 0; i < 40; i++) commit(20, 100);
  expect(rate.perSecond()).toBeCloseTo(200, 0);
});

test('blocks that come in one go do not make it infinite', () => {
  const rate = createCommitRate(() => 5);
  for (let i = 0; i < 100; i++) rate.onCommitted(10);
  expect(rate.perSecond()).toBeLessThanOrEqual(1_000);
});

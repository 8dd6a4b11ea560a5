import { expect, test } from 'vitest';
import { createCommitRate } from '../src/pool/commit-rate.ts';

test('the rate is that of the last two seconds', () => {
  let nowMs = 0;
  const rate = createCommitRate(() => nowMs);
  const commit = (count: number, afterMs: number): void => {
    nowMs += afterMs;
    rate.onCommitted(count);
  };
  expect(rate.perSecond()).toBe(0);
  for (let i = 0; i < 40; i++) commit(100, 100);
  expect(rate.perSecond()).toBe(1_000);
  for (let i = 0; i < 20; i++) commit(20, 100);
  expect(rate.perSecond()).toBe(200);
  nowMs += 2_000;
  expect(rate.perSecond()).toBe(0);
});

test('blocks that come in one go do not make it infinite, and many of them cost bounded memory', () => {
  let nowMs = 0;
  const rate = createCommitRate(() => nowMs);
  for (let i = 0; i < 10; i++) rate.onCommitted(100);
  expect(rate.perSecond()).toBe(500);
  for (let i = 0; i < 5_000; i++) rate.onCommitted(1);
  expect(rate.perSecond()).toBe(512);
  nowMs = 10_000;
  expect(rate.perSecond()).toBe(0);
});

import type { Height } from '@hansa/primitives';
import { beforeEach, expect, test } from 'vitest';
import { createPace, type Pace } from '../../src/pool/pace.ts';

// How quick the chain is, as a node measures it for the distance of its proposals and frames.

let nowMs = 0;
let pace: Pace;
beforeEach(() => {
  nowMs = 0;
  pace = createPace(() => nowMs);
});

const block = (height: number, tookMs: number): void => {
  pace.onFollowed(height as Height);
  nowMs += tookMs;
  pace.onCommitted(height as Height);
};

test('is nothing on a chain that has not begun, and nothing again on one that rests', () => {
  expect(pace.blockMs()).toBe(0);
  block(1, 100);
  expect(pace.blockMs()).toBe(100);
  nowMs += 2_000;
  expect(pace.blockMs()).toBe(100);
  nowMs += 1;
  expect(pace.blockMs()).toBe(0);
  block(2, 40);
  expect(pace.blockMs()).toBe(40);
});

test('follows a change of load within a few blocks', () => {
  for (let height = 1; height <= 20; height++) block(height, 60);
  expect(pace.blockMs()).toBeCloseTo(60);
  for (let height = 21; height <= 30; height++) block(height, 400);
  expect(pace.blockMs()).toBeGreaterThan(380);
  for (let height = 31; height <= 40; height++) block(height, 60);
  expect(pace.blockMs()).toBeLessThan(80);
});

test('counts from the first proposal of a height, whatever the views after it propose', () => {
  pace.onFollowed(1 as Height);
  nowMs = 500;
  pace.onFollowed(1 as Height);
  nowMs = 700;
  pace.onCommitted(1 as Height);
  expect(pace.blockMs()).toBe(700);
});

test('a block that came by sync says nothing', () => {
  block(1, 80);
  nowMs += 1_000;
  pace.onCommitted(2 as Height);
  expect(pace.blockMs()).toBe(80);
});

test('remembers a bounded number of heights, and forgets the oldest', () => {
  for (let height = 1; height <= 1_025; height++) pace.onFollowed(height as Height);
  nowMs = 50;
  pace.onCommitted(1 as Height);
  expect(pace.blockMs()).toBe(0);
  pace.onCommitted(2 as Height);
  expect(pace.blockMs()).toBe(50);
});

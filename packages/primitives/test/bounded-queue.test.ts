import { BoundedQueue, InvariantError } from '@hansa/primitives';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it('refuses what is above its capacity and counts it', () => {
  const queue = new BoundedQueue<number>(2);
  expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
  expect([queue.size, queue.droppedCount]).toEqual([2, 1]);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([1, 2, undefined]);
});

it('evicts the oldest when asked to, and counts it', () => {
  const queue = new BoundedQueue<number>(2);
  expect(queue.pushEvictingOldest(1)).toBeUndefined();
  queue.pushEvictingOldest(2);
  expect(queue.pushEvictingOldest(3)).toBe(1);
  expect([queue.size, queue.droppedCount, queue.shift()]).toEqual([2, 1, 2]);
});

it('is empty after clear', () => {
  const queue = new BoundedQueue<number>(2);
  queue.push(1);
  queue.clear();
  expect([queue.size, queue.shift()]).toEqual([0, undefined]);
});

it('wants a positive whole capacity', () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) expect(() => new BoundedQueue(capacity)).toThrow(InvariantError);
});

it('behaves like a bounded array, also when it has moved its start', () => {
  void fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000 }), fc.array(fc.boolean(), { maxLength: 200 }), (capacity, steps) => {
      const queue = new BoundedQueue<number>(capacity);
      const model: number[] = [];
      let next = 0;
      for (const isPush of steps) {
        // Twenty at a time, so that the queue gives back the memory at its start.
        for (let i = 0; i < 20; i++) {
          if (isPush) {
            expect(queue.push(next)).toBe(model.length < capacity);
            if (model.length < capacity) model.push(next);
            next++;
          } else {
            expect(queue.shift()).toBe(model.shift());
          }
        }
        expect(queue.size).toBe(model.length);
      }
    }),
    { numRuns: 30 },
  );
});

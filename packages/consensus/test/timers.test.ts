import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOffMs } from '../src/timers.ts';
import { Cluster } from './cluster.ts';

test('PBFT-V1: T(k) = min(base · 1.5^k, cap), in integers', () => {
  const all = [0, 1, 2, 3, 4, 5, 50].map((count) => backOffMs({ base: 1000, cap: 4000, count }));
  expect(all).toEqual([1000, 1500, 2250, 3375, 4000, 4000, 4000]);
});

test('PBFT-V1: T(k) never falls, never exceeds the cap, and reaches it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 60_000 }), (base, more) => {
      const cap = base + more;
      let last = 0;
      for (let count = 0; count < 80; count++) {
        const ms = backOffMs({ base, cap, count });
        expect(Number.isSafeInteger(ms) && ms >= last && ms <= cap).toBe(true);
        last = ms;
      }
      expect(last).toBe(cap);
    }),
  );
});

test('PBFT-V1: an idle chain has no timer, no view change, and only STATUS on the wire', () => {
  const cluster = new Cluster();
  const kinds = new Set<string>();
  cluster.tick(5);
  cluster.onEffect = (_, effect) => {
    if (effect.type === 'send') kinds.add(effect.vote.type);
    else kinds.add(effect.type);
  };
  cluster.tick(400);
  expect([...kinds]).toEqual(['status']);
  for (const node of cluster.nodes) expect(node.replica?.status).toMatchObject({ view: 0, timer: undefined });
});

test('PBFT-V1: a machine that slept does not take its sleep for the silence of the primary', () => {
  const cluster = new Cluster();
  cluster.tick(2);
  cluster.filters.set('all', () => true);
  cluster.submit(1);
  cluster.deliver();
  const node = cluster.node(1);
  cluster.give(node, { type: 'tick', tick: 1_000_000, clockMs: 1_700_000_090_000 });
  expect(node.replica?.status.suspecting).toBe(false);
});

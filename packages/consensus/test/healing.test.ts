/** A replica whose result differs comes back when its ledger holds the certified one. */
import type { HashHex, Height } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

/** Node 2 executes block after block differently, and learns it from the RESULTs of the others. */
function diverge(cluster: Cluster): void {
  cluster.node(2).salt = 'other';
  cluster.submit(1);
  cluster.deliver();
}

const silenceOf = (cluster: Cluster): unknown => cluster.node(2).replica?.status.silence;
const divergences = (cluster: Cluster): number =>
  cluster.node(2).reports.filter(({ type }) => type === 'divergence').length;

test('PBFT-N7: silent until the ledger holds the certified block, then its vote counts again', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  diverge(cluster);
  expect(silenceOf(cluster)).toBe('diverged');
  cluster.node(2).salt = '';
  cluster.tick(40);
  expect(silenceOf(cluster)).toBeUndefined();
  cluster.crash(3);
  cluster.submit(2);
  cluster.tick(60);
  expect(cluster.headOf(cluster.node(2)).height).toBe(cluster.headOf(cluster.node(0)).height);
  expect(cluster.headOf(cluster.node(0)).height).toBeGreaterThan(1);
  expect(divergences(cluster)).toBe(1);
});

test('PBFT-N7: a certified block that the ledger could not take silences, and its commit heals', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  cluster.node(2).held.add('behind');
  cluster.filters.set('lost', ({ to }) => to === 2);
  cluster.submit(1);
  cluster.deliver();
  const head = cluster.headOf(cluster.node(0));
  const certificate = { height: head.height, blockHash: head.blockHash, signatures: [] };
  const ownBlockHash = 'ab'.repeat(32) as HashHex;
  const input = {
    type: 'diverged',
    height: head.height,
    digest: head.proposalDigest,
    ownBlockHash,
    certificate,
  } as const;
  cluster.give(cluster.node(2), input);
  cluster.deliver();
  expect(silenceOf(cluster)).toBe('diverged');
  cluster.filters.clear();
  cluster.node(2).held.clear();
  cluster.tick(60);
  expect(silenceOf(cluster)).toBeUndefined();
  // What is final already cannot differ any more.
  cluster.give(cluster.node(2), { ...input, height: 0 as Height });
  cluster.deliver();
  expect(silenceOf(cluster)).toBeUndefined();
});

test('PBFT-N7: after three times it stays silent', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  for (let count = 1; count <= 4; count++) {
    diverge(cluster);
    cluster.tick(60);
    expect(divergences(cluster)).toBe(count);
  }
  expect(silenceOf(cluster)).toBe('diverged');
  expect(cluster.headOf(cluster.node(2)).height).toBe(cluster.headOf(cluster.node(0)).height);
});

test('PBFT-N7: status groups the results of the next height', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  cluster.node(2).salt = 'other';
  cluster.node(3).salt = 'other';
  cluster.submit(1);
  cluster.deliver();
  const groups = cluster.node(0).replica?.status.resultGroups ?? [];
  expect(groups.map(({ height, weight }) => [height, weight])).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(new Set(groups.flatMap(({ nodeIds }) => nodeIds)).size).toBe(4);
});

/** A replica whose result differs comes back when its ledger holds the certified one. */
import type { HashHex, Height } from '@hansa/primitives';
import { expect, test } from 'vitest';
import type { FinalHead } from '../src/index.ts';
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
  // Told again, it stays one divergence.
  cluster.give(cluster.node(2), input);
  cluster.deliver();
  expect(silenceOf(cluster)).toBe('diverged');
  expect(divergences(cluster)).toBe(1);
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

test('PBFT-N7: RESULTs that were signed above a divergence bind and say nothing: the next execution may differ', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  node.salt = 'other';
  node.held.add('behind');
  cluster.filters.set('results', ({ to, message }) => to === 2 && message.type === 'result');
  cluster.submit(2);
  cluster.deliver();
  const [, one, two] = cluster.node(0).ledger as [FinalHead, FinalHead, FinalHead];
  expect(node.replica?.status).toMatchObject({ decidedHeight: 2, stableHeight: 0, silence: undefined });
  // The certified first block comes from others; my two RESULTs were wrong.
  node.salt = '';
  const results: HashHex[] = [];
  cluster.onEffect = (at, effect) => {
    if (at === node && effect.type === 'send' && effect.vote.type === 'result') results.push(effect.vote.blockHash);
  };
  node.ledger.push(one);
  cluster.give(node, { type: 'committed', head: one });
  cluster.deliver();
  expect(divergences(cluster)).toBe(1);
  expect(silenceOf(cluster)).toBeUndefined();
  // The second one was executed again with the right result: no other RESULT is signed, and nothing is stopped for it.
  cluster.filters.clear();
  node.held.clear();
  cluster.tick(60);
  expect(cluster.headOf(node)).toEqual(two);
  expect(node.reports.map(({ type }) => type)).toEqual(['divergence']);
  expect(results).not.toContain(two.blockHash);
});

test('PBFT-N5: one whose execution gives another result than before a restart is silent until the certified block is there', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  cluster.filters.set('results', ({ message }) => message.type === 'result');
  cluster.submit(1);
  cluster.deliver();
  cluster.crash(2);
  node.salt = 'other';
  cluster.start(node);
  cluster.tick(40);
  expect(node.reports.map(({ type }) => type)).toEqual(['nondeterminism']);
  expect(silenceOf(cluster)).toBe('nondeterminism');
  node.salt = '';
  cluster.filters.clear();
  cluster.tick(60);
  expect(cluster.headOf(node).height).toBe(1);
  expect(silenceOf(cluster)).toBeUndefined();
});

test('PBFT-N6: a result that comes after its block is final, or for what was not decided, changes nothing', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  node.held.add('execute');
  cluster.submit(1);
  cluster.tick(60);
  expect(cluster.headOf(node).height).toBe(1);
  const late = { type: 'executed', digest: cluster.headOf(node).proposalDigest, blockHash: 'ab'.repeat(32) as HashHex };
  for (const height of [1, 2]) cluster.give(node, { ...late, height: height as Height } as never);
  expect(node.reports).toEqual([]);
  expect(silenceOf(cluster)).toBeUndefined();
});

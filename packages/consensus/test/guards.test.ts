import type { HashHex, Height, Term, View } from '@hansa/primitives';
import type { PbftMessage, Verified } from '@hansa/protocol';
import { expect, test } from 'vitest';
import type { PbftEffect } from '../src/index.ts';
import { Cluster, NO_SIGNATURE, nodeIdOf } from './cluster.ts';

/** Kinds of what this node sends from now on. */
function watchSends(cluster: Cluster, index: number): string[] {
  const kinds: string[] = [];
  cluster.onEffect = (node, effect: PbftEffect) => {
    if (node.index === index && effect.type === 'send') kinds.push(effect.vote.type);
  };
  return kinds;
}

test('PBFT-V1, R3: no time-out while this node is behind a final block: sync repairs that', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(3);
  // Sync does not answer; of the others it hears STATUS only.
  node.held.add('behind');
  cluster.filters.set('all but status', ({ to, message }) => to === 3 && message.type !== 'status');
  cluster.submit(1);
  cluster.tick(12);
  expect(cluster.headOf(cluster.node(0)).height).toBe(1);
  expect(node.replica?.status.decidedHeight).toBe(0);
  const kinds = watchSends(cluster, 3);
  cluster.give(node, {
    type: 'poolState',
    pool: { hasExecutable: true, hasWaiting: true, overtakenIn: undefined },
  });
  cluster.tick(100);
  expect(kinds).not.toContain('suspect');
  expect(kinds).toContain('status');
});

test('PBFT-T2: the primaries are those that the term names, in its order', () => {
  const cluster = new Cluster({ primary: 2 });
  cluster.tick(1);
  const { primaryOrder } = cluster.headOf(cluster.node(0)).term;
  expect(primaryOrder[0]).toBe(2);
  const proposers: number[] = [];
  cluster.onEffect = (node, effect) => {
    if (effect.type === 'send' && effect.vote.type === 'proposal') proposers.push(node.index);
  };
  cluster.submit(1);
  cluster.tick(2);
  cluster.crash(2);
  cluster.submit(1);
  cluster.tick(40);
  // Some are sent again.
  expect([...new Set(proposers)]).toEqual(primaryOrder.slice(0, 2));
});

test('PBFT-V2: a complaint that came to nothing ends when its transaction is ordered', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  const kinds = watchSends(cluster, 2);
  const pool = { hasExecutable: false, hasWaiting: false, overtakenIn: { term: 0 as Term, view: 0 as View } };
  cluster.give(node, { type: 'poolState', pool });
  cluster.tick(30);
  const count = kinds.filter((kind) => kind === 'suspect').length;
  expect(count).toBeGreaterThan(1);
  cluster.give(node, { type: 'poolState', pool: { ...pool, overtakenIn: undefined } });
  kinds.length = 0;
  cluster.tick(200);
  expect([...new Set(kinds)]).toEqual(['status']);
});

test('PBFT-T3: one answer is not enough for a validator that has lost its votes', () => {
  for (const answers of [1, 3]) {
    const cluster = new Cluster({ window: 2, period: 4 });
    cluster.tick(1);
    cluster.submit(2);
    cluster.deliver();
    const node = cluster.node(3);
    cluster.crash(3);
    node.lostStore = true;
    node.held.add('askFinalHeights');
    cluster.start(node);
    cluster.submit(1);
    cluster.tick(2);
    const answer = (): void => {
      for (const peer of [0, 1, 2].slice(0, answers)) {
        cluster.give(node, {
          type: 'finalHeight',
          nodeId: nodeIdOf(peer),
          height: cluster.headOf(node).height as Height,
        });
      }
    };
    for (let height = cluster.headOf(node).height; height < 16; height++) {
      answer();
      cluster.submit(1);
      cluster.tick(4);
    }
    expect(cluster.headOf(node).term.term).toBeGreaterThan(2);
    expect(node.replica?.status.silence, `${answers} answers`).toBe(answers === 1 ? 'vote store lost' : undefined);
  }
});

test('PBFT-V8: what stands above a certified tip waits for the own vote on the tip', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  node.held.add('validate');
  cluster.filters.set('commits', ({ message }) => message.type.startsWith('commit'));
  cluster.filters.set('proposals', ({ to, message }) => message.type === 'proposal' && message.view === 0 && to === 2);
  cluster.submit(1);
  cluster.deliver();
  cluster.crash(0);
  cluster.tick(21);
  cluster.submit(1);
  cluster.tick(4);
  const digestAt = (height: number): HashHex | undefined =>
    [...cluster.proposals].find(([, proposal]) => proposal.height === height)?.[0];
  const [tip, above] = [digestAt(1), digestAt(2)];
  if (tip === undefined || above === undefined) throw new Error('a tip and a proposal above it were expected');
  const forged = { type: 'prepare', term: 0, sender: 0, signature: NO_SIGNATURE, view: 1, height: 1, digest: tip };
  cluster.send(0, node.nodeId, forged as unknown as Verified<PbftMessage>);
  cluster.deliver();
  const prepared: number[] = [];
  cluster.onEffect = (at, effect) => {
    if (at === node && effect.type === 'send' && effect.vote.type === 'prepare') prepared.push(effect.vote.height);
  };
  cluster.give(node, { type: 'validated', digest: above, verdict: { type: 'valid' } });
  expect(prepared).toEqual([]);
  cluster.give(node, { type: 'validated', digest: tip, verdict: { type: 'valid' } });
  expect(prepared).toEqual([1, 2]);
});

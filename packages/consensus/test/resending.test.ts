/** What is sent again, to whom, and when it is held back. */
import type { Term } from '@hansa/primitives';
import type { PbftMessage, Verified } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { type BufferedMessage, FutureBuffer } from '../src/future-buffer.ts';
import { Cluster, nodeIdOf, sha } from './cluster.ts';
import { give, height, message, sentBy, started, strange, view, watch } from './messages.ts';

const statusOf = (sender: number, change: object): Verified<PbftMessage> =>
  message('status', sender, {
    view: view(0),
    changing: false,
    stableHeight: height(0),
    decidedHeight: height(0),
    preparedHeight: height(0),
    incarnation: 1,
    instance: sha(`${sender}/1`).slice(0, 32),
    ...change,
  });

test('PBFT-R1: a new connection brings my STATUS at the next tick, however long nothing has happened', () => {
  const cluster = started(new Cluster());
  cluster.tick(420);
  const effects = watch(cluster, 1);
  cluster.tick(1, [1]);
  expect(sentBy(effects)).toEqual([]);
  cluster.give(cluster.node(1), { type: 'peerConnected', nodeId: nodeIdOf(3) });
  cluster.tick(1, [1]);
  expect(sentBy(effects)).toEqual(['status']);
});

test('PBFT-R2: one that says it is changing to view 0, which has no NEW-VIEW, gets none', () => {
  const cluster = started(new Cluster());
  const effects = give(cluster, 1, statusOf(3, { changing: true }));
  expect(effects).toEqual([]);
});

test('PBFT-R2: an own NEW-VIEW that no signature came back for leaves again only when I may vote', () => {
  const cluster = started(new Cluster());
  cluster.crash(0);
  cluster.onEffect = (node, effect) => {
    if (node.index === 1 && effect.type === 'send' && effect.vote.type === 'new-view') cluster.crash(1);
  };
  cluster.filters.set('lost', ({ message: sent }) => sent.type === 'new-view');
  cluster.submit(1);
  cluster.tick(40);
  cluster.filters.clear();
  expect(cluster.node(1).replica).toBeUndefined();
  cluster.node(1).held.add('askAcknowledgement');
  cluster.start(cluster.node(1));
  expect(cluster.replica(1).status).toMatchObject({
    view: 1,
    changing: false,
    silence: 'incarnation not acknowledged',
  });
  const effects = give(cluster, 1, statusOf(3, { view: view(1), changing: true }));
  expect(sentBy(effects)).toEqual([]);
  cluster.node(1).held.clear();
  cluster.tick(20);
  expect(sentBy(effects)).toContain('new-view');
  expect(cluster.headOf(cluster.node(3)).height).toBe(1);
});

test('PBFT-T1: peers of other terms are hinted at seldom, and a full table of them is forgotten', () => {
  const cluster = started(new Cluster());
  const effects = watch(cluster, 1);
  const peer = (at: number) => cluster.node(at % 4).nodeId.slice(0, 100) + sha(`peer ${at}`).slice(0, 28);
  const hear = (at: number): number => {
    effects.length = 0;
    cluster.give(cluster.node(1), { type: 'otherTerm', term: 1 as Term, from: peer(at) as never });
    return effects.length;
  };
  expect([hear(0), hear(0)]).toEqual([1, 0]);
  for (let at = 1; at < 256; at++) expect(hear(at)).toBe(1);
  expect(hear(0)).toBe(0);
  expect(hear(256)).toBe(1);
  expect(hear(0)).toBe(1);
});

test('PBFT-R4: what waits for later is kept once: same height, same content', () => {
  const buffer = new FutureBuffer(4, 16, 20);
  const [one, two] = [strange(new Cluster()), strange(new Cluster(), { timestamp: 3 })];
  const keep = (held: BufferedMessage): void => {
    if (!buffer.holds(held)) buffer.push(held, 0);
  };
  const result = (at: number, blockHash: typeof one.digest): void =>
    keep(message('result', 2, { height: height(at), blockHash }) as never);
  for (const digest of [one.digest, one.digest, two.digest]) result(20, digest);
  result(21, one.digest);
  expect(buffer.size).toBe(3);
  const prepare = (at: number, digest: typeof one.digest): void =>
    keep(message('prepare', 2, { view: view(at), height: height(20), digest }) as never);
  prepare(1, one.digest);
  prepare(1, one.digest);
  prepare(1, two.digest);
  prepare(2, two.digest);
  expect(buffer.size).toBe(6);
  expect(buffer.take((held) => held.type === 'result')).toHaveLength(3);
  expect(buffer.size).toBe(3);
});

test('PBFT-R4: of what is for later so many a second are worth a signature; other kinds and senders are untouched', () => {
  const cluster = new Cluster({ window: 4 });
  cluster.tick(1);
  const replica = cluster.replica(1);
  const digest = cluster.genesisHead().proposalDigest;
  const hear = (type: 'prepare' | 'commit', sender: number, at: number): unknown => {
    const vote = message(type, sender, { view: view(at), height: height(1), digest });
    const reason = replica.rejectReason(vote);
    replica.step({ type: 'message', message: vote, from: nodeIdOf(sender) });
    return reason;
  };
  for (let at = 1; at <= 32; at++) expect(hear('prepare', 3, at)).toBeUndefined();
  expect(hear('prepare', 3, 32)).toBe('PBFT_DUPLICATE');
  expect(hear('prepare', 3, 33)).toBe('PBFT_TOO_MANY_AHEAD');
  expect(hear('commit', 3, 33)).toBeUndefined();
  cluster.tick(19);
  expect(hear('prepare', 3, 33)).toBe('PBFT_TOO_MANY_AHEAD');
  cluster.tick(1);
  expect(hear('prepare', 3, 33)).toBeUndefined();
  expect(hear('prepare', 2, 33)).toBeUndefined();
});

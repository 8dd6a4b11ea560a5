/** The primary and its driver: what is asked, and which answers count. */
import { toHashHex } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { DEFAULT_PBFT_SETTINGS, durableStateFrom, PbftReplica } from '../src/index.ts';
import { Cluster, EPOCH_MS, nodeIdOf, sha } from './cluster.ts';
import { give, height, passedOn, reportsOf, sentBy, started, strange, view, watch } from './messages.ts';

const POOL = { hasExecutable: true, hasWaiting: true, overtakenIn: undefined };

/** The primary has been asked for work, and the test is its driver. */
function asked(): { readonly cluster: Cluster; readonly effects: ReturnType<typeof watch> } {
  const cluster = started(new Cluster());
  cluster.node(0).held.add('requestProposal');
  const effects = watch(cluster, 0);
  cluster.submit(1);
  return { cluster, effects };
}

const requests = (effects: ReturnType<typeof watch>): number[] =>
  effects.flatMap((effect) => (effect.type === 'requestProposal' ? [effect.height] : []));

function answer(cluster: Cluster, change: object = {}): void {
  const { proposal, digest } = strange(cluster);
  const repeated = { term: proposal.term, view: view(0), height: height(1), parentDigest: proposal.parentDigest };
  cluster.give(cluster.node(0), { type: 'propose', ...repeated, proposed: { proposal, digest }, ...change });
}

test('PBFT-N1: a driver with nothing to order is asked again when its pool has news, not before', () => {
  const { cluster, effects } = asked();
  answer(cluster, { proposed: undefined });
  cluster.tick(3);
  expect(requests(effects)).toEqual([1]);
  cluster.give(cluster.node(0), { type: 'poolState', pool: POOL });
  expect(requests(effects)).toEqual([1, 1]);
});

test('PBFT-N1: only the answer to what was asked is proposed', () => {
  const { cluster, effects } = asked();
  for (const change of [{ term: 1 }, { view: 1 }, { height: 2 }, { parentDigest: toHashHex(sha('another')) }])
    answer(cluster, change);
  expect(sentBy(effects)).toEqual([]);
  answer(cluster);
  expect(sentBy(effects)).toContain('proposal');
  effects.length = 0;
  answer(cluster);
  expect(sentBy(effects)).toEqual([]);
});

test('PBFT-N1: an answer that comes after the right to vote was lost is not proposed', () => {
  const { cluster, effects } = asked();
  cluster.give(cluster.node(0), { type: 'incarnationRefused', nodeId: nodeIdOf(1), incarnation: 1 });
  answer(cluster);
  expect(sentBy(effects)).toEqual([]);
});

test('PBFT-N1: nothing is proposed on an own proposal that a final block has overtaken', () => {
  const cluster = started(new Cluster());
  cluster.filters.set('all', () => true);
  cluster.submit(2);
  cluster.deliver();
  const effects = watch(cluster, 0);
  const { proposal, digest } = strange(cluster);
  const head = { ...cluster.genesisHead(), height: height(1), proposalDigest: digest, blockHash: digest };
  cluster.node(0).held.add('requestProposal');
  cluster.give(cluster.node(0), { type: 'committed', head: { ...head, timestamp: proposal.timestamp } });
  cluster.give(cluster.node(0), { type: 'poolState', pool: POOL });
  expect(requests(effects)).toEqual([]);
  expect(cluster.replica(0).status).toMatchObject({ stableHeight: 1, silence: undefined });
});

test('PBFT-N1: after a restart it goes on above its highest own proposal, in whatever order they were stored', () => {
  const cluster = started(new Cluster());
  cluster.filters.set('all', () => true);
  cluster.submit(2);
  cluster.deliver();
  const records = [...cluster.node(0).store.values()];
  for (const stored of [records, records.toReversed()]) {
    const config = { ...DEFAULT_PBFT_SETTINGS, nodeId: nodeIdOf(0), incarnation: 2, instance: '0'.repeat(32) };
    const replica = new PbftReplica(config, { head: cluster.genesisHead(), durable: durableStateFrom(stored) });
    for (const index of [1, 2])
      replica.step({ type: 'incarnationAcknowledged', nodeId: nodeIdOf(index), incarnation: 2 });
    const effects = [...replica.step({ type: 'poolState', pool: POOL })];
    expect(requests(effects)).toEqual([3]);
  }
});

test('PBFT-N2: an invalid proposal is refused with the reason; once a certificate vouches for it only availability counts', () => {
  const cluster = started(new Cluster());
  cluster.node(2).held.add('validate');
  cluster.filters.set('votes', ({ to, message: sent }) => to === 2 && sent.type !== 'proposal');
  const effects = watch(cluster, 2);
  cluster.submit(1);
  cluster.deliver();
  const digest = [...cluster.proposals.keys()][0] as never;
  const invalid = {
    type: 'validated',
    digest,
    verdict: { type: 'invalid', reason: 'a transaction has expired' },
  } as const;
  cluster.give(cluster.node(2), invalid);
  expect(reportsOf(cluster, 2, 'proposalRefused')).toMatchObject([
    { reason: 'a transaction has expired', proposer: 0 },
  ]);
  expect(sentBy(effects)).not.toContain('prepare');
  const more = give(cluster, 2, passedOn('prepared', { height: 1, digest }));
  expect(more).toContainEqual(expect.objectContaining({ type: 'validate', mode: 'availability' }));
  // Of the question before: void.
  cluster.give(cluster.node(2), invalid);
  expect(sentBy(more)).not.toContain('prepare');
  expect(reportsOf(cluster, 2, 'proposalRefused')).toHaveLength(1);
  cluster.give(cluster.node(2), { type: 'validated', digest, verdict: { type: 'valid' } });
  expect(sentBy(more)).toContain('prepare');
  cluster.give(cluster.node(2), invalid);
  expect(cluster.replica(2).status.silence).toBeUndefined();
});

test('PBFT-V1: a certificate for a proposal that nobody here has seen is work: the timer runs', () => {
  const cluster = started(new Cluster());
  const { digest } = strange(cluster);
  expect(cluster.replica(2).status.timer).toBeUndefined();
  cluster.filters.set('all', () => true);
  const effects = give(cluster, 2, passedOn('prepared', { height: 1, digest }));
  expect(effects).toContainEqual(expect.objectContaining({ type: 'fetch', digest, from: [0, 1, 3].map(nodeIdOf) }));
  cluster.give(cluster.node(2), { type: 'tick', tick: 50, clockMs: EPOCH_MS });
  expect(cluster.replica(2).status.timer).toBeDefined();
});

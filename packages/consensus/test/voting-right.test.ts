/** PBFT-T3: who may vote after a loss, a roll-back or among strangers, and what counts on the way there. */
import { type Height, type NodeId, type Term, toNodeId, type ValidatorIndex } from '@hansa/primitives';
import { expect, test } from 'vitest';
import {
  DEFAULT_PBFT_SETTINGS,
  EMPTY_DURABLE_STATE,
  type FinalHead,
  type PbftEffect,
  PbftReplica,
  type VoteStoreState,
} from '../src/index.ts';
import { Cluster, digestOf, nodeIdOf, sha } from './cluster.ts';
import { reportsOf, started, watch } from './messages.ts';

/** Last block of a term, which names the set of the next one. */
function lastHead(cluster: Cluster, at: { term: number; height: number; members: readonly number[] }): FinalHead {
  const head = cluster.genesisHead();
  const height = at.height as Height;
  const proposalDigest = digestOf({ height, view: 0, transactionHashes: [] } as never);
  const term = {
    ...head.term,
    term: at.term as Term,
    baseHeight: height,
    baseProposalDigest: proposalDigest,
    validators: at.members.map((index) => ({ nodeId: nodeIdOf(index), weight: 1, organisationId: 'o' })),
    primaryOrder: at.members.map((_, index) => index as ValidatorIndex),
    endHeight: (height + 256) as Height,
  };
  return { height, blockHash: proposalDigest, proposalDigest, timestamp: head.timestamp + at.height, term };
}

/** Node 3 has lost its votes, and the test answers for the others. */
function lost(options: ConstructorParameters<typeof Cluster>[0] = {}): {
  readonly cluster: Cluster;
  readonly effects: PbftEffect[];
  readonly answer: (from: number, height: number) => void;
} {
  const cluster = started(new Cluster({ window: 2, ...options }));
  const node = cluster.node(3);
  cluster.crash(3);
  node.lostStore = true;
  node.held.add('askFinalHeights');
  cluster.start(node);
  const effects = watch(cluster, 3);
  const answer = (from: number, height: number): void =>
    cluster.give(node, { type: 'finalHeight', nodeId: nodeIdOf(from), height: height as Height });
  return { cluster, effects, answer };
}

const stores = (effects: readonly PbftEffect[]): VoteStoreState[] =>
  effects.flatMap((effect) =>
    effect.type === 'persist' && effect.record.type === 'vote-store' ? [effect.record.state] : [],
  );
const asked = (effects: readonly PbftEffect[]): number[][] =>
  effects.flatMap((effect) =>
    effect.type === 'askFinalHeights'
      ? [effect.of.map((nodeId) => [...Array(9).keys()].findIndex((index) => nodeIdOf(index) === nodeId))]
      : [],
  );

test('PBFT-T3: the barrier stands a window above the highest answer of a quorum; strangers do not count', () => {
  const { effects, answer } = lost();
  answer(7, 99);
  answer(0, 5);
  answer(1, 9);
  answer(0, 4);
  expect(stores(effects)).toEqual([]);
  answer(2, 7);
  expect(stores(effects)).toEqual([{ type: 'barrier', baseAbove: 11 }]);
  // It stands: later answers move nothing.
  answer(2, 50);
  expect(stores(effects)).toHaveLength(1);
});

test.each([
  { name: 'at', base: 11, expected: 'lost', silence: 'vote store lost' },
  { name: 'above', base: 12, expected: 'intact', silence: 'incarnation not acknowledged' },
] as const)('PBFT-T3: with a base $name the barrier the store is $expected', ({ base, expected, silence }) => {
  const { cluster, effects, answer } = lost();
  for (const from of [0, 1, 2]) answer(from, 9);
  cluster.give(cluster.node(3), {
    type: 'committed',
    head: lastHead(cluster, { term: 1, height: base, members: [0, 1, 2, 3] }),
  });
  expect(stores(effects)[1]).toEqual({ type: expected });
  expect(cluster.replica(3).status.silence).toBe(silence);
});

test('PBFT-T3: a term that was skipped makes the barrier void', () => {
  const { cluster, effects, answer } = lost();
  for (const from of [0, 1, 2]) answer(from, 9);
  cluster.give(cluster.node(3), {
    type: 'committed',
    head: lastHead(cluster, { term: 2, height: 512, members: [0, 1, 2, 3] }),
  });
  // The answers of those who are members again count for the term after this one.
  expect(stores(effects).slice(1)).toEqual([{ type: 'lost' }, { type: 'barrier', baseAbove: 514 }]);
  expect(cluster.replica(3).status.silence).toBe('vote store lost');
});

test('PBFT-T3: when all have answered and the term ends too soon, nobody is asked again until the next one', () => {
  const { cluster, effects, answer } = lost({ period: 8 });
  cluster.tick(1);
  expect(asked(effects).at(-1)).toEqual([0, 1, 2]);
  for (const from of [0, 1, 2]) answer(from, 7);
  expect(stores(effects)).toEqual([]);
  effects.length = 0;
  cluster.tick(40);
  expect(asked(effects)).toEqual([]);
});

test('PBFT-T3: what a member said is forgotten when it leaves the set', () => {
  const { cluster, effects, answer } = lost();
  const node = cluster.node(3);
  node.held.add('askAcknowledgement');
  answer(2, 1);
  cluster.give(node, { type: 'committed', head: lastHead(cluster, { term: 1, height: 256, members: [0, 1, 3, 4] }) });
  cluster.give(node, { type: 'committed', head: lastHead(cluster, { term: 2, height: 512, members: [0, 1, 2, 3] }) });
  expect(asked(effects).slice(-2)).toEqual([
    [0, 1, 4],
    [0, 1, 2],
  ]);
});

test('PBFT-T3: a barrier that was raised in an older term than the ledger’s is void after a restart', () => {
  const cluster = new Cluster();
  const head = lastHead(cluster, { term: 1, height: 256, members: [0, 1, 2, 3] });
  const voteStore = { type: 'barrier', baseAbove: 9 as Height } as const;
  const config = { ...DEFAULT_PBFT_SETTINGS, nodeId: nodeIdOf(3), incarnation: 2, instance: '0'.repeat(32) };
  const durable = { ...EMPTY_DURABLE_STATE, voteStore, term: 0 as Term };
  const replica = new PbftReplica(config, { head, durable });
  expect(stores(replica.step({ type: 'tick', tick: 1, clockMs: 1 }))).toEqual([{ type: 'lost' }]);
  expect(replica.status.silence).toBe('vote store lost');
});

test('PBFT-T3: only a statement that is not below mine proves a roll-back, and it is reported once', () => {
  const cluster = started(new Cluster());
  cluster.crash(2);
  cluster.start(cluster.node(2));
  cluster.tick(1);
  const node = cluster.node(2);
  const refuse = (incarnation: number): void =>
    cluster.give(node, { type: 'incarnationRefused', nodeId: nodeIdOf(0), incarnation });
  refuse(1);
  expect(cluster.replica(2).status.silence).toBeUndefined();
  refuse(2);
  refuse(3);
  expect(cluster.replica(2).status.silence).toBe('vote store lost');
  expect(reportsOf(cluster, 2, 'rolledBack')).toMatchObject([{ ownIncarnation: 2, seenIncarnation: 2 }]);
});

test('PBFT-T3: early acknowledgements of strangers are kept up to a limit, those of members always', () => {
  const cluster = started(new Cluster());
  const node = cluster.node(1);
  node.held.add('askAcknowledgement');
  const acknowledgeBy = (nodeId: NodeId): void =>
    cluster.give(node, { type: 'incarnationAcknowledged', nodeId, incarnation: 1 });
  const acknowledge = (index: number): void => acknowledgeBy(nodeIdOf(index));
  // Three of the cluster have acknowledged already.
  for (let at = 0; at < 1_024 - 3; at++) acknowledgeBy(toNodeId(sha(`stranger ${at}`).repeat(2)));
  acknowledge(7);
  cluster.give(node, { type: 'committed', head: lastHead(cluster, { term: 1, height: 256, members: [1, 7, 8, 9] }) });
  acknowledge(8);
  expect(node.replica?.status.silence).toBe('incarnation not acknowledged');
  acknowledge(7);
  expect(node.replica?.status.silence).toBeUndefined();
});

import type { Height, Term, ValidatorIndex } from '@hansa/primitives';
import type { PbftMessage, Verified } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { type FinalHead, maxFaultyWeight, type PbftEffect } from '../src/index.ts';
import { Cluster, digestOf, NO_SIGNATURE, nodeIdOf } from './cluster.ts';

/** The last block of the term, which names a set of these nodes for the next one. */
function lastHead(cluster: Cluster, members: readonly number[]): FinalHead {
  const head = cluster.genesisHead();
  const height = 256 as Height;
  const proposalDigest = digestOf({ height, view: 0, transactionHashes: [] } as never);
  const validators = members.map((index) => ({ nodeId: nodeIdOf(index), weight: 1, organisationId: 'o' }));
  const term = {
    ...head.term,
    term: 1 as Term,
    baseHeight: height,
    baseProposalDigest: proposalDigest,
    validators,
    primaryOrder: members.map((_, index) => index as ValidatorIndex),
    endHeight: 512 as Height,
  };
  return { height, blockHash: proposalDigest, proposalDigest, timestamp: head.timestamp + 1, term };
}

test('PBFT-T1: a validator that is not in the next set goes quiet; one that is in it finds its index there', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  cluster.give(node, { type: 'committed', head: lastHead(cluster, [0, 1, 3]) });
  expect(node.replica?.status).toMatchObject({ index: undefined, silence: 'not a validator', term: 1, view: 0 });
  cluster.give(cluster.node(3), { type: 'committed', head: lastHead(cluster, [0, 1, 3]) });
  expect(cluster.replica(3).status).toMatchObject({
    index: 2,
    silence: undefined,
    quorumWeight: 2,
    maxFaultyWeight: maxFaultyWeight(3),
  });
});

test('PBFT-T3: in a set of strangers nothing is voted on before a quorum of them has acknowledged', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(1);
  const effects: PbftEffect[] = [];
  node.held.add('askAcknowledgement');
  cluster.onEffect = (_, effect) => effects.push(effect);
  cluster.give(node, { type: 'committed', head: lastHead(cluster, [1, 7, 8, 9]) });
  expect(node.replica?.status.silence).toBe('incarnation not acknowledged');
  expect(effects).toContainEqual({ type: 'askAcknowledgement', of: [7, 8, 9].map(nodeIdOf) });
  cluster.give(node, { type: 'incarnationAcknowledged', nodeId: nodeIdOf(8), incarnation: 1 });
  // Of another incarnation, or again by the same one: does not count.
  cluster.give(node, { type: 'incarnationAcknowledged', nodeId: nodeIdOf(9), incarnation: 2 });
  cluster.give(node, { type: 'incarnationAcknowledged', nodeId: nodeIdOf(8), incarnation: 1 });
  expect(node.replica?.status.silence).toBe('incarnation not acknowledged');
  cluster.give(node, { type: 'incarnationAcknowledged', nodeId: nodeIdOf(9), incarnation: 1 });
  expect(node.replica?.status.silence).toBeUndefined();
});

test('PBFT-R2: a peer that floods STATUS is answered once in 200 ms', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  cluster.filters.set('results', ({ message }) => message.type === 'result');
  cluster.submit(3);
  cluster.deliver();
  const node = cluster.node(1);
  let count = 0;
  cluster.onEffect = (at, effect) => {
    if (at === node && (effect.type === 'send' || effect.type === 'sendSigned') && effect.to === nodeIdOf(3))
      count += 1;
  };
  const heights = { stableHeight: 0, decidedHeight: 0, preparedHeight: 0 };
  const status = {
    type: 'status',
    term: 0,
    sender: 3,
    signature: NO_SIGNATURE,
    view: 0,
    changing: false,
    ...heights,
    incarnation: 1,
    instance: '0'.repeat(32),
  } as unknown as Verified<PbftMessage>;
  const flood = (): void => {
    for (let i = 0; i < 100; i++) cluster.give(node, { type: 'message', message: status, from: nodeIdOf(3) });
  };
  flood();
  const first = count;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(20);
  flood();
  expect(count).toBe(first);
});

test('PBFT-R4: bodies that no certificate asks for are not kept', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const head = cluster.genesisHead();
  const proposal = {
    chainId: 1,
    groupId: 'group0',
    term: 0 as Term,
    height: 1 as Height,
    view: 0 as never,
    parentDigest: head.proposalDigest,
    timestamp: 1,
    proposer: 0 as ValidatorIndex,
    transactionHashes: [],
  };
  const digest = digestOf(proposal);
  cluster.give(cluster.node(1), { type: 'body', proposal, digest });
  expect(cluster.replica(1).proposalChain(digest, 1 as Height)).toEqual([]);
});

test('PBFT-N2: one that was busy finds a proposal late; the certificate stands for it, and no view is lost', () => {
  const cluster = new Cluster();
  cluster.tick(2);
  cluster.crash(2);
  cluster.filters.set('three', ({ to, message }) => to === 3 && message.type === 'proposal');
  cluster.node(3).clockOffsetMs = 60_000;
  cluster.tick(1, [3]);
  cluster.submit(1);
  cluster.deliver();
  // 0 and 1 have prepared, 3 got no PROPOSAL, and by its clock every one of now is a minute late.
  cluster.filters.delete('three');
  cluster.start(cluster.node(2));
  cluster.tick(14);
  expect(cluster.headOf(cluster.node(3)).height).toBe(1);
  expect(cluster.replica(3).status.view).toBe(0);
});

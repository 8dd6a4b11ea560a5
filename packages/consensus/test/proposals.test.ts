/** What is held of proposals: bounded, complete below every vote, and asked for again while it is missing. */
import type { HashHex } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { bodyLimit, chainTo, holdProposal, revalidate } from '../src/bodies.ts';
import { Cluster } from './cluster.ts';
import { give, height, passedOn, started, strange, view, watch } from './messages.ts';
import { proposalOf, setUp } from './step.ts';

/** Holds as many proposals as may be held, of one view each, the first of view 1. */
function full(): ReturnType<typeof setUp> & { readonly digests: HashHex[] } {
  const step = setUp(2);
  const digests: HashHex[] = [];
  for (let at = 1; at <= bodyLimit(step.state); at++) {
    const [proposal, digest] = proposalOf(step, { view: view(at) });
    digests.push(digest);
    holdProposal(step, proposal, digest).prepared = true;
  }
  return { ...step, digests };
}

function holdOneMore(step: ReturnType<typeof setUp>): void {
  const [proposal, digest] = proposalOf(step, { view: view(9_999) });
  holdProposal(step, proposal, digest);
  expect(step.state.termState.proposals.has(digest)).toBe(true);
}

test('PBFT-R4: at the limit one that was not voted on makes room, and nothing is said of it', () => {
  const step = full();
  const [first, second, third] = step.digests as [HashHex, HashHex, HashHex];
  const { proposals } = step.state.termState;
  for (const digest of [third, second]) (proposals.get(digest) as { prepared: boolean }).prepared = false;
  holdOneMore(step);
  expect([first, second, third].map((digest) => proposals.has(digest))).toEqual([true, false, true]);
  expect(proposals.size).toBe(bodyLimit(step.state));
  expect(step.effects).toEqual([]);
});

test('PBFT-R4: among prepared ones the one of the lowest view that no certificate covers makes room, and that is reported', () => {
  const step = full();
  const [first, second] = step.digests as [HashHex, HashHex];
  step.state.termState.highestPrepared = { view: view(1), height: height(1), digest: first } as never;
  holdOneMore(step);
  expect(step.state.termState.proposals.has(first)).toBe(true);
  expect(step.state.termState.proposals.has(second)).toBe(false);
  expect(step.effects).toEqual([
    { type: 'report', report: { type: 'limitReached', what: 'bodies of prepared proposals' } },
  ]);
});

test('PBFT-R4: what votes and certificates stand on is never given up, whatever the limit', () => {
  const step = full();
  step.digests.forEach((digest, at) => {
    step.state.termState.ownPrepares.set(height(at + 1), digest);
  });
  holdOneMore(step);
  expect(step.state.termState.proposals.size).toBe(bodyLimit(step.state) + 1);
  expect(step.effects).toEqual([]);
});

test('a chain is complete, misses something, or contradicts what it should stand on', () => {
  const step = setUp();
  const [first, one] = proposalOf(step);
  const [second, two] = proposalOf(step, { height: height(2), parentDigest: one });
  const floor = { height: height(0), digest: step.state.head.proposalDigest };
  holdProposal(step, second, two);
  const top = { height: height(2), digest: two };
  expect(chainTo(step.state, top, floor)).toEqual({ type: 'missing', height: 1, digest: one });
  holdProposal(step, first, one);
  expect(chainTo(step.state, top, floor)).toMatchObject({
    type: 'complete',
    entries: [{ digest: one }, { digest: two }],
  });
  expect(chainTo(step.state, { height: height(2), digest: one }, floor)).toEqual({
    type: 'contradicts',
    height: 2,
    digest: one,
  });
  expect(chainTo(step.state, top, { ...floor, digest: two })).toMatchObject({ type: 'contradicts', height: 0 });
});

test('PBFT-R1: open questions are put again in an order that does not depend on arrival', () => {
  const questionsOf = (order: readonly number[]): (number | string)[][] => {
    const step = setUp(2);
    const all = [
      proposalOf(step, { height: height(2) }),
      proposalOf(step),
      proposalOf(step, { timestamp: 5, proposer: 99 as never }),
    ];
    for (const at of order) {
      const [proposal, digest] = all[at] as (typeof all)[0];
      holdProposal(step, proposal, digest).verdict = 'waiting';
    }
    revalidate(step);
    return step.effects.map((effect) =>
      effect.type === 'validate' ? [effect.proposal.height, effect.digest, effect.from.length] : [],
    );
  };
  const asked = questionsOf([0, 1, 2]);
  expect(asked.map(([at]) => at)).toEqual([1, 1, 2]);
  // A proposer that is no validator of the term is nobody to ask.
  expect(asked.map(([, , count]) => count)).toEqual([3, 3, 3]);
  for (const order of [
    [2, 1, 0],
    [1, 2, 0],
    [2, 0, 1],
  ])
    expect(questionsOf(order)).toEqual(asked);
});

test('PBFT-N4: a certificate waits for its bodies, gives way to a higher one only, and is void when sync was faster', () => {
  const cluster = started(new Cluster());
  const node = cluster.node(2);
  const [low, high] = [strange(cluster), strange(cluster, { height: height(2) })];
  cluster.filters.set('all', () => true);
  const fetched = (effects: ReturnType<typeof watch>): unknown[] =>
    effects.flatMap((effect) => (effect.type === 'fetch' ? [effect.digest] : []));
  expect(fetched(give(cluster, 2, passedOn('commit', { height: 2, digest: high.digest })))).toEqual([high.digest]);
  for (const [at, digest] of [
    [1, low.digest],
    [2, high.digest],
  ] as const)
    expect(cluster.replica(2).rejectReason(passedOn('commit', { height: at, digest }))).toBe('PBFT_DUPLICATE');
  const head = { ...cluster.genesisHead(), height: height(2), proposalDigest: high.digest, blockHash: high.digest };
  node.held.add('behind');
  cluster.give(node, { type: 'committed', head });
  const effects = watch(cluster, 2);
  cluster.tick(40);
  expect(fetched(effects)).toEqual([]);
  expect(cluster.replica(2).status).toMatchObject({ decidedHeight: 2, stableHeight: 2, silence: undefined });
  // The same head again, or an older one, is no news.
  effects.length = 0;
  cluster.give(node, { type: 'committed', head });
  cluster.give(node, { type: 'committed', head: { ...head, height: height(1) } });
  expect(effects).toEqual([]);
});

test('PBFT-R3: a certificate above the window, or a NEW-VIEW with such a tip, asks for nothing: sync comes first', () => {
  const cluster = started(new Cluster());
  const { digest } = strange(cluster);
  cluster.filters.set('all', () => true);
  expect(give(cluster, 2, passedOn('commit', { height: 20, digest }))).toEqual([]);
  const certificate = passedOn('prepared', { height: 20, digest });
  if (certificate.type !== 'prepared-certificate') throw new Error('a certificate was expected');
  const claim = { view: view(0), height: height(20), digest };
  const claims = [0, 1, 2].map((sender) => ({ term: 0, sender, view: view(1), claim, signature: new Uint8Array(64) }));
  const opened = { type: 'new-view', term: 0, sender: 1, view: 1, signature: new Uint8Array(64) };
  const effects = give(cluster, 2, { ...opened, claims, certificate: certificate.certificate } as never);
  expect(cluster.replica(2).status).toMatchObject({ view: 1, tip: { height: 20 } });
  expect(effects.map((effect) => effect.type)).not.toContain('fetch');
});

test('a validator that is alone has nobody to fetch from', () => {
  const cluster = started(new Cluster({ validators: 1 }));
  const { digest } = strange(cluster);
  const effects = give(cluster, 0, passedOn('commit', { height: 1, digest, signers: [0] }));
  expect(effects.map((effect) => effect.type)).not.toContain('fetch');
});

test('PBFT-R4: a body of a final height or of another term is not kept', () => {
  const cluster = started(new Cluster());
  cluster.submit(1);
  cluster.deliver();
  expect(cluster.replica(2).status.stableHeight).toBe(1);
  for (const body of [strange(cluster), strange(cluster, { height: height(2), term: 1 as never })]) {
    cluster.give(cluster.node(2), { type: 'body', ...body });
    expect(cluster.replica(2).proposalChain(body.digest, height(1))).toEqual([]);
  }
});

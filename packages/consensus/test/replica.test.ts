import type { Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import type { PbftMessage, Verified } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { DEFAULT_PBFT_SETTINGS, EMPTY_DURABLE_STATE, PbftReplica } from '../src/index.ts';
import { Cluster, digestOf, NO_SIGNATURE, nodeIdOf, sha } from './cluster.ts';

const config = (index: number) => ({
  ...DEFAULT_PBFT_SETTINGS,
  nodeId: nodeIdOf(index),
  incarnation: 1,
  instance: sha(`${index}`).slice(0, 32),
});

test('an observer follows and sends nothing', () => {
  const cluster = new Cluster();
  const replica = new PbftReplica(config(9), { head: cluster.genesisHead(), durable: EMPTY_DURABLE_STATE });
  const first = replica.step({ type: 'tick', tick: 1, clockMs: 1 });
  expect(first.map((effect) => effect.type)).toEqual(['persist', 'status']);
  expect(replica.status).toMatchObject({ index: undefined, silence: 'not a validator' });
  for (let tick = 2; tick < 200; tick++) {
    const effects = replica.step({ type: 'tick', tick, clockMs: tick });
    expect(effects.filter((effect) => effect.type === 'send')).toEqual([]);
  }
});

test('the same inputs give the same effects', () => {
  const run = (): string => {
    const cluster = new Cluster();
    cluster.submit(3);
    cluster.tick(3);
    cluster.crash(0);
    cluster.submit(3);
    cluster.tick(60);
    return cluster.trace.join('\n');
  };
  expect(run()).toBe(run());
});

test('PBFT-N2: a proposal that is early by the clock waits; one that is late is refused and reported', () => {
  for (const offset of [10_000, -10_000]) {
    const cluster = new Cluster();
    cluster.tick(1);
    cluster.node(0).clockOffsetMs = offset;
    cluster.tick(1);
    cluster.submit(1);
    cluster.deliver();
    expect(cluster.headOf(cluster.node(1)).height).toBe(0);
    const reports = cluster.node(1).reports.map((report) => report.type);
    expect(reports).toEqual(offset > 0 ? [] : ['proposalRefused']);
    // The clock of 0 is wrong, not the chain: the next primary goes on.
    cluster.tick(60);
    expect(cluster.headOf(cluster.node(1)).height).toBeGreaterThanOrEqual(1);
  }
});

test('messages that no honest validator sends are refused by a code, and never throw', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const replica = cluster.replica(1);
  const signed = { term: 0 as Term, sender: 0 as ValidatorIndex, signature: NO_SIGNATURE };
  const head = cluster.genesisHead();
  const proposal = {
    chainId: 1,
    groupId: 'group0',
    term: 0 as Term,
    height: 1 as Height,
    view: 0 as View,
    parentDigest: head.proposalDigest,
    timestamp: 1,
    proposer: 0 as ValidatorIndex,
    transactionHashes: [],
  };
  const digest = digestOf(proposal);
  const view = 0 as View;
  const height = 1 as Height;
  const certificate = {
    term: 0 as Term,
    view,
    height,
    digest,
    signatures: [{ index: 0 as ValidatorIndex, signature: NO_SIGNATURE }],
  };
  const by = (...indices: number[]) =>
    indices.map((index) => ({ index: index as ValidatorIndex, signature: NO_SIGNATURE }));
  const otherHeight = { ...certificate, height: 2 as Height, signatures: by(0, 1, 2) };
  const otherDigest = { ...otherHeight, height, digest: head.proposalDigest };
  const standing = {
    view,
    changing: false,
    stableHeight: 1 as Height,
    decidedHeight: 1 as Height,
    preparedHeight: 1 as Height,
    incarnation: 1,
    instance: '0'.repeat(32),
  };
  const cases: [PbftMessage, string][] = [
    [{ type: 'prepare', ...signed, term: 1 as Term, view, height, digest }, 'PBFT_OTHER_TERM'],
    [{ type: 'prepare', ...signed, sender: 4 as ValidatorIndex, view, height, digest }, 'PBFT_UNKNOWN_SENDER'],
    [{ type: 'prepare', ...signed, view, height: 0 as Height, digest }, 'PBFT_STALE_HEIGHT'],
    [{ type: 'prepare', ...signed, view, height: 257 as Height, digest }, 'PBFT_MALFORMED'],
    [{ type: 'proposal', ...signed, sender: 2 as ValidatorIndex, view, proposal, digest }, 'PBFT_NOT_PRIMARY'],
    [{ type: 'proposal', ...signed, view, proposal: { ...proposal, view: 1 as View }, digest }, 'PBFT_MALFORMED'],
    [
      { type: 'proposal', ...signed, view, proposal: { ...proposal, proposer: 1 as ValidatorIndex }, digest },
      'PBFT_MALFORMED',
    ],
    [{ type: 'proposal', ...signed, view, proposal: { ...proposal, term: 1 as Term }, digest }, 'PBFT_MALFORMED'],
    [
      {
        type: 'view-change',
        ...signed,
        view: 1 as View,
        claim: { view: 1 as View, height, digest },
        certificate: undefined,
      },
      'PBFT_MALFORMED',
    ],
    [
      { type: 'view-change', ...signed, view: 1 as View, claim: { view, height, digest }, certificate: undefined },
      'PBFT_MALFORMED',
    ],
    [
      { type: 'view-change', ...signed, view: 1 as View, claim: { view, height, digest }, certificate },
      'PBFT_MALFORMED',
    ],
    [{ type: 'new-view', ...signed, view: 1 as View, claims: [], certificate: undefined }, 'PBFT_NOT_PRIMARY'],
    [
      { type: 'new-view', ...signed, sender: 1 as ValidatorIndex, view: 1 as View, claims: [], certificate: undefined },
      'PBFT_MALFORMED',
    ],
    [
      { type: 'view-change', ...signed, view: 1 as View, claim: { view, height, digest }, certificate: otherHeight },
      'PBFT_MALFORMED',
    ],
    [
      { type: 'view-change', ...signed, view: 1 as View, claim: { view, height, digest }, certificate: otherDigest },
      'PBFT_MALFORMED',
    ],
    [
      {
        type: 'new-view',
        ...signed,
        sender: 1 as ValidatorIndex,
        view: 1 as View,
        claims: [0, 1, 2].map((sender) => ({
          ...signed,
          sender: sender as ValidatorIndex,
          view: 1 as View,
          claim: { view: 1 as View, height, digest },
        })),
        certificate: undefined,
      },
      'PBFT_MALFORMED',
    ],
    [{ type: 'status', ...signed, ...standing, stableHeight: 2 as Height }, 'PBFT_MALFORMED'],
    [{ type: 'status', ...signed, ...standing, preparedHeight: 0 as Height }, 'PBFT_MALFORMED'],
    [{ type: 'prepared-certificate', certificate: { ...otherHeight, signatures: by(0, 1, 9) } }, 'PBFT_MALFORMED'],
    [{ type: 'prepared-certificate', certificate: { ...otherHeight, signatures: by(0, 2, 1) } }, 'PBFT_MALFORMED'],
    [{ type: 'prepared-certificate', certificate }, 'PBFT_MALFORMED'],
    [{ type: 'prepared-certificate', certificate: { ...certificate, height: 99 as Height } }, 'PBFT_BEYOND_WINDOW'],
    [{ type: 'commit-certificate', certificate }, 'PBFT_MALFORMED'],
  ];
  for (const [message, code] of cases) {
    expect([message.type, replica.rejectReason(message)]).toEqual([message.type, code]);
    const effects = replica.step({ type: 'message', message: message as Verified<PbftMessage>, from: nodeIdOf(0) });
    expect(effects).toEqual([]);
  }
});

test('PBFT-V7: a NEW-VIEW counts only with a quorum of claims for exactly its view and the certificate of the highest', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  cluster.submit(2);
  cluster.filters.set('results', ({ message }) => message.type === 'result');
  cluster.deliver();
  cluster.crash(0);
  const seen: PbftMessage[] = [];
  cluster.filters.set('watch', ({ message }) => {
    if (message.type === 'new-view') seen.push(message);
    return message.type === 'new-view';
  });
  cluster.tick(2);
  for (const sender of [1, 2, 3]) {
    const suspect = {
      type: 'suspect',
      term: 0,
      sender,
      signature: NO_SIGNATURE,
      view: 0,
      decidedHeight: 2,
    } as unknown as Verified<PbftMessage>;
    cluster.send(sender, 'all', suspect);
  }
  cluster.deliver();
  const good = seen[0];
  if (good?.type !== 'new-view' || good.certificate === undefined)
    throw new Error('a NEW-VIEW with a certificate was expected');
  const { claims, certificate } = good;
  const replica = cluster.replica(2);
  const reject = (change: object): unknown => replica.rejectReason({ ...good, ...change });
  expect(replica.rejectReason(good)).toBeUndefined();
  expect(reject({ claims: claims.slice(1) })).toBe('PBFT_MALFORMED');
  expect(reject({ claims: [claims[0], claims[0], claims[1]] })).toBe('PBFT_MALFORMED');
  expect(reject({ claims: claims.map((claim, i) => (i === 0 ? { ...claim, view: 2 } : claim)) })).toBe(
    'PBFT_MALFORMED',
  );
  expect(reject({ certificate: undefined })).toBe('PBFT_MALFORMED');
  expect(reject({ certificate: { ...certificate, height: 1 } })).toBe('PBFT_MALFORMED');
  expect(reject({ certificate: { ...certificate, signatures: certificate.signatures.slice(1) } })).toBe(
    'PBFT_MALFORMED',
  );
  expect(reject({ claims: claims.map((claim) => ({ ...claim, claim: undefined })) })).toBe('PBFT_MALFORMED');
  expect(reject({ sender: 2 })).toBe('PBFT_NOT_PRIMARY');
});

test('PBFT-R4: what comes for later views and heights is bounded per sender, and counted when it is dropped', () => {
  const cluster = new Cluster({ window: 4 });
  cluster.tick(1);
  const replica = cluster.replica(1);
  for (let view = 1; view < 300; view++) {
    for (const type of ['prepare', 'commit'] as const) {
      const digest = cluster.genesisHead().proposalDigest;
      const message = {
        type,
        term: 0,
        sender: 3,
        signature: NO_SIGNATURE,
        view,
        height: 1,
        digest,
      } as unknown as Verified<PbftMessage>;
      replica.step({ type: 'message', message, from: nodeIdOf(3) });
    }
  }
  // checkInvariants has asserted the bound after each step. Eight times the window are taken in per kind and second.
  expect(replica.status.droppedCount).toBe(2 * (32 - 8));
  expect(replica.status.view).toBe(0);
});

test('PBFT-T3: a vote store of a later term than the ledger’s votes on nothing until sync is there', () => {
  const cluster = new Cluster({ period: 2 });
  cluster.tick(1);
  cluster.submit(5);
  cluster.deliver();
  expect(cluster.replica(0).status.term).toBe(2);
  cluster.crash(3);
  const node = cluster.node(3);
  const kept = node.ledger.slice();
  node.ledger.length = 2;
  cluster.start(node);
  expect(node.replica?.status.silence).toBe('ledger behind votes');
  cluster.tick(1, [3]);
  expect(node.reports.at(-1)).toMatchObject({ type: 'ledgerBehindVotes', storeTerm: 2, ledgerTerm: 0 });
  cluster.tick(30);
  expect(node.ledger.length).toBe(kept.length);
  expect(node.replica?.status).toMatchObject({ silence: undefined, term: 2 });
});

test('PBFT-T3: a peer that has seen a higher incarnation proves that the store was rolled back', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(2);
  cluster.give(node, { type: 'incarnationRefused', nodeId: nodeIdOf(0), incarnation: 1 });
  expect(node.replica?.status.silence).toBe('vote store lost');
  expect(node.reports).toMatchObject([{ type: 'rolledBack', ownIncarnation: 1, seenIncarnation: 1 }]);
  // It survives a restart.
  cluster.crash(2);
  cluster.start(node);
  expect(node.replica?.status.silence).toBe('vote store lost');
});

test('conflicting votes of one validator are reported once, and the first one counts', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(1);
  const send = (text: string): void => {
    const digest = digestOf({ height: 1, view: 0, transactionHashes: [text] } as never);
    const message = {
      type: 'prepare',
      term: 0,
      sender: 3,
      signature: NO_SIGNATURE,
      view: 0,
      height: 1,
      digest,
    } as unknown as Verified<PbftMessage>;
    cluster.give(node, { type: 'message', message, from: nodeIdOf(3) });
  };
  for (const text of ['a', 'b', 'c', 'a']) send(text);
  expect(node.reports).toMatchObject([{ type: 'evidence', kind: 'prepare', sender: 3 }]);
});

test('once a conflict of a validator is proven, its further conflicting votes of that kind are not even verified', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const node = cluster.node(1);
  const replica = cluster.replica(1);
  const author = { term: 0, sender: 3, signature: NO_SIGNATURE };
  const hashOf = (text: string) => digestOf({ height: 1, view: 0, transactionHashes: [text] } as never);
  const kinds = [
    (height: number, text: string) => ({ type: 'prepare', ...author, view: 0, height, digest: hashOf(text) }),
    (height: number, text: string) => ({ type: 'commit', ...author, view: 0, height, digest: hashOf(text) }),
    (height: number, text: string) => ({ type: 'result', ...author, height, blockHash: hashOf(text) }),
  ].map((make) => (height: number, text: string) => make(height, text) as unknown as Verified<PbftMessage>);
  for (const make of kinds) {
    const give = (text: string): void =>
      cluster.give(node, { type: 'message', message: make(1, text), from: nodeIdOf(3) });
    give('a');
    expect(replica.rejectReason(make(1, 'b'))).toBeUndefined();
    give('b');
    expect(replica.rejectReason(make(1, 'c'))).toBe('PBFT_DUPLICATE');
    // Where it has not voted yet, its first vote counts as before.
    expect(replica.rejectReason(make(2, 'c'))).toBeUndefined();
  }
  expect(node.reports.map((each) => each.type)).toEqual(['evidence', 'evidence', 'evidence']);
});

test('a VIEW-CHANGE for a lower view than its author’s last one is stale', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  const change = (view: number): Verified<PbftMessage> =>
    ({ type: 'view-change', term: 0, sender: 3, signature: NO_SIGNATURE, view }) as unknown as Verified<PbftMessage>;
  cluster.give(cluster.node(1), { type: 'message', message: change(3), from: nodeIdOf(3) });
  expect([2, 3, 4].map((view) => cluster.replica(1).rejectReason(change(view)))).toEqual([
    'PBFT_STALE_VIEW',
    'PBFT_DUPLICATE',
    undefined,
  ]);
});

test('without the check of invariants a replica does the same', () => {
  const cluster = new Cluster();
  const effectsOf = (checkInvariants: boolean): unknown[] => {
    const replica = new PbftReplica(
      { ...config(0), checkInvariants },
      { head: cluster.genesisHead(), durable: EMPTY_DURABLE_STATE },
    );
    return [1, 2, 3].flatMap((tick) => replica.step({ type: 'tick', tick, clockMs: tick }));
  };
  expect(effectsOf(false)).toEqual(effectsOf(true));
});

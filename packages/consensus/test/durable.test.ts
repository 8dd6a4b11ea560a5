import { type HashHex, type Height, type Term, toHashHex, type View } from '@hansa/primitives';
import { expect, test } from 'vitest';
import {
  DEFAULT_PBFT_SETTINGS,
  type DurableRecord,
  type DurableState,
  durableStateFrom,
  EMPTY_DURABLE_STATE,
  isObsoleteRecord,
  LOST_DURABLE_STATE,
  recordKey,
  recordsOf,
} from '../src/index.ts';
import { createTermState, restoreTermState } from '../src/term.ts';
import { Cluster, nodeIdOf, sha } from './cluster.ts';

const digest: HashHex = toHashHex(sha('x'));
const vote = (kind: 'prepare' | 'commit', view: number, height: number, term = 3): DurableRecord => ({
  type: 'vote',
  kind,
  term: term as Term,
  view: view as View,
  height: height as Height,
  digest,
});
const view = (at: number, previous?: number): DurableRecord => ({
  type: 'view',
  term: 3 as Term,
  view: at as View,
  changing: true,
  previousView: previous as View | undefined,
  newView: undefined,
});

test('what is written comes back; compaction changes nothing', () => {
  const records: DurableRecord[] = [
    { type: 'vote-store', state: { type: 'intact' } },
    { type: 'term', term: 3 as Term },
    vote('prepare', 2, 11),
    vote('commit', 2, 11),
    { type: 'result', term: 3 as Term, height: 11 as Height, blockHash: digest },
    view(2),
    { type: 'final', term: 3 as Term, height: 10 as Height },
  ];
  const state = durableStateFrom(records);
  expect(state).toMatchObject({
    term: 3,
    finalHeight: 10,
    votes: [{ kind: 'prepare' }, { kind: 'commit' }],
    results: [{ height: 11 }],
  });
  expect(durableStateFrom(recordsOf(state))).toEqual(state);
  expect(durableStateFrom(recordsOf(state).reverse()).votes).toHaveLength(2);
});

test('records of older terms, final heights and views that were left do not come back', () => {
  const state = durableStateFrom([
    vote('prepare', 0, 5, 2),
    vote('prepare', 1, 11),
    vote('commit', 1, 11),
    vote('commit', 0, 11),
    vote('commit', 1, 10),
    { type: 'final', term: 3 as Term, height: 10 as Height },
    view(2, 1),
  ]);
  // Of the previous view the COMMITs stay: they are still resent and counted.
  expect(state.votes).toEqual([vote('commit', 1, 11)]);
  expect(isObsoleteRecord(state, vote('prepare', 0, 5, 2))).toBe(true);
  expect(isObsoleteRecord(state, vote('prepare', 2, 11))).toBe(false);
  expect(isObsoleteRecord(state, vote('commit', 1, 10))).toBe(true);
});

test('a later record replaces an earlier one of the same key; keys are unique per fact', () => {
  const state = durableStateFrom([view(1), view(4, 1)]);
  expect(state.view?.view).toBe(4);
  const keys = [vote('prepare', 1, 2), vote('commit', 1, 2), vote('prepare', 2, 1), vote('prepare', 12, 1)].map(
    recordKey,
  );
  expect(new Set(keys).size).toBe(4);
});

test('PBFT-T3: an empty store is intact, a lost one is not, and both survive the disk', () => {
  expect(durableStateFrom(recordsOf(EMPTY_DURABLE_STATE))).toEqual(EMPTY_DURABLE_STATE);
  expect(durableStateFrom(recordsOf(LOST_DURABLE_STATE)).voteStore).toEqual({ type: 'lost' });
});

const certificate = { term: 3 as Term, view: 1 as View, height: 11 as Height, digest, signatures: [] };
const proposed = (at: number, height: number): DurableRecord => ({
  type: 'proposal',
  term: 3 as Term,
  view: at as View,
  height: height as Height,
  digest,
});
const body = (height: number): DurableRecord => ({
  type: 'body',
  term: 3 as Term,
  height: height as Height,
  digest,
  proposal: {} as never,
});
const result = (height: number): DurableRecord => ({
  type: 'result',
  term: 3 as Term,
  height: height as Height,
  blockHash: digest,
});

test('VS-7: what counts survives a rewriting, with and without a view, a final height and a certificate', () => {
  const bare: DurableRecord[] = [
    { type: 'vote-store', state: { type: 'intact' } },
    { type: 'term', term: 3 as Term },
  ];
  const whole: DurableRecord[] = [
    ...bare,
    view(2, 1),
    { type: 'final', term: 3 as Term, height: 10 as Height },
    { type: 'prepared-certificate', term: 3 as Term, certificate },
    proposed(2, 11),
    vote('prepare', 2, 11),
    result(11),
    body(11),
  ];
  for (const records of [bare, whole]) expect(recordsOf(durableStateFrom(records))).toEqual(records);
});

test.each([
  { name: 'the store itself', record: { type: 'vote-store', state: { type: 'lost' } }, dead: false },
  { name: 'the term', record: { type: 'term', term: 3 as Term }, dead: false },
  { name: 'an older term', record: { type: 'term', term: 2 as Term }, dead: true },
  { name: 'a later term, which is not folded in yet', record: { type: 'term', term: 4 as Term }, dead: false },
  { name: 'the view', record: view(2, 1), dead: false },
  { name: 'the final height', record: { type: 'final', term: 3 as Term, height: 10 as Height }, dead: false },
  {
    name: 'the highest certificate, whatever its height',
    record: { type: 'prepared-certificate', term: 3 as Term, certificate: { ...certificate, height: 1 as Height } },
    dead: false,
  },
  { name: 'an own proposal of the view', record: proposed(2, 11), dead: false },
  { name: 'an own proposal of a view that was left', record: proposed(1, 11), dead: true },
  { name: 'an own proposal of a final height', record: proposed(2, 10), dead: true },
  { name: 'a COMMIT of the previous view', record: vote('commit', 1, 11), dead: false },
  { name: 'a PREPARE of the previous view', record: vote('prepare', 1, 11), dead: true },
  { name: 'a result above the final height', record: result(11), dead: false },
  { name: 'a result at it', record: result(10), dead: true },
  { name: 'a body above the final height', record: body(11), dead: false },
  { name: 'a body at it', record: body(10), dead: true },
] satisfies { name: string; record: DurableRecord; dead: boolean }[])(
  'VS-7: a rewriting may leave out $name: $dead',
  ({ record, dead }) => {
    const state = durableStateFrom([view(2, 1), { type: 'final', term: 3 as Term, height: 10 as Height }]);
    expect(isObsoleteRecord(state, record)).toBe(dead);
  },
);

test('VS-7: without a term, a view or a final height nothing of them is dead', () => {
  expect(isObsoleteRecord(EMPTY_DURABLE_STATE, proposed(0, 0))).toBe(false);
  const state = durableStateFrom([{ type: 'term', term: 3 as Term }]);
  for (const record of [proposed(0, 0), vote('prepare', 0, 0), result(0), body(0)])
    expect(isObsoleteRecord(state, record)).toBe(false);
});

test('PBFT-S7: nothing at or below the ledger’s final block is restored, nor what belongs to no view that counts', () => {
  const head = new Cluster().genesisHead();
  const config = { ...DEFAULT_PBFT_SETTINGS, nodeId: nodeIdOf(0), incarnation: 2, instance: '0'.repeat(32) };
  const restored = (durable: Partial<DurableState>) => {
    const termState = createTermState(config, head.term, 11 as Height);
    restoreTermState(termState, { ...EMPTY_DURABLE_STATE, term: 3 as Term, ...durable }, 11 as Height);
    return termState;
  };
  const heights = (map: ReadonlyMap<Height, unknown>): Height[] => [...map.keys()];
  const durable = {
    view: view(2, 1),
    proposals: [proposed(2, 11), proposed(1, 12), proposed(2, 12)],
    votes: [vote('commit', 1, 11), vote('commit', 1, 12), vote('prepare', 1, 12)],
    results: [result(11), result(12)],
    bodies: [body(11), body(12)],
  } as never as DurableState;
  const changing = restored(durable);
  expect(
    [changing.ownProposals, changing.ownPrepares, changing.previousCommits, changing.ownResults].map(heights),
  ).toEqual([[], [], [12], [12]]);
  expect(changing.proposals.size).toBe(1);
  const first = { type: 'view', term: 3, view: 0, changing: false, previousView: undefined, newView: undefined };
  const open = restored({
    ...durable,
    view: first as never,
    proposals: [proposed(0, 11), proposed(0, 12)],
    votes: [vote('prepare', 0, 11), vote('prepare', 0, 12), vote('commit', 0, 12), vote('prepare', 1, 13)],
  } as never);
  expect([open.ownProposals, open.ownPrepares, open.ownCommits, open.previousCommits].map(heights)).toEqual([
    [12],
    [12],
    [12],
    [],
  ]);
});

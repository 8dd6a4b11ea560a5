import { type HashHex, type Height, type Term, toHashHex, type View } from '@hansa/primitives';
import { expect, test } from 'vitest';
import {
  type DurableRecord,
  durableStateFrom,
  EMPTY_DURABLE_STATE,
  isObsoleteRecord,
  LOST_DURABLE_STATE,
  recordKey,
  recordsOf,
} from '../src/index.ts';
import { sha } from './cluster.ts';

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

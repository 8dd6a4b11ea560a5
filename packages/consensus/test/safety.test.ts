import type { Height, View } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { castCommit, castPrepare, castProposal, castResult, castSuspect, castViewChange } from '../src/safety.ts';
import { certificateOf, kinds, proposalOf, setUp } from './step.ts';

test('PBFT-S1: one PROPOSAL per (view, height), as the primary of the view, naming this view and term', () => {
  const step = setUp();
  castProposal(step, ...proposalOf(step));
  expect(kinds(step)).toEqual(['persist', 'persist', 'send']);
  expect(() => castProposal(step, ...proposalOf(step, { timestamp: 9 }))).toThrow('(S1)');
  expect(() => castProposal(setUp(1), ...proposalOf(step))).toThrow('(S1)');
  expect(() => castProposal(setUp(), ...proposalOf(step, { view: 4 as View }))).toThrow('(S1');
  expect(() => castProposal(setUp(), ...proposalOf(step, { term: 1 as never }))).toThrow('(S1');
});

test('PBFT-S2: one PREPARE per (view, height), on a parent that is final or prepared here, on the tip before anything', () => {
  const step = setUp(2);
  const [first, digest] = proposalOf(step);
  castPrepare(step, first, digest);
  expect(kinds(step)).toEqual(['persist', 'send']);
  expect(() => castPrepare(step, ...proposalOf(step, { timestamp: 9 }))).toThrow('(S2)');
  const above = { height: 2 as Height, parentDigest: digest };
  expect(() => castPrepare(setUp(2), ...proposalOf(step, above))).toThrow('(S2)');
  expect(() => castPrepare(step, ...proposalOf(step, { ...above, parentDigest: step.state.head.blockHash }))).toThrow(
    '(S2)',
  );
  castPrepare(step, ...proposalOf(step, above));
  expect(kinds(step)).toHaveLength(4);
  // In a later view: not without its NEW-VIEW, and nothing but the tip first.
  const later = setUp(2);
  later.state.termState.view = 1 as View;
  expect(() => castPrepare(later, first, digest)).toThrow('(S2)');
  const [tip, tipDigest] = proposalOf(step, above);
  const newView = { type: 'new-view', term: first.term, sender: 1, view: 1, claims: [], certificate: undefined };
  later.state.termState.newView = { ...newView, signature: undefined } as never;
  later.state.termState.tip = { view: 0 as View, height: tip.height, digest: tipDigest };
  expect(() => castPrepare(later, first, digest)).toThrow('(S2)');
  castPrepare(later, tip, tipDigest);
  expect(() => castPrepare(later, first, digest)).toThrow('(S2)');
});

test('PBFT-S3: COMMIT only after its certificate, or a higher one, is kept', () => {
  const step = setUp();
  const certificate = certificateOf(step);
  expect(() => castCommit(step, certificate)).toThrow('(S3)');
  step.state.termState.highestPrepared = { ...certificate, height: 0 as Height };
  expect(() => castCommit(step, certificate)).toThrow('(S3)');
  step.state.termState.highestPrepared = certificate;
  castCommit(step, certificate);
  expect(kinds(step)).toEqual(['persist', 'send']);
  expect(() => castCommit(step, certificate)).toThrow('(S3)');
});

test('PBFT-S4: no vote for an order of a view below the current one', () => {
  // Validator 1 leads view 1.
  const step = setUp(1);
  step.state.termState.highestPrepared = certificateOf(step);
  step.state.termState.view = 1 as View;
  expect(() => castCommit(step, certificateOf(step, { view: 0 as View }))).toThrow('(S4)');
  expect(() => castProposal(step, ...proposalOf(step, { view: 0 as View }))).toThrow('S4)');
  expect(kinds(step)).toEqual([]);
});

test('PBFT-S5: no vote for an order while changing, and a VIEW-CHANGE only then', () => {
  const step = setUp();
  expect(() => castViewChange(step, 'all')).toThrow('(S5)');
  step.state.termState.changing = true;
  step.state.termState.highestPrepared = certificateOf(step);
  expect(() => castProposal(step, ...proposalOf(step))).toThrow('(S5)');
  expect(() => castPrepare(step, ...proposalOf(step))).toThrow('(S5)');
  expect(() => castCommit(step, certificateOf(step))).toThrow('(S5)');
  castViewChange(step, 'all');
  expect(step.effects).toMatchObject([{ type: 'send', vote: { type: 'view-change', claim: { height: 1 } } }]);
});

test('PBFT-S6: one RESULT per height, for a decided height', () => {
  const step = setUp();
  const hash = step.state.head.blockHash;
  expect(() => castResult(step, 1 as Height, hash)).toThrow('(S6)');
  step.state.termState.decided.set(1 as Height, proposalOf(step)[1]);
  castResult(step, 1 as Height, hash);
  expect(() => castResult(step, 1 as Height, hash)).toThrow('(S6)');
  expect(kinds(step)).toEqual(['persist', 'send']);
});

test('PBFT-S7: nothing at or below the final height, above window or term, and nothing at all while silent', () => {
  for (const height of [0, 9, 13]) {
    const change = { height: height as Height };
    const step = setUp();
    if (height === 13) step.state.head = { ...step.state.head, height: 12 as Height };
    step.state.termState.highestPrepared = certificateOf(step, change);
    step.state.termState.decided.set(0 as Height, step.state.head.blockHash);
    expect(() => castProposal(step, ...proposalOf(step, change)), `${height}`).toThrow('(S7)');
    expect(() => castPrepare(step, ...proposalOf(step, change))).toThrow('(S7)');
    expect(() => castCommit(step, certificateOf(step, change))).toThrow('(S7)');
    if (height === 0) expect(() => castResult(step, 0 as Height, step.state.head.blockHash)).toThrow('(S7)');
  }
  const silent = setUp();
  silent.state.stopped = 'diverged';
  silent.state.termState.decided.set(1 as Height, proposalOf(silent)[1]);
  silent.state.termState.highestPrepared = certificateOf(silent);
  const casts = [
    () => castProposal(silent, ...proposalOf(silent)),
    () => castPrepare(silent, ...proposalOf(silent)),
    () => castCommit(silent, certificateOf(silent)),
    () => castResult(silent, 1 as Height, silent.state.head.blockHash),
    () => castSuspect(silent, 1 as Height),
  ];
  for (const cast of casts) expect(cast).toThrow('may vote only');
  expect(kinds(silent)).toEqual([]);
});

import type { PbftStatus, SilenceReason } from '@hansa/consensus';
import type { PeerInfo } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';
import { describe, expect, test } from 'vitest';
import { type DiagnosisInput, diagnose } from '../src/diagnosis.ts';

const nodeId = (n: number): NodeId => n.toString(16).padStart(128, '0') as NodeId;
const OWN = nodeId(0);

function input(over: {
  readonly connected?: readonly number[];
  readonly pbft?: Partial<PbftStatus>;
  readonly silent?: readonly number[];
  readonly clocks?: Readonly<Record<number, number>>;
  readonly rest?: Partial<DiagnosisInput>;
}): DiagnosisInput {
  const connected = over.connected ?? [1, 2, 3];
  const peers = connected.map(
    (n) => ({ nodeId: nodeId(n), state: 'connected', clockOffsetMs: over.clocks?.[n] ?? 0 }) as PeerInfo,
  );
  const pbft = {
    primary: nodeId(1),
    view: 0,
    changing: false,
    suspecting: false,
    silence: undefined,
    resultGroups: [],
    totalWeight: 4,
    quorumWeight: 3,
    peers: [0, 1, 2, 3].map((n) => ({
      nodeId: nodeId(n),
      weight: 1,
      silentTicks: over.silent?.includes(n) === true ? 500 : 1,
    })),
    ...over.pbft,
  } as unknown as PbftStatus;
  return {
    pbft,
    nodeId: OWN,
    peers,
    pendingCount: 0,
    longestWaitMs: 0,
    clockSkewMs: 3_000,
    behindBy: 0,
    nameOf: (id) => `N${Number(`0x${id}`)}`,
    ...over.rest,
  };
}

describe('why there is no block, in words', () => {
  test('nothing is wrong, also with one of four away', () => {
    expect(diagnose(input({}))).toEqual({ whyNoBlock: null, remedy: null, missing: [] });
    expect(diagnose(input({ connected: [1, 2] }))).toEqual({ whyNoBlock: null, remedy: null, missing: [nodeId(3)] });
  });

  test('no quorum: the missing are named', () => {
    const { whyNoBlock, remedy } = diagnose(input({ connected: [1] }));
    expect(whyNoBlock).toBe('no quorum: 2 of 4 votes are here, 3 are needed; missing: N2, N3');
    expect(remedy).toMatch(/start the missing nodes/);
  });

  test('who is connected but says nothing counts as missing', () => {
    expect(diagnose(input({ silent: [2, 3] })).whyNoBlock).toMatch(/missing: N2, N3/);
  });

  test('a clock that is off is named with its offset', () => {
    expect(diagnose(input({ clocks: { 2: -4_200 } })).whyNoBlock).toBe(
      'the clock of N2 differs by -4.2 s from this one, 3 s are allowed',
    );
    expect(diagnose(input({ clocks: { 2: 2_999 } })).whyNoBlock).toBeNull();
  });

  test('transactions wait: the primary is named, and whether it is there at all', () => {
    expect(diagnose(input({ rest: { pendingCount: 5, longestWaitMs: 3_001 } })).whyNoBlock).toBe(
      '5 transactions wait; the primary N1 does not propose',
    );
    const gone = input({ connected: [2, 3], rest: { pendingCount: 5 }, pbft: { suspecting: true } });
    expect(diagnose(gone).whyNoBlock).toBe('5 transactions wait; the primary N1 is not connected');
    expect(diagnose(input({ rest: { pendingCount: 5, longestWaitMs: 200 } })).whyNoBlock).toBeNull();
  });

  test('a change of view says whose turn it is', () => {
    const changing = { changing: true, view: 3 } as Partial<PbftStatus>;
    expect(diagnose(input({ pbft: changing })).whyNoBlock).toBe('changing to view 3, its primary is N1');
  });

  test('fetching blocks comes before everything else', () => {
    expect(diagnose(input({ connected: [], rest: { behindBy: 12 } })).whyNoBlock).toBe('fetching blocks: 12 behind');
  });

  test.each<[SilenceReason, RegExp]>([
    ['diverged', /another result than the quorum/],
    ['second copy', /another process votes/],
    ['vote store lost', /vote store is new/],
    ['ledger behind votes', /older than the votes/],
    ['incarnation not acknowledged', /acknowledged this start/],
    ['nondeterminism', /two results for one block/],
    ['safety violation', /contradict each other/],
  ])('a validator that does not vote says why: %s', (silence, text) => {
    const { whyNoBlock, remedy } = diagnose(input({ pbft: { silence } }));
    expect(whyNoBlock).toMatch(text);
    expect(remedy).not.toBeNull();
  });

  test('an observer does not vote, and nothing is wrong with that', () => {
    expect(diagnose(input({ pbft: { silence: 'not a validator' } })).whyNoBlock).toBeNull();
  });
});

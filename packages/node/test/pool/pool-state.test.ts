/** What a backup tells its replica of the pool: how long it is patient with a primary, and how much it announces. */
import type { PbftStatus, PoolState } from '@hansa/consensus';
import type { HashHex, NodeId, Term, View } from '@hansa/primitives';
import { DEFAULT_CHAIN_PARAMETERS, type Proposal } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import { expect, test } from 'vitest';
import { createPoolStateWatch } from '../../src/pool/pool-state.ts';

const SELF = '01'.repeat(64) as NodeId;
const PRIMARY = '02'.repeat(64) as NodeId;
const WAITING = 'aa'.repeat(32) as HashHex;
const BASE_MS = 1_000;

function createWatch(timeoutExponent: number) {
  const margins: number[] = [];
  const resent: number[] = [];
  const told: PoolState[] = [];
  let nowMs = 0;
  const deferred: (() => void)[] = [];
  const status = { primary: PRIMARY, view: 3 as View, peers: [], maxFaultyWeight: 1, timeoutExponent };
  const pool = {
    findOvertaken: (_: unknown, { marginMs }: { readonly marginMs: number }) => {
      margins.push(marginMs);
      return WAITING;
    },
    resendWaiting: ({ sentMax }: { readonly sentMax: number }) => {
      resent.push(sentMax);
      return sentMax;
    },
    hasExecutable: () => true,
    hasWaiting: () => true,
    status: () => ({ type: 'pending' }),
  };
  const watch = createPoolStateWatch({
    pool: pool as unknown as TxPool,
    nodeId: SELF,
    pbft: () => status as unknown as PbftStatus,
    parameters: () => ({ ...DEFAULT_CHAIN_PARAMETERS, viewTimeoutBaseMs: BASE_MS }),
    scheduleGossip: () => undefined,
    clock: { defer: (work) => deferred.push(work), monotonicMs: () => nowMs },
    publish: (state) => told.push(state),
  });
  const refreshAt = (ms: number): void => {
    nowMs = ms;
    watch.schedule();
    for (const work of deferred.splice(0)) work();
  };
  return { watch, margins, resent, told, refreshAt };
}

test.each([
  { timeoutExponent: 0, marginMs: 2_000 },
  { timeoutExponent: 1, marginMs: 3_000 },
  { timeoutExponent: 4, marginMs: 10_125 },
  { timeoutExponent: 40, marginMs: 64_000 },
])(
  'PBFT-V2: after $timeoutExponent view changes it takes $marginMs ms to be overtaken',
  ({ timeoutExponent, marginMs }) => {
    const { watch, margins, told, refreshAt } = createWatch(timeoutExponent);
    watch.beforeMark({ term: 5 as Term } as Proposal, []);
    expect(margins).toEqual([marginMs]);
    refreshAt(0);
    expect(told.at(-1)?.overtakenIn).toEqual({ term: 5, view: 3 });
  },
);

test('PBFT-V1: however often it looks, it announces a few waiting transactions in a quarter of the time-out', () => {
  const { resent, refreshAt } = createWatch(0);
  for (const ms of [0, 1, 100, 249, 250, 251, 499, 500]) refreshAt(ms);
  expect(resent).toEqual([8, 8, 8]);
});

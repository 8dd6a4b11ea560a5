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

function createWatch(blockMs = 0) {
  const margins: number[] = [];
  const resent: number[] = [];
  const told: PoolState[] = [];
  let nowMs = 0;
  const deferred: (() => void)[] = [];
  const status = { primary: PRIMARY, view: 3 as View, peers: [], maxFaultyWeight: 1 };
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
    pace: { blockMs: () => blockMs },
    clock: { defer: (work) => deferred.push(work), monotonicMs: () => nowMs },
    publish: (state) => told.push(state),
  });
  const refreshAt = (ms: number): void => {
    nowMs = ms;
    watch.schedule();
    for (const work of deferred.splice(0)) work();
  };
  return { watch, status, margins, resent, told, refreshAt };
}

test('PBFT-V2: it takes longer to be overtaken after each accusation, up to a limit, and is forgotten in time', () => {
  const { watch, status, margins, told, refreshAt } = createWatch();
  const follow = (view: number): number | undefined => {
    status.view = view as View;
    watch.beforeMark({ term: 5 as Term } as Proposal, []);
    return margins.at(-1);
  };
  expect([3, 3, 4, 4].map(follow)).toEqual([2_000, 3_000, 3_000, 4_500]);
  refreshAt(0);
  expect(told.at(-1)?.overtakenIn).toEqual({ term: 5, view: 4 });
  for (let view = 5; view < 40; view++) follow(view);
  expect(follow(40)).toBe(64_000);
  refreshAt(30_000 * 11 - 1);
  expect(follow(40)).toBeGreaterThan(2_000);
  refreshAt(30_000 * 11);
  expect(follow(40)).toBe(2_000);
});

test('PBFT-V2: where blocks take long, transactions may reach one node that much before another', () => {
  const { watch, margins } = createWatch(1_500);
  watch.beforeMark({ term: 5 as Term } as Proposal, []);
  expect(margins).toEqual([6_000]);
});

test('PBFT-V1: however often it looks, it announces a few waiting transactions in a quarter of the time-out', () => {
  const { resent, refreshAt } = createWatch();
  for (const ms of [0, 1, 100, 249, 250, 251, 499, 500]) refreshAt(ms);
  expect(resent).toEqual([2, 2, 2]);
});

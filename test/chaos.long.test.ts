/** The first faults of one seed of `npm run chaos`, which takes its time: the player and the judge work, and find nothing. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Consortium } from './kit/chaos/consortium.ts';
import type { FaultKind } from './kit/chaos/faults.ts';
import { playChaos } from './kit/chaos/play.ts';

const KINDS: readonly FaultKind[] = ['kill', 'kill many', 'pause', 'halves', 'deaf or mute', 'slow links', 'slow disk'];
/** Draws short ones: deaf or mute, three killed, halves, one killed. */
const SEED = 4_783;
const FAULT_COUNT = 4;

let net: Consortium;

beforeAll(async () => {
  net = await Consortium.start(4);
}, 120_000);

afterAll(() => net.dispose());

it('four faults under load: chains equal and verified, nothing lost, nothing said that is not so', async () => {
  const report = await playChaos({ net, seed: SEED, kinds: KINDS, isOver: (played) => played >= FAULT_COUNT });
  expect(report.violations).toEqual([]);
  expect(report.refusals).toEqual([]);
  const drawn = ['deaf or mute', 'kill many', 'halves', 'kill'];
  expect(report.played.map(({ fault }) => fault.kind)).toEqual(drawn);
  // Those that leave no quorum say how soon the chain went on, the others how long it stood still.
  expect(report.played.map(({ resumeMs }) => resumeMs !== undefined)).toEqual([false, true, true, false]);
  expect(report.acknowledgedCount).toBeGreaterThan(100);
  expect(report.transactionCount).toBeGreaterThanOrEqual(report.acknowledgedCount);
});

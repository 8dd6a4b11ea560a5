/** One of four validators lies, each process real: the others stay one chain, lose nothing, and get on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';
import { LIAR_PLAYS } from './kit/liar.ts';
import { countOf, type LiarReport, playLiar, type Watched } from './kit/liar-run.ts';

/** The others are played by `npm run byzantine`, for a minute each. */
const PLAYED = ['equivocation', 'wrong results', 'flood', 'all together'];
const PLAY_MS = 3_000;
/** A node of this chain needs 200 to 260 MB; what is collected late comes on top of it. */
const RESIDENT_MB_MAX = 450;

let net: TestDevnet;
let report: LiarReport;

beforeAll(async () => {
  net = await startDevnet();
  const [first] = net.ready.nodes;
  await until(
    async () => first !== undefined && Number(await rpc<string>(first.rpc, 'eth_blockNumber')) > 0,
    20_000,
    'the first transaction is final',
  );
  const plays = LIAR_PLAYS.filter(({ name }) => PLAYED.includes(name));
  report = await playLiar({ net, plays, msPerPlay: PLAY_MS, healthyMs: PLAY_MS, leaderPeriod: '6', seed: 7 });
}, 120_000);

afterAll(() => net.dispose());

const rateOf = (windows: readonly Watched[]): number =>
  windows.reduce((sum, { transactionCount }) => sum + transactionCount, 0) /
  windows.reduce((sum, { seconds }) => sum + seconds, 0);

describe('a validator that lies', () => {
  it('told its lies in every window', () => {
    const played = report.watched.filter(({ play }) => play !== undefined);
    expect(played.map(({ play }) => play?.name)).toEqual(PLAYED);
    for (const window of played) expect(countOf(window.lies), window.play?.name).toBeGreaterThan(0);
  });

  it('honest nodes: one chain, each acknowledged transaction exactly once, each block verified', () => {
    expect(report.acknowledgedCount).toBeGreaterThan(200);
    expect(report.faults).toEqual([]);
    expect(report.refusals).toEqual([]);
    expect(report.verifyFailures).toEqual([]);
  });

  it('blocks in every window, and over all at least half of what comes without lies', () => {
    const played = report.watched.filter(({ play }) => play !== undefined);
    const healthy = report.watched.filter(({ play }) => play === undefined);
    for (const { play, blockCount } of played) expect(blockCount, play?.name).toBeGreaterThan(0);
    expect(rateOf(played)).toBeGreaterThan(rateOf(healthy) / 2);
  });

  it('memory of honest nodes stays where it was', () => {
    for (const { play, residentMbMax } of report.watched)
      expect(residentMbMax, play?.name).toBeLessThan(RESIDENT_MB_MAX);
  });
});

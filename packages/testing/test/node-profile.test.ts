/** The full stack under faults, on virtual time: every checker holds, and one seed is one run. */
import { describe, expect, test } from 'vitest';
import { type NodeRunReport, runNodeSeed } from '../src/simulator/node/node-run.ts';

const SEED_COUNT = 10;
const MEMBERSHIP_SEED_COUNT = 8;

describe('members that come and go, decided by four organisations of which one is not honest', () => {
  test(`${MEMBERSHIP_SEED_COUNT} seeds: sets, registry and gate are those of the rules, computed a second time`, async () => {
    const reports: NodeRunReport[] = [];
    for (let seed = 1; seed <= MEMBERSHIP_SEED_COUNT; seed++)
      reports.push(await runNodeSeed({ seed, profile: 'membership' }));
    const failed = reports.filter(({ violation }) => violation !== undefined);
    expect(failed.map(({ seed, violation }) => `${seed}: ${violation?.checker}: ${violation?.detail}`)).toEqual([]);
    const counted = (what: string): number => reports.reduce((total, { counts }) => total + (counts.get(what) ?? 0), 0);
    for (const what of ['passed', 'denied', 'outdated'])
      expect([what, counted(`proposal: ${what}`) > 0]).toEqual([what, true]);
    expect(counted('lie: governor')).toBeGreaterThan(100);
    expect(counted('places handed over')).toBeGreaterThan(0);
  }, 240_000);
});

describe('whole nodes', () => {
  test(`${SEED_COUNT} seeds: every checker holds, the chain and its members change`, async () => {
    const reports: NodeRunReport[] = [];
    for (let seed = 1; seed <= SEED_COUNT; seed++) reports.push(await runNodeSeed({ seed }));
    const failed = reports.filter(({ violation }) => violation !== undefined);
    expect(failed.map(({ seed, violation }) => `${seed}: ${violation?.checker}: ${violation?.detail}`)).toEqual([]);
    const sum = (pick: (report: NodeRunReport) => number): number =>
      reports.reduce((total, report) => total + pick(report), 0);
    const counted = (what: string): number => sum(({ counts }) => counts.get(what) ?? 0);
    expect(sum(({ height }) => height)).toBeGreaterThan(280);
    expect(sum(({ terms }) => terms)).toBeGreaterThan(2 * SEED_COUNT);
    // Which lies there is an occasion for, so few seeds leave to chance; hundreds of them tell all.
    const lies = new Set(
      reports.flatMap(({ counts }) => [...counts.keys()].filter((what) => what.startsWith('lie: '))),
    );
    expect(lies.size).toBeGreaterThan(5);
    for (const what of ['crash', 'fault: erase', 'fault: remove', 'penalised'])
      expect([what, counted(what) > 0]).toEqual([what, true]);
  }, 240_000);

  test('one seed gives one trace, bit for bit', async () => {
    const traces = [[], []] as [string[], string[]];
    for (const trace of traces) await runNodeSeed({ seed: 3, writeTrace: (line) => trace.push(line) });
    expect(traces[0].length).toBeGreaterThan(1_000);
    expect(traces[1]).toEqual(traces[0]);
  }, 60_000);
});

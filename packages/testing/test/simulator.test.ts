import { DEFAULT_CHAIN_PARAMETERS } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { MUTANTS } from '../src/mutants/list.ts';
import { BROKEN_QUORUM } from '../src/mutants/list-quorum.ts';
import { createPatchedProgram } from '../src/mutants/patched-program.ts';
import { type RunReport, runSeed } from '../src/simulator/cluster.ts';
import { describeLimits, type RunLimits } from '../src/simulator/limits.ts';
import { readOptions } from '../src/simulator/options.ts';
import { runSeeds } from '../src/simulator/run-seeds.ts';
import { messagesOfFormula, runScale } from '../src/simulator/scale.ts';
import { shrinkRun } from '../src/simulator/shrink.ts';
import { Summary } from '../src/simulator/summary.ts';

test('300 seeds: every checker holds, every rule is exercised', { timeout: 600_000 }, async () => {
  const summary = new Summary();
  await runSeeds({ first: 1, count: 300 }, 2, (result) => summary.add(result));
  expect(summary.failures.map(({ seed, violation }) => ({ seed, violation }))).toEqual([]);
  expect(summary.seedCount).toBe(300);
  expect(summary.uncovered).toEqual([]);
});

test('one seed gives one trace, bit for bit', () => {
  const traces = [1, 2].map(() => {
    const lines: string[] = [];
    const { traceHash } = runSeed({ seed: 12, writeTrace: (line) => lines.push(line) });
    return { traceHash, lines };
  });
  expect(traces[0]?.lines.length).toBeGreaterThan(1_000);
  expect(traces[0]).toEqual(traces[1]);
  expect(runSeed({ seed: 12 }).traceHash, 'tracing changes nothing').toBe(traces[0]?.traceHash);
  expect(runSeed({ seed: 13 }).traceHash).not.toBe(traces[0]?.traceHash);
});

test('a quorum that is one vote too small is caught', async () => {
  const { program, remove } = await createPatchedProgram('quorum', BROKEN_QUORUM.patches);
  remove();
  const caught = [1, 2, 3].map((seed) => runSeed({ seed, program }).violation?.checker);
  expect(caught).toEqual(['chain', 'chain', 'chain']);
});

test('after days without a quorum the next block comes as soon as one can talk', () => {
  const kinds = new Set<string>();
  let longestMs = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const report = runSeed({ seed, profile: 'outage' });
    expect({ seed, violation: report.violation }).toEqual({ seed, violation: undefined });
    expect(report.recoveryMs).toBeDefined();
    for (const name of report.counts.keys()) if (name.startsWith('outage: ')) kinds.add(name);
    longestMs = Math.max(longestMs, report.virtualMs);
  }
  expect(kinds.size).toBeGreaterThan(2);
  expect(longestMs).toBeGreaterThan(24 * 3_600_000);
});

test.each([
  { name: 'a rewrite loses what is one height above the final one', seed: 4, checker: 'restored' },
  { name: 'quorum is one vote too small', seed: 1, checker: 'chain' },
])('a failing seed is made smaller: $name', async ({ name, seed, checker }) => {
  const patches = MUTANTS.find((mutant) => mutant.name === name)?.patches ?? [];
  const { program, remove } = await createPatchedProgram(`shrink-${checker}`, patches);
  remove();
  const run = (limits: RunLimits): RunReport => runSeed({ seed, program, limits });
  const found = run({});
  const { report, limits } = shrinkRun(found, run);
  expect([found.violation?.checker, report.violation?.checker]).toEqual([checker, checker]);
  expect(report.drawn.faults.length).toBeLessThan(3);
  expect(report.drawn.liars).toEqual([]);
  expect(report.virtualMs).toBeLessThan(found.virtualMs);

  const again = readOptions(['--seed', String(seed), ...describeLimits(limits).trim().split(' ')]);
  expect(run(again?.limits ?? {})).toEqual(report);
});

test('a run that does not fail is left as it is', () => {
  const clean = runSeed({ seed: 1 });
  expect(shrinkRun(clean, () => expect.unreachable())).toEqual({ limits: {}, report: clean, runCount: 0 });
});

test.each([
  { nodes: 4, crashed: 1 },
  { nodes: 31, crashed: 0 },
  { nodes: 31, crashed: 10 },
])('a block of $nodes members, $crashed of them down, costs what the formula says', ({ nodes, crashed }) => {
  const row = runScale({ nodes, crashed, blocks: 4 });
  const formula = messagesOfFormula(nodes - crashed);
  expect(Math.abs(row.messages - formula)).toBeLessThan(0.05 * formula);
  expect(Math.abs(row.checks - formula)).toBeLessThan(0.05 * formula);
  // The primaries of the first views are all among those that are down.
  const { viewTimeoutCapMs } = DEFAULT_CHAIN_PARAMETERS;
  expect(row.firstBlockMs).toBeLessThan(2_000 + (crashed + 1) * viewTimeoutCapMs);
});

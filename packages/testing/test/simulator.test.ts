import { expect, test } from 'vitest';
import { BROKEN_QUORUM } from '../src/mutants/list-quorum.ts';
import { createPatchedProgram } from '../src/mutants/patched-program.ts';
import { runSeed } from '../src/simulator/cluster.ts';
import { runSeeds } from '../src/simulator/run-seeds.ts';
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

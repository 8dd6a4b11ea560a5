/**
 * Runs the test suite and closes with one line `N passed, N failed`. Arguments: names of projects (default: core unit
 * fresh untimed process). The tests of `core` run with coverage, and its gate counts as one more test.
 */
import { GATED_PROJECT, runGate } from './branch-gate.ts';
import { runVitest, type TestCounts } from './vitest-run.ts';

const named = process.argv.slice(2).filter((argument) => argument !== '--project');
const projects = named.length > 0 ? named : [GATED_PROJECT, 'unit', 'fresh', 'untimed', 'process'];
const others = projects.filter((name) => name !== GATED_PROJECT);
const counts: TestCounts[] = [];
if (projects.includes(GATED_PROJECT)) {
  const { tests, isClosed } = runGate();
  counts.push(tests, { passed: isClosed ? 1 : 0, failed: isClosed ? 0 : 1 });
}
if (others.length > 0) counts.push(runVitest(others));
const sum = (key: keyof TestCounts): number => counts.reduce((total, count) => total + count[key], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 && counts.every(({ passed }) => passed > 0) ? 0 : 1;

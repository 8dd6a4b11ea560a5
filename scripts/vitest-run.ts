import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TestCounts = { readonly passed: number; readonly failed: number };

/**
 * Runs projects of scripts/vitest.config.ts, with their output on this terminal.
 * @returns how many tests passed and failed; a file that cannot be run, or a run without a report, counts as failed
 */
export function runVitest(projects: readonly string[], options: readonly string[] = []): TestCounts {
  const folder = mkdtempSync(join(tmpdir(), 'hansa-test-'));
  const report = join(folder, 'report.json');
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'scripts/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...options,
      ...projects.flatMap((name) => ['--project', name]),
    ],
    { stdio: 'inherit' },
  );
  const counts = readCounts(report, status === 0);
  rmSync(folder, { recursive: true, force: true });
  return counts;
}

function readCounts(report: string, isGood: boolean): TestCounts {
  try {
    const summary = JSON.parse(readFileSync(report, 'utf8')) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
      readonly numFailedTestSuites: number;
    };
    const failedFiles = summary.numFailedTests === 0 && !isGood ? Math.max(1, summary.numFailedTestSuites) : 0;
    return { passed: summary.numPassedTests, failed: summary.numFailedTests + failedFiles };
  } catch (error) {
    process.stderr.write(`the test report could not be read: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}

/** Runs the test suite and closes with one line `N passed, N failed`. Arguments: names of projects (default: unit process). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const projects = process.argv.slice(2).filter((argument) => argument !== '--project');
const folder = mkdtempSync(join(tmpdir(), 'hansa-test-'));
const report = join(folder, 'report.json');
const names = projects.length > 0 ? projects : ['unit', 'process'];
const run = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'scripts/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...names.flatMap((name) => ['--project', name]),
  ],
  { stdio: 'inherit' },
);
const { passed, failed } = readCounts();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(run.status === 0 && failed === 0 && passed > 0 ? 0 : 1);

function readCounts(): { passed: number; failed: number } {
  try {
    const summary = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numFailedTestSuites: number;
    };
    const failedFiles = summary.numFailedTests === 0 && run.status !== 0 ? Math.max(1, summary.numFailedTestSuites) : 0;
    return { passed: summary.numPassedTests, failed: summary.numFailedTests + failedFiles };
  } catch (error) {
    process.stderr.write(`the test report could not be read: ${String(error)}\n`);
    return { passed: 0, failed: 1 };
  }
}

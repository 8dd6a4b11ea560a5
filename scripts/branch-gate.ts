/**
 * The gate over what must not fork: every branch of consensus, membership and protocol is taken by a unit test of theirs,
 * and every function called. Nothing is left out but the `default` of an exhaustive `switch` that is `assertNever(…)`:
 * the compiler proves that it cannot be reached. Comments that hide code from the measurement are faults themselves.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { runVitest, type TestCounts } from './vitest-run.ts';

export const GATED_PACKAGES = ['consensus', 'membership', 'protocol'] as const;
/** The project of scripts/vitest.config.ts with the tests of these packages. */
export const GATED_PROJECT = 'core';

type Position = { readonly line?: number; readonly column?: number };
/** What is used of a file in Istanbul's coverage-final.json. Lines are counted from 1, columns from 0. */
export type FileCoverage = {
  readonly branchMap: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly loc: { readonly start: Position };
        readonly locations: readonly { readonly start: Position }[];
      }
    >
  >;
  readonly b: Readonly<Record<string, readonly number[]>>;
  readonly fnMap: Readonly<Record<string, { readonly name: string; readonly loc: { readonly start: Position } }>>;
  readonly f: Readonly<Record<string, number>>;
};

export type FileReport = {
  readonly branches: number;
  readonly functions: number;
  /** `assertNever` defaults, which are left out. */
  readonly unreachable: number;
  /** Ascending by line. */
  readonly holes: readonly { readonly line: number; readonly what: string }[];
};

const ASSERT_NEVER = /^default:\s*(?:return )?assertNever\([\w.]+\);/;
const HIDING = /\b(?:v8|c8|istanbul|node:coverage) (?:ignore|disable)\b/;
const root = resolve(import.meta.dirname ?? '.', '..');

/** Counts the branches and functions of one file that no test has taken. */
export function measureFile(coverage: FileCoverage, source: string): FileReport {
  const lines = source.split('\n');
  const holes: { line: number; what: string }[] = [];
  let [branches, unreachable] = [0, 0];
  for (const [id, { type, loc, locations }] of Object.entries(coverage.branchMap)) {
    for (const [way, count] of (coverage.b[id] ?? []).entries()) {
      // The `else` that is not written has no place of its own.
      const place = locations[way]?.start.line === undefined ? loc.start : (locations[way]?.start ?? loc.start);
      const line = place.line ?? 0;
      const text = [(lines[line - 1] ?? '').slice(place.column), lines[line] ?? ''].join('\n');
      if (type === 'switch' && ASSERT_NEVER.test(text)) {
        unreachable += 1;
        continue;
      }
      branches += 1;
      if (count === 0) holes.push({ line, what: `${type} ${way + 1} of ${locations.length} is never taken` });
    }
  }
  const functions = Object.entries(coverage.fnMap);
  for (const [id, { name, loc }] of functions) {
    if (coverage.f[id] === 0) holes.push({ line: loc.start.line ?? 0, what: `${name} is never called` });
  }
  lines.forEach((text, at) => {
    if (HIDING.test(text)) holes.push({ line: at + 1, what: 'code is hidden from the measurement' });
  });
  return { branches, unreachable, functions: functions.length, holes: holes.sort((a, b) => a.line - b.line) };
}

/** Runs the tests of the gated packages with coverage, and prints a table and every hole. */
export function runGate(): { readonly tests: TestCounts; readonly isClosed: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'hansa-coverage-'));
  try {
    const tests = runVitest([GATED_PROJECT], ['--coverage', `--coverage.reportsDirectory=${folder}`]);
    return { tests, isClosed: report(join(folder, 'coverage-final.json')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(file: string): boolean {
  let measured: Record<string, FileCoverage>;
  try {
    measured = JSON.parse(readFileSync(file, 'utf8')) as Record<string, FileCoverage>;
  } catch (error) {
    process.stdout.write(`the coverage could not be read: ${String(error)}\n`);
    return false;
  }
  const holes: string[] = [];
  process.stdout.write('package      branches  functions  assertNever   holes\n');
  for (const name of GATED_PACKAGES) {
    const reports = sourcesOf(name).map((path) => {
      const coverage = measured[path];
      const place = relative(root, path);
      if (coverage === undefined)
        return { branches: 0, functions: 0, unreachable: 0, holes: [`${place}: not measured`] };
      const one = measureFile(coverage, readFileSync(path, 'utf8'));
      return { ...one, holes: one.holes.map(({ line, what }) => `${place}:${line}: ${what}`) };
    });
    const sum = (key: 'branches' | 'functions' | 'unreachable'): string =>
      String(reports.reduce((total, one) => total + one[key], 0));
    const found = reports.flatMap((one) => one.holes);
    holes.push(...found);
    process.stdout.write(
      `${name.padEnd(12)} ${sum('branches').padStart(8)}  ${sum('functions').padStart(9)}  ${sum('unreachable').padStart(11)}  ${String(found.length).padStart(6)}\n`,
    );
  }
  for (const hole of holes) process.stdout.write(`${hole}\n`);
  return holes.length === 0;
}

function sourcesOf(name: string): string[] {
  const folder = join(root, 'packages', name, 'src');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

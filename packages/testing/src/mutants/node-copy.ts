/** Whole nodes from a copy of all sources with deliberate faults: their tests and the full-stack simulator run in it. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatch, type Patch } from './patched-program.ts';

/** Packages with tests that judge faults of whole nodes. */
export const NODE_PACKAGES = ['protocol', 'membership', 'executor', 'ledger', 'txpool', 'sync', 'node'] as const;

const WORKSPACE = fileURLToPath(new URL('../../../..', import.meta.url));
const PACKAGES = join(WORKSPACE, 'packages');
/** Inside the workspace, so that the copies find what they import; ignored by git. */
const COPIES = join(PACKAGES, 'testing/dist/mutant-copies');
const TESTS_TIMEOUT_MS = 120_000;
const SEEDS_TIMEOUT_MS = 140_000;
const BUILD_TIMEOUT_MS = 60_000;
/** What needs processes, threads or snapshots of the original. */
const CONFIG = `const config = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 1,
    bail: 1,
    testTimeout: 30_000,
    exclude: ['**/crash.test.ts', '**/index.test.ts', '**/generated.test.ts', '**/exports.test.ts', '**/workers/**', '**/query/**', '**/node_modules/**'],
  },
};
export { config as default };
`;

export type Seeds = {
  readonly seedCount: number;
  readonly kill: { readonly seed: number; readonly checker: string; readonly detail: string } | undefined;
};

export type NodeCopy = {
  /** Runs the tests of these packages: the name of the first that fails. */
  failingTest(packages: readonly string[]): string | undefined;
  /** Runs seeds of whole nodes until a checker objects. */
  firstViolation(first: number, count: number): Seeds;
  /** Builds the EVM and lets the fuzzer look for a difference to EthereumJS: undefined when it finds none in that time. */
  firstDifference(seconds: number): Difference | undefined;
  remove(): void;
};

export type Difference = { readonly message: string; readonly seconds: number; readonly executionCount: number };

/** @throws InvariantError when a patch no longer fits the source */
export function createNodeCopy(name: string, patches: readonly Patch[]): NodeCopy {
  const folder = join(COPIES, `${name}-${process.pid}`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  remove();
  try {
    copyInto(folder);
    for (const patch of patches) {
      const [part = '', ...rest] = patch.file.split('/');
      const path = join(folder, 'packages', part === 'engine' ? 'evm/assembly' : `${part}/src`, ...rest);
      writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    failingTest: (packages) => failingTest(folder, packages),
    firstViolation: (first, count) => firstViolation(folder, first, count),
    firstDifference: (seconds) => firstDifference(folder, seconds),
    remove,
  };
}

/** Sources and tests of every package; what they import of each other are the copies. */
function copyInto(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@hansa'), { recursive: true });
  for (const name of readdirSync(PACKAGES)) {
    const source = join(PACKAGES, name);
    if (!existsSync(join(source, 'package.json'))) continue;
    const target = join(folder, 'packages', name);
    mkdirSync(target, { recursive: true });
    for (const part of ['package.json', 'src', 'assembly', 'gen', 'test']) {
      const isWanted = name !== 'testing' || part !== 'test';
      if (isWanted && existsSync(join(source, part)))
        cpSync(join(source, part), join(target, part), { recursive: true });
    }
    if (existsSync(join(source, 'node_modules')))
      symlinkSync(join(source, 'node_modules'), join(target, 'node_modules'));
    symlinkSync(target, join(folder, 'node_modules/@hansa', name));
  }
}

function failingTest(folder: string, packages: readonly string[]): string | undefined {
  const config = join(folder, 'vitest.config.ts');
  const output = join(folder, 'report.json');
  writeFileSync(config, CONFIG);
  const vitest = join(WORKSPACE, 'node_modules/vitest/vitest.mjs');
  const filters = packages.map((name) => `packages/${name}/test/`);
  const run = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', config, '--root', folder, '--reporter=json', `--outputFile=${output}`, ...filters],
    { timeout: TESTS_TIMEOUT_MS, killSignal: 'SIGKILL', stdio: 'ignore' },
  );
  if (run.status === 0) return undefined;
  if (run.status === null) return 'never ends';
  const report = JSON.parse(readFileSync(output, 'utf8')) as {
    readonly testResults: readonly {
      readonly name: string;
      readonly message: string;
      readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
    }[];
  };
  for (const { assertionResults } of report.testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed !== undefined) return failed.fullName;
  }
  throw new Error(`tests ended with code ${run.status}: ${report.testResults.map(({ message }) => message).join(' ')}`);
}

function firstDifference(folder: string, seconds: number): Difference | undefined {
  const script = (name: string, ...rest: readonly string[]): string => {
    const run = spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', name, ...rest], {
      cwd: WORKSPACE,
      timeout: BUILD_TIMEOUT_MS + 2_000 * seconds,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`${name} ended with code ${run.status}: ${run.stderr}`);
    return run.stdout.trim();
  };
  script(join(WORKSPACE, 'scripts/build-evm.ts'), '--root', folder);
  const lines = script(join(folder, 'packages/testing/src/fuzz/first-fault.ts'), 'evm', String(seconds)).split('\n');
  const { message, ...found } = JSON.parse(lines.at(-1) ?? '') as Partial<Difference> & Omit<Difference, 'message'>;
  return message === undefined ? undefined : { ...found, message };
}

function firstViolation(folder: string, first: number, count: number): Seeds {
  if (count === 0) return { seedCount: 0, kill: undefined };
  const script = join(folder, 'packages/testing/src/simulator/node/first-violation.ts');
  const run = spawnSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', script, String(first), String(count)],
    { cwd: WORKSPACE, timeout: SEEDS_TIMEOUT_MS, killSignal: 'SIGKILL', encoding: 'utf8' },
  );
  const lines = run.stdout.trim().split('\n');
  const last = lines.at(-1) ?? '';
  if (run.status === 0) {
    const { seed, checker, detail } = JSON.parse(last) as { seed?: number; checker: string; detail: string };
    if (seed === undefined) return { seedCount: count, kill: undefined };
    return { seedCount: seed - first + 1, kill: { seed, checker, detail } };
  }
  const seed = first + lines.filter((line) => line.startsWith('seed ')).length - 1;
  const detail = run.status === null ? 'never ends' : (run.stderr.trim().split('\n').at(-1) ?? '');
  return { seedCount: seed - first + 1, kill: { seed, checker: 'exception', detail } };
}

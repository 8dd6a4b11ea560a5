/** Consensus from a copy of its sources with deliberate faults: to see that tests catch them. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assert } from '@hansa/primitives';
import type { Program } from '../simulator/world.ts';

/**
 * Replaces one text of one file, which must have it exactly once. `file` is `consensus/…`, below packages/consensus/src,
 * or `driver/…`, below packages/node/src/consensus; for whole nodes `PACKAGE/…`, below packages/PACKAGE/src,
 * or `engine/…`, below packages/evm/assembly.
 */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

/** The sources that may be patched, and where their copies are. */
const PARTS: Readonly<Record<string, { readonly source: string; readonly copy: string }>> = {
  consensus: { source: fromHere('../../../consensus/src'), copy: 'consensus/src' },
  driver: { source: fromHere('../../../node/src/consensus'), copy: 'node/src/consensus' },
};
const TESTS = {
  consensus: { source: fromHere('../../../consensus/test'), copy: 'consensus/test' },
  driver: { source: fromHere('../../../node/test/consensus'), copy: 'node/test/consensus' },
};
/** Folders whose files import the package @hansa/consensus, and shall get the copy. */
const USERS = [PARTS['driver']?.copy ?? '', TESTS.driver.copy];
/** Inside the workspace, so that the copies find the packages that they import; ignored by git. */
const COPIES = fromHere('../../dist/mutant-copies');

export type PatchedProgram = {
  readonly program: Program;
  /** Runs one scenario file of consensus against the copy: the text as it comes out. @throws whatever it throws */
  renderScenario(text: string): string;
  /** Runs the other tests of consensus, driver and vote store: the name of the first that fails. */
  failingTest(): string | undefined;
  /** Deletes the copy; what is loaded stays. */
  remove(): void;
};

/** The files of packages/consensus/test/scenarios by name, with their text. */
export function readScenarios(): readonly { readonly name: string; readonly text: string }[] {
  const folder = join(TESTS.consensus.source, 'scenarios');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((file) => ({ name: file.slice(0, -'.txt'.length), text: readFileSync(join(folder, file), 'utf8') }));
}

/** The text of `file` with the patch in it. @throws InvariantError when it does not fit the source any more */
export function applyPatch(text: string, { file, find, replace }: Patch): string {
  const parts = text.split(find);
  assert(parts.length === 2, `"${find}" is in ${file} ${parts.length - 1} times, once was expected`);
  return parts.join(replace);
}

/** Where the unpatched text of `file` is. */
export function sourceOf({ file }: Pick<Patch, 'file'>): string {
  const [part = '', ...rest] = file.split('/');
  if (part === 'engine') return join(fromHere('../../../evm/assembly'), ...rest);
  return join(PARTS[part]?.source ?? fromHere(`../../../${part}/src`), ...rest);
}

/** @throws InvariantError when a patch no longer fits the source */
export async function createPatchedProgram(name: string, patches: readonly Patch[]): Promise<PatchedProgram> {
  const folder = folderOf(name, process.pid);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  remove();
  mkdirSync(folder, { recursive: true });
  try {
    copyInto(folder, patches);
    const load = async (file: string): Promise<unknown> =>
      import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href);
    const driver = (await load('node/src/consensus/driver.ts')) as Pick<Program, 'ConsensusDriver'>;
    const store = (await load('node/src/consensus/vote-store.ts')) as Omit<Program, 'ConsensusDriver'>;
    const scenario = (await load('consensus/test/scenario.ts')) as Pick<PatchedProgram, 'renderScenario'>;
    const { createVoteStore, openVoteStore, replaceLostVoteStore } = store;
    return {
      program: { ConsensusDriver: driver.ConsensusDriver, createVoteStore, openVoteStore, replaceLostVoteStore },
      renderScenario: scenario.renderScenario,
      failingTest: () => failingTest(folder),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What a process that was killed has left. */
export function removeCopy(name: string, pid: number): void {
  rmSync(folderOf(name, pid), { recursive: true, force: true });
}

function folderOf(name: string, pid: number): string {
  return join(COPIES, `${name}-${pid}`);
}

function copyInto(folder: string, patches: readonly Patch[]): void {
  for (const { source, copy } of [...Object.values(PARTS), ...Object.values(TESTS)]) {
    cpSync(source, join(folder, copy), { recursive: true });
  }
  for (const user of USERS) useCopiedConsensus(join(folder, user));
  for (const patch of patches) {
    const [part = '', ...rest] = patch.file.split('/');
    const path = join(folder, PARTS[part]?.copy ?? part, ...rest);
    writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
  }
}

/** The copied driver runs the copied replica, not the package. */
function useCopiedConsensus(folder: string): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll("'@hansa/consensus'", "'../../../consensus/src/index.ts'"));
  }
}

/** Scenarios have been looked at before; a broken replica may never come to rest. */
const VITEST_CONFIG = `const config = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 1,
    bail: 1,
    testTimeout: 30_000,
    include: ['**/test/**/*.test.ts'],
    exclude: ['**/scenario.test.ts', '**/scenario-map.test.ts', '**/exports.test.ts'],
  },
};
export { config as default };
`;
const TESTS_TIMEOUT_MS = 90_000;

function failingTest(folder: string): string | undefined {
  const config = join(folder, 'vitest.config.ts');
  const output = join(folder, 'report.json');
  writeFileSync(config, VITEST_CONFIG);
  const vitest = join(fromHere('../../../..'), 'node_modules/vitest/vitest.mjs');
  const run = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', config, '--root', folder, '--reporter=json', `--outputFile=${output}`],
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

function fromHere(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

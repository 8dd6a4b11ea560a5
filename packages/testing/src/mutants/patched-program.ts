/** Consensus from a copy of its sources with deliberate faults: to see that tests catch them. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assert } from '@hansa/primitives';
import type { Program } from '../simulator/world.ts';

/**
 * Replaces one text of one file, which must have it exactly once. `file` is `consensus/…`, below packages/consensus/src,
 * or `driver/…`, below packages/node/src/consensus.
 */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

/** The sources that may be patched, and where their copies are. */
const PARTS: Readonly<Record<string, { readonly source: string; readonly copy: string }>> = {
  consensus: { source: fromHere('../../../consensus/src'), copy: 'consensus/src' },
  driver: { source: fromHere('../../../node/src/consensus'), copy: 'driver' },
};
const SCENARIOS = fromHere('../../../consensus/test');
/** Inside the workspace, so that the copies find the packages that they import; ignored by git. */
const COPIES = fromHere('../../dist/mutants');

export type PatchedProgram = {
  readonly program: Program;
  /** Runs one scenario file of consensus against the copy: the text as it comes out. @throws whatever it throws */
  renderScenario(text: string): string;
};

/** The files of packages/consensus/test/scenarios by name, with their text. */
export function readScenarios(): readonly { readonly name: string; readonly text: string }[] {
  const folder = join(SCENARIOS, 'scenarios');
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
  const place = PARTS[part];
  assert(place !== undefined, `a file of ${Object.keys(PARTS).join(' or ')} was expected, got ${file}`);
  return join(place.source, ...rest);
}

/** @throws InvariantError when a patch no longer fits the source */
export async function createPatchedProgram(name: string, patches: readonly Patch[]): Promise<PatchedProgram> {
  const folder = join(COPIES, `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    for (const { source, copy } of Object.values(PARTS)) cpSync(source, join(folder, copy), { recursive: true });
    cpSync(SCENARIOS, join(folder, 'consensus/test'), { recursive: true });
    useCopiedConsensus(join(folder, 'driver'));
    for (const patch of patches) {
      const [part = '', ...rest] = patch.file.split('/');
      const path = join(folder, PARTS[part]?.copy ?? part, ...rest);
      writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
    }
    const load = async (file: string): Promise<unknown> =>
      import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href);
    const driver = (await load('driver/driver.ts')) as Pick<Program, 'ConsensusDriver'>;
    const store = (await load('driver/vote-store.ts')) as Omit<Program, 'ConsensusDriver'>;
    const scenario = (await load('consensus/test/scenario.ts')) as Pick<PatchedProgram, 'renderScenario'>;
    const { createVoteStore, openVoteStore, replaceLostVoteStore } = store;
    return {
      program: { ConsensusDriver: driver.ConsensusDriver, createVoteStore, openVoteStore, replaceLostVoteStore },
      renderScenario: scenario.renderScenario,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The copied driver runs the copied replica, not the package. */
function useCopiedConsensus(folder: string): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll("'@hansa/consensus'", "'../consensus/src/index.ts'"));
  }
}

function fromHere(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

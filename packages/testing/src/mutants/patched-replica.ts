/** A replica from a copy of the consensus package with deliberate faults: to see that tests catch them. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PbftConfig, RestoredState } from '@hansa/consensus';
import type { Replica } from '@hansa/node';
import { assert } from '@hansa/primitives';

/** Replaces one text of one file of packages/consensus/src; it must be there exactly once. */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

const SOURCE = fileURLToPath(new URL('../../../consensus/src', import.meta.url));
/** Inside the workspace, so that the copy finds its packages; ignored by git. */
const COPIES = fileURLToPath(new URL('../../dist/mutants', import.meta.url));

/** @throws InvariantError when a patch no longer fits the source */
export async function createPatchedReplica(
  name: string,
  patches: readonly Patch[],
): Promise<(config: PbftConfig, restored: RestoredState) => Replica> {
  const folder = join(COPIES, `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(SOURCE, folder, { recursive: true });
  for (const { file, find, replace } of patches) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const parts = text.split(find);
    assert(parts.length === 2, `"${find}" is in ${file} ${parts.length - 1} times, once was expected`);
    writeFileSync(path, parts.join(replace));
  }
  try {
    const url = pathToFileURL(join(folder, 'index.ts')).href;
    const module = (await import(/* @vite-ignore */ url)) as typeof import('@hansa/consensus');
    return (config, restored) => new module.PbftReplica(config, restored);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

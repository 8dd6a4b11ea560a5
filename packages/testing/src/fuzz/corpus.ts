/** Inputs that are kept: one text file per target, one input per line in hex; lines with # are comments. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesToHex, hexToBytes } from '@hansa/primitives';

export const CORPUS_FOLDER: string = fileURLToPath(new URL('../../corpus', import.meta.url));
/** Larger inputs are not kept in the repository, and no more than so many bytes of a target. */
const ENTRY_SIZE_MAX = 1_024;
const FILE_SIZE_MAX = 8 * 1_024;

/** @throws Error when a line is no hex */
export function readCorpus(targetName: string, folder: string = CORPUS_FOLDER): Uint8Array[] {
  const path = join(folder, `${targetName}.txt`);
  if (!existsSync(path)) return [];
  const entries: Uint8Array[] = [];
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (line === '' || line.startsWith('#')) return;
      const bytes = line === '-' ? new Uint8Array(0) : hexToBytes(line);
      if (bytes === undefined) throw new Error(`${path}, line ${index + 1}: hex or - was expected`);
      entries.push(bytes);
    });
  return entries;
}

/** Adds inputs to the file of a target. Comments and what is there stay. Returns how many were added. */
export function addToCorpus(targetName: string, inputs: readonly Uint8Array[], folder: string = CORPUS_FOLDER): number {
  const path = join(folder, `${targetName}.txt`);
  let text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const known = new Set(text.split('\n'));
  let count = 0;
  for (const input of inputs) {
    const line = input.length === 0 ? '-' : bytesToHex(input);
    if (known.has(line) || input.length > ENTRY_SIZE_MAX || text.length + line.length > FILE_SIZE_MAX) continue;
    known.add(line);
    text += `${line}\n`;
    count++;
  }
  if (count === 0) return 0;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, text);
  return count;
}

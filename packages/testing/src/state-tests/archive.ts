import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { StateTest } from './state-test.ts';

export type ArchivedTest = { readonly name: string; readonly test: StateTest };

const BLOCK = 512;
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Tests of a `.tar.gz` of JSON files, in the order of the archive, one file at a time. */
export function* testsOfArchive(path: string): Generator<ArchivedTest> {
  for (const { name, text } of filesOfTar(gunzipSync(readFileSync(path)))) {
    const folder = name.replace(/^.*GeneralStateTests\//, '').replace(/\.json$/, '');
    for (const [key, test] of Object.entries(JSON.parse(text) as Record<string, StateTest>)) {
      yield { name: folder.endsWith(`/${key}`) ? folder : `${folder}:${key}`, test };
    }
  }
}

/** Regular JSON files of a tar archive (POSIX ustar, long names as GNU or pax write them). */
function* filesOfTar(bytes: Uint8Array): Generator<{ readonly name: string; readonly text: string }> {
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const field = (start: number, size: number): string =>
      textOf(bytes.subarray(at + start, at + start + size)).replace(/\0.*$/s, '');
    const name = field(0, 100);
    if (name === '') return;
    const size = Number.parseInt(field(124, 12).trim(), 8);
    const type = field(156, 1);
    const prefix = field(345, 155);
    const content = (): string => textOf(bytes.subarray(at + BLOCK, at + BLOCK + size));
    const fullName = longName ?? (prefix === '' ? name : `${prefix}/${name}`);
    longName = undefined;
    if (type === 'L') longName = content().replace(/\0.*$/s, '');
    else if (type === 'x') longName = /\d+ path=(.*)\n/.exec(content())?.[1];
    else if (fullName.endsWith('.json')) yield { name: fullName, text: content() };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** Ethereum's own tests judge gas, state and logs of every opcode and edge (EXE-12 to EXE-16, EXE-21 to EXE-25). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { casesOf, runStateTest, type StateTest } from './kit/state-test.ts';

const SELECTION = new URL('./fixtures/state-tests.json', import.meta.url);
/** A folder with all of them: see fixtures/README.md. */
const directory = process.env['HANSA_STATE_TESTS'];

type Named = readonly [string, StateTest];

const readTests = (path: string | URL): Named[] =>
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, StateTest>);

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return path.endsWith('.json') ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** By folder, so that memory holds the tests of one at a time. */
function groups(): (readonly [string, () => Named[]])[] {
  if (directory !== undefined)
    return readdirSync(directory).map(
      (name) => [name, () => filesBelow(join(directory, name)).flatMap(readTests)] as const,
    );
  const folders = new Map<string, Named[]>();
  for (const [name, test] of readTests(SELECTION)) {
    const folder = name.slice(0, name.lastIndexOf('/'));
    folders.set(folder, [...(folders.get(folder) ?? []), [name, test]]);
  }
  return [...folders].map(([name, tests]) => [name, () => tests] as const);
}

describe.each(['wasm', 'ethereumjs'] as const)('EXE-21: state tests of ethereum/tests v14.1 on %s', (engine) => {
  it.each(groups())(
    '%s',
    async (_, load) => {
      const faults: string[] = [];
      let passed = 0;
      for (const [name, test] of load()) {
        for (const [index, post] of casesOf(test).entries()) {
          const result = await runStateTest(test, post, engine);
          if (result.type === 'passed') passed++;
          if (result.type === 'failed') faults.push(`${name} ${index}: ${result.message}`);
        }
      }
      expect(faults).toEqual([]);
      expect(passed).toBeGreaterThan(0);
    },
    directory === undefined ? 20_000 : 3_600_000,
  );
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTANTS } from '../src/mutants/list.ts';
import { applyPatch, createPatchedProgram, readScenarios, sourceOf } from '../src/mutants/patched-program.ts';

test('each deliberate fault fits the source as it is', () => {
  const faults = MUTANTS.flatMap(({ name, patches }) =>
    patches.flatMap((patch) => {
      try {
        return applyPatch(readFileSync(sourceOf(patch), 'utf8'), patch) === '' ? [name] : [];
      } catch (error) {
        return [`${name}: ${(error as Error).message}`];
      }
    }),
  );
  expect(faults).toEqual([]);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test('a copy without a fault is the original: every scenario comes out as it is written', async () => {
  const { renderScenario, remove } = await createPatchedProgram('original', []);
  remove();
  for (const { name, text } of readScenarios()) expect(renderScenario(text), name).toBe(text);
});

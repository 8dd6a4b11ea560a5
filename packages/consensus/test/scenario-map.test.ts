import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The table of traps names scenario files and tests that are there, and every published failure that it is held to. */
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const rows = readFileSync(path('./scenarios/README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| trap') && !line.startsWith('| ---'))
  .map((line) => {
    const [trap = '', seenIn = '', where = ''] = line.slice(2, -2).split(' | ');
    return { trap, seenIn, where };
  });

const testFile = (name: string): string => path(name.includes('/') ? `../../../${name}` : `./${name}`);

test.each(rows)('$trap: its scenarios and tests are there', ({ where }) => {
  const scenarios = [...where.matchAll(/`([^`]+\.txt)`/g)].map(([, name]) => name as string);
  const tests = [...where.matchAll(/`([^`]+)` in `([^`]+\.test\.ts)`/g)];
  const named = [...where.matchAll(/`[^`]+`/g)];
  expect(scenarios.length + 2 * tests.length).toBe(named.length);
  expect(named.length).toBeGreaterThan(0);
  for (const name of scenarios) expect(existsSync(path(`./scenarios/${name}`)), name).toBe(true);
  for (const [, begin = '', name = ''] of tests) {
    const text = readFileSync(testFile(name), 'utf8');
    const title = new RegExp(`\\b(?:test|it)\\w*\\(\\s*['"\`]${begin.replace(/[()[\]]/g, '\\$&')}`);
    expect(title.test(text), `a test "${begin}…" in ${name}`).toBe(true);
  }
});

test.each([
  'besu#7642',
  'besu#8307',
  'besu#8425',
  'quorum#468',
  'quorum#1681',
  'quorum#1692',
  'polygon-edge#232',
  'FISCO#2211',
  'FISCO#4123',
  'FISCO PR#5392',
  'FISCO PR#5528',
])('%s has its row', (issue) => {
  expect(rows.filter(({ seenIn }) => seenIn.includes(issue)).length).toBeGreaterThan(0);
});

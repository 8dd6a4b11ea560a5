/** Ethereum's own tests judge the engine of packages/evm: a selection always, all of them by `npm run evm-tests`. */
import { readFileSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import { describe, expect, it } from 'vitest';
import { runCase, type StateTest } from '../src/state-tests/state-test.ts';

await initCrypto();

const SELECTION = new URL('../../executor/test/fixtures/state-tests.json', import.meta.url);
const tests = Object.entries(JSON.parse(readFileSync(SELECTION, 'utf8')) as Record<string, StateTest>);
const folders = new Map<string, [string, StateTest][]>();
for (const [name, test] of tests) {
  const folder = name.slice(0, name.lastIndexOf('/'));
  folders.set(folder, [...(folders.get(folder) ?? []), [name, test]]);
}

describe('the selection of ethereum/tests v14.1, rules of Cancun', () => {
  it.each([...folders])('%s', (_, entries) => {
    const faults: string[] = [];
    let passed = 0;
    for (const [name, test] of entries) {
      for (const [index, post] of (test.post['Cancun'] ?? []).entries()) {
        const result = runCase(test, post, 'Cancun');
        if (result.type === 'passed') passed++;
        if (result.type === 'failed') faults.push(`${name} ${index}: ${result.message}`);
      }
    }
    expect(faults).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });

  it('finds a state root that is not the expected one', () => {
    const [, test] = tests.find(([name]) => name.startsWith('stExample/')) as [string, StateTest];
    const post = (test.post['Cancun'] ?? [])[0];
    expect(post).toBeDefined();
    const wrong = { ...(post as NonNullable<typeof post>), hash: `0x${'11'.repeat(32)}` };
    expect(runCase(test, wrong, 'Cancun').type).toBe('failed');
  });
});

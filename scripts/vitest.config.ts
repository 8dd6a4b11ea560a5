import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What must not fork: measured by `npm run coverage`, a project of its own. */
const GATED = ['consensus', 'membership', 'protocol'];
/** Tests with real processes that judge what is said and kept, not how soon: two files at a time. */
const UNTIMED = [
  'bad-input',
  'bad-peers',
  'bad-setup',
  'clients',
  'devnet',
  'governing',
  'joining',
  'repair',
  'signer',
  'verify',
].map((name) => `test/${name}.test.ts`);
/** Tests of what happens before a module has been loaded: a process of their own. The others share theirs. */
const FRESH = ['packages/executor/test/pairings.test.ts'];
const root = fileURLToPath(new URL('..', import.meta.url));

/** Tests run from source: packages resolve each other by the `source` condition, no build is needed before. */
export default defineConfig({
  root,
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // With --coverage: scripts/branch-gate.ts reads it.
    coverage: { provider: 'v8', reporter: ['json'], include: GATED.map((name) => `packages/${name}/src/**`) },
    // One group after the other: tests with real processes that judge times have the machine for themselves.
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          isolate: false,
          sequence: { groupOrder: 0 },
          include: GATED.map((name) => `packages/${name}/test/**/*.test.ts`),
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          isolate: false,
          sequence: { groupOrder: 0 },
          include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts', ...FRESH, ...GATED.map((name) => `packages/${name}/**`)],
        },
      },
      { extends: true, test: { name: 'fresh', sequence: { groupOrder: 0 }, include: FRESH } },
      {
        extends: true,
        test: {
          name: 'untimed',
          sequence: { groupOrder: 1 },
          include: UNTIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          sequence: { groupOrder: 2 },
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.long.test.ts', ...UNTIMED],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: ['test/**/*.long.test.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

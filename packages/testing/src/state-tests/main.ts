/**
 * `npm run evm-tests`: every case of the GeneralStateTests that the engine has the fork of, and a list of those that were not
 * run, with the reason. Exit code 1 when one fails or when the tests are not there.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { initCrypto } from '@hansa/crypto';
import { testsOfArchive } from './archive.ts';
import { FORKS, runCase } from './state-test.ts';

const { values } = parseArgs({
  options: {
    archive: { type: 'string', default: '../shared/ethereum-tests/GeneralStateTests-v14.1.tar.gz' },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    compiler: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'npm run evm-tests -- [--archive FILE.tar.gz] [--only TEXT_IN_NAME] [--list] [--compiler]\n' +
      '--list names every case that was not run, not only how many of each reason\n' +
      '--compiler compiles every code when it is first called\n',
  );
  process.exit(0);
}
const archive = resolve(values.archive);
if (!existsSync(archive)) {
  process.stderr.write(
    `the state tests are not at ${archive}: GeneralStateTests of github.com/ethereum/tests, tag v14.1, as .tar.gz (--archive FILE)\n`,
  );
  process.exit(1);
}
/** Creations at an address that has storage and nothing else. */
const STORAGE_WITHOUT_CODE =
  /^(stCreate2\/(RevertInCreateInInitCreate2|create2collisionStorage)|stExtCodeHash\/dynamicAccountOverwriteEmpty_|stRevertTest\/RevertInCreateInInit_|stSStoreTest\/InitCollision)Paris/;
await initCrypto();
const notRun = new Map<string, string[]>();
let passed = 0;
let failed = 0;
for (const { name, test } of testsOfArchive(archive)) {
  if (!name.includes(values.only)) continue;
  for (const [fork, posts] of Object.entries(test.post)) {
    for (const [index, post] of posts.entries()) {
      const label = `${name} ${fork} ${index}`;
      const reason = reasonByName(name, fork);
      const result =
        reason === undefined
          ? runOne(() => runCase(test, post, fork, values.compiler ? 'compiler' : 'interpreter'))
          : { type: 'not run' as const, reason };
      if (result.type === 'passed') passed++;
      else if (result.type === 'failed') {
        failed++;
        process.stdout.write(`FAILED ${label}: ${result.message}\n`);
      } else notRun.set(result.reason, [...(notRun.get(result.reason) ?? []), label]);
    }
  }
}
const notRunCount = [...notRun.values()].reduce((sum, labels) => sum + labels.length, 0);
for (const [reason, labels] of [...notRun].sort((a, b) => b[1].length - a[1].length)) {
  process.stdout.write(`not run: ${labels.length} · ${reason}\n`);
  if (values.list) for (const label of labels) process.stdout.write(`  ${label}\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed, ${notRunCount} not run\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

type Result = ReturnType<typeof runCase>;

/** What the name tells before the case is looked at. */
function reasonByName(name: string, fork: string): string | undefined {
  if (!FORKS.has(fork)) return `fork ${fork}: the engine has ${[...FORKS.keys()].join(', ')}`;
  if (STORAGE_WITHOUT_CODE.test(name))
    return 'EXE-23: EIP-7610 is not enforced, storage without code comes from genesis alone';
  return undefined;
}

function runOne(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const { cause } = error as Error;
    return { type: 'failed', message: `${String(error)}${cause === undefined ? '' : ` (${String(cause)})`}` };
  }
}

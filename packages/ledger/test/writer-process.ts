/** Child of crash tests: opens the ledger and commits blocks until it is killed; one line per block. */
import { writeSync } from 'node:fs';
import { accountKey } from '@hansa/protocol';
import { isLedgerError } from '../src/index.ts';
import { addressOf, byKey, ChainFixture, numberBytes } from './chain-fixture.ts';

const [location, mode] = process.argv.slice(2);
if (location === undefined) throw new Error('a directory was expected');

try {
  const fixture = new ChainFixture();
  const ledger = await fixture.open(location, { stateHistoryBlocks: 20 });
  writeSync(1, `open ${ledger.head().height}\n`);
  if (mode === 'hold') await new Promise((resolve) => process.stdin.once('data', resolve).resume());
  for (let count = 0; mode === 'commit' && count < 100_000; count++) {
    const height = ledger.head().height + 1;
    const changes = byKey(
      Array.from({ length: 50 }, (_, i) => ({
        key: accountKey(addressOf((height * 31 + i * 7) % 400)),
        value: numberBytes(height),
      })).filter((change, index, all) => all.findIndex((other) => other.key === change.key) === index),
    );
    await ledger.commitBlock(fixture.stageBlock(ledger, { changes, transactionCount: 2 }));
    writeSync(1, `committed ${height}\n`);
  }
  await ledger.close();
} catch (error) {
  writeSync(2, isLedgerError(error) ? `${error.code} | ${error.message} | ${error.remedy}\n` : `${String(error)}\n`);
  process.exitCode = 1;
}

import { expect, it } from 'vitest';
import * as ledger from '../src/index.ts';

it('exports', () => {
  expect(Object.keys(ledger).sort((a, b) => (a < b ? -1 : 1))).toMatchInlineSnapshot(`
    [
      "REBUILD_REMEDY",
      "computeStateRoot",
      "isLedgerError",
      "lockHolderPid",
      "openLedger",
      "openLedgerReader",
      "verifyLedger",
    ]
  `);
});

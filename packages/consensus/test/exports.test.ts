import { expect, test } from 'vitest';
import * as consensus from '../src/index.ts';

test('the public names of the package', () => {
  expect(Object.keys(consensus).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_PBFT_SETTINGS",
      "EMPTY_DURABLE_STATE",
      "LOST_DURABLE_STATE",
      "PbftReplica",
      "REJECT_CODES",
      "RULE_IDS",
      "describeEffect",
      "describeInput",
      "describeMessage",
      "durableStateFrom",
      "isObsoleteRecord",
      "maxFaultyWeight",
      "primaryOf",
      "quorumWeight",
      "recordKey",
      "recordsOf",
      "validateConfig",
    ]
  `);
});

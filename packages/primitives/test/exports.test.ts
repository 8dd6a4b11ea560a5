import * as primitives from '@hansa/primitives';
import { expect, it } from 'vitest';

it('exports exactly these names', () => {
  expect(Object.keys(primitives).sort()).toMatchInlineSnapshot(`
    [
      "BoundedQueue",
      "ChainError",
      "InvariantError",
      "ZERO_ADDRESS",
      "ZERO_HASH",
      "addressToHex",
      "asciiBytes",
      "assert",
      "assertNever",
      "bigintToBytes",
      "bytesToBigint",
      "bytesToHex",
      "compareBytes",
      "compareText",
      "concatBytes",
      "equalBytes",
      "fail",
      "fromHex",
      "hashToHex",
      "hexToBytes",
      "isAddressHex",
      "isHashHex",
      "isNodeId",
      "ok",
      "partToHex",
      "toAddressHex",
      "toHashHex",
      "toHeight",
      "toNodeId",
      "toTerm",
      "toValidatorIndex",
      "toView",
      "writeHex",
    ]
  `);
});

import * as crypto from '@hansa/crypto';
import { expect, it } from 'vitest';

it('exports exactly these names', () => {
  expect(Object.keys(crypto).sort()).toMatchInlineSnapshot(`
    [
      "engineReport",
      "ethereumCrypto",
      "formatKeyFile",
      "initCrypto",
      "isLowS",
      "isSignatureInRange",
      "merkleProof",
      "merkleRoot",
      "parseKeyFile",
      "standardSuite",
      "suiteByName",
      "verifyMerkleProof",
    ]
  `);
});

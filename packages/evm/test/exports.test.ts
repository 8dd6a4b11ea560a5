import { expect, it } from 'vitest';
import * as evm from '../src/index.ts';

it('exports the engine and its fault, nothing else at run time', () => {
  expect(Object.keys(evm).sort((a, b) => (a < b ? -1 : 1))).toMatchInlineSnapshot(`
    [
      "Evm",
      "EvmFault",
      "isPairingLibraryMissing",
      "usePairingModules",
      "verifyPointProof",
    ]
  `);
});

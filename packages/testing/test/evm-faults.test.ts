/** The fuzzer sees, within a minute, faults that were put into the EVM on purpose. Each is a build of its own. */
import { expect, it } from 'vitest';
import { createNodeCopy } from '../src/mutants/node-copy.ts';

const SECONDS = 60;

it.each([
  {
    name: 'one unit of gas for a word that is copied',
    patch: {
      file: 'engine/gas.ts',
      find: 'export const COPY_WORD: i64 = 3;',
      replace: 'export const COPY_WORD: i64 = 4;',
    },
  },
  {
    name: 'another refund for a slot that is cleared',
    patch: {
      file: 'engine/gas.ts',
      find: 'export const SSTORE_CLEAR_REFUND: i64 = 4800;',
      replace: 'export const SSTORE_CLEAR_REFUND: i64 = 4700;',
    },
  },
  {
    name: 'a quotient with the sign of the dividend alone',
    patch: {
      file: 'engine/words.ts',
      find: 'const isMinus = isNegative(a) != isNegative(b);',
      replace: 'const isMinus = isNegative(a);',
    },
  },
])(
  'finds $name',
  ({ patch }) => {
    const copy = createNodeCopy('evm-fault', [patch]);
    try {
      const found = copy.firstDifference(SECONDS);
      expect(found?.message).toMatch(/wasm .* ethereumjs /s);
    } finally {
      copy.remove();
    }
  },
  200_000,
);

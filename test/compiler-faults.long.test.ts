/** The fuzzer sees, within a minute, faults that were put into the compiler tier on purpose. Each is a copy of its own. */
import { expect, it } from 'vitest';
import { createNodeCopy } from '../packages/testing/src/mutants/node-copy.ts';

const SECONDS = 60;

it.each([
  {
    name: 'a block that is one unit of gas too cheap',
    patch: {
      file: 'evm/compiler/region.ts',
      find: '    emit.i64(BigInt(gas));\n    emit.op(WASM.i64Subtract);',
      replace: '    emit.i64(BigInt(gas - 1));\n    emit.op(WASM.i64Subtract);',
    },
  },
  {
    name: 'AND with 0 that is the other operand',
    patch: {
      file: 'evm/compiler/emitter.ts',
      find: '      if (a === 0n || b === 0n) return 0n;\n      return b === LIMB || a === b ?',
      replace: '      if (a === 0n) return 0n;\n      if (b === 0n) return a;\n      return b === LIMB || a === b ?',
    },
  },
  {
    name: 'a memory that is taken to be there',
    patch: {
      file: 'evm/compiler/memory-operations.ts',
      find: 'if (end !== undefined && end <= path.memorySize) return true;',
      replace: 'if (end !== undefined && end <= path.memorySize + 64) return true;',
    },
  },
  {
    name: 'gas that GAS sees without what was paid ahead',
    patch: {
      file: 'evm/compiler/program.ts',
      find: '0x54, 0x55, 0x5a, 0x5e],',
      replace: '0x54, 0x55, 0x5e],',
    },
  },
  {
    name: 'a carry that is lost',
    patch: {
      file: 'evm/compiler/words.ts',
      find: 'carry = emit.or(emit.isBelow(partial, right), carry === 0n ? 0n : emit.isBelow(total, partial))',
      replace: 'carry = emit.isBelow(partial, right)',
    },
  },
])(
  'finds $name',
  ({ patch }) => {
    const copy = createNodeCopy('compiler-fault', [patch]);
    try {
      const found = copy.firstDifference(SECONDS);
      expect(found?.message).toMatch(/wasm .* compiled /s);
    } finally {
      copy.remove();
    }
  },
  200_000,
);

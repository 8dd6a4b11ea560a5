/** A node that runs each block in both engines stops at the first difference, and says where it is. */
import type { HashHex } from '@hansa/primitives';
import type { Receipt, StateKey } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import { assertSameOutcome, type BlockOutcome, differenceOf, EngineDifferenceError } from '../src/engine-difference.ts';

const receipt: Receipt = {
  transactionHash: 'ab'.repeat(32) as HashHex,
  index: 0,
  status: 1,
  gasUsed: 21_000n,
  cumulativeGasUsed: 21_000n,
  effectiveGasPrice: 0n,
  contractAddress: undefined,
  output: new Uint8Array(0),
  logs: [],
};
const outcome: BlockOutcome = {
  executed: [],
  receipts: [receipt],
  leftOut: [{ position: 1, hash: 'cd'.repeat(32) as HashHex, reason: 'nonce too low' }],
  gasUsed: 21_000n,
  changes: [{ key: '01aa' as StateKey, value: Uint8Array.of(1) }],
};

describe('outcomes of two engines', () => {
  it('are the same when nothing differs', () => {
    expect(differenceOf(outcome, { ...outcome })).toBeUndefined();
    expect(() => assertSameOutcome(7, outcome, outcome)).not.toThrow();
  });

  it.each<readonly [string, Partial<BlockOutcome>, string]>([
    ['gas', { receipts: [{ ...receipt, gasUsed: 21_001n }] }, 'receipt: '],
    ['status', { receipts: [{ ...receipt, status: 0 }] }, 'receipt: '],
    ['output', { receipts: [{ ...receipt, output: Uint8Array.of(1) }] }, 'receipt: '],
    ['a missing receipt', { receipts: [] }, 'ethereumjs has no more'],
    ['a value of state', { changes: [{ key: '01aa' as StateKey, value: Uint8Array.of(2) }] }, '01aa = 02'],
    ['a deleted value', { changes: [{ key: '01aa' as StateKey, value: undefined }] }, '01aa = nothing'],
    [
      'a reason to leave out',
      { leftOut: [{ position: 1, hash: 'cd'.repeat(32) as HashHex, reason: 'expired' }] },
      'left out: ',
    ],
  ])('differ in %s', (_, change, expected) => {
    const other = { ...outcome, ...change };
    expect(differenceOf(outcome, other)).toContain(expected);
    expect(() => assertSameOutcome(7, outcome, other)).toThrowError(EngineDifferenceError);
    expect(() => assertSameOutcome(7, outcome, other)).toThrowError('block 7');
  });
});

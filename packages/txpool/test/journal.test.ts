/** What a client was told yes for outlives a restart, whatever has become of its account meanwhile. */
import { describe, expect, test } from 'vitest';
import { height, tx, World } from './kit.ts';

describe('what comes back from the journal', () => {
  test('waits for funds that the account had when it was admitted', () => {
    const world = new World();
    world.fund(1, 10n);
    const transaction = tx({ from: 1, nonce: 0, value: 50n });
    expect(world.add(transaction, 'local')).toBe('POOL_INSUFFICIENT_FUNDS');
    world.pool.add([transaction], { type: 'journal' });
    expect(world.pool.status(transaction.hash)).toMatchObject({ type: 'queued', cause: 'funds' });
    expect(world.select()).toEqual([]);
    world.head++;
    world.fund(1, 60n);
    const accounts = [{ address: transaction.sender, nonce: 0n, balance: 60n, hasCode: false }];
    world.pool.onCommitted({ height: height(1), executed: [], leftOut: [], accounts });
    expect(world.select()).toEqual([transaction]);
  });

  test('waits for parameters that have changed since', () => {
    const world = new World({}, { parameters: { minimumGasPrice: 5n } });
    const transaction = tx({ from: 1, nonce: 0, maxFeePerGas: 0n });
    world.pool.add([transaction], { type: 'journal' });
    expect(world.pool.status(transaction.hash)).toMatchObject({ type: 'queued', cause: 'parameters' });
    expect(world.select()).toEqual([]);
  });

  test('is told as ended when it can never be executed', () => {
    const world = new World({}, { head: 7 });
    world.fund(1, 0n, 3n);
    const expired = tx({ from: 2, nonce: 0, lastHeight: height(7) });
    const passed = tx({ from: 1, nonce: 2 });
    world.pool.add([expired, passed], { type: 'journal' });
    expect(world.pool.status(expired.hash)).toMatchObject({ type: 'expired', lastHeight: 7 });
    expect(world.pool.status(passed.hash)).toMatchObject({ type: 'dropped here', code: 'POOL_NONCE_TOO_LOW' });
  });

  test('is there once, however often the journal has it', () => {
    const world = new World();
    const transaction = tx({ from: 1, nonce: 0 });
    world.pool.add([transaction, transaction], { type: 'journal' });
    expect(world.pool.status(transaction.hash)).toMatchObject({ type: 'pending' });
    expect(world.pool.counts().own).toBe(1);
  });
});

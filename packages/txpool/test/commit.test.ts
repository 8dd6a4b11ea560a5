import { describe, expect, test } from 'vitest';
import { address, height, tx, World } from './kit.ts';

describe('a final block', () => {
  test('removes what it executed and replaces what had the same nonce', () => {
    const world = new World();
    const mine = tx({ from: 1, nonce: 0 });
    const next = tx({ from: 1, nonce: 1 });
    const foreign = tx({ from: 1, nonce: 0 });
    world.pool.add([mine, next], { type: 'local' });
    world.commit([foreign]);
    expect(world.pool.status(mine.hash)).toEqual({ type: 'replaced', hash: mine.hash, by: foreign.hash });
    expect(world.select()).toEqual([next]);
    world.commit([next]);
    expect(world.pool.status(next.hash)).toEqual({ type: 'unknown' });
    expect(world.pool.counts()).toEqual({ pending: 0, queued: 0, ordered: 0, own: 0, accounts: 0, sizeBytes: 0 });
  });

  test('expires what can no longer be ordered', () => {
    const world = new World();
    const transaction = tx({ from: 1, nonce: 0, lastHeight: height(2) });
    const next = tx({ from: 1, nonce: 1 });
    world.pool.add([transaction, next], { type: 'local' });
    world.commit([]);
    expect(world.pool.status(transaction.hash).type).toBe('pending');
    world.commit([]);
    expect(world.pool.status(transaction.hash)).toMatchObject({ type: 'expired', lastHeight: 2 });
    expect(world.pool.status(next.hash)).toMatchObject({ type: 'queued', missingNonce: 0n });
    expect(world.events).toContain('dropped expired');
  });

  test('keeps a left-out transaction that can be ordered again, and gives it up when that goes on', () => {
    const world = new World();
    const gapped = tx({ from: 1, nonce: 1 });
    world.add(gapped);
    for (const expected of ['queued', 'queued', 'left out']) {
      world.pool.markOrdered(height(world.head + 1), [gapped]);
      world.commit([gapped]);
      expect(world.pool.status(gapped.hash).type).toBe(expected);
    }
    expect(world.pool.status(gapped.hash)).toMatchObject({ reason: 'nonce too high', height: 3 });
    expect(world.pool.metrics().leftOut).toBe(1);
  });

  test('a transaction that was left out for want of funds waits for them and tells so', () => {
    const world = new World();
    world.fund(1, 50n);
    const transaction = tx({ from: 1, nonce: 0, value: 50n });
    world.add(transaction, 'local');
    world.pool.markOrdered(height(1), [transaction]);
    world.fund(1, 10n);
    world.head++;
    world.pool.onCommitted({
      height: height(1),
      executed: [],
      leftOut: [{ position: 0, hash: transaction.hash, reason: 'insufficient funds for gas * price + value' }],
      accounts: [{ address: address(1), nonce: 0n, balance: 10n, hasCode: false }],
    });
    expect(world.pool.status(transaction.hash)).toMatchObject({
      type: 'queued',
      cause: 'funds',
      leftOut: { height: 1, reason: 'insufficient funds for gas * price + value' },
    });
    expect(world.pool.hasExecutable()).toBe(false);
  });

  test('a frozen sender is not proposed again and again', () => {
    const world = new World();
    const transaction = tx({ from: 1, nonce: 0 });
    world.add(transaction);
    world.head++;
    world.pool.onCommitted({
      height: height(1),
      executed: [],
      leftOut: [{ position: 0, hash: transaction.hash, reason: 'sender frozen' }],
      accounts: [],
    });
    expect(world.pool.status(transaction.hash)).toMatchObject({ type: 'left out', reason: 'sender frozen' });
    expect(world.pool.hasExecutable()).toBe(false);
  });

  test('a change of parameters drops foreign transactions that no longer fit, own ones wait', () => {
    const world = new World();
    world.fund(1, 10n ** 18n);
    const own = tx({ from: 1, nonce: 0, maxFeePerGas: 1n });
    const foreign = tx({ from: 2, nonce: 0 });
    world.add(own, 'local');
    world.add(foreign);
    world.parameters = { ...world.parameters, minimumGasPrice: 5n };
    world.commit([]);
    expect(world.pool.status(foreign.hash)).toMatchObject({ type: 'dropped here', code: 'POOL_UNDERPRICED' });
    expect(world.pool.status(own.hash)).toMatchObject({ type: 'queued', cause: 'parameters' });
    expect(world.pool.hasExecutable()).toBe(false);
    world.parameters = { ...world.parameters, minimumGasPrice: 0n };
    world.commit([]);
    expect(world.select()).toEqual([own]);
  });

  test('EXE-18: what need not pay is admitted, kept and ordered below the minimum price', () => {
    const world = new World({}, { parameters: { minimumGasPrice: 5n } });
    world.fund(1, 10n ** 18n);
    const vote = tx({ from: 3, nonce: 0, to: address(50) });
    expect(world.add(vote)).toBe('POOL_UNDERPRICED');
    world.feeFreeTo = address(50);
    expect(world.add(vote)).toBe('pending');
    expect(world.add(tx({ from: 4, nonce: 0 }))).toBe('POOL_UNDERPRICED');
    world.parameters = { ...world.parameters, minimumGasPrice: 50n };
    world.commit([]);
    expect(world.select()).toEqual([vote]);
    // Who sent it does not govern any more.
    world.feeFreeTo = undefined;
    world.parameters = { ...world.parameters, minimumGasPrice: 60n };
    world.commit([]);
    expect(world.pool.status(vote.hash)).toMatchObject({ type: 'dropped here', code: 'POOL_UNDERPRICED' });
  });

  test('heights must rise', () => {
    const world = new World({}, { head: 4 });
    expect(() => world.pool.onCommitted({ height: height(4), executed: [], leftOut: [], accounts: [] })).toThrow(
      'a height above 4 was expected',
    );
  });
});

describe('own transactions', () => {
  test('go to the journal when they are submitted, not when they are read back from it', () => {
    const world = new World();
    const own = tx({ from: 1, nonce: 0 });
    world.add(own, 'local');
    world.add(tx({ from: 2, nonce: 0 }));
    world.pool.add([tx({ from: 3, nonce: 0 })], { type: 'journal' });
    expect(world.journal).toEqual([[own.bytes]]);
    expect(world.pool.counts().own).toBe(2);
  });

  test('the journal is rewritten with what still waits once most of it has ended', () => {
    const world = new World();
    const count = 1030;
    const all = Array.from({ length: count }, (_, nonce) => tx({ from: 1, nonce }));
    world.pool.add(all, { type: 'local' });
    world.commit(all.slice(0, 100));
    expect(world.rewriteCount).toBe(0);
    world.commit(all.slice(100, count - 1));
    expect(world.rewriteCount).toBe(1);
    expect(world.journal).toEqual([[all[count - 1]!.bytes]]);
  });
});

test('a dropped proposal gives the pool what came with it alone', () => {
  const world = new World();
  const stranger = tx({ from: 1, nonce: 0 });
  world.pool.markOrdered(height(1), [stranger]);
  expect(world.pool.status(stranger.hash)).toEqual({ type: 'ordered', height: 1 });
  world.pool.dropOrdered(height(1));
  expect(world.pool.status(stranger.hash)).toEqual({ type: 'pending', leftOut: undefined });
  expect(world.select()).toEqual([stranger]);
});

import { describe, expect, test } from 'vitest';
import * as txpool from '../src/index.ts';
import { address, height, tx, World } from './kit.ts';

test('the package exports what it says', () => {
  expect(Object.keys(txpool).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_POOL_LIMITS",
      "POOL_CODES",
      "createTxPool",
    ]
  `);
});

describe('admission names its refusal in the words that clients match on', () => {
  const cases: readonly {
    readonly name: string;
    readonly fields: Partial<Parameters<typeof tx>[0]>;
    readonly code: string;
    readonly words: RegExp;
  }[] = [
    { name: 'another chain', fields: { chainId: 1 }, code: 'POOL_INVALID_CHAIN_ID', words: /^invalid chain id/ },
    { name: 'too many bytes', fields: { sizeBytes: 131_073 }, code: 'POOL_OVERSIZED', words: /^oversized data/ },
    {
      name: 'too much init code',
      fields: { to: undefined, data: new Uint8Array(49_153), gasLimit: 16_000_000n },
      code: 'POOL_INIT_CODE_TOO_LARGE',
      words: /^max initcode size exceeded/,
    },
    {
      name: 'tip above cap',
      fields: { type: 2, maxFeePerGas: 1n, maxPriorityFeePerGas: 2n },
      code: 'POOL_TIP_ABOVE_FEE_CAP',
      words: /^max priority fee per gas higher than max fee per gas/,
    },
    {
      name: 'little gas',
      fields: { gasLimit: 20_999n },
      code: 'POOL_INTRINSIC_GAS_TOO_LOW',
      words: /^intrinsic gas too low/,
    },
    {
      name: 'gas above the transaction limit',
      fields: { gasLimit: 16_777_217n },
      code: 'POOL_EXCEEDS_TRANSACTION_GAS_LIMIT',
      words: /^transaction gas limit too high/,
    },
    {
      name: 'gas above the block limit',
      fields: { gasLimit: 30_000_001n },
      code: 'POOL_EXCEEDS_BLOCK_GAS_LIMIT',
      words: /^exceeds block gas limit/,
    },
    {
      name: 'price below the minimum',
      fields: { maxFeePerGas: 4n },
      code: 'POOL_UNDERPRICED',
      words: /^transaction underpriced/,
    },
    {
      name: 'fee cap below the minimum',
      fields: { type: 2, maxFeePerGas: 4n, maxPriorityFeePerGas: 0n },
      code: 'POOL_FEE_CAP_TOO_LOW',
      words: /^max fee per gas less than block base fee/,
    },
    { name: 'used nonce', fields: { nonce: 1 }, code: 'POOL_NONCE_TOO_LOW', words: /^nonce too low/ },
    {
      name: 'nonce beyond the window',
      fields: { nonce: 2 + 16_384 },
      code: 'POOL_NONCE_TOO_FAR',
      words: /^nonce too high/,
    },
    {
      name: 'nonce beyond the safe integers',
      fields: { nonce: 2 ** 60 },
      code: 'POOL_NONCE_TOO_FAR',
      words: /^nonce too high/,
    },
    {
      name: 'last height at the head',
      fields: { lastHeight: height(7) },
      code: 'POOL_EXPIRED',
      words: /^transaction expired/,
    },
    {
      name: 'value above the balance',
      fields: { value: 1_000_000_001n },
      code: 'POOL_INSUFFICIENT_FUNDS',
      words: /^insufficient funds for gas \* price \+ value/,
    },
    {
      name: 'sender with code',
      fields: { from: 2 },
      code: 'POOL_SENDER_IS_CONTRACT',
      words: /^sender not an eoa/,
    },
    { name: 'sender nobody', fields: { from: -1 }, code: 'POOL_INVALID_SENDER', words: /^invalid sender/ },
  ];

  test.each(cases)('$name', ({ fields, code, words }) => {
    const world = new World({}, { head: 7, parameters: { minimumGasPrice: 5n } });
    world.fund(1, 1_000_000_000n, 2n);
    world.accounts.set(address(2), { nonce: 0n, balance: 10n ** 18n, hasCode: true });
    const outcome = world.pool.add([tx({ from: 1, nonce: 2, maxFeePerGas: 5n, ...fields })], { type: 'local' })[0];
    if (outcome === undefined || outcome.ok) throw new Error('a refusal was expected');
    expect(outcome.error.code).toBe(code);
    expect(outcome.error.message).toMatch(words);
    expect(outcome.error.remedy.length).toBeGreaterThan(5);
    expect(world.pool.metrics().refused.get(code)).toBe(1);
    expect(world.pool.counts()).toMatchObject({ pending: 0, queued: 0, accounts: 0 });
    expect(world.journal).toEqual([]);
  });
});

describe('nonces', () => {
  test('what is behind a gap is queued and says which nonce is missing; filling it makes all executable', () => {
    const world = new World();
    const [first, second, third] = [tx({ from: 1, nonce: 0 }), tx({ from: 1, nonce: 1 }), tx({ from: 1, nonce: 2 })];
    expect(world.add(third)).toBe('queued');
    expect(world.pool.status(third.hash)).toMatchObject({ type: 'queued', cause: 'nonce gap', missingNonce: 0n });
    expect(world.add(first)).toBe('pending');
    expect(world.pool.status(third.hash)).toMatchObject({ type: 'queued', missingNonce: 1n });
    expect(world.pool.nextNonce(address(1))).toBe(1n);
    expect(world.add(second)).toBe('pending');
    expect(world.pool.status(third.hash)).toEqual({ type: 'pending', leftOut: undefined });
    expect(world.pool.nextNonce(address(1))).toBe(3n);
    expect(world.pool.counts()).toMatchObject({ pending: 3, queued: 0 });
    expect(world.select()).toEqual([first, second, third]);
    expect(world.pool.content()).toEqual({ pending: [first, second, third], queued: [] });
  });

  test('the same transaction again is already known, in the pool and in a proposal', () => {
    const world = new World();
    const transaction = tx({ from: 1, nonce: 0 });
    const stranger = tx({ from: 2, nonce: 0 });
    world.add(transaction);
    world.pool.markOrdered(height(1), [transaction, stranger]);
    expect(world.add(transaction)).toBe('POOL_ALREADY_KNOWN');
    expect(world.add(stranger)).toBe('POOL_ALREADY_KNOWN');
    expect(world.pool.get(stranger.hash)).toBe(stranger);
  });

  test('a replacement must raise both prices by a tenth, at price zero by one wei', () => {
    const world = new World();
    world.fund(1, 10n ** 18n);
    const old = tx({ from: 1, nonce: 0, maxFeePerGas: 101n });
    world.add(old);
    expect(world.add(tx({ from: 1, nonce: 0, maxFeePerGas: 111n }))).toBe('POOL_REPLACEMENT_UNDERPRICED');
    expect(world.add(tx({ from: 1, nonce: 0, type: 2, maxFeePerGas: 200n, maxPriorityFeePerGas: 101n }))).toBe(
      'POOL_REPLACEMENT_UNDERPRICED',
    );
    const better = tx({ from: 1, nonce: 0, maxFeePerGas: 112n });
    expect(world.add(better)).toBe('pending');
    expect(world.pool.status(old.hash)).toEqual({ type: 'replaced', hash: old.hash, by: better.hash });
    expect(world.select()).toEqual([better]);
    expect(world.events).toContain('replaced 1');
    world.add(tx({ from: 1, nonce: 1 }));
    expect(world.add(tx({ from: 1, nonce: 1 }))).toBe('POOL_REPLACEMENT_UNDERPRICED');
    expect(world.add(tx({ from: 1, nonce: 1, maxFeePerGas: 1n }))).toBe('pending');
  });

  test('what is ordered cannot be replaced', () => {
    const world = new World();
    world.fund(1, 10n ** 18n);
    const transaction = tx({ from: 1, nonce: 0 });
    world.add(transaction);
    world.pool.markOrdered(height(1), [transaction]);
    expect(world.add(tx({ from: 1, nonce: 0, maxFeePerGas: 5n }))).toBe('POOL_NONCE_ORDERED');
    world.pool.dropOrdered(height(1));
    expect(world.add(tx({ from: 1, nonce: 0, maxFeePerGas: 5n }))).toBe('pending');
  });
});

describe('selection', () => {
  test('the higher price first, then who came first, in nonce order per sender', () => {
    const world = new World();
    world.fund(1, 10n ** 18n);
    world.fund(2, 10n ** 18n);
    world.fund(3, 10n ** 18n);
    const cheap = tx({ from: 1, nonce: 0, maxFeePerGas: 1n });
    const dearBehindCheap = tx({ from: 1, nonce: 1, maxFeePerGas: 9n });
    const early = tx({ from: 2, nonce: 0, maxFeePerGas: 5n });
    const late = tx({ from: 3, nonce: 0, maxFeePerGas: 5n });
    for (const each of [cheap, dearBehindCheap, early, late]) world.add(each);
    expect(world.select()).toEqual([early, late, cheap, dearBehindCheap]);
    expect(world.select({ countMax: 3 })).toEqual([early, late, cheap]);
  });

  test('count, bytes and declared gas stay within the limits; what fits comes after what does not', () => {
    const world = new World();
    const big = tx({ from: 1, nonce: 0, gasLimit: 16_000_000n });
    const bigger = tx({ from: 2, nonce: 0, gasLimit: 16_000_000n });
    const afterBigger = tx({ from: 2, nonce: 1 });
    const small = tx({ from: 3, nonce: 0, sizeBytes: 1_000 });
    for (const each of [big, bigger, afterBigger, small]) world.add(each);
    expect(world.select()).toEqual([big, small]);
    expect(world.select({ gasMax: 16_000_000n })).toEqual([big]);
    expect(world.select({ sizeBytesMax: 999 })).toEqual([big, bigger, afterBigger].slice(0, 1));
    expect(world.select({ sizeBytesMax: 999, gasMax: 60_000_000n })).toEqual([big, bigger, afterBigger]);
  });

  test('nothing that is in flight, nothing below it, and what follows on top of it', () => {
    const world = new World();
    const chain = [0, 1, 2, 3].map((nonce) => tx({ from: 1, nonce }));
    world.pool.add(chain, { type: 'local' });
    world.pool.markOrdered(height(1), world.select({ countMax: 2 }));
    expect(world.pool.counts()).toMatchObject({ ordered: 2, pending: 2 });
    expect(world.pool.status(chain[0]!.hash)).toEqual({ type: 'ordered', height: 1 });
    expect(world.pool.orderedHeight(chain[1]!.hash)).toBe(1);
    expect(world.select({ height: 2 })).toEqual(chain.slice(2));
    world.pool.markOrdered(height(2), chain.slice(2));
    expect(world.pool.hasExecutable()).toBe(false);
    expect(world.pool.nextNonce(address(1))).toBe(4n);
    world.pool.dropOrdered(height(2));
    expect(world.select({ height: 2 })).toEqual(chain.slice(2));
    world.pool.dropOrdered(height(1));
    expect(world.select()).toEqual(chain);
  });

  test('spends no more than the account has after what is in flight', () => {
    const world = new World();
    world.fund(1, 100n);
    const chain = [0, 1, 2].map((nonce) => tx({ from: 1, nonce, value: 40n }));
    world.pool.add(chain, { type: 'local' });
    expect(world.select()).toEqual(chain.slice(0, 2));
    expect(world.pool.status(chain[2]!.hash)).toMatchObject({ type: 'queued', cause: 'funds' });
    world.pool.markOrdered(height(1), chain.slice(0, 2));
    expect(world.pool.hasExecutable()).toBe(false);
    world.commit(chain.slice(0, 2));
    expect(world.pool.hasExecutable()).toBe(false);
    world.fund(1, 40n, 2n);
    world.head++;
    world.pool.onCommitted({
      height: height(world.head),
      executed: [],
      leftOut: [],
      accounts: [{ address: address(1), nonce: 2n, balance: 40n, hasCode: false }],
    });
    expect(world.select()).toEqual(chain.slice(2));
  });

  test('what is in flight above a final block goes on counting against the balance', () => {
    const world = new World();
    world.fund(1, 100n);
    const chain = [40n, 30n, 40n].map((value, nonce) => tx({ from: 1, nonce, value }));
    world.pool.add(chain, { type: 'local' });
    world.pool.markOrdered(height(1), chain.slice(0, 1));
    world.pool.markOrdered(height(2), chain.slice(1, 2));
    world.commit(chain.slice(0, 1));
    expect(world.select({ height: 3 })).toEqual([]);
    expect(world.pool.status(chain[2]!.hash)).toMatchObject({ type: 'queued', cause: 'funds' });
  });

  test('one that was ordered out of turn is not ordered again while it is in flight', () => {
    const world = new World();
    const early = tx({ from: 1, nonce: 1 });
    const after = tx({ from: 1, nonce: 2 });
    world.pool.add([early, after], { type: 'local' });
    world.pool.markOrdered(height(1), [early]);
    const first = tx({ from: 1, nonce: 0 });
    world.add(first);
    expect(world.select({ height: 2 })).toEqual([first]);
    world.commit([early]);
    expect(world.select({ height: 2 })).toEqual([first, early, after]);
  });

  test('a transaction is not proposed above its last height', () => {
    const world = new World();
    const transaction = tx({ from: 1, nonce: 0, lastHeight: height(2) });
    world.add(transaction);
    expect(world.select({ height: 2 })).toEqual([transaction]);
    expect(world.select({ height: 3 })).toEqual([]);
  });

  test('an account with a proposal by another transaction of the same nonce goes on after it', () => {
    const world = new World();
    const mine = tx({ from: 1, nonce: 0 });
    const next = tx({ from: 1, nonce: 1 });
    const other = tx({ from: 1, nonce: 0 });
    world.pool.add([mine, next], { type: 'local' });
    world.pool.markOrdered(height(1), [other]);
    expect(world.select({ height: 2 })).toEqual([next]);
    expect(world.pool.status(mine.hash)).toMatchObject({ type: 'queued', cause: 'nonce ordered' });
    world.commit([other]);
    expect(world.pool.status(mine.hash)).toEqual({ type: 'replaced', hash: mine.hash, by: other.hash });
    expect(world.pool.counts()).toMatchObject({ pending: 1, queued: 0, ordered: 0 });
  });
});

describe('limits', () => {
  test('a full pool refuses what pays no more, and evicts for what does', () => {
    const world = new World({ transactionCountMax: 3, accountTransactionCountMax: 3 });
    for (const account of [1, 2, 3, 4, 5]) world.fund(account, 10n ** 18n);
    const two = tx({ from: 1, nonce: 0, maxFeePerGas: 2n });
    const one = tx({ from: 2, nonce: 0, maxFeePerGas: 1n });
    const three = tx({ from: 3, nonce: 0, maxFeePerGas: 3n });
    for (const each of [two, one, three]) world.add(each);
    expect(world.add(tx({ from: 4, nonce: 0, maxFeePerGas: 1n }))).toBe('POOL_FULL');
    expect(world.add(tx({ from: 4, nonce: 0, maxFeePerGas: 4n }))).toBe('pending');
    expect(world.pool.status(one.hash)).toMatchObject({ type: 'dropped here', code: 'POOL_FULL' });
    expect(world.pool.metrics().evicted).toBe(1);
    expect(world.pool.counts().pending).toBe(3);
  });

  test('what waits behind a gap goes before what can execute, whatever it pays', () => {
    const world = new World({ transactionCountMax: 2, accountTransactionCountMax: 2 });
    world.fund(1, 10n ** 18n);
    const gapped = tx({ from: 1, nonce: 5, maxFeePerGas: 100n });
    world.add(gapped);
    expect(world.add(tx({ from: 2, nonce: 0 }))).toBe('pending');
    expect(world.add(tx({ from: 3, nonce: 0 }))).toBe('pending');
    expect(world.pool.has(gapped.hash)).toBe(false);
    expect(world.add(tx({ from: 4, nonce: 1 }))).toBe('POOL_FULL');
  });

  test('own transactions are evicted neither for foreign nor for other own ones', () => {
    const world = new World({ transactionCountMax: 2, accountTransactionCountMax: 2 });
    world.fund(9, 10n ** 18n);
    const own = tx({ from: 1, nonce: 0 });
    const foreign = tx({ from: 2, nonce: 0, maxFeePerGas: 0n });
    world.add(own, 'local');
    world.add(foreign);
    expect(world.add(tx({ from: 9, nonce: 0, maxFeePerGas: 7n }))).toBe('pending');
    expect(world.pool.has(foreign.hash)).toBe(false);
    expect(world.add(tx({ from: 3, nonce: 0 }), 'local')).toBe('pending');
    expect(world.pool.has(own.hash)).toBe(true);
    expect(world.add(tx({ from: 9, nonce: 0, maxFeePerGas: 9n }))).toBe('POOL_FULL');
    expect(world.add(tx({ from: 4, nonce: 0 }), 'local')).toBe('POOL_FULL');
  });

  test('bytes are limited too', () => {
    const world = new World({ sizeBytesMax: 300, transactionSizeMax: 300 });
    world.add(tx({ from: 1, nonce: 0, sizeBytes: 200 }));
    expect(world.add(tx({ from: 2, nonce: 0, sizeBytes: 101 }))).toBe('POOL_FULL');
    expect(world.add(tx({ from: 2, nonce: 0, sizeBytes: 100 }))).toBe('pending');
    expect(world.pool.counts().sizeBytes).toBe(300);
  });

  test('a full account takes a lower nonce in place of its last one', () => {
    const world = new World({ accountTransactionCountMax: 2 });
    const [zero, two, three] = [0, 2, 3].map((nonce) => tx({ from: 1, nonce }));
    world.add(two!);
    world.add(three!);
    expect(world.add(tx({ from: 1, nonce: 4 }))).toBe('POOL_ACCOUNT_LIMIT');
    expect(world.add(zero!)).toBe('pending');
    expect(world.pool.status(three!.hash)).toMatchObject({ type: 'dropped here', code: 'POOL_ACCOUNT_LIMIT' });
  });

  test('only the newest ends are remembered', () => {
    const world = new World({ endedCountMax: 2 });
    world.fund(1, 10n ** 18n);
    const all = [1n, 2n, 4n, 8n].map((price) => tx({ from: 1, nonce: 0, maxFeePerGas: price }));
    for (const each of all) world.add(each);
    expect(all.map((each) => world.pool.status(each.hash).type)).toEqual([
      'unknown',
      'replaced',
      'replaced',
      'pending',
    ]);
    expect(world.pool.metrics().endedForgotten).toBe(1);
  });
});

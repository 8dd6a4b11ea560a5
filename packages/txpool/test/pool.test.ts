import { describe, expect, test } from 'vitest';
import * as txpool from '../src/index.ts';
import { address, height, nodeId, tx, World } from './kit.ts';

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

describe('gossip', () => {
  const limits = { countMax: 100, sizeBytesMax: 100_000 };

  test('own transactions go to every peer once, also to one that connects later', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const own = tx({ from: 1, nonce: 0 });
    world.add(own, 'local');
    expect(world.pool.peersWithGossip()).toEqual([nodeId(1)]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([own]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([]);
    world.pool.addPeer(nodeId(2));
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([own]);
    expect(world.pool.takeGossip(nodeId(3), limits)).toEqual([]);
  });

  test('a relayed transaction does not go back to where it came from; one that is not relayed stays', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    world.pool.addPeer(nodeId(2));
    const relayed = tx({ from: 1, nonce: 0 });
    world.pool.add([relayed], { type: 'peer', nodeId: nodeId(1), relay: true });
    world.pool.add([tx({ from: 2, nonce: 0 })], { type: 'peer', nodeId: nodeId(1), relay: false });
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([]);
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([relayed]);
  });

  test('batches keep to count and size, and a large transaction goes alone', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const all = [50, 60, 900].map((sizeBytes, nonce) => tx({ from: 1, nonce, sizeBytes }));
    world.pool.add(all, { type: 'local' });
    expect(world.pool.takeGossip(nodeId(1), { countMax: 1, sizeBytesMax: 100 })).toEqual([all[0]]);
    expect(world.pool.takeGossip(nodeId(1), { countMax: 9, sizeBytesMax: 100 })).toEqual([all[1]]);
    expect(world.pool.takeGossip(nodeId(1), { countMax: 9, sizeBytesMax: 100 })).toEqual([all[2]]);
  });

  test('a batch that the network did not take is given again', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const own = tx({ from: 1, nonce: 0 });
    world.add(own, 'local');
    world.pool.takeGossip(nodeId(1), limits);
    world.pool.untakeGossip(nodeId(1));
    world.pool.untakeGossip(nodeId(1));
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([own]);
  });

  test('what has ended is not sent, and a peer that is far behind misses the oldest', () => {
    const world = new World({ gossipCountMax: 2 });
    world.pool.addPeer(nodeId(1));
    const all = [0, 1, 2, 3].map((nonce) => tx({ from: 1, nonce }));
    world.pool.add(all, { type: 'local' });
    world.commit([all[0]!, all[1]!, all[2]!]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([all[3]]);
    expect(world.pool.metrics().gossipMissed).toBe(2);
  });
});

describe('facts for consensus', () => {
  const others = [
    { nodeId: nodeId(2), weight: 1 },
    { nodeId: nodeId(3), weight: 1 },
  ];
  const requirement = { primary: nodeId(1), others, weightAbove: 1 };
  const limits = { countMax: 100, sizeBytesMax: 100_000 };

  test('PBFT-V1: a transaction counts as waiting once the primary and more than F others were sent it', () => {
    const world = new World();
    for (const n of [1, 2, 3]) world.pool.addPeer(nodeId(n));
    expect(world.pool.hasWaiting(requirement)).toBe(false);
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    expect(world.pool.hasExecutable()).toBe(true);
    for (const n of [2, 3, 1]) {
      expect(world.pool.hasWaiting(requirement)).toBe(false);
      world.pool.takeGossip(nodeId(n), limits);
    }
    expect(world.pool.hasWaiting(requirement)).toBe(true);
    world.pool.markOrdered(height(1), world.select());
    expect(world.pool.hasWaiting(requirement)).toBe(false);
  });

  test('PBFT-V1: nobody waits for a primary that is not connected', () => {
    const world = new World();
    for (const n of [2, 3]) world.pool.addPeer(nodeId(n));
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    for (const n of [2, 3]) world.pool.takeGossip(nodeId(n), limits);
    expect(world.pool.hasWaiting(requirement)).toBe(true);
  });

  test('PBFT-V1: a foreign transaction counts after it was sent again to all', () => {
    const world = new World();
    for (const n of [1, 2, 3]) world.pool.addPeer(nodeId(n));
    const foreign = tx({ from: 1, nonce: 0 });
    world.add(foreign, 2);
    expect(world.pool.resendWaiting({ countMax: 10, waitedMsMin: 500 })).toBe(0);
    world.timeMs = 500;
    expect(world.pool.resendWaiting({ countMax: 10, waitedMsMin: 500 })).toBe(1);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([foreign]);
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([]);
    expect(world.pool.takeGossip(nodeId(3), limits)).toEqual([foreign]);
    expect(world.pool.hasWaiting(requirement)).toBe(true);
  });

  test('PBFT-V2: overtaken by what came later for no more, not by what pays more or came about then', () => {
    const world = new World();
    world.fund(2, 10n ** 18n);
    world.pool.addPeer(nodeId(1));
    const waiting = tx({ from: 1, nonce: 0, maxFeePerGas: 0n });
    world.add(waiting, 'local');
    world.timeMs = 2_000;
    const soon = tx({ from: 3, nonce: 0 });
    world.add(soon);
    world.timeMs = 2_001;
    const late = tx({ from: 4, nonce: 0 });
    const dear = tx({ from: 2, nonce: 0, maxFeePerGas: 3n });
    world.pool.add([late, dear], { type: 'local' });
    world.timeMs = 3_000;
    const options = { marginMs: 2_000, primary: nodeId(1) };
    expect(world.pool.findOvertaken([late], options)).toBeUndefined();
    world.pool.takeGossip(nodeId(1), limits);
    expect(world.pool.findOvertaken([soon, dear], options)).toBeUndefined();
    expect(world.pool.findOvertaken([late, waiting], options)).toBeUndefined();
    expect(world.pool.findOvertaken([soon, late], options)).toBe(waiting.hash);
  });

  test('PBFT-V2: a transaction is as old as it has been next in its account', () => {
    const world = new World();
    const second = tx({ from: 1, nonce: 1 });
    world.add(second, 'local');
    world.timeMs = 5_000;
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    const other = tx({ from: 2, nonce: 0 });
    world.add(other);
    world.timeMs = 6_000;
    expect(world.pool.findOvertaken([other], { marginMs: 2_000, primary: undefined })).toBeUndefined();
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

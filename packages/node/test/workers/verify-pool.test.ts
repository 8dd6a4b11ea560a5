import { initCrypto, standardSuite } from '@hansa/crypto';
import { fromHex, type HashHex, type Height } from '@hansa/primitives';
import { decodeTransaction, encodeSignedTransaction, recoverSender, type UnsignedTransaction } from '@hansa/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createVerifyPool } from '../../src/workers/verify-pool.ts';
import type { VerifyPool, VerifyUrgency } from '../../src/workers/verify-types.ts';

const key = fromHex('11'.repeat(32));
const to = 'ab'.repeat(20) as NonNullable<UnsignedTransaction['to']>;

function unsigned(fields: Partial<UnsignedTransaction> = {}): UnsignedTransaction {
  return {
    type: 2,
    chainId: 20200,
    nonce: 0n,
    gasLimit: 21_000n,
    maxFeePerGas: 7n,
    maxPriorityFeePerGas: 1n,
    to,
    value: 5n,
    data: new Uint8Array(0),
    accessList: [],
    lastHeight: undefined,
    ...fields,
  };
}

/** What the worker has to give: decoded and recovered on this thread. */
function expectedOf(raw: Uint8Array): unknown {
  const decoded = decodeTransaction(raw);
  return decoded.ok ? recoverSender(decoded.value) : decoded;
}

const signatureCheck = (text: string, isRight = true) => {
  const digest = standardSuite.taggedDigest('hansa/test/v1', new TextEncoder().encode(text));
  const signature = standardSuite.sign(digest, key);
  const other = standardSuite.taggedDigest('hansa/test/v1', new TextEncoder().encode(`${text}!`));
  return { digest: isRight ? digest : other, signature, nodeId: standardSuite.nodeIdOf(key) };
};

let pool: VerifyPool;
const fatal: Error[] = [];

beforeAll(async () => {
  await initCrypto();
  pool = createVerifyPool({ suite: 'standard' }, { onFatal: (error) => fatal.push(error) });
  await pool.start();
});
afterAll(async () => {
  await pool.stop();
  expect(fatal).toEqual([]);
});

describe('transactions', () => {
  test('every kind and every range of values comes out as decoding it here would give it', async () => {
    const large = 2n ** 255n + 12_345n;
    const raw = [
      encodeSignedTransaction(unsigned(), key),
      encodeSignedTransaction(unsigned({ type: 0, maxPriorityFeePerGas: 7n }), key),
      encodeSignedTransaction(unsigned({ type: 1, maxPriorityFeePerGas: 7n, nonce: 2n ** 64n - 2n }), key),
      encodeSignedTransaction(unsigned({ maxFeePerGas: large, maxPriorityFeePerGas: large, value: 2n ** 64n }), key),
      encodeSignedTransaction(unsigned({ to: undefined, data: Uint8Array.from({ length: 300 }, (_, i) => i) }), key),
      encodeSignedTransaction(
        unsigned({ accessList: [{ address: to, storageKeys: ['01'.repeat(32) as HashHex] }] }),
        key,
      ),
      encodeSignedTransaction(unsigned({ lastHeight: 77 as Height }), key),
      encodeSignedTransaction(unsigned({ chainId: Number.MAX_SAFE_INTEGER, gasLimit: 2n ** 63n }), key),
    ];
    const result = await pool.verifyTransactions(raw, 'client');
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value).toEqual(raw.map(expectedOf));
    expect(result.value.every((each) => each.ok)).toBe(true);
  });

  test('what is wrong comes back as its failure, at its place', async () => {
    const good = encodeSignedTransaction(unsigned(), key);
    const raw = [good, new Uint8Array(0), good.subarray(0, 50), Uint8Array.of(3, 0xc0), good];
    const result = await pool.verifyTransactions(raw, 'client');
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value).toEqual(raw.map(expectedOf));
    expect(result.value.map((each) => each.ok)).toEqual([true, false, false, false, true]);
  });

  test('the bytes are copied, and the answer does not keep the batch alive', async () => {
    const raw = encodeSignedTransaction(unsigned(), key);
    const copy = raw.slice();
    const answer = pool.verifyTransactions([copy, copy], 'client');
    copy.fill(0);
    const result = await answer;
    if (!result.ok || !result.value[0]?.ok) throw new Error('a transaction was expected');
    const { value } = result.value[0];
    expect(value.bytes).toEqual(raw);
    expect(value.bytes.buffer.byteLength).toBeLessThan(raw.length + 400);
  });

  test('calls larger than a message keep their order, and small calls are answered in the order in which they came', async () => {
    const raw = Array.from({ length: 150 }, (_, nonce) =>
      encodeSignedTransaction(unsigned({ nonce: BigInt(nonce) }), key),
    );
    const order: number[] = [];
    const calls = [raw, raw.slice(0, 1), raw.slice(1, 3)].map((each, index) =>
      pool.verifyTransactions(each, 'client').then((result) => {
        order.push(index);
        return result.ok ? result.value.map((tx) => (tx.ok ? Number(tx.value.nonce) : -1)) : [];
      }),
    );
    expect(await Promise.all(calls)).toEqual([raw.map((_, nonce) => nonce), [0], [1, 2]]);
    expect(order).toEqual([0, 1, 2]);
    expect(pool.load()).toEqual({ transactionCount: 0, transactionBytes: 0, signatureCount: 0 });
    expect(await pool.verifyTransactions([], 'client')).toEqual({ ok: true, value: [] });
  });
});

test('what a vote waits for overtakes all; what peers sent goes before what clients sent, but not all of it', async () => {
  const raw = (from: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => encodeSignedTransaction(unsigned({ nonce: BigInt(from + i) }), key));
  const order: string[] = [];
  const check = (urgency: VerifyUrgency, from: number, count: number): Promise<unknown> =>
    pool.verifyTransactions(raw(from, count), urgency).then(() => order.push(`${urgency} ${count}`));
  await Promise.all([
    check('client', 0, 64),
    check('client', 1_000, 320),
    check('peer', 2_000, 640),
    check('proposal', 3_000, 320),
  ]);
  expect(order.indexOf('proposal 320')).toBeLessThan(2);
  expect(order.indexOf('client 64')).toBeLessThan(order.indexOf('peer 640'));
  expect(order.at(-1)).toBe('client 320');
});

describe('signatures', () => {
  test('right, wrong, of a wrong length, and of no key', async () => {
    const right = signatureCheck('one');
    const checks = [
      right,
      signatureCheck('two', false),
      { ...right, signature: right.signature.subarray(0, 63) },
      { ...right, signature: new Uint8Array(64) },
      { ...right, nodeId: 'f'.repeat(128) as typeof right.nodeId },
      right,
    ];
    expect(await pool.verifySignatures(checks)).toEqual({ ok: true, value: [true, false, false, false, false, true] });
  });

  test('overtake transactions that were handed over before', async () => {
    const raw = Array.from({ length: 640 }, (_, nonce) =>
      encodeSignedTransaction(unsigned({ nonce: BigInt(nonce) }), key),
    );
    const order: string[] = [];
    const transactions = pool.verifyTransactions(raw, 'client').then(() => order.push('transactions'));
    const votes = pool.verifySignatures([signatureCheck('vote')]).then(() => order.push('vote'));
    await Promise.all([transactions, votes]);
    expect(order).toEqual(['vote', 'transactions']);
  });
});

test('a full queue refuses and says so; stopping answers everybody', async () => {
  const limits = { transactionCountMax: 2, transactionBytesMax: 1_000, signatureCountMax: 1 };
  const small = createVerifyPool({ suite: 'standard', limits }, { onFatal: (error) => fatal.push(error) });
  const raw = encodeSignedTransaction(unsigned(), key);
  const waiting = small.verifyTransactions([raw, raw], 'client');
  expect(await small.verifyTransactions([raw], 'client')).toMatchObject({ ok: false, error: { code: 'VERIFY_BUSY' } });
  await small.start();
  expect((await waiting).ok).toBe(true);
  expect(await small.verifyTransactions([new Uint8Array(1_001)], 'client')).toMatchObject({ ok: false });
  const vote = small.verifySignatures([signatureCheck('vote')]);
  expect(await small.verifySignatures([signatureCheck('vote')])).toMatchObject({ ok: false });
  expect((await vote).ok).toBe(true);
  const last = small.verifyTransactions([raw], 'client');
  await Promise.all([small.stop(), small.stop()]);
  expect(await last).toMatchObject({ ok: false, error: { code: 'VERIFY_BUSY' } });
  expect(await small.verifySignatures([signatureCheck('late')])).toMatchObject({ ok: false });
});

test('a worker that breaks is fatal, once, and leaves nobody waiting', async () => {
  const errors: Error[] = [];
  const broken = createVerifyPool({ suite: 'standard' }, { onFatal: (error) => errors.push(error) });
  await broken.start();
  const check = signatureCheck('x');
  const vote = broken.verifySignatures([{ ...check, nodeId: undefined as unknown as typeof check.nodeId }]);
  const transactions = broken.verifyTransactions([encodeSignedTransaction(unsigned(), key)], 'client');
  expect(await vote).toMatchObject({ ok: false });
  await transactions;
  expect(errors.length).toBe(1);
  await broken.stop();
  expect(errors.length).toBe(1);
});

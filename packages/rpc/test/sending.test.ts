/** Transactions on their way: refusals in the words that clients know, waiting for the receipt, the pool. */
import type { HashHex } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import type { RpcBackend, TransactionStatusFacts } from '../src/backend.ts';
import { signed } from './kit/chain.ts';
import { SOON, startTestServer } from './kit/server.ts';

const raw = (transaction: { readonly bytes: Uint8Array }): string =>
  `0x${Buffer.from(transaction.bytes).toString('hex')}`;

describe('eth_sendRawTransaction', () => {
  it('answers the hash', async () => {
    const { result, chain } = await startTestServer();
    const transaction = signed();
    expect(await result('eth_sendRawTransaction', [raw(transaction)])).toBe(`0x${transaction.hash}`);
    expect(chain.poolCounts().pending).toBe(1);
  });

  it.each([
    'already known',
    'nonce too low: next nonce 5, tx nonce 3',
    'insufficient funds for gas * price + value',
    'replacement transaction underpriced',
    'intrinsic gas too low',
    'txpool is full',
  ])('hands on the words of the pool: %s', async (message) => {
    const failure = { code: 'POOL_SOMETHING', message, remedy: 'do this' };
    const { error } = await startTestServer({ backend: { submit: async () => ({ ok: false, error: failure }) } });
    const refusal = { code: -32000, message, data: { code: 'POOL_SOMETHING', remedy: 'do this' } };
    expect(await error('eth_sendRawTransaction', [raw(signed())])).toEqual(refusal);
    expect(await error('eth_sendRawTransactionSync', [raw(signed())])).toEqual(refusal);
  });

  it('refuses bytes that are no transaction, by the reason', async () => {
    const { error } = await startTestServer();
    expect(await error('eth_sendRawTransaction', ['0x'])).toMatchObject({ code: -32000 });
    expect(await error('eth_sendRawTransaction', ['0x03c0'])).toMatchObject({
      code: -32000,
      message: expect.stringMatching(/blob/),
    });
  });
});

describe('eth_sendRawTransactionSync', () => {
  it('answers the receipt as soon as the transaction is final', async () => {
    const { result, chain, server } = await startTestServer();
    const transaction = signed();
    const receipt = result('eth_sendRawTransactionSync', [raw(transaction)]);
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    chain.addBlock();
    chain.addBlock([{ transaction: signed({ nonce: 9n }) }, { transaction }]);
    expect(await receipt).toMatchObject({
      transactionHash: `0x${transaction.hash}`,
      blockNumber: '0x2',
      transactionIndex: '0x1',
    });
    expect(await receipt).toEqual(await result('eth_getTransactionReceipt', [`0x${transaction.hash}`]));
    expect(server.metrics()['rpc_sync_waiters']).toBe(0);
    expect(chain.listenerCount()).toBe(0);
  });

  it('answers many that wait for one', async () => {
    const transaction = signed();
    const { result, chain, server } = await startTestServer({
      backend: { submit: async () => ({ ok: true, value: transaction.hash }) },
    });
    const receipts = [1, 2, 3].map(() => result('eth_sendRawTransactionSync', [raw(transaction)]));
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(3);
    chain.addBlock([{ transaction }]);
    expect(await Promise.all(receipts)).toHaveLength(3);
  });

  it('that takes too long ends with code 4 and the hash (EIP-7966); it may come later', async () => {
    const { error, result, chain } = await startTestServer();
    const transaction = signed();
    expect(await error('eth_sendRawTransactionSync', [raw(transaction), 20])).toEqual({
      code: 4,
      message: 'The transaction was added to the pool but was not committed within 20 ms',
      data: `0x${transaction.hash}`,
    });
    chain.addBlock([{ transaction }]);
    expect(await result('eth_getTransactionReceipt', [`0x${transaction.hash}`])).toMatchObject({ blockNumber: '0x1' });
  });

  const pending =
    (reason: string): RpcBackend['transactionStatus'] =>
    () => ({
      type: 'pending',
      reason,
      remedy: undefined,
    });

  it('that cannot be executed yet ends at once: code 5 with the hash', async () => {
    const { error } = await startTestServer({
      backend: { transactionStatus: pending('waits for funds'), pendingNonce: () => 0n },
    });
    const transaction = signed();
    expect(await error('eth_sendRawTransactionSync', [raw(transaction)])).toEqual({
      code: 5,
      message: 'waits for funds',
      data: `0x${transaction.hash}`,
    });
  });

  it('that leaves a gap which does not close ends with code 6 and the nonce that is expected', async () => {
    const { error } = await startTestServer({
      backend: { transactionStatus: pending('nonce gap') },
      limits: { nonceGapWaitMs: 20 },
    });
    const refusal = { code: 6, message: 'nonce gap', data: '0x7' };
    expect(await error('eth_sendRawTransactionSync', [raw(signed({ nonce: 9n }))])).toEqual(refusal);
    expect(await error('eth_sendRawTransactionSync', [raw(signed({ nonce: 10n })), 1])).toEqual(refusal);
  });

  it('whose gap closes, since the missing one came from another node, is answered with its receipt', async () => {
    const transaction = signed({ nonce: 9n });
    let asked = 0;
    const { result, chain, server } = await startTestServer({
      backend: {
        transactionStatus: () => ({
          type: 'pending',
          reason: asked++ === 0 ? 'nonce gap' : undefined,
          remedy: undefined,
        }),
      },
      limits: { nonceGapWaitMs: 1 },
    });
    const receipt = result('eth_sendRawTransactionSync', [raw(transaction)]);
    await expect.poll(() => asked, SOON).toBe(2);
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    chain.addBlock([{ transaction }]);
    expect(await receipt).toMatchObject({ transactionHash: `0x${transaction.hash}` });
  });

  it.each<{ status: TransactionStatusFacts; message: string; data: unknown }>([
    {
      status: { type: 'left out', height: 3 as never, reason: 'nonce too low', remedy: 'send it anew' },
      message: 'nonce too low',
      data: { code: 'TRANSACTION_LEFT_OUT', remedy: 'send it anew' },
    },
    {
      status: { type: 'dropped here', code: 'POOL_FULL', reason: 'txpool is full', remedy: 'wait' },
      message: 'txpool is full',
      data: { code: 'TRANSACTION_DROPPED_HERE', remedy: 'wait' },
    },
    {
      status: { type: 'replaced', by: '11'.repeat(32) as HashHex },
      message: `replaced by 0x${'11'.repeat(32)}`,
      data: expect.stringMatching(/^0x/),
    },
  ])('that is $status.type while it is waited for ends with the reason', async ({ status, message, data }) => {
    let asked = 0;
    const { error } = await startTestServer({
      backend: {
        transactionStatus: () => (asked++ === 0 ? { type: 'pending', reason: undefined, remedy: undefined } : status),
      },
    });
    const refusal = await error('eth_sendRawTransactionSync', [raw(signed()), 20]);
    expect(refusal).toMatchObject({ code: 5, message });
    expect(refusal.data).toEqual(
      typeof data === 'object' && 'code' in (data as object) ? expect.objectContaining(data) : data,
    );
  });

  it.each([0, 60_001, '0xea61', 'soon', -1])('refuses the time-out %j', async (timeout) => {
    const { error } = await startTestServer();
    expect(await error('eth_sendRawTransactionSync', [raw(signed()), timeout])).toMatchObject({ code: -32602 });
  });

  it('has room for so many that wait', async () => {
    const { error, ask, server, chain } = await startTestServer({ limits: { syncWaiterCountMax: 1 } });
    const first = ask('eth_sendRawTransactionSync', [raw(signed())]);
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    expect(await error('eth_sendRawTransactionSync', [raw(signed({ nonce: 1n }))])).toMatchObject({ code: -32005 });
    // The second was refused before it was taken: nothing of it is in the pool.
    expect(chain.poolCounts().pending).toBe(1);
    chain.addBlock([{ transaction: signed() }]);
    expect(await first).toHaveProperty('result');
  });

  it('is forgotten with the connection', async () => {
    const { socket, server } = await startTestServer();
    const client = await socket();
    client.send(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransactionSync', params: [raw(signed())] }),
    );
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    client.raw.terminate();
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(0);
  });
});

describe('the pool', () => {
  it('is counted; what is ordered is pending to a client of Ethereum', async () => {
    const { result, chain } = await startTestServer();
    chain.admit(signed({ nonce: 1n }), signed({ nonce: 2n }));
    expect(await result('txpool_status')).toEqual({ pending: '0x3', queued: '0x0' });
  });

  it('is shown by sender and nonce', async () => {
    const { result, chain } = await startTestServer();
    const [first, second] = [signed({ nonce: 1n }), signed({ nonce: 2n })];
    chain.admit(first, second);
    const sender = `0x${first.sender}`;
    const one = expect.objectContaining({ hash: `0x${first.hash}`, blockHash: null });
    const two = expect.objectContaining({ hash: `0x${second.hash}` });
    expect(await result('txpool_content')).toEqual({ pending: { [sender]: { 1: one, 2: two } }, queued: {} });
    expect(await result('txpool_contentFrom', [sender])).toEqual({ pending: { 1: one, 2: two }, queued: {} });
    expect(await result('txpool_contentFrom', [`0x${'11'.repeat(20)}`])).toEqual({ pending: {}, queued: {} });
  });
});

describe('hansa_getTransactionStatus', () => {
  const HASH = `0x${'11'.repeat(32)}`;

  it.each<{ facts: TransactionStatusFacts; json: unknown }>([
    { facts: { type: 'unknown' }, json: { status: 'unknown' } },
    { facts: { type: 'pending', reason: undefined, remedy: undefined }, json: { status: 'pending' } },
    {
      facts: { type: 'pending', reason: 'gap', remedy: 'fill it' },
      json: { status: 'pending', reason: 'gap', remedy: 'fill it' },
    },
    { facts: { type: 'ordered', height: 5 as never }, json: { status: 'ordered', height: '0x5' } },
    {
      facts: { type: 'committed', height: 5 as never, index: 0 },
      json: { status: 'committed', height: '0x5', index: '0x0' },
    },
    {
      facts: { type: 'left out', height: 5 as never, reason: 'expired', remedy: 'sign anew' },
      json: { status: 'left out', height: '0x5', reason: 'expired', remedy: 'sign anew' },
    },
    {
      facts: { type: 'replaced', by: '22'.repeat(32) as HashHex },
      json: { status: 'replaced', replacedBy: `0x${'22'.repeat(32)}` },
    },
    {
      facts: { type: 'expired', lastHeight: 9 as never, reason: 'too late', remedy: 'sign anew' },
      json: { status: 'expired', lastHeight: '0x9', reason: 'too late', remedy: 'sign anew' },
    },
    {
      facts: { type: 'dropped here', code: 'POOL_FULL', reason: 'full', remedy: 'wait' },
      json: { status: 'dropped here', code: 'POOL_FULL', reason: 'full', remedy: 'wait' },
    },
  ])('tells $json', async ({ facts, json }) => {
    const { result } = await startTestServer({ backend: { transactionStatus: () => facts } });
    expect(await result('hansa_getTransactionStatus', [HASH])).toEqual(json);
  });
});

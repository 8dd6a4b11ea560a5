/** WebSocket: calls, subscriptions, and clients that are too slow, too many or silent. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { type Executed, signed, TOKEN, topicOf } from './kit/chain.ts';
import { type Answer, gate, openSocket, SOON, startTestServer, type TestSocket } from './kit/server.ts';

type Notification<T> = {
  readonly jsonrpc: '2.0';
  readonly method: 'eth_subscription';
  readonly params: { readonly subscription: string; readonly result: T };
};
const OTHER = 'cd'.repeat(20) as typeof TOKEN;
const NO_DATA = new Uint8Array(0);
const withLog = (nonce: bigint, address = TOKEN, topics = [topicOf(1)]): Executed => ({
  transaction: signed({ nonce }),
  logs: [{ address, topics, data: NO_DATA }],
});

describe('calls', () => {
  it('are answered as over HTTP: alone, in batches, with errors', async () => {
    const { socket } = await startTestServer();
    const client = await socket();
    expect(await client.result('eth_chainId')).toBe('0x4ee8');
    client.send('[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"x"}]');
    expect(await client.next()).toMatchObject([
      { id: 1, result: '0x4ee8' },
      { id: 2, error: { code: -32601 } },
    ]);
    client.send('{');
    expect(await client.next()).toMatchObject({ id: null, error: { code: -32700 } });
    // Nothing is answered to a notification: the next answer is that of the next call.
    client.send('{"jsonrpc":"2.0","method":"eth_chainId"}');
    client.send('{"jsonrpc":"2.0","id":9,"method":"net_version"}');
    expect(await client.next()).toMatchObject({ id: 9, result: '20200' });
  });

  it('in binary frames are understood, too', async () => {
    const { socket } = await startTestServer();
    const client = await socket();
    client.raw.send(new TextEncoder().encode('{"jsonrpc":"2.0","id":9,"method":"net_version"}'));
    expect(await client.next()).toMatchObject({ id: 9, result: '20200' });
  });

  it('that wait do not hold up later ones', async () => {
    const { socket, chain } = await startTestServer();
    const client = await socket();
    const transaction = signed();
    const params = [`0x${Buffer.from(transaction.bytes).toString('hex')}`, 5_000];
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransactionSync', params }));
    client.send('{"jsonrpc":"2.0","id":2,"method":"eth_blockNumber"}');
    expect(await client.next()).toMatchObject({ id: 2, result: '0x0' });
    chain.addBlock([{ transaction }]);
    expect(await client.next()).toMatchObject({ id: 1, result: { blockNumber: '0x1' } });
  });
});

describe('subscriptions', () => {
  it('newHeads: each header as eth_getBlockByNumber serves it, in order', async () => {
    const { socket, chain } = await startTestServer();
    const client = await socket();
    const subscription = await client.result<string>('eth_subscribe', ['newHeads']);
    expect(subscription).toMatch(/^0x1[0-9a-f]{30}$/);
    chain.addBlock([withLog(0n)]);
    chain.addBlock();
    const first = await client.next<Notification<Record<string, unknown>>>();
    expect(first).toMatchObject({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription } });
    const second = await client.next<Notification<Record<string, unknown>>>();
    expect(second.params.result).toMatchObject({ number: '0x2', parentHash: first.params.result['hash'] });
    const block = await client.result<Record<string, unknown>>('eth_getBlockByNumber', ['0x1', false]);
    expect(block).toMatchObject(first.params.result);
    expect(first.params.result).not.toHaveProperty('transactions');
  });

  it('logs: by address and topics, from now on', async () => {
    const { socket, chain } = await startTestServer();
    chain.addBlock([withLog(0n)]);
    const client = await socket();
    const all = await client.result<string>('eth_subscribe', ['logs']);
    const some = await client.result<string>('eth_subscribe', [
      'logs',
      { address: [`0x${TOKEN}`], topics: [[`0x${topicOf(1)}`, `0x${topicOf(2)}`], null] },
    ]);
    chain.addBlock([withLog(1n, OTHER), withLog(2n, TOKEN, [topicOf(2), topicOf(9)]), withLog(3n, TOKEN)]);
    const seen: [string, string][] = [];
    for (let i = 0; i < 4; i++) {
      const { params } = await client.next<Notification<{ logIndex: string; transactionIndex: string }>>();
      seen.push([params.subscription, params.result.logIndex]);
    }
    expect(seen).toEqual([
      [all, '0x0'],
      [all, '0x1'],
      [all, '0x2'],
      [some, '0x1'],
    ]);
    const logs = await client.result('eth_getLogs', [{ fromBlock: '0x2' }]);
    expect(logs).toHaveLength(3);
  });

  it('newPendingTransactions: hashes, or whole transactions', async () => {
    const { socket, chain } = await startTestServer();
    const client = await socket();
    const hashes = await client.result('eth_subscribe', ['newPendingTransactions']);
    const bodies = await client.result('eth_subscribe', ['newPendingTransactions', true]);
    const transaction = signed();
    chain.admit(transaction);
    expect(await client.next()).toMatchObject({
      params: { subscription: hashes, result: `0x${transaction.hash}` },
    });
    expect(await client.next()).toMatchObject({
      params: { subscription: bodies, result: { hash: `0x${transaction.hash}`, blockHash: null, nonce: '0x0' } },
    });
  });

  it('end by eth_unsubscribe, and with the connection', async () => {
    const { socket, chain, server } = await startTestServer();
    const client = await socket();
    const first = await client.result('eth_subscribe', ['newHeads']);
    await client.result('eth_subscribe', ['logs']);
    expect(server.metrics()).toMatchObject({ rpc_subscriptions: 2, rpc_websockets: 1 });
    expect(await client.result('eth_unsubscribe', [first])).toBe(true);
    expect(await client.result('eth_unsubscribe', [first])).toBe(false);
    chain.addBlock();
    expect(await client.result('eth_blockNumber')).toBe('0x1');
    expect(chain.listenerCount()).toBe(1);
    client.raw.close();
    await client.closed();
    await expect.poll(() => server.metrics()['rpc_websockets'], SOON).toBe(0);
    expect(chain.listenerCount()).toBe(0);
  });

  it('that fail do not reach the node, nor other subscribers', async () => {
    const { socket, chain, internalErrors } = await startTestServer();
    const client = await socket();
    await client.result('eth_subscribe', ['newHeads']);
    await client.result('eth_subscribe', ['logs', { address: `0x${TOKEN}` }]);
    const { blockAt } = chain;
    const broken = new Error('the disk is gone');
    Object.assign(chain, {
      blockAt: () => {
        throw broken;
      },
    });
    chain.addBlock([withLog(0n)]);
    expect(internalErrors).toEqual([broken, broken]);
    Object.assign(chain, { blockAt });
    chain.addBlock();
    expect(await client.next()).toMatchObject({ params: { result: { number: '0x2' } } });
  });

  it('of another connection cannot be ended', async () => {
    const { socket } = await startTestServer();
    const [first, second] = [await socket(), await socket()];
    const id = await first.result('eth_subscribe', ['newHeads']);
    expect(await second.result('eth_unsubscribe', [id])).toBe(false);
  });

  it.each([
    { params: ['syncing'], message: /^kind must be newHeads/ },
    { params: [], message: /^missing value for required argument 0/ },
    { params: ['logs', { address: '0x1' }], message: /^filter.address/ },
    { params: ['newPendingTransactions', 'yes'], message: /^full must be true or false/ },
  ])('$params is refused', async ({ params, message }) => {
    const { socket } = await startTestServer();
    const client = await socket();
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params }));
    expect(await client.next()).toMatchObject({ error: { code: -32602, message: expect.stringMatching(message) } });
  });

  it('are not to be had over HTTP', async () => {
    const { error } = await startTestServer();
    expect(await error('eth_subscribe', ['newHeads'])).toMatchObject({
      code: -32004,
      message: 'notifications not supported over HTTP',
    });
  });
});

describe('limits', () => {
  it('subscriptions of one connection', async () => {
    const { socket } = await startTestServer({ limits: { subscriptionsPerSocketMax: 2 } });
    const client = await socket();
    const first = await client.result('eth_subscribe', ['newHeads']);
    await client.result('eth_subscribe', ['logs']);
    await expect(client.result('eth_subscribe', ['newHeads'])).rejects.toThrow('this connection has 2 subscriptions');
    await client.result('eth_unsubscribe', [first]);
    await client.result('eth_subscribe', ['newHeads']);
  });

  it('subscriptions of all connections', async () => {
    const { socket } = await startTestServer({ limits: { subscriptionCountMax: 2 } });
    const clients = [await socket(), await socket(), await socket()] as const;
    await clients[0].result('eth_subscribe', ['newHeads']);
    await clients[1].result('eth_subscribe', ['newHeads']);
    await expect(clients[2].result('eth_subscribe', ['newHeads'])).rejects.toThrow('all 2 subscriptions are in use');
    clients[0].raw.close();
    await clients[0].closed();
    await clients[2].result('eth_subscribe', ['newHeads']);
  });

  it('connections of one address, and of all', async () => {
    const { socket, server } = await startTestServer({ limits: { socketsPerAddressMax: 2 } });
    const first = await socket();
    await socket();
    await expect(socket()).rejects.toThrow('503');
    first.raw.close();
    await first.closed();
    await expect.poll(() => server.metrics()['rpc_websockets'], SOON).toBe(1);
    await socket();
    const few = await startTestServer({ limits: { socketCountMax: 1 } });
    await few.socket();
    await expect(few.socket()).rejects.toThrow('503');
  });

  it('size of a message: the connection is closed with 1009, also for one that only announces it', async () => {
    const { socket, port } = await startTestServer({ limits: { socketMessageSizeMax: 1_000 } });
    const client = await socket();
    client.send('{"jsonrpc":"2.0","id":9,"method":"net_version"}'.padEnd(1_000));
    expect(await client.next()).toMatchObject({ id: 9, result: '20200' });
    client.send(' '.repeat(1_001));
    expect(await client.closed()).toBe(1009);
    // A frame of 100 MB is announced, nothing of it is sent.
    const raw = connect(port, '127.0.0.1');
    onTestFinished(() => void raw.destroy());
    raw.write(
      'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(raw, 'data');
    const closed = once(raw, 'close');
    raw.write(Uint8Array.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0, 0, 0, 1, 2, 3, 4]));
    await closed;
  });

  it('bytes of all requests together', async () => {
    const held = gate();
    const { socket, server } = await startTestServer({
      limits: { bodySizeMax: 1_000, requestsSizeMax: 1_000 },
      backend: {
        submit: async () => {
          await held.promise;
          return { ok: false, error: { code: 'X', message: 'no' } };
        },
      },
    });
    const [first, second] = [await socket(), await socket()];
    first.send('{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x"]}'.padEnd(800));
    await expect.poll(() => server.metrics()['rpc_request_bytes'], SOON).toBe(800);
    second.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'.padEnd(300));
    expect(await second.closed()).toBe(1013);
    held.open();
    expect(await first.next<Answer>()).toMatchObject({ error: { message: 'no' } });
    expect(server.metrics()['rpc_request_bytes']).toBe(0);
  });

  it('messages that wait: it is not read on before some are answered, and the client is not taken for dead', async () => {
    const held = gate();
    const { socket, server } = await startTestServer({
      limits: { pendingPerConnectionMax: 2, pingIntervalMs: 500 },
      backend: {
        submit: async () => {
          await held.promise;
          return { ok: false, error: { code: 'X', message: 'no' } };
        },
      },
    });
    const client = await socket();
    for (let id = 0; id < 2; id++) {
      client.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: ['0x'] }));
    }
    await expect.poll(() => server.metrics()['rpc_calls_total'], SOON).toBe(2);
    client.send('{"jsonrpc":"2.0","id":2,"method":"eth_chainId"}');
    // Several pings long nothing is read, then all is answered.
    const pinger = await socket();
    for (let i = 0; i < 3; i++) await once(pinger.raw, 'ping');
    expect(server.metrics()['rpc_calls_total']).toBe(2);
    held.open();
    const ids = [await client.next(), await client.next(), await client.next()].map(({ id }) => id);
    expect(ids.sort()).toEqual([0, 1, 2]);
  });
});

describe('clients that', () => {
  it('do not answer a ping are closed, others stay', async () => {
    const { server, socket } = await startTestServer({ limits: { pingIntervalMs: 700 } });
    const silent = new WebSocket(server.url.replace('http', 'ws'), { autoPong: false });
    onTestFinished(() => silent.terminate());
    const closed = once(silent, 'close');
    await once(silent, 'open');
    const lively = await socket();
    await closed;
    expect(await lively.result('eth_chainId')).toBe('0x4ee8');
  });

  it('read too slowly are closed, and hold up nobody', async () => {
    const { server, socket, chain } = await startTestServer({ limits: { socketBufferSizeMax: 100_000 } });
    const slow = await socket();
    const quick = await socket();
    await slow.result('eth_subscribe', ['newPendingTransactions', true]);
    await quick.result('eth_subscribe', ['newHeads']);
    slow.raw.pause();
    const big = signed({ data: new Uint8Array(100_000) });
    // The kernel takes some megabytes of it before the node's own buffer grows.
    for (let i = 0; i < 200 && server.metrics()['rpc_websockets_closed_as_slow_total'] === 0; i++) {
      chain.admit(big);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.metrics()['rpc_websockets_closed_as_slow_total']).toBe(1);
    chain.addBlock();
    expect(await quick.next()).toMatchObject({ params: { result: { number: '0x1' } } });
    await expect.poll(() => server.metrics()['rpc_websockets'], SOON).toBe(1);
    expect(server.metrics()['rpc_subscriptions']).toBe(1);
  });

  it('break off in the middle of the handshake or of a frame harm nobody', async () => {
    const { port, server, socket } = await startTestServer();
    for (const text of [
      'GET / HTTP/1.1\r\nupgrade: websocket\r\n',
      'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ]) {
      const raw = connect(port, '127.0.0.1');
      raw.on('error', () => undefined);
      await once(raw, 'connect');
      raw.write(text);
      raw.destroy();
    }
    const client: TestSocket = await openSocket(server.url.replace('http', 'ws'));
    client.raw.terminate();
    await client.closed();
    expect(await (await socket()).result('eth_chainId')).toBe('0x4ee8');
    await expect.poll(() => server.metrics()['rpc_websockets'], SOON).toBe(1);
  });
});

/** Every maximum of the server: at it a client is served, over it told which one and what to do. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toRpcLimits } from '../src/limits.ts';
import { signed, TOKEN, topicOf } from './kit/chain.ts';
import { type Answer, gate, SOON, startTestServer } from './kit/server.ts';

const chainId = (id: unknown = 1): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_chainId' });
const padded = (size: number): string => chainId().padEnd(size, ' ');
const errorOf = (text: string): Answer['error'] => (JSON.parse(text) as Answer).error;
const LIMIT = { code: -32005, data: { code: 'RPC_LIMIT_EXCEEDED', remedy: expect.any(String) } };

/** A connection on which the test decides what is sent and read. */
async function rawSocket(port: number): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const closed = once(socket, 'close');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, text: () => text, closed };
}

describe('size of a request', () => {
  it('at the limit is served, one byte more gets 413 with an error of JSON-RPC', async () => {
    const { post } = await startTestServer({ limits: { bodySizeMax: 1_000 } });
    expect((await post(padded(1_000))).status).toBe(200);
    const { status, text } = await post(padded(1_001));
    expect(status).toBe(413);
    expect(errorOf(text)).toEqual({
      code: -32005,
      message: 'request is larger than 1000 bytes',
      data: { code: 'RPC_HTTP_413', remedy: expect.stringContaining('rpc.body_bytes_max') },
    });
  });

  it('is counted when none is announced, too', async () => {
    const { port, server } = await startTestServer({ limits: { bodySizeMax: 1_000 } });
    const call = request({ port, method: 'POST', headers: { 'content-type': 'application/json' } });
    call.on('error', () => undefined);
    const answered = once(call, 'response');
    for (let i = 0; i < 5; i++) call.write(' '.repeat(300));
    const [response] = (await answered) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    expect(server.metrics()['rpc_request_bytes']).toBe(0);
    call.destroy();
  });

  it('of all together is bounded: who comes too much is asked to try later, then served', async () => {
    const { port, post, server } = await startTestServer({ limits: { bodySizeMax: 1_000, requestsSizeMax: 1_000 } });
    const { socket } = await rawSocket(port);
    const head =
      'POST / HTTP/1.1\r\nhost: x.localhost\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n';
    socket.write(head.replace('x.localhost', '127.0.0.1') + ' '.repeat(800));
    await expect.poll(() => server.metrics()['rpc_request_bytes'], SOON).toBe(800);
    const { status, text } = await post(padded(300));
    expect(status).toBe(503);
    expect(errorOf(text)).toMatchObject({ code: -32005, data: { code: 'RPC_HTTP_503' } });
    expect(server.metrics()['rpc_requests_refused_total']).toBe(1);
    // The first one goes away without an end: what it held is free again.
    socket.destroy();
    await expect.poll(() => server.metrics()['rpc_request_bytes'], SOON).toBe(0);
    expect((await post(padded(300))).status).toBe(200);
    expect(server.metrics()['rpc_request_bytes']).toBe(0);
  });

  it('is given back whatever becomes of the request', async () => {
    const { server, post } = await startTestServer();
    const body = padded(500);
    const at = async (path: string, method: string): Promise<number> =>
      (await fetch(server.url + path, { method, headers: { 'content-type': 'application/json' }, body })).status;
    expect(await at('/elsewhere', 'POST')).toBe(404);
    expect(await at('/', 'PUT')).toBe(404);
    expect(await at('/', 'OPTIONS')).toBe(204);
    expect((await post('{')).status).toBe(200);
    expect(server.metrics()['rpc_request_bytes']).toBe(0);
  });
});

describe('a batch', () => {
  it('of 10,000 calls is refused as a whole; at the limit it is served', async () => {
    const { post } = await startTestServer();
    const batch = (count: number): string => `[${Array.from({ length: count }, (_, id) => chainId(id)).join(',')}]`;
    expect(JSON.parse((await post(batch(1_000))).text)).toHaveLength(1_000);
    expect(errorOf((await post(batch(10_000))).text)).toEqual({
      ...LIMIT,
      message: 'batch has 10000 calls, 1000 are allowed',
    });
  });

  it('shares the size of its answers; the first ones are kept', async () => {
    const { post } = await startTestServer({ limits: { responseSizeMax: 200 } });
    const { text } = await post(`[${Array.from({ length: 10 }, (_, id) => chainId(id)).join(',')}]`);
    const answers = JSON.parse(text) as Answer[];
    const served = answers.filter(({ result }) => result === '0x4ee8');
    expect(served.length).toBeGreaterThan(2);
    expect(served.length).toBeLessThan(6);
    expect(answers).toHaveLength(10);
    for (const { error } of answers.slice(served.length)) {
      expect(error).toEqual({
        code: -32003,
        message: 'response too large',
        data: { code: 'RPC_RESPONSE_TOO_LARGE', remedy: 'ask in smaller parts' },
      });
    }
  });
});

describe('answers that nobody takes', () => {
  it('are bounded: another large one is refused, and served when they are gone', async () => {
    const { port, post, server, chain } = await startTestServer({
      limits: { responseSizeMax: 20_000_000, unsentSizeMax: 30_000_000 },
      backend: {
        call: async () => ({ ok: true, value: { type: 'success', output: new Uint8Array(8_000_000), gasUsed: 1n } }),
      },
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ to: `0x${TOKEN}` }] });
    const { socket } = await rawSocket(port);
    socket.pause();
    socket.write(
      `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => server.metrics()['rpc_unsent_bytes'], SOON).toBeGreaterThan(16_000_000);
    expect((await post(body)).status).toBe(503);
    expect(server.metrics()['rpc_answers_refused_total']).toBe(1);
    // Small ones go on.
    expect((await post(chainId())).status).toBe(200);
    socket.destroy();
    await expect.poll(() => server.metrics()['rpc_unsent_bytes'], SOON).toBe(0);
    expect((await post(body)).status).toBe(200);
    expect(chain.head().height).toBe(0);
  });

  it('end with the connection after idleTimeoutMs', async () => {
    const { port, server } = await startTestServer({
      limits: { idleTimeoutMs: 300, syncWaitMs: 100, syncWaitMsMax: 200, callTimeoutMs: 200 },
      backend: {
        call: async () => ({ ok: true, value: { type: 'success', output: new Uint8Array(8_000_000), gasUsed: 1n } }),
      },
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ to: `0x${TOKEN}` }] });
    const { socket } = await rawSocket(port);
    socket.pause();
    socket.write(
      `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => server.metrics()['rpc_unsent_bytes'], SOON).toBeGreaterThan(0);
    await expect.poll(() => server.metrics()['rpc_unsent_bytes'], SOON).toBe(0);
  });
});

describe('slow clients', () => {
  const short = { headersTimeoutMs: 300, requestTimeoutMs: 400 };

  it('that send headers without end are closed', async () => {
    const { port } = await startTestServer({ limits: short });
    const { socket, closed, text } = await rawSocket(port);
    socket.write('POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n');
    const drip = setInterval(() => socket.write('x: y\r\n'), 50);
    await closed;
    clearInterval(drip);
    expect(text()).toMatch(/^HTTP\/1.1 408/);
  });

  it('that send a body without end are closed, and hold nothing', async () => {
    const { port, server } = await startTestServer({ limits: short });
    const { socket, closed } = await rawSocket(port);
    socket.write(
      'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    const drip = setInterval(() => socket.write(' '), 50);
    await closed;
    clearInterval(drip);
    await expect.poll(() => server.metrics()['rpc_request_bytes'], SOON).toBe(0);
  });

  it('with headers of megabytes are refused', async () => {
    const { port } = await startTestServer();
    const { socket, closed, text } = await rawSocket(port);
    socket.write(`POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(20_000)}\r\n`);
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 431/);
  });
});

describe('requests of one connection', () => {
  it('that wait for answers are bounded', async () => {
    const held = gate();
    const { port, server } = await startTestServer({
      limits: { pendingPerConnectionMax: 2 },
      backend: {
        account: async () => {
          await held.promise;
          return { ok: true, value: { nonce: 0n, balance: 1n, code: new Uint8Array(0) } };
        },
      },
    });
    const { socket, text } = await rawSocket(port);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [`0x${TOKEN}`] });
    const one = `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    socket.write(one.repeat(3));
    // The third is refused while two wait; answers keep their order.
    await expect.poll(() => server.metrics()['rpc_requests_crowded_total'], SOON).toBe(1);
    held.open();
    await expect.poll(() => text().match(/HTTP\/1.1/g)?.length, SOON).toBe(3);
    expect(text().match(/HTTP\/1.1 (\d+)/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 429']);
    expect(text()).toContain('2 requests of this connection wait already');
  });

  it('connections themselves are bounded', async () => {
    const { port } = await startTestServer({ limits: { connectionCountMax: 2 } });
    const first = await rawSocket(port);
    const second = await rawSocket(port);
    const third = await rawSocket(port);
    await third.closed;
    expect([first.socket.destroyed, second.socket.destroyed]).toEqual([false, false]);
  });
});

describe('slow calls', () => {
  const endless = { call: () => new Promise<never>(() => undefined) };
  const callBody = (id: number): string =>
    JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_call', params: [{ to: `0x${TOKEN}` }] });

  it('are stopped after callTimeoutMs, and their signal tells who works for them', async () => {
    let signal: AbortSignal | undefined;
    const { error, server } = await startTestServer({
      limits: { callTimeoutMs: 50 },
      backend: {
        call: (_request, _height, given) => {
          signal = given;
          return new Promise<never>(() => undefined);
        },
      },
    });
    expect(await error('eth_call', [{ to: `0x${TOKEN}` }])).toEqual({
      code: -32002,
      message: 'request timed out after 50 ms',
      data: { code: 'RPC_TIMEOUT', remedy: expect.any(String) },
    });
    expect(signal?.aborted).toBe(true);
    expect(server.metrics()).toMatchObject({ rpc_timeouts_total: 1, rpc_internal_errors_total: 0 });
  });

  it('wait in line while others run, and are refused when the line is full', async () => {
    const { post, server } = await startTestServer({
      limits: { slowCountMax: 1, slowPerConnectionMax: 1, slowQueueMax: 1, callTimeoutMs: 400 },
      backend: endless,
    });
    const running = post(callBody(1));
    const answers = [running, post(callBody(2)), post(callBody(3))];
    const messages = (await Promise.all(answers)).map(({ text }) => errorOf(text)?.message).sort();
    expect(messages).toEqual([
      'request timed out after 400 ms',
      'request timed out after 400 ms',
      'too many slow calls wait already',
    ]);
    expect(server.metrics()['rpc_slow_calls_waiting']).toBe(0);
  });

  it('do not hold up quick ones', async () => {
    const { post, result } = await startTestServer({
      limits: { slowCountMax: 1, slowPerConnectionMax: 1, callTimeoutMs: 300 },
      backend: endless,
    });
    const slow = post(callBody(1));
    expect(await result('eth_blockNumber')).toBe('0x0');
    expect(errorOf((await slow).text)?.code).toBe(-32002);
  });

  it('of a client that is gone are given up without a fault in the log', async () => {
    const started = gate<AbortSignal>();
    const { port, internalErrors, server } = await startTestServer({
      backend: {
        logs: (query) =>
          new Promise((_, reject) => {
            query.signal.addEventListener('abort', () => reject(query.signal.reason));
            started.open(query.signal);
          }),
      },
    });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params: [{}] });
    const { socket } = await rawSocket(port);
    socket.write(
      `POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const signal = await started.promise;
    socket.destroy();
    await expect.poll(() => signal.aborted, SOON).toBe(true);
    await expect.poll(() => server.metrics()['rpc_request_bytes'], SOON).toBe(0);
    expect(internalErrors).toEqual([]);
  });
});

describe('queries', () => {
  it('of logs span at most logRangeMax blocks, and find at most logCountMax', async () => {
    const { chain, result, error } = await startTestServer({ limits: { logRangeMax: 3, logCountMax: 2 } });
    for (let nonce = 0n; nonce < 4n; nonce++) {
      chain.addBlock([
        { transaction: signed({ nonce }), logs: [{ address: TOKEN, topics: [topicOf(1)], data: new Uint8Array(0) }] },
      ]);
    }
    expect(await result('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0x2' }])).toHaveLength(2);
    expect(await error('eth_getLogs', [{ fromBlock: '0x0', toBlock: '0x3' }])).toEqual({
      ...LIMIT,
      message: 'query spans 4 blocks, 3 are allowed',
    });
    expect(await error('eth_getLogs', [{ fromBlock: '0x2', toBlock: '0x4' }])).toMatchObject({
      code: -32005,
      message: 'more than 2 logs',
      data: { code: 'LEDGER_TOO_MANY_LOGS' },
    });
  });

  it('of fees reach back at most feeHistoryCountMax blocks', async () => {
    const { chain, result } = await startTestServer({ limits: { feeHistoryCountMax: 2 } });
    for (let i = 0; i < 5; i++) chain.addBlock();
    expect(await result('eth_feeHistory', ['0x64', 'latest'])).toMatchObject({ oldestBlock: '0x4' });
  });

  it('filters are at most filterCountMax', async () => {
    const { result, error } = await startTestServer({ limits: { filterCountMax: 2 } });
    const first = await result('eth_newBlockFilter');
    await result('eth_newFilter', [{}]);
    expect(await error('eth_newBlockFilter')).toEqual({ ...LIMIT, message: 'all 2 filters are in use' });
    expect(await error('eth_newPendingTransactionFilter')).toMatchObject(LIMIT);
    await result('eth_uninstallFilter', [first]);
    expect(await result('eth_newPendingTransactionFilter')).toMatch(/^0x1/);
  });
});

describe('limits', () => {
  it.each([
    { limits: { headersTimeoutMs: 2_000, requestTimeoutMs: 1_000 }, message: /headersTimeoutMs/ },
    { limits: { slowPerConnectionMax: 100 }, message: /slowPerConnectionMax/ },
    { limits: { syncWaitMs: 70_000 }, message: /syncWaitMs/ },
    { limits: { idleTimeoutMs: 60_000 }, message: /idleTimeoutMs/ },
    { limits: { requestsSizeMax: 1_000 }, message: /requestsSizeMax/ },
    { limits: { unsentSizeMax: 1_000 }, message: /unsentSizeMax/ },
    { limits: { batchCountMax: 0 }, message: /batchCountMax/ },
    { limits: { batchCountMax: 1.5 }, message: /batchCountMax/ },
  ])('that contradict each other are refused: $limits', ({ limits, message }) => {
    expect(() => toRpcLimits(limits)).toThrow(message);
  });
});

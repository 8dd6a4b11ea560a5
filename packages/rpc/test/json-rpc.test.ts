/** JSON-RPC 2.0 as clients speak it: ids, notifications, batches, parameters, errors. */
import { describe, expect, it } from 'vitest';
import { type Answer, startTestServer } from './kit/server.ts';

const call = (id: unknown, method = 'eth_chainId', params: unknown = []): Record<string, unknown> => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

describe('one call', () => {
  it.each([1, 0, -5, 1.5, 'abc', '', null, 2 ** 53 - 1])('answers with the id %j', async (id) => {
    const { post } = await startTestServer();
    expect(JSON.parse((await post(JSON.stringify(call(id)))).text)).toEqual({ jsonrpc: '2.0', id, result: '0x4ee8' });
  });

  it('answers nothing to a notification, but does it', async () => {
    const { post, server } = await startTestServer();
    const { status, text } = await post('{"jsonrpc":"2.0","method":"eth_chainId"}');
    expect({ status, text }).toEqual({ status: 204, text: '' });
    expect(server.metrics()['rpc_calls_total']).toBe(1);
    // Not even an error.
    expect((await post('{"jsonrpc":"2.0","method":"eth_nothing"}')).text).toBe('');
  });

  it('answers with a content type and no cache', async () => {
    const { post } = await startTestServer();
    expect((await post(JSON.stringify(call(1)))).headers.get('content-type')).toMatch(/^application\/json/);
  });

  it.each(['', '{', '{"jsonrpc":"2.0",', 'nonsense', '"\u0000"'])('refuses %j as no JSON: -32700', async (body) => {
    const { post } = await startTestServer();
    const { error, id } = JSON.parse((await post(body)).text) as Answer;
    expect(id).toBeNull();
    expect(error?.code).toBe(-32700);
  });

  it.each([
    { body: 7, id: null },
    { body: null, id: null },
    { body: {}, id: null },
    { body: { id: 3, method: 'eth_chainId' }, id: 3 },
    { body: { jsonrpc: '1.0', id: 'a', method: 'eth_chainId' }, id: 'a' },
    { body: { jsonrpc: '2.0', id: 3 }, id: 3 },
    { body: { jsonrpc: '2.0', id: 3, method: 1 }, id: 3 },
    { body: { jsonrpc: '2.0', id: 3, method: 'eth_chainId', params: 'x' }, id: 3 },
    { body: { jsonrpc: '2.0', id: {}, method: 'eth_chainId' }, id: null },
    { body: { jsonrpc: '2.0', id: true, method: 'eth_chainId' }, id: null },
  ])('refuses $body as no request: -32600', async ({ body, id }) => {
    const { post } = await startTestServer();
    const answer = JSON.parse((await post(JSON.stringify(body))).text) as Answer;
    expect(answer).toMatchObject({ id, error: { code: -32600 } });
  });

  it.each(['eth_nothing', '', 'toString', '__proto__', 'constructor'])(
    'refuses the unknown method %j: -32601',
    async (method) => {
      const { error } = await startTestServer();
      expect(await error(method)).toEqual({
        code: -32601,
        message: `the method ${method} does not exist/is not available`,
      });
    },
  );

  it('takes null and nothing for no parameters', async () => {
    const { post } = await startTestServer();
    for (const params of [null, undefined, [], {}]) {
      expect(JSON.parse((await post(JSON.stringify({ ...call(1), params }))).text)).toMatchObject({ result: '0x4ee8' });
    }
  });
});

describe('parameters', () => {
  const address = `0x${'11'.repeat(20)}`;

  it('may come by name', async () => {
    const { result, error } = await startTestServer();
    expect(await result('eth_getBalance', { address, block: 'latest' })).toBe('0xff');
    expect(await result('eth_getBalance', { address })).toBe('0xff');
    expect(await error('eth_getBalance', { address, blok: 'latest' })).toEqual({
      code: -32602,
      message: 'unknown parameter blok',
    });
  });

  it('says which one is missing', async () => {
    const { error } = await startTestServer();
    const missing = { code: -32602, message: 'missing value for required argument 0 (address)' };
    expect(await error('eth_getBalance', [])).toEqual(missing);
    expect(await error('eth_getBalance', {})).toEqual(missing);
    expect(await error('eth_getBalance', [null, 'latest'])).toEqual(missing);
    expect(await error('eth_getStorageAt', [address])).toMatchObject({
      message: 'missing value for required argument 1 (slot)',
    });
  });

  it('refuses more than there are', async () => {
    const { error } = await startTestServer();
    expect(await error('eth_getBalance', [address, 'latest', 1])).toEqual({
      code: -32602,
      message: 'too many arguments, want at most 2',
    });
  });

  it.each([
    { method: 'eth_getBalance', params: ['0x12', 'latest'], message: /^address must be an address.*"0x12"/ },
    { method: 'eth_getBalance', params: [address, 'lates'], message: /^block must be latest.*"lates"/ },
    { method: 'eth_getBalance', params: [address, '0x01'], message: /^block must be a quantity/ },
    { method: 'eth_getBalance', params: [address, 7], message: /^block must be latest/ },
    { method: 'eth_getBalance', params: [address, {}], message: /either blockHash or blockNumber/ },
    { method: 'eth_getTransactionByHash', params: ['0x1234'], message: /^transactionHash must be a hash/ },
    { method: 'eth_getTransactionByHash', params: [7], message: /^transactionHash must be a hash.*got 7/ },
    { method: 'eth_sendRawTransaction', params: ['0x123'], message: /^transaction must be bytes/ },
    { method: 'eth_sendRawTransaction', params: ['0xzz'], message: /^transaction must be bytes/ },
    { method: 'eth_call', params: [7], message: /^call must be an object/ },
    { method: 'eth_call', params: [{ to: address, data: '0x01', input: '0x02' }], message: /not equal/ },
    { method: 'eth_call', params: [{ to: address, value: '0x00' }], message: /^value must be a quantity/ },
    { method: 'eth_call', params: [{ to: address, chainId: '0x1' }], message: /chainId is 1, this is chain 20200/ },
    { method: 'eth_getBlockByNumber', params: ['latest', 'yes'], message: /^full must be true or false/ },
    { method: 'eth_feeHistory', params: ['0x1', 'latest', [50, 40]], message: /ascend/ },
    { method: 'eth_feeHistory', params: ['0x1', 'latest', [101]], message: /ascend/ },
    { method: 'eth_getLogs', params: [{ topics: [1] }], message: /^filter.topics must be a hash/ },
    { method: 'eth_getLogs', params: [{ topics: [[], [], [], [], []] }], message: /5 entries, 4 are allowed/ },
    { method: 'debug_traceTransaction', params: [`0x${'00'.repeat(32)}`, { tracer: 'x' }], message: /^tracer must be/ },
  ])('$method refuses $params', async ({ method, params, message }) => {
    const { error, internalErrors } = await startTestServer();
    const refusal = await error(method, params);
    expect(refusal).toMatchObject({ code: -32602, message: expect.stringMatching(message) });
    expect(internalErrors).toEqual([]);
  });

  it('that are nested without end are refused as wrong, they are no fault of the node', async () => {
    const { post, internalErrors } = await startTestServer();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const { text } = await post(`{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[${deep}]}`);
    expect(JSON.parse(text)).toMatchObject({ error: { code: expect.toSatisfy((c) => c === -32602 || c === -32700) } });
    expect(internalErrors).toEqual([]);
  });
});

describe('a batch', () => {
  it('is answered in order; notifications are left out, wrong members are refused alone', async () => {
    const { post } = await startTestServer();
    const { text } = await post(
      JSON.stringify([
        call(1),
        { jsonrpc: '2.0', method: 'eth_chainId' },
        7,
        call('x', 'eth_nothing'),
        [],
        call(2, 'eth_getBalance', [`0x${'11'.repeat(20)}`]),
      ]),
    );
    expect(JSON.parse(text)).toEqual([
      { jsonrpc: '2.0', id: 1, result: '0x4ee8' },
      { jsonrpc: '2.0', id: null, error: { code: -32600, message: expect.any(String) } },
      { jsonrpc: '2.0', id: 'x', error: { code: -32601, message: expect.any(String) } },
      { jsonrpc: '2.0', id: null, error: { code: -32600, message: expect.any(String) } },
      { jsonrpc: '2.0', id: 2, result: '0xff' },
    ]);
  });

  it('of notifications alone is answered by nothing', async () => {
    const { post } = await startTestServer();
    const { status, text } = await post('[{"jsonrpc":"2.0","method":"eth_chainId"}]');
    expect({ status, text }).toEqual({ status: 204, text: '' });
  });

  it('without members is one error', async () => {
    const { post } = await startTestServer();
    expect(JSON.parse((await post('[]')).text)).toMatchObject({ id: null, error: { code: -32600 } });
  });

  it('of one is answered by a list of one', async () => {
    const { post } = await startTestServer();
    expect(JSON.parse((await post(JSON.stringify([call(1)]))).text)).toHaveLength(1);
  });
});

describe('faults of the node', () => {
  it('are hidden from clients, and handed to the log with the method', async () => {
    const thrown = new Error('secret path /x');
    const seen: unknown[] = [];
    const { error, server } = await startTestServer({
      backend: {
        peerCount: () => {
          throw thrown;
        },
      },
      onInternalError: (cause, method) => seen.push(cause, method),
    });
    const refusal = await error('net_peerCount');
    expect(refusal).toMatchObject({ code: -32603, message: 'internal error', data: { code: 'RPC_INTERNAL' } });
    expect(seen).toEqual([thrown, 'net_peerCount']);
    expect(server.metrics()).toMatchObject({ rpc_internal_errors_total: 1, rpc_errors_total: 1 });
  });
});

/** Who may ask: content type, Host, Origin, preflight, token; and how the server starts and stops. */
import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type RpcServerOptions, startRpcServer } from '../src/index.ts';
import { createAccessCheck } from '../src/server/access.ts';
import { createTestChain } from './kit/chain.ts';
import { type Answer, startTestServer } from './kit/server.ts';
import { TLS_CERTIFICATE, TLS_KEY } from './kit/tls.ts';

const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' });

/** Without the headers that fetch does not let anybody set. */
function raw(
  port: number,
  headers: Readonly<Record<string, string>>,
  options: { readonly method?: string; readonly path?: string; readonly body?: string } = {},
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/', body = BODY } = options;
    const call = request({ port, host: '127.0.0.1', method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    call.on('error', reject);
    call.end(method === 'POST' ? body : undefined);
  });
}
const OTHER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const json = { 'content-type': 'application/json' };
const remedyOf = (text: string): unknown => (JSON.parse(text) as Answer).error?.data;

describe('content type', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])('%s is served', async (type) => {
    const { port } = await startTestServer();
    expect((await raw(port, { 'content-type': type })).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
    '%s is refused: a browser sends some of these without asking',
    async (type) => {
      const { port, server } = await startTestServer();
      const { status, text } = await raw(port, { 'content-type': type });
      expect(status).toBe(415);
      expect((JSON.parse(text) as Answer).error).toMatchObject({
        code: -32600,
        message: 'content type must be application/json',
      });
      expect(server.metrics()['rpc_calls_total']).toBe(0);
    },
  );

  it('none at all is refused', async () => {
    const { port, server } = await startTestServer();
    expect((await raw(port, {})).status).toBe(415);
    expect(server.metrics()['rpc_calls_total']).toBe(0);
  });
});

describe('paths and methods', () => {
  it.each([
    { method: 'GET', path: '/', status: 405 },
    { method: 'GET', path: '/x', status: 404 },
    { method: 'POST', path: '/x', status: 404 },
    { method: 'DELETE', path: '/', status: 404 },
    { method: 'HEAD', path: '/', status: 404 },
  ])('$method $path: $status', async ({ method, path, status }) => {
    const { port } = await startTestServer();
    const answer = await raw(port, json, { method, path });
    expect(answer.status).toBe(status);
    if (method !== 'HEAD') expect((JSON.parse(answer.text) as Answer).error?.code).toBe(-32600);
    if (status === 405) expect(answer.headers['allow']).toBe('POST, OPTIONS');
  });
});

describe('Host', () => {
  it.each([
    { host: 'localhost', status: 200 },
    { host: 'LOCALHOST:8545', status: 200 },
    { host: '127.0.0.1:8545', status: 200 },
    { host: '10.1.2.3', status: 200 },
    { host: '[::1]:8545', status: 200 },
    { host: '[::1]', status: 200 },
    { host: 'node.bank.example:8545', status: 200 },
    { host: 'evil.example', status: 403 },
    { host: 'localhost.evil.example', status: 403 },
    { host: '127.0.0.1.evil.example', status: 403 },
    { host: 'evil.example:127', status: 403 },
  ])('$host: $status', async ({ host, status }) => {
    const { port, server } = await startTestServer({ hosts: ['Node.Bank.example'] });
    const answer = await raw(port, { ...json, host });
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(remedyOf(answer.text)).toMatchObject({ code: 'RPC_HTTP_403', remedy: expect.stringContaining('rpc.hosts') });
    expect(server.metrics()['rpc_calls_total']).toBe(0);
  });

  it('that is empty is refused; a client of HTTP/1.0 that sends none is no browser', () => {
    const access = createAccessCheck({ corsOrigins: [], hosts: [], token: undefined });
    expect(access({ host: '' }).type).toBe('refused');
    expect(access({}).type).toBe('granted');
  });

  it('may be any when the node says so', async () => {
    const { port } = await startTestServer({ hosts: ['*'] });
    expect((await raw(port, { ...json, host: 'evil.example' })).status).toBe(200);
  });
});

describe('Origin', () => {
  const corsOrigins = ['http://localhost', 'https://wallet.example:8443', 'moz-extension://*'];

  it.each([
    { origin: 'http://localhost', status: 200 },
    { origin: 'http://localhost:3000', status: 200 },
    { origin: 'https://wallet.example:8443', status: 200 },
    { origin: 'moz-extension://6f2a0c3e-1111-2222-3333-444455556666', status: 200 },
    { origin: 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn', status: 403 },
    { origin: 'https://wallet.example', status: 403 },
    { origin: 'https://localhost', status: 403 },
    { origin: 'http://localhost.evil.example', status: 403 },
    { origin: 'null', status: 403 },
    { origin: '', status: 403 },
  ])('$origin: $status', async ({ origin, status }) => {
    const { port } = await startTestServer({ corsOrigins });
    const answer = await raw(port, { ...json, origin });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(status === 200 ? origin : undefined);
    if (status === 200) expect(answer.headers['vary']).toBe('Origin');
    else expect(remedyOf(answer.text)).toMatchObject({ remedy: expect.stringContaining('rpc.cors_origins') });
  });

  it('preflight is answered for pages that may call, and for no others', async () => {
    const { port } = await startTestServer({ corsOrigins, token: 'a-token-of-16-chars' });
    const ask = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    // A browser sends no token with it.
    const granted = await raw(port, { ...ask, origin: 'http://localhost:3000' }, { method: 'OPTIONS' });
    expect(granted).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'http://localhost:3000',
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type, authorization',
      },
    });
    const refused = await raw(port, { ...ask, origin: 'https://evil.example' }, { method: 'OPTIONS' });
    expect(refused.status).toBe(403);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('holds for WebSockets, which ask for no preflight', async () => {
    const { socket } = await startTestServer({ corsOrigins });
    await expect(socket({ origin: 'https://evil.example' })).rejects.toThrow('403');
    expect(await (await socket({ origin: 'http://localhost:3000' })).result('eth_chainId')).toBe('0x4ee8');
  });
});

describe('token', () => {
  const token = '0123456789abcdef0123456789abcdef';

  it.each([
    { authorization: `Bearer ${token}`, status: 200 },
    { authorization: `Bearer ${token}x`, status: 401 },
    { authorization: `Bearer ${token.slice(1)}`, status: 401 },
    { authorization: `bearer ${token}`, status: 401 },
    { authorization: token, status: 401 },
    { authorization: 'Bearer ', status: 401 },
    { authorization: '', status: 401 },
  ])('$authorization: $status', async ({ authorization, status }) => {
    const { port, server, socket } = await startTestServer({ token });
    const answer = await raw(port, { ...json, authorization });
    expect(answer.status).toBe(status);
    if (status === 200) {
      expect(await (await socket({ authorization })).result('eth_chainId')).toBe('0x4ee8');
      return;
    }
    expect((JSON.parse(answer.text) as Answer).error).toMatchObject({ code: -32006, message: 'unauthorized' });
    await expect(socket({ authorization })).rejects.toThrow('401');
    expect(server.metrics()['rpc_calls_total']).toBe(0);
  });

  it('is not compared letter by letter', () => {
    const access = createAccessCheck({ corsOrigins: [], hosts: [], token });
    expect(access({ authorization: `Bearer ${token}` }).type).toBe('granted');
    expect(access({}).type).toBe('refused');
  });
});

describe('start and stop', () => {
  const options: RpcServerOptions = {
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    hosts: [],
    token: undefined,
    tls: undefined,
    limits: {},
    onInternalError: () => undefined,
  };

  it('a port in use: RPC_PORT_BUSY, nothing stays behind', async () => {
    const { port } = await startTestServer();
    const chain = createTestChain();
    await expect(startRpcServer({ ...options, port }, chain)).rejects.toMatchObject({
      code: 'RPC_PORT_BUSY',
      message: expect.stringContaining(String(port)),
      remedy: expect.stringContaining('rpc.port'),
    });
    expect(chain.listenerCount()).toBe(0);
  });

  it('an address that is not of this machine: RPC_LISTEN_FAILED', async () => {
    await expect(startRpcServer({ ...options, host: '192.0.2.1' }, createTestChain())).rejects.toMatchObject({
      code: 'RPC_LISTEN_FAILED',
      remedy: expect.stringContaining('rpc.host'),
    });
  });

  it.each([
    { name: 'no PEM', tls: { certificate: 'x', key: 'y' } },
    { name: 'no key', tls: { certificate: TLS_CERTIFICATE, key: '' } },
    { name: 'swapped', tls: { certificate: TLS_KEY, key: TLS_CERTIFICATE } },
    { name: 'of another', tls: { certificate: TLS_CERTIFICATE, key: OTHER_KEY } },
    { name: 'cut off', tls: { certificate: TLS_CERTIFICATE, key: TLS_KEY.slice(0, 120) } },
  ])('a certificate and key that do not fit ($name): RPC_TLS_INVALID', async ({ tls }) => {
    await expect(startRpcServer({ ...options, tls }, createTestChain())).rejects.toMatchObject({
      code: 'RPC_TLS_INVALID',
      remedy: expect.stringContaining('rpc.tls_certificate_file'),
    });
  });

  it('with TLS speaks TLS and nothing else', async () => {
    const { port, server } = await startTestServer({ tls: { certificate: TLS_CERTIFICATE, key: TLS_KEY } });
    expect(server.url).toBe(`https://127.0.0.1:${port}`);
    const text = await new Promise<string>((resolve, reject) => {
      const call = requestTls(
        { port, host: '127.0.0.1', method: 'POST', headers: json, ca: TLS_CERTIFICATE },
        (response) => response.on('data', (chunk: Buffer) => resolve(chunk.toString())),
      );
      call.on('error', reject);
      call.end(BODY);
    });
    expect(JSON.parse(text)).toMatchObject({ result: '0x4ee8' });
    await expect(raw(port, json)).rejects.toThrow();
  });

  it('tells its address, of IPv6, too', async () => {
    const server = await startRpcServer({ ...options, host: '::1' }, createTestChain());
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    await server.stop();
  });

  it('stop closes open connections and WebSockets at once, and a second stop does nothing', async () => {
    const { server, port, socket, chain } = await startTestServer();
    const connection = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => connection.once('close', resolve));
    connection.on('error', () => undefined);
    connection.write('POST / HTTP/1.1\r\n');
    const open = await socket();
    await open.result('eth_subscribe', ['newHeads']);
    expect(chain.listenerCount()).toBe(1);
    await server.stop();
    await Promise.all([closed, open.closed()]);
    expect(chain.listenerCount()).toBe(0);
    await server.stop();
  });
});

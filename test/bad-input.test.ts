/** What clients and operators get wrong, on purpose or not: each is refused in words, and nothing is lost. */
import { request } from 'node:http';
import { connect } from 'node:net';
import {
  type Hex,
  hexToBigInt,
  numberToHex,
  parseTransaction,
  serializeTransaction,
  type TransactionSerializableLegacy,
} from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type ReadyNode, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';
import { CHAIN_ID, Wallet } from './kit/wallet.ts';
import { Witness } from './kit/witness.ts';

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string };

let net: TestDevnet;
let witness: Witness;
const wallet = new Wallet(8);
const node = (): ReadyNode => net.ready.nodes[1] as ReadyNode;

beforeAll(async () => {
  net = await startDevnet();
  witness = new Witness(net, 9);
  await witness.check();
}, 120_000);

afterEach(() => witness.check({ via: 1 }));
afterAll(() => net.dispose());

/** Bytes as they are, without the good manners of fetch. */
function post(body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      node().rpc,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    // A server that refuses early closes before all was sent, and the reset may overtake its answer: status 0.
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') resolve({ status: 0, headers: {}, text: '' });
      else reject(error);
    });
    call.end(body);
  });
}

const errorOf = (answer: Answer): { code: number; message: string; data?: { code?: string; remedy?: string } } =>
  (JSON.parse(answer.text) as { error: { code: number; message: string } }).error;
const call = (method: string, params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const send = (raw: string): Promise<Answer> => post(call('eth_sendRawTransaction', [raw]));

describe('requests that are none', () => {
  it.each([
    { name: 'cut off JSON', body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"' },
    { name: 'no JSON at all', body: 'hello' },
    { name: 'nothing', body: '' },
    { name: 'bytes that are no UTF-8', body: Buffer.from([0xff, 0xfe, 0x80, 0x00]) },
    { name: '100,000 opening brackets', body: '['.repeat(100_000) },
  ])('malformed JSON: $name', async ({ body }) => {
    const answer = await post(body);
    expect(errorOf(answer)).toMatchObject({ code: expect.toSatisfy((code) => code === -32700 || code === -32600) });
  });

  it.each([
    { name: 'a number', body: '1' },
    { name: 'null', body: 'null' },
    { name: 'an empty batch', body: '[]' },
    { name: 'another version', body: '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}' },
    { name: 'a method that is a number', body: '{"jsonrpc":"2.0","id":1,"method":1}' },
  ])('no request: $name', async ({ body }) => {
    expect(errorOf(await post(body)).code).toBe(-32600);
  });

  it('JSON of 200,000 levels within a call', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const answer = await post(`{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${deep}}`);
    expect(errorOf(answer).code).toBeLessThan(0);
  });

  it('a body of 10 MB', async () => {
    const body = call('eth_sendRawTransaction', [`0x${'00'.repeat(5_000_000)}`]);
    const answer = await until(
      async () => {
        const each = await post(body);
        expect([0, 413]).toContain(each.status);
        return each.status === 413 && each;
      },
      10_000,
      'the refusal is read before the reset',
    );
    expect(errorOf(answer)).toMatchObject({ message: expect.stringContaining('5242880 bytes') });
    expect(errorOf(answer).data?.remedy).toContain('rpc.body_bytes_max');
  });

  it('a batch of 10,000 calls', async () => {
    const batch = Array.from({ length: 10_000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'eth_chainId' }));
    expect(errorOf(await post(JSON.stringify(batch)))).toMatchObject({
      code: -32005,
      message: 'batch has 10000 calls, 500 are allowed',
    });
  });

  it('an unknown method, and one of an object’s own', async () => {
    for (const method of ['eth_mine', 'constructor', '__proto__', '']) {
      expect(errorOf(await post(call(method, []))).code).toBe(-32601);
    }
  });

  it('wrong parameters: too few, too many, of the wrong type', async () => {
    for (const [method, params] of [
      ['eth_getBalance', []],
      ['eth_chainId', [1, 2, 3]],
      ['eth_getBlockByNumber', ['0xzz', false]],
      ['eth_getBlockByNumber', ['0xffffffffffffffffffff', false]],
      ['eth_getTransactionReceipt', ['0x12']],
      ['eth_sendRawTransaction', [{}]],
      ['eth_getLogs', [{ fromBlock: 'yesterday' }]],
    ] as const) {
      expect(errorOf(await post(call(method, params))).code, method).toBe(-32602);
    }
  });
});

describe('transactions that are none', () => {
  it('of another chain', async () => {
    const { raw } = await wallet.sign({ nonce: 0, chainId: 1 });
    const error = errorOf(await send(raw));
    expect(error.code).toBe(-32000);
    expect(error.message).toMatch(/chain id/);
    expect(error.message).toContain(String(CHAIN_ID));
  });

  it('with a high s, which would be a second form of the same transaction', async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const signed = await wallet.account.signTransaction({
      type: 'legacy',
      chainId: CHAIN_ID,
      nonce: 0,
      gas: 21_000n,
      gasPrice: 0n,
      to: wallet.address,
    });
    const { r, s, v, ...transaction } = parseTransaction(signed);
    const parity = (v as bigint) - BigInt(CHAIN_ID) * 2n - 35n;
    const high = numberToHex(order - hexToBigInt(s as Hex), { size: 32 });
    const malleable = serializeTransaction(transaction as TransactionSerializableLegacy, {
      r: r as Hex,
      s: high,
      v: BigInt(CHAIN_ID) * 2n + 35n + (1n - parity),
    });
    expect(errorOf(await send(malleable))).toMatchObject({
      code: -32000,
      message: expect.stringContaining('above half of the order'),
    });
    // Nothing of it stays: the right form is accepted, and its nonce is free.
    expect(await rpc(node().rpc, 'eth_getTransactionCount', [wallet.address, 'pending'])).toBe('0x0');
  });

  it('in RLP that is cut off, too long, not canonical, or nothing at all', async () => {
    const { raw } = await wallet.sign({ nonce: 0 });
    const bytes = raw.slice(2);
    for (const wrong of ['', '00', 'c0', 'ff'.repeat(40), bytes.slice(0, -2), `${bytes}00`, `02f9${bytes.slice(4)}`]) {
      const error = errorOf(await send(`0x${wrong}`));
      expect(error.code, wrong.slice(0, 20)).toBe(-32000);
    }
    for (const wrong of ['0x1', '02', '0xzz']) expect(errorOf(await send(wrong)).code).toBe(-32602);
  });

  it('of kinds that this chain does not have: blobs and set-code, refused by name', async () => {
    expect(errorOf(await send(`0x03${'c0'.repeat(1)}`)).message).toMatch(/blob/);
    expect(errorOf(await send(`0x04${'c0'.repeat(1)}`)).message).toMatch(/set.?code/);
  });

  it('that the sender cannot pay, that come too late, or ask for too much gas', async () => {
    const poor = await new Wallet(40).sign({ value: 1n });
    expect(errorOf(await send(poor.raw)).message).toContain('insufficient funds for gas * price + value');
    await rpc(node().rpc, 'eth_sendRawTransactionSync', [(await wallet.sign()).raw]);
    expect(errorOf(await send((await wallet.sign({ nonce: 0, value: 5n })).raw)).message).toContain('nonce too low');
    const greedy = await wallet.sign({ nonce: 1, gas: 20_000_000n });
    expect(errorOf(await send(greedy.raw)).message).toMatch(/gas/);
  });
});

describe('connections that mean no good', () => {
  const evil = 'https://evil.example';

  it('a browser page of another origin', async () => {
    const answer = await post(call('eth_chainId', []), { origin: evil });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(errorOf(answer).data?.remedy).toContain('rpc.cors_origins');
    // A page may send text/plain without asking first: it must not count as a call.
    const simple = await post(call('eth_chainId', []), { 'content-type': 'text/plain' });
    expect(simple.status).toBe(415);
    const allowed = await post(call('eth_chainId', []), { origin: 'http://localhost:3000' });
    expect(allowed).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'http://localhost:3000' } });
  });

  it('a browser page whose host name was made to point here', async () => {
    expect((await post(call('eth_chainId', []), { host: 'evil.example' })).status).toBe(403);
  });

  it('a WebSocket from a page of another origin', async () => {
    const outcome = await new Promise<string>((resolve) => {
      const socket = new WebSocket(node().rpc.replace('http', 'ws'), { origin: evil });
      socket.once('open', () => resolve('open'));
      socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
      socket.once('error', (error) => resolve(error.message));
    });
    expect(outcome).toBe('403');
  });

  it('slow-loris: headers that never end are cut off, and others are served meanwhile', async () => {
    const { port } = new URL(node().rpc);
    let closedCount = 0;
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('close', () => closedCount++);
      socket.write('POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n');
      return socket;
    });
    const drip = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x-a: b\r\n');
    }, 500);
    try {
      await witness.check({ via: 1, nodes: [1] });
      await until(() => closedCount === sockets.length, 16_000, 'all slow connections are closed');
    } finally {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    }
  });

  it('garbage in place of HTTP', async () => {
    const { port } = new URL(node().rpc);
    const answered = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', () => undefined);
      socket.write(Buffer.alloc(4_096, 0xa5));
    });
    expect(answered).toMatch(/^(HTTP\/1\.1 400|$)/);
  });
});

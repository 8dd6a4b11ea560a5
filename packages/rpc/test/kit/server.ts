/** A real server on a port of its own, and clients that speak to it as other programs do. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { RpcBackend } from '../../src/backend.ts';
import { type RpcServer, type RpcServerOptions, startRpcServer } from '../../src/index.ts';
import { createTestChain, type TestChain } from './chain.ts';

export type Reply = { readonly status: number; readonly headers: Headers; readonly text: string };
export type RpcError = { readonly code: number; readonly message: string; readonly data?: unknown };
export type Answer = { readonly id: unknown; readonly result?: unknown; readonly error?: RpcError };

export type TestServer = {
  readonly chain: TestChain;
  readonly server: RpcServer;
  readonly port: number;
  /** What methods threw. */
  readonly internalErrors: unknown[];
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** One call over HTTP, with its answer. */
  ask(method: string, params?: unknown): Promise<Answer>;
  /** @throws when it was refused */
  result<T = unknown>(method: string, params?: unknown): Promise<T>;
  /** @throws when it was not refused */
  error(method: string, params?: unknown): Promise<RpcError>;
  socket(headers?: Readonly<Record<string, string>>): Promise<TestSocket>;
};

export type TestSocket = {
  readonly raw: WebSocket;
  send(text: string): void;
  /** The next message that came. */
  next<T = Answer>(): Promise<T>;
  result<T = unknown>(method: string, params?: unknown): Promise<T>;
  closed(): Promise<number>;
};

export type TestServerOptions = Partial<RpcServerOptions> & { readonly backend?: Partial<RpcBackend> };

export async function startTestServer({ backend, ...options }: TestServerOptions = {}): Promise<TestServer> {
  const chain = createTestChain(backend);
  const internalErrors: unknown[] = [];
  const server = await startRpcServer(
    {
      host: '127.0.0.1',
      port: 0,
      corsOrigins: [],
      hosts: [],
      token: undefined,
      tls: undefined,
      limits: {},
      onInternalError: (error) => internalErrors.push(error),
      ...options,
    },
    chain,
  );
  onTestFinished(() => server.stop());
  const post = async (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const ask = async (method: string, params: unknown = []): Promise<Answer> =>
    JSON.parse((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).text) as Answer;
  return {
    chain,
    server,
    port: Number(new URL(server.url).port),
    internalErrors,
    post,
    ask,
    result: async <T>(method: string, params?: unknown) => {
      const answer = await ask(method, params);
      if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
      return answer.result as T;
    },
    error: async (method, params) => {
      const { error, result } = await ask(method, params);
      if (error === undefined) throw new Error(`${method} was answered: ${JSON.stringify(result)}`);
      return error;
    },
    socket: (headers = {}) => openSocket(server.url.replace('http', 'ws'), headers),
  };
}

export async function openSocket(url: string, headers: Readonly<Record<string, string>> = {}): Promise<TestSocket> {
  const raw = new WebSocket(url, { headers });
  const messages: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const closing = new Promise<number>((resolve) => raw.once('close', resolve));
  raw.on('message', (data) => {
    const text = data.toString();
    const first = waiting.shift();
    if (first === undefined) messages.push(text);
    else first(text);
  });
  await once(raw, 'open');
  raw.on('error', () => undefined);
  onTestFinished(() => raw.terminate());
  const nextText = (): Promise<string> => {
    const text = messages.shift();
    return text === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(text);
  };
  const next = async <T>(): Promise<T> => JSON.parse(await nextText()) as T;
  return {
    raw,
    send: (text) => raw.send(text),
    next,
    result: async <T>(method: string, params: unknown = []) => {
      raw.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
      const answer = await next<Answer>();
      if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
      return answer.result as T;
    },
    closed: () => closing,
  };
}

/** For expect.poll: looked at often, given up late, since tests share their machine. */
export const SOON = { timeout: 15_000, interval: 5 };

/** A promise and how to fulfil it. */
export function gate<T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

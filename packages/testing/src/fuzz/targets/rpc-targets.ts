/** Bodies of JSON-RPC over HTTP, to a real server on a port of its own, with calls of every described method. */
import { Agent, request } from 'node:http';
import { bytesToHex } from '@hansa/primitives';
import { encodeUtf8 } from '@hansa/protocol';
import { type RpcServer, startRpcServer } from '@hansa/rpc';
import { METHODS, type MethodDescription } from '@hansa/rpc-schema';
import WebSocket from 'ws';
import type { Prng } from '../../simulator/prng.ts';
import { jsonOfSchema } from '../json-values.ts';
import { createFuzzBackend } from '../rpc-backend.ts';
import { createTarget, type FuzzBudget, type FuzzTarget } from '../target.ts';
import { jsonOf } from './text-targets.ts';
import { signedTransaction } from './transaction-targets.ts';

type Running = { readonly server: RpcServer; readonly agent: Agent; readonly errors: string[] };
type Reply = { readonly status: number; readonly text: string };

export function rpcTargets(): FuzzTarget[] {
  return [httpTarget(), socketTarget()];
}

function httpTarget(): FuzzTarget {
  let running: Promise<Running> | undefined;
  return createTarget({
    name: 'json-rpc',
    about: 'bodies of JSON-RPC, with calls of every described method',
    budget: BUDGET,
    keepsInput: true,
    generate: (prng) => rpcBody(prng),
    decode: async (input) => {
      running ??= start();
      const { server, agent, errors } = await running;
      const reply = await post(server.url, agent, input);
      throwFirst(errors);
      return reply;
    },
    check: replyFault,
    stop: async () => {
      const { server, agent } = (await running) ?? {};
      running = undefined;
      agent?.destroy();
      await server?.stop();
    },
  });
}

/** A call that is sent behind each input: when it is answered, the input has been read. */
const END = '{"jsonrpc":"2.0","id":"the end","method":"eth_chainId"}';

function socketTarget(): FuzzTarget {
  let running: Promise<Running> | undefined;
  let socket: WebSocket | undefined;
  return createTarget({
    name: 'json-rpc-socket',
    about: 'messages of JSON-RPC over WebSocket, subscriptions among them',
    budget: BUDGET,
    keepsInput: true,
    generate: (prng) => rpcBody(prng),
    decode: async (input) => {
      running ??= start();
      const { server, errors } = await running;
      if (socket?.readyState !== WebSocket.OPEN) socket = await connect(server.url);
      const replies = await converse(socket, input);
      throwFirst(errors);
      return replies;
    },
    // Slow calls answer late: an answer may belong to an input before this one.
    check: (replies) => {
      for (const text of replies) {
        const fault = replyFault({ status: 200, text });
        if (fault !== undefined && !text.includes('"method":"eth_subscription"')) return fault;
      }
      return undefined;
    },
    stop: async () => {
      socket?.terminate();
      socket = undefined;
      await (await running)?.server.stop();
      running = undefined;
    },
  });
}

/** Over the network, and a batch may execute several calls. */
const BUDGET: Partial<FuzzBudget> = { timeMs: 100, memoryBase: 8 * 1024 * 1024, memoryPerByte: 2_048 };

function throwFirst(errors: string[]): void {
  const error = errors.pop();
  if (error !== undefined) throw new Error(`a method has thrown: ${error}`);
}

function connect(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.once('open', () => resolve(socket));
    // Later ones end in a close: bytes that are no UTF-8 make the server hang up, which is right.
    socket.on('error', reject);
  });
}

/** What comes until the end of the input is answered; undefined when the server hangs up. */
function converse(socket: WebSocket, input: Uint8Array): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => {
    const replies: string[] = [];
    const finish = (result: readonly string[] | undefined): void => {
      socket.off('message', onMessage);
      socket.off('close', onClose);
      resolve(result);
    };
    const onMessage = (data: { toString(): string }): void => {
      const text = data.toString();
      if (text.includes('"id":"the end"')) finish(replies);
      else replies.push(text);
    };
    const onClose = (): void => finish(undefined);
    socket.on('message', onMessage);
    socket.on('close', onClose);
    socket.send(input, { binary: false });
    socket.send(END);
  });
}

async function start(): Promise<Running> {
  const errors: string[] = [];
  const server = await startRpcServer(
    {
      host: '127.0.0.1',
      port: 0,
      corsOrigins: [],
      hosts: [],
      token: undefined,
      tls: undefined,
      // Nothing becomes final here: waiting for it would only take time.
      limits: { syncWaitMs: 1, syncWaitMsMax: 2, receiptWaitMs: 1, batchCountMax: 50, filterCountMax: 64 },
      onInternalError: (error, method) => {
        const { message = String(error), stack = '' } = error instanceof Error ? error : {};
        errors.push(`${method}: ${message} ${stack.split('\n').slice(1, 3).join(' ')}`);
      },
    },
    createFuzzBackend(),
  );
  return { server, agent: new Agent({ keepAlive: true, maxSockets: 1 }), errors };
}

function post(url: string, agent: Agent, body: Uint8Array): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: string[] = [];
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: chunks.join('') }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** One call mostly, sometimes a batch, sometimes something that is nearly a call. */
function rpcBody(prng: Prng): Uint8Array {
  const hostility = prng.pick([0, 0.05, 0.3]);
  const one = (): unknown => {
    const method = prng.pick(METHODS);
    return {
      jsonrpc: '2.0',
      id: prng.pick([1, 'a', null]),
      method: method.name,
      params: paramsOf(prng, method, hostility),
    };
  };
  const value = prng.chance(0.85) ? one() : Array.from({ length: 1 + prng.below(4) }, one);
  return encodeUtf8(JSON.stringify(value).replace(/\\ud[89a-f]../g, ''));
}

function paramsOf(prng: Prng, method: MethodDescription, hostility: number): unknown {
  const values = method.params
    .filter(({ required }) => required || prng.chance(0.6))
    .map((param) => [param.name, paramOf(prng, method.name, jsonOfSchema(prng, param.schema, hostility))] as const);
  return prng.chance(0.85) ? values.map(([, value]) => value) : Object.fromEntries(values);
}

/** Raw transactions are not met by chance. */
function paramOf(prng: Prng, method: string, value: unknown): unknown {
  return method.startsWith('eth_sendRaw') && prng.chance(0.7) ? `0x${bytesToHex(signedTransaction(prng))}` : value;
}

/** JSON-RPC 2.0: an answer for each call that has an id, with a result or an error that has code and message. */
function replyFault({ status, text }: Reply, input: Uint8Array = new Uint8Array(0)): string | undefined {
  if (text === '') return [200, 202, 204].includes(status) ? undefined : `status ${status} without a word`;
  const answer = jsonOf(encodeUtf8(text));
  if (answer === undefined) return `status ${status}: an answer that is no JSON: ${text.slice(0, 200)}`;
  const answers = Array.isArray(answer) ? answer : [answer];
  for (const one of answers as (Readonly<Record<string, unknown>> | null)[]) {
    if (one === null || typeof one !== 'object' || one['jsonrpc'] !== '2.0') return `no answer: ${text.slice(0, 200)}`;
    if ('result' in one === 'error' in one) return `result and error, or neither: ${text.slice(0, 200)}`;
    const error = one['error'] as { readonly code?: unknown; readonly message?: unknown } | undefined;
    if (error !== undefined && !(Number.isSafeInteger(error.code) && typeof error.message === 'string')) {
      return `an error without code or message: ${text.slice(0, 200)}`;
    }
    if (error?.code === -32603) return `internal error: ${text.slice(0, 200)}`;
  }
  const asked = jsonOf(input);
  return Array.isArray(asked) && Array.isArray(answer) && answer.length > asked.length
    ? 'more answers than calls'
    : undefined;
}

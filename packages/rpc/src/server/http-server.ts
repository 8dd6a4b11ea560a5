import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { RPC_CODES } from '../errors.ts';
import { errorText } from '../json-rpc.ts';
import type { RpcLimits } from '../limits.ts';
import type { RpcConnection } from '../method.ts';
import type { AccessCheck } from './access.ts';
import { createConnection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';

export type HttpServerOptions = {
  readonly limits: RpcLimits;
  readonly access: AccessCheck;
  readonly dispatcher: Dispatcher;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
};

/** How often time-outs of headers and requests are looked at. */
const TIMEOUT_CHECK_MS = 2_000;
const PREFLIGHT_AGE_S = 600;
const HEADERS_SIZE_MAX = 16_384;

type Client = { readonly connection: RpcConnection; pendingCount: number };

/** The HTTP half: access, size and time are checked by the server, the body goes to the dispatcher as it came. */
export function createHttpServer({ limits, access, dispatcher, tls }: HttpServerOptions): FastifyInstance {
  const http = {
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    headersTimeout: limits.headersTimeoutMs,
    maxHeaderSize: HEADERS_SIZE_MAX,
  };
  const common = {
    bodyLimit: limits.bodySizeMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: true,
    logger: false,
    exposeHeadRoutes: false,
  } as const;
  const server = (tls === undefined
    ? Fastify({ ...common, http })
    : Fastify({ ...common, https: { ...http, cert: tls.certificate, key: tls.key } })) as unknown as FastifyInstance;
  server.server.maxConnections = limits.connectionCountMax;
  const clients = new WeakMap<Socket, Client>();

  function clientOf({ socket }: IncomingMessage): Client {
    const known = clients.get(socket);
    if (known !== undefined) return known;
    const controller = new AbortController();
    socket.once('close', () => controller.abort());
    const client = { connection: createConnection(limits, controller.signal, undefined), pendingCount: 0 };
    clients.set(socket, client);
    return client;
  }

  // Bodies stay text: what does not parse must be answered in the words of JSON-RPC.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.addHook('onRequest', async (request, reply) => guard(access, request, reply));
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    return refuse(reply, status, messageOf(status, limits), remedyOf(status));
  });
  server.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not found', 'send JSON-RPC by POST to /'));
  server.options('/', async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', 'content-type, authorization')
      .header('access-control-max-age', String(PREFLIGHT_AGE_S))
      .send(),
  );
  server.get('/', async (_request, reply) =>
    refuse(reply.header('allow', 'POST, OPTIONS'), 405, 'method not allowed', 'send JSON-RPC by POST'),
  );
  server.post('/', async (request, reply) => {
    const client = clientOf(request.raw);
    if (client.pendingCount >= limits.pendingPerConnectionMax) {
      return refuse(
        reply,
        429,
        `${limits.pendingPerConnectionMax} requests of this connection wait already`,
        'wait for answers before sending more',
      );
    }
    client.pendingCount++;
    try {
      const answer = await dispatcher.answer(typeof request.body === 'string' ? request.body : '', client.connection);
      if (answer === undefined) return await reply.code(204).send();
      return await reply.header('content-type', 'application/json').send(answer);
    } finally {
      client.pendingCount--;
    }
  });
  return server;
}

async function guard(
  access: AccessCheck,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const result = access(request.headers, request.method === 'OPTIONS');
  if (result.type === 'refused') return refuse(reply, result.status, result.message, result.remedy);
  if (result.origin !== undefined) reply.header('access-control-allow-origin', result.origin).header('vary', 'Origin');
  return undefined;
}

const CODE_OF_STATUS: Readonly<Record<number, number>> = {
  401: RPC_CODES.unauthorized,
  403: RPC_CODES.unauthorized,
  413: RPC_CODES.limitExceeded,
  429: RPC_CODES.limitExceeded,
};

function refuse(reply: FastifyReply, status: number, message: string, remedy: string): FastifyReply {
  const code = CODE_OF_STATUS[status] ?? RPC_CODES.invalidRequest;
  const data = { code: `RPC_HTTP_${status}`, remedy };
  return reply.code(status).header('content-type', 'application/json').send(errorText(null, { code, message, data }));
}

function messageOf(status: number, limits: RpcLimits): string {
  switch (status) {
    case 413:
      return `request is larger than ${limits.bodySizeMax} bytes`;
    case 415:
      return 'content type must be application/json';
    default:
      return status < 500 ? 'bad request' : 'internal error';
  }
}

const remedyOf = (status: number): string =>
  status === 413
    ? 'send it in smaller parts, or raise rpc.body_bytes_max of the node'
    : 'send JSON-RPC by POST with content type application/json';

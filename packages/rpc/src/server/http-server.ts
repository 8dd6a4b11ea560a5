import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Budget, createBudget } from '../budget.ts';
import { RPC_CODES } from '../errors.ts';
import { errorText } from '../json-rpc.ts';
import type { RpcLimits } from '../limits.ts';
import type { RpcConnection } from '../method.ts';
import type { AccessCheck } from './access.ts';
import { createConnection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type ReadBody, readBody } from './read-body.ts';

export type HttpServerOptions = {
  readonly limits: RpcLimits;
  readonly access: AccessCheck;
  readonly dispatcher: Dispatcher;
  /** Bytes of requests; WebSockets take from the same. */
  readonly requests: Budget;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
};

export type HttpServer = {
  readonly fastify: FastifyInstance;
  /** Characters of answers that clients have not taken yet, and how many answers did not fit. */
  readonly unsent: Budget;
  /** Requests that came while too many of their connection waited. */
  crowdedCount(): number;
};

/** How often time-outs of headers and requests are looked at, at the least. */
const TIMEOUT_CHECK_MS_MAX = 2_000;
const PREFLIGHT_AGE_S = 600;
const HEADERS_SIZE_MAX = 16_384;
const BUSY = 'too much is being read and answered already';
const TRY_LATER = 'try again in a moment, or ask another node';

type Client = { readonly connection: RpcConnection; pendingCount: number };

/** The HTTP half: access, size and time are checked by the server, the body goes to the dispatcher as it came. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { limits, access, requests } = options;
  const server = openServer(options);
  const unsent = createBudget(limits.unsentSizeMax);

  // Bodies stay text: what does not parse must be answered in the words of JSON-RPC.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    // What no handler takes must not be counted, since nobody would give it back.
    if (request.is404 || request.method !== 'POST') return undefined;
    const announced = request.headers['content-length'];
    const announcedSize = announced === undefined ? undefined : Number(announced);
    return readBody(payload, { sizeMax: limits.bodySizeMax, announcedSize, budget: requests });
  });
  server.addHook('onRequest', async (request, reply) => guard(access, request, reply));
  server.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // The rest of a body that is not read would be taken for the next request.
    if (status === 413 || status === 503) reply.header('connection', 'close');
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
  let crowdedCount = 0;
  const onCrowded = (): void => {
    crowdedCount++;
  };
  server.post('/', createPostHandler(options, unsent, onCrowded));
  return { fastify: server, unsent, crowdedCount: () => crowdedCount };
}

function openServer({ limits, tls }: HttpServerOptions): FastifyInstance {
  const http = {
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS_MAX, limits.headersTimeoutMs),
    headersTimeout: limits.headersTimeoutMs,
    maxHeaderSize: HEADERS_SIZE_MAX,
  };
  const common = {
    bodyLimit: limits.bodySizeMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    forceCloseConnections: true,
    logger: false,
    exposeHeadRoutes: false,
  } as const;
  const server = (tls === undefined
    ? Fastify({ ...common, http })
    : Fastify({ ...common, https: { ...http, cert: tls.certificate, key: tls.key } })) as unknown as FastifyInstance;
  server.server.maxConnections = limits.connectionCountMax;
  return server;
}

type PostHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

function createPostHandler(
  { limits, dispatcher, requests }: HttpServerOptions,
  unsent: Budget,
  onCrowded: () => void,
): PostHandler {
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

  function send(reply: FastifyReply, answer: string | undefined): FastifyReply {
    if (answer === undefined) return reply.code(204).send();
    if (!unsent.take(answer.length)) return refuse(reply, 503, BUSY, TRY_LATER);
    // Also when the client is gone before it has taken all.
    reply.raw.once('close', () => unsent.give(answer.length));
    return reply.header('content-type', 'application/json').send(answer);
  }

  return async (request, reply) => {
    // Undefined without a body, which then has no content type that would be refused.
    const body = request.body as ReadBody | undefined;
    const client = clientOf(request.raw);
    client.pendingCount++;
    try {
      if (client.pendingCount > limits.pendingPerConnectionMax) {
        onCrowded();
        const message = `${limits.pendingPerConnectionMax} requests of this connection wait already`;
        return refuse(reply, 429, message, 'wait for answers before sending more');
      }
      return send(reply, await dispatcher.answer(body?.text ?? '', client.connection));
    } finally {
      client.pendingCount--;
      requests.give(body?.sizeBytes ?? 0);
    }
  };
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
  503: RPC_CODES.limitExceeded,
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
    case 503:
      return BUSY;
    default:
      return status < 500 ? 'bad request' : 'internal error';
  }
}

function remedyOf(status: number): string {
  switch (status) {
    case 413:
      return 'send it in smaller parts, or raise rpc.body_bytes_max of the node';
    case 503:
      return TRY_LATER;
    default:
      return 'send JSON-RPC by POST with content type application/json';
  }
}

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ChainError } from '@hansa/primitives';
import type { Registry } from 'prom-client';
import type { NodeErrorCode } from './errors.ts';
import { toFailure } from './failure.ts';

const BODY_BYTES_MAX = 4_096;

export type Readiness = {
  readonly ready: boolean /** One line in words: why not, or what it does. */;
  readonly reason: string;
};

export type AdminDependencies = {
  readonly registry: Registry;
  readonly readiness: () => Readiness;
  /** Copies the ledger into a new directory and resolves with what was copied. */
  readonly backup: (destination: string) => Promise<{ readonly height: number; readonly entryCount: number }>;
  /** Secret of the file `data/admin.token`: whoever can read the node's directory may ask for changes. */
  readonly token: string;
};

export type AdminServer = { readonly port: number; stop(): Promise<void> };

/**
 * Health (`/livez`, `/readyz`), metrics (`/metrics`) and administration (`POST /backup`) on a port of its own that is
 * bound to loopback. What changes or reads much needs the token, so that a page in a browser can do nothing here.
 * @throws ChainError NODE_PORT_BUSY
 */
export async function startAdminServer(
  options: { readonly host: string; readonly port: number },
  dependencies: AdminDependencies,
): Promise<AdminServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, response, dependencies).catch((error: unknown) => send(response, 500, { error: toFailure(error) }));
  });
  server.maxConnections = 64;
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, options: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `port ${options.port} on ${options.host} is in use, the admin port cannot be opened`
          : `the admin port ${options.host}:${options.port} cannot be opened: ${cause.code ?? cause.message}`;
      const remedy = 'stop what uses it, or set admin.port in hansa.toml';
      reject(new ChainError<NodeErrorCode>({ code: 'NODE_PORT_BUSY', message, remedy }, { cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: AdminDependencies,
): Promise<void> {
  const route = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
  switch (route) {
    case 'GET /livez':
      return send(response, 200, { alive: true });
    case 'GET /readyz': {
      const readiness = dependencies.readiness();
      return send(response, readiness.ready ? 200 : 503, readiness);
    }
    case 'GET /metrics':
      response.writeHead(200, { 'content-type': dependencies.registry.contentType });
      response.end(await dependencies.registry.metrics());
      return;
    case 'POST /backup': {
      if (!hasToken(request, dependencies.token))
        return send(response, 401, {
          error: { code: 'ADMIN_TOKEN', message: 'the token of data/admin.token is missing or wrong' },
        });
      const body = await readBody(request);
      const destination = body === undefined ? undefined : (JSON.parse(body) as { destination?: unknown }).destination;
      if (typeof destination !== 'string' || destination === '')
        return send(response, 400, { error: { code: 'ADMIN_REQUEST', message: '{"destination": DIR} is expected' } });
      return send(response, 200, await dependencies.backup(destination));
    }
    default:
      return send(response, 404, {
        error: {
          code: 'ADMIN_ROUTE',
          message: `${route} is not served`,
          remedy: 'GET /livez, /readyz, /metrics; POST /backup',
        },
      });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

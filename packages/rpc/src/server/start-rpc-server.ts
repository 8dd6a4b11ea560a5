import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { assert, ChainError } from '@hansa/primitives';
import type { FastifyInstance } from 'fastify';
import type { RpcBackend } from '../backend.ts';
import { createBlockCache } from '../block-cache.ts';
import { createBudget } from '../budget.ts';
import { createChainHub } from '../chain-hub.ts';
import type { RpcErrorCode } from '../errors.ts';
import { createFilterStore } from '../filter-store.ts';
import { type RpcLimits, toRpcLimits } from '../limits.ts';
import type { RpcServices } from '../method.ts';
import { createNotices } from '../notices.ts';
import { createPacer } from '../pacer.ts';
import { createAccessCheck } from './access.ts';
import { createDispatcher } from './dispatcher.ts';
import { createHttpServer, type HttpServer } from './http-server.ts';
import { createSocketServer } from './socket-server.ts';

export type RpcServerOptions = {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /**
   * Origins of browser pages that may call; one without a port stands for all its ports, `chrome-extension://*` for all
   * of its scheme, `*` for any page.
   */
  readonly corsOrigins: readonly string[];
  /** Host names under which the server is addressed, beside localhost and bare addresses. */
  readonly hosts: readonly string[];
  /** Bearer token that each request must carry. */
  readonly token: string | undefined;
  /** In PEM. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly limits: Partial<RpcLimits>;
  /** A method, or the notice of an event, has failed: a fault of the node, which a client sees only as -32603. */
  readonly onInternalError: (error: unknown, method: string) => void;
};

export type RpcServer = {
  /** `http://127.0.0.1:8545`; WebSocket on the same port. */
  readonly url: string;
  /** Counters and gauges by name. */
  metrics(): Readonly<Record<string, number>>;
  /** Open connections are closed; calls that run are not waited for. */
  stop(): Promise<void>;
};

/**
 * Serves JSON-RPC over HTTP and WebSocket.
 * @throws ChainError RPC_PORT_BUSY, RPC_LISTEN_FAILED or RPC_TLS_INVALID
 */
export async function startRpcServer(options: RpcServerOptions, backend: RpcBackend): Promise<RpcServer> {
  const limits = toRpcLimits(options.limits);
  const blocks = createBlockCache(backend);
  const hub = createChainHub(backend, blocks, options.onInternalError);
  const filters = createFilterStore({ backend, hub, now: () => performance.now() }, limits);
  const services: RpcServices = { backend, limits, blocks, hub, filters, pacer: createPacer() };
  const dispatcher = createDispatcher({ services, onInternalError: options.onInternalError });
  const access = createAccessCheck(options);
  const requests = createBudget(limits.requestsSizeMax);
  const { fastify: http, unsent, crowdedCount } = openHttp({ limits, access, dispatcher, requests, tls: options.tls });
  const sockets = createSocketServer({
    server: http.server,
    services,
    notices: createNotices(),
    access,
    dispatcher,
    requests,
  });
  const release = (): void => {
    sockets.stop();
    filters.stop();
    hub.stop();
  };
  try {
    await http.listen({ host: options.host, port: options.port });
  } catch (error) {
    release();
    throw listenFailure(error, options);
  }
  return {
    url: urlOf(http, options),
    metrics: () => ({
      rpc_calls_total: dispatcher.counters.calls,
      rpc_errors_total: dispatcher.counters.errors,
      rpc_internal_errors_total: dispatcher.counters.internalErrors,
      rpc_timeouts_total: dispatcher.counters.timeouts,
      rpc_slow_calls_waiting: dispatcher.waitingCount(),
      rpc_request_bytes: requests.taken(),
      rpc_requests_refused_total: requests.refusedCount(),
      rpc_requests_crowded_total: crowdedCount(),
      rpc_unsent_bytes: unsent.taken(),
      rpc_answers_refused_total: unsent.refusedCount(),
      rpc_filters: filters.count(),
      rpc_sync_waiters: hub.waiterCount(),
      rpc_websockets: sockets.counts().sockets,
      rpc_subscriptions: sockets.counts().subscriptions,
      rpc_websockets_closed_as_slow_total: sockets.counts().closedAsSlow,
    }),
    stop: async () => {
      release();
      await http.close();
    },
  };
}

function openHttp(options: Parameters<typeof createHttpServer>[0]): HttpServer {
  const { tls } = options;
  if (tls === undefined) return createHttpServer(options);
  try {
    // Without a key Node.js would start, and refuse every client.
    const fits = new X509Certificate(tls.certificate).checkPrivateKey(createPrivateKey(tls.key));
    assert(fits, 'the key is not that of the certificate');
    return createHttpServer(options);
  } catch (cause) {
    throw new ChainError<RpcErrorCode>(
      {
        code: 'RPC_TLS_INVALID',
        message: `the certificate or the key of the RPC does not fit: ${(cause as Error).message}`,
        remedy: 'name a certificate and its private key in PEM by rpc.tls_certificate_file and rpc.tls_key_file',
      },
      { cause },
    );
  }
}

function listenFailure(error: unknown, { host, port }: RpcServerOptions): ChainError<RpcErrorCode> {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new ChainError(
      {
        code: 'RPC_PORT_BUSY',
        message: `port ${port} of ${host} is in use, the RPC cannot listen there`,
        remedy: 'stop the other program, or set rpc.port in hansa.toml to a free port',
      },
      { cause: error },
    );
  }
  return new ChainError(
    {
      code: 'RPC_LISTEN_FAILED',
      message: `the RPC cannot listen on ${host} port ${port}: ${message}`,
      remedy: 'set rpc.host in hansa.toml to an address of this machine, and rpc.port to 1024 or more',
    },
    { cause: error },
  );
}

function urlOf(http: FastifyInstance, { host, tls }: RpcServerOptions): string {
  const { port } = http.server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

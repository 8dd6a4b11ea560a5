import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Budget } from '../budget.ts';
import type { RpcLimits } from '../limits.ts';
import type { RpcServices } from '../method.ts';
import type { Notices } from '../notices.ts';
import { createSocketSubscriptions } from '../subscriptions.ts';
import type { AccessCheck } from './access.ts';
import { createConnection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';

export type SocketServer = {
  counts(): { readonly sockets: number; readonly subscriptions: number; readonly closedAsSlow: number };
  stop(): void;
};

export type SocketServerOptions = {
  readonly server: Server;
  readonly services: RpcServices;
  readonly notices: Notices;
  readonly access: AccessCheck;
  readonly dispatcher: Dispatcher;
  /** Bytes of requests, shared with HTTP. */
  readonly requests: Budget;
};

const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;

type Client = { isAlive: boolean; readonly subscriptionCount: () => number; readonly isPaused: () => boolean };

/** WebSocket on the port of the HTTP server. A client that reads too slowly is closed, it never fills the memory. */
export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { server, services, access, dispatcher, requests } = options;
  const { limits } = services;
  const maxPayload = Math.min(limits.bodySizeMax, limits.socketMessageSizeMax);
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  const clients = new Map<WebSocket, Client>();
  const perAddress = new Map<string, number>();
  let closedAsSlow = 0;

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Before ws listens, an error of the stream would have nobody to hear it.
    stream.once('error', () => stream.destroy());
    const granted = access(request.headers);
    if (granted.type === 'refused') return refuseUpgrade(stream, granted.status, granted.message);
    const address = request.socket.remoteAddress ?? '';
    if (clients.size >= limits.socketCountMax || (perAddress.get(address) ?? 0) >= limits.socketsPerAddressMax) {
      return refuseUpgrade(stream, 503, 'too many WebSocket connections');
    }
    return sockets.handleUpgrade(request, stream, head, (socket) => open(socket, address));
  });

  function subscriptionCount(): number {
    let count = 0;
    for (const client of clients.values()) count += client.subscriptionCount();
    return count;
  }

  function open(socket: WebSocket, address: string): void {
    const controller = new AbortController();
    const send = (text: string): void => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > limits.socketBufferSizeMax) {
        closedAsSlow++;
        socket.close(TRY_AGAIN_LATER, 'client reads too slowly');
        socket.terminate();
        return;
      }
      socket.send(text);
    };
    const subscriptions = createSocketSubscriptions(
      { ...services, notices: options.notices, subscriptionCount, send },
      limits,
    );
    const connection = createConnection(limits, controller.signal, subscriptions);
    const pending = limitPending(socket, limits);
    const client: Client = {
      isAlive: true,
      subscriptionCount: () => subscriptions.count(),
      isPaused: pending.isPaused,
    };
    clients.set(socket, client);
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    socket.on('message', (data) => {
      const text = textOf(data);
      if (!requests.take(text.length)) return socket.close(TRY_AGAIN_LATER, 'too much is being answered already');
      pending.begin();
      void dispatcher.answer(text, connection).then((answer) => {
        pending.end();
        requests.give(text.length);
        if (answer !== undefined) send(answer);
      });
      return undefined;
    });
    socket.on('pong', () => {
      client.isAlive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.once('close', () => {
      clients.delete(socket);
      const rest = (perAddress.get(address) ?? 1) - 1;
      if (rest === 0) perAddress.delete(address);
      else perAddress.set(address, rest);
      subscriptions.stop();
      controller.abort();
    });
  }

  const pings = setInterval(() => {
    for (const [socket, client] of clients) {
      // While it is not read from, its answer to the ping is not read either.
      if (client.isPaused()) {
        client.isAlive = true;
        continue;
      }
      if (!client.isAlive) {
        socket.terminate();
        continue;
      }
      client.isAlive = false;
      socket.ping();
    }
  }, limits.pingIntervalMs);
  pings.unref();

  return {
    counts: () => ({ sockets: clients.size, subscriptions: subscriptionCount(), closedAsSlow }),
    stop: () => {
      clearInterval(pings);
      for (const socket of clients.keys()) {
        socket.close(GOING_AWAY, 'the node stops');
        socket.terminate();
      }
      sockets.close();
    },
  };
}

/** Stops reading while too many messages are not answered: the client's own send buffer then holds the rest. */
function limitPending(
  socket: WebSocket,
  { pendingPerConnectionMax }: RpcLimits,
): { begin(): void; end(): void; isPaused(): boolean } {
  let pending = 0;
  return {
    begin: () => {
      if (++pending === pendingPerConnectionMax) socket.pause();
    },
    end: () => {
      if (pending-- === pendingPerConnectionMax) socket.resume();
    },
    isPaused: () => pending >= pendingPerConnectionMax,
  };
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}

function refuseUpgrade(stream: Duplex, status: number, message: string): void {
  stream.end(`HTTP/1.1 ${status} ${message}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

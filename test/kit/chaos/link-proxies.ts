import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to the bytes that one node sends to another. */
export type LinkState = {
  /** Nothing arrives; it is kept and arrives later, as TCP does it when packets are lost. */
  readonly isCut: boolean;
  readonly delayMs: number;
  readonly bytesPerSecond: number;
};

export const GOOD_LINK: LinkState = { isCut: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

/** Bytes that wait in one direction of one connection; beyond it the sender is slowed down by TCP. */
const WAITING_SIZE_MAX = 1024 * 1024;

export type LinkProxiesOptions = {
  /** The port that node i is known by, and the one on which it really listens. */
  readonly ports: readonly { readonly known: number; readonly real: number }[];
  /** Process of node i at this moment: who dials is found out by the socket's owner. */
  readonly pidOf: (index: number) => number | undefined;
};

/** A TCP proxy before each node, which knows by whom it is dialled, so that each direction of each link has its state. */
export class LinkProxies {
  readonly #options: LinkProxiesOptions;
  readonly #servers: Server[] = [];
  readonly #pipes = new Set<Pipe>();
  readonly #states = new Map<string, LinkState>();

  constructor(options: LinkProxiesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const [index, { known }] of this.#options.ports.entries()) {
      const server = createServer((socket) => this.#onConnection(socket, index));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(known, '127.0.0.1', resolve);
      });
      this.#servers.push(server);
    }
  }

  /** From now on bytes from `from` to `to` are treated so. */
  set(from: number, to: number, state: LinkState): void {
    this.#states.set(`${from}>${to}`, state);
    for (const pipe of this.#pipes) if (pipe.from === from && pipe.to === to) pipe.wake();
  }

  /** Every link is as good as new. */
  heal(): void {
    this.#states.clear();
    for (const pipe of this.#pipes) pipe.wake();
  }

  stop(): void {
    for (const server of this.#servers) server.close();
    for (const pipe of this.#pipes) pipe.end();
  }

  #onConnection(inbound: Socket, to: number): void {
    inbound.on('error', () => undefined);
    const from = this.#dialerOf(inbound.remotePort);
    const outbound = connect({ port: (this.#options.ports[to] as { real: number }).real, host: '127.0.0.1' });
    outbound.on('error', () => inbound.destroy());
    const there = this.#pipe(inbound, outbound, from, to);
    const back = this.#pipe(outbound, inbound, to, from);
    const end = (): void => {
      this.#pipes.delete(there);
      this.#pipes.delete(back);
      inbound.destroy();
      outbound.destroy();
    };
    inbound.on('close', end);
    outbound.on('close', end);
  }

  #pipe(source: Socket, sink: Socket, from: number, to: number): Pipe {
    const pipe = new Pipe(source, sink, { from, to, state: () => this.#states.get(`${from}>${to}`) ?? GOOD_LINK });
    this.#pipes.add(pipe);
    return pipe;
  }

  /** Node whose process owns the socket on this port (Linux); -1 for a stranger. */
  #dialerOf(port: number | undefined): number {
    const inode = port === undefined ? undefined : inodeOf(port);
    if (inode === undefined) return -1;
    return this.#options.ports.findIndex((_, index) => ownsSocket(this.#options.pidOf(index), inode));
  }
}

type PipeOptions = { readonly from: number; readonly to: number; readonly state: () => LinkState };

/** One direction of one connection. */
class Pipe {
  readonly from: number;
  readonly to: number;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #state: () => LinkState;
  readonly #waiting: { readonly bytes: Buffer; readonly atMs: number }[] = [];
  #size = 0;
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, { from, to, state }: PipeOptions) {
    this.#source = source;
    this.#sink = sink;
    this.from = from;
    this.to = to;
    this.#state = state;
    source.on('data', (bytes: Buffer) => {
      this.#waiting.push({ bytes, atMs: performance.now() });
      this.#size += bytes.length;
      if (this.#size > WAITING_SIZE_MAX) source.pause();
      this.wake();
    });
  }

  /** Passes on what is due. */
  wake(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const first = this.#waiting[0];
      const { isCut, delayMs, bytesPerSecond } = this.#state();
      if (first === undefined || isCut) return;
      const waitMs = Math.max(first.atMs + delayMs, this.#freeAtMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.wake(), Math.ceil(waitMs));
        return;
      }
      this.#waiting.shift();
      this.#size -= first.bytes.length;
      this.#freeAtMs = performance.now() + (first.bytes.length / bytesPerSecond) * 1_000;
      if (!this.#sink.destroyed) this.#sink.write(first.bytes);
      if (this.#source.isPaused() && this.#size < WAITING_SIZE_MAX / 2) this.#source.resume();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#source.destroy();
    this.#sink.destroy();
  }
}

/** Inode of the established loopback socket whose own port this is, from /proc/net/tcp. */
function inodeOf(port: number): string | undefined {
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === wanted) return fields[9];
  }
  return undefined;
}

function ownsSocket(pid: number | undefined, inode: string): boolean {
  if (pid === undefined) return false;
  try {
    return readdirSync(`/proc/${pid}/fd`).some((entry) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${entry}`) === `socket:[${inode}]`;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

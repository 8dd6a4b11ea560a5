/** The socket of a signer: one node at a time, bounded lines, time limits (docs/spec/signer.md, SGN-2 to SGN-4). */
import { chmodSync, existsSync, lstatSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ChainError, type HashHex } from '@hansa/primitives';
import type { NodeErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { decodeRequest, readLines, SIGNER_VERSION, type SignerRequest } from './signer-lines.ts';
import type { SignerAnswerBody, Signing } from './signing.ts';

const HELLO_MS_MAX = 5_000;
/** A node, and those that are told that it is served. */
const CONNECTIONS_MAX = 8;

export type SignerServerOptions = {
  readonly socket: string;
  /** Called when no other signer can have the folder any more. */
  readonly open: () => Promise<Signing>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** The record could not be written: nothing is signed any more, and the process MUST end. */
  readonly onFatal: (error: Error) => void;
};

export type SignerServer = { stop(): Promise<void> };

/** @throws ChainError SIGNER_PLACE_UNSAFE, SIGNER_SOCKET_BUSY */
export async function startSignerServer(options: SignerServerOptions): Promise<SignerServer> {
  const { socket: path, logger, onFatal } = options;
  assertPrivateFolder(dirname(path));
  const lock = await lockFolder(dirname(path));
  await removeStale(path);
  const signing = await options.open();
  const open = new Set<Socket>();
  let served: { readonly instance: string } | undefined;

  async function serve(socket: Socket): Promise<void> {
    let session: { readonly instance: string } | undefined;
    const timer = setTimeout(() => socket.destroy(), HELLO_MS_MAX);
    try {
      for await (const line of readLines(socket)) {
        const request = decodeRequest(line);
        if (request === undefined || (request.type === 'hello') === (session !== undefined)) break;
        if (request.type === 'hello') {
          clearTimeout(timer);
          const fault = helloFault(request, served);
          if (fault !== undefined) {
            send(socket, request.id, fault);
            break;
          }
          session = served = { instance: request.instance };
          const welcome = await signing.bind(request.genesisHash as HashHex);
          send(socket, request.id, welcome);
          if ('error' in welcome) break;
          logger.info('a node is served', { instance: request.instance.slice(0, 8) });
        } else {
          const answer = await signing.answer(request);
          if (answer === undefined) break;
          send(socket, request.id, answer);
        }
      }
    } finally {
      clearTimeout(timer);
      if (session !== undefined) {
        served = undefined;
        logger.info('the node is gone', { instance: session.instance.slice(0, 8) });
      }
      socket.end();
    }
  }

  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // A node that goes away is no fault of the signer.
    socket.on('error', () => socket.destroy());
    serve(socket).catch((error: unknown) => {
      socket.destroy();
      if (isOfStore(error)) onFatal(error);
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, path);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        lock?.close();
        for (const socket of open) socket.destroy();
      }),
  };
}

function helloFault(
  { version }: Extract<SignerRequest, { type: 'hello' }>,
  served: { readonly instance: string } | undefined,
): SignerAnswerBody | undefined {
  const error = (code: string, message: string): SignerAnswerBody => ({ error: { code, message } });
  if (version !== SIGNER_VERSION) return error('SIGNER_VERSION', `this signer speaks version ${SIGNER_VERSION}`);
  if (served === undefined) return undefined;
  return error('SIGNER_BUSY', `another process of the node is served, instance ${served.instance}`);
}

function send(socket: Socket, id: number, body: SignerAnswerBody): void {
  socket.write(`${JSON.stringify({ id, ...body })}\n`);
}

/** A connection that breaks, or a line that is too long, is not the signer's; a record that cannot be written is. */
function isOfStore(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error instanceof ChainError) return true;
  return !(error instanceof RangeError) && !('code' in error);
}

function unsafe(message: string, remedy: string): ChainError<NodeErrorCode> {
  return new ChainError<NodeErrorCode>({ code: 'SIGNER_PLACE_UNSAFE', message, remedy });
}

/**
 * spec SGN-2: whoever can write there could put a socket of its own in the place of the signer's.
 * @throws ChainError SIGNER_PLACE_UNSAFE
 */
export function assertPrivateFolder(folder: string): void {
  if (!existsSync(folder)) throw unsafe(`${folder} does not exist`, `mkdir -m 700 ${folder}`);
  const { mode, uid } = statSync(folder);
  if (uid !== process.getuid?.()) throw unsafe(`${folder} belongs to another user`, 'use a folder of this user');
  if ((mode & 0o077) !== 0) throw unsafe(`${folder} is open to others than its owner`, `chmod 700 ${folder}`);
}

/**
 * The kernel's own lock on Linux: an abstract socket named by the folder's inode, gone with the process. Elsewhere the socket
 * itself must do.
 */
async function lockFolder(folder: string): Promise<Server | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { dev, ino } = statSync(folder);
  const lock = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    lock.once('error', () => reject(busy(folder)));
    lock.listen(`\0hansa-signer:${dev}:${ino}`, () => resolve());
  });
  return lock.unref();
}

function busy(place: string): ChainError<NodeErrorCode> {
  return new ChainError<NodeErrorCode>({
    code: 'SIGNER_SOCKET_BUSY',
    message: `another signer runs at ${place}`,
    remedy: 'stop it first: two signers with one record would not know of each other',
  });
}

async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw unsafe(`${path} is there and is no socket`, 'remove it');
  const isAnswered = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => resolve(false));
    probe.on('connect', () => probe.destroy());
  });
  if (isAnswered) throw busy(path);
  rmSync(path, { force: true });
}

async function listen(server: Server, path: string): Promise<void> {
  // Before anybody could connect: the mode of a new socket is what the mask leaves.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChainError } from '@hansa/primitives';
import type { NodeErrorCode } from '../../errors.ts';
import type { DevnetNode } from './layout.ts';

const STOP_MS_MAX = 8_000;
const LOG_TAIL_LINES = 8;

export type NodeProcess = {
  readonly node: DevnetNode;
  readonly pid: number;
  readonly logFile: string;
  hasExited(): boolean;
  /** SIGTERM, then SIGKILL when it has not gone within 8 s. */
  stop(): Promise<void>;
};

/**
 * Starts one node in a process of its own, tied to this one: it stops when this process goes away.
 * Its log goes to `node.log` in its directory.
 */
export function startNodeProcess(
  node: DevnetNode,
  onExit: (code: number | null, signal: string | null) => void,
): NodeProcess {
  const logFile = join(node.dir, 'node.log');
  const log = openSync(logFile, 'a', 0o600);
  // Flags of Node such as --cpu-prof go on to the nodes.
  const args = [...process.execArgv, mainFile(), 'start', '--dir', node.dir, '--log', 'json', '--tied'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      onExit(code, signal);
      resolve();
    });
  });
  return { node, pid: child.pid ?? -1, logFile, hasExited: () => hasExited(child), stop: () => stopChild(child, gone) };
}

/** The program that this process runs, to be run again. */
function mainFile(): string {
  return fileURLToPath(new URL('../../../bin/hansa.js', import.meta.url));
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function stopChild(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (hasExited(child)) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await gone;
  clearTimeout(timer);
}

/** @throws ChainError NODE_PORT_BUSY naming the first port of the list that somebody else has */
export async function assertPortsFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await new Promise<void>((resolve, reject) => {
      const server = createServer();
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const busy = cause.code === 'EADDRINUSE';
        const message = busy
          ? `port ${port} on 127.0.0.1 is in use`
          : `port ${port} on 127.0.0.1 cannot be used: ${cause.code ?? cause.message}`;
        const remedy = 'stop what uses it (a devnet that still runs?), or choose others with --rpc-port and --p2p-port';
        reject(new ChainError<NodeErrorCode>({ code: 'NODE_PORT_BUSY', message, remedy }, { cause }));
      });
      server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
    });
  }
}

/** Last lines of a node's log, for an error message. */
export function logTail(logFile: string): string {
  if (!existsSync(logFile)) return '(no log)';
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

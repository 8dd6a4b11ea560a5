import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program under test: what a user runs. */
export const HANSA: string = fileURLToPath(new URL('../../packages/node/bin/hansa.js', import.meta.url));

export type ReadyNode = {
  index: number;
  pid: number;
  nodeId: string;
  rpc: string;
  p2p: string;
  admin: string;
  dir: string;
};
export type ReadyEvent = { event: 'ready'; chainId: number; genesisHash: string; dir: string; nodes: ReadyNode[] };
export type RunningNode = {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  readonly stdout: () => string;
};

export type TestDevnet = {
  readonly ready: ReadyEvent;
  readonly dir: string;
  readonly events: readonly { event: string }[];
  /** SIGKILL of one node, wherever it runs, if it does; resolves when the process is gone. */
  kill(index: number): Promise<void>;
  isRunning(index: number): boolean;
  /** What a node has logged since it was last started here; for messages. */
  logOf(index: number): string;
  /** Starts a node again by `hansa start`, as a user would. */
  restart(index: number, options?: StartOptions): RunningNode;
  /** Ctrl-C; resolves with the exit code of the devnet. */
  stop(): Promise<number | null>;
  /** Stops everything and removes the directory. */
  dispose(): Promise<void>;
};

/** `count` neighbouring ports, three times: for RPC, admin (1000 above RPC) and P2P. */
export async function freePortBase(count: number): Promise<{ rpcPort: number; p2pPort: number }> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below 32768, from where on systems take ports for outgoing connections: one of those could come in between.
    const rpcPort = 10_000 + ((process.pid * 97 + attempt * 331 + Number(process.hrtime.bigint() % 9_973n)) % 10_000);
    const p2pPort = rpcPort + 12_000;
    const wanted = Array.from({ length: count }, (_, i) => [rpcPort + i, rpcPort + 1000 + i, p2pPort + i]).flat();
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return { rpcPort, p2pPort };
  }
  throw new Error('no free ports were found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Runs one command of the program to its end. */
export function runHansa(
  args: readonly string[],
  timeoutMs = 60_000,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [HANSA, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

export type DevnetOptions = {
  readonly nodes?: number;
  readonly dir?: string;
  readonly ports?: { rpcPort: number; p2pPort: number };
};

/** A real consortium: `hansa devnet --json` in a fresh directory on free ports. */
export async function startDevnet(options: DevnetOptions = {}): Promise<TestDevnet> {
  const nodeCount = options.nodes ?? 4;
  const dir = options.dir ?? join(mkdtempSync(join(tmpdir(), 'hansa-devnet-')), 'net');
  const ports = options.ports ?? (await freePortBase(nodeCount + 2));
  const args = [
    'devnet',
    '--json',
    '--nodes',
    String(nodeCount),
    '--dir',
    dir,
    '--rpc-port',
    String(ports.rpcPort),
    '--p2p-port',
    String(ports.p2pPort),
  ];
  const child = spawn(process.execPath, [HANSA, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const events: { event: string }[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const gone = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = await new Promise<ReadyEvent>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the devnet ended with ${code} before it was ready: ${stderr}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as { event: string };
      events.push(event);
      if (event.event === 'ready') resolve(event as ReadyEvent);
    });
  });
  const restarted = new Map<number, RunningNode>();
  const pidOf = (index: number): number => restarted.get(index)?.pid ?? (ready.nodes[index] as ReadyNode).pid;
  return {
    ready,
    dir,
    events,
    isRunning: (index) => isAlive(pidOf(index)),
    logOf: (index) =>
      restarted.get(index)?.stdout() ?? readFileSync(join((ready.nodes[index] as ReadyNode).dir, 'node.log'), 'utf8'),
    kill: async (index) => {
      const again = restarted.get(index);
      const pid = pidOf(index);
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      if (again !== undefined) await again.exited;
      else await until(() => !isAlive(pid), 5_000, `process ${pid} is gone`);
    },
    restart: (index, choice = {}) => {
      const node = startNode((ready.nodes[index] as ReadyNode).dir, choice);
      restarted.set(index, node);
      return node;
    },
    stop: () => stopAll(child, gone, restarted),
    dispose: async () => {
      await stopAll(child, gone, restarted);
      if (options.dir === undefined) rmSync(join(dir, '..'), { recursive: true, force: true });
    },
  };
}

async function stopAll(
  child: ChildProcess,
  gone: Promise<number | null>,
  restarted: ReadonlyMap<number, RunningNode>,
): Promise<number | null> {
  for (const node of restarted.values()) node.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
  await Promise.all([...restarted.values()].map((node) => node.exited));
  return gone;
}

export type StartOptions = {
  readonly extra?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** No file may grow beyond this: a disk that is full before the node knows (`ulimit -f`). */
  readonly fileSizeKibMax?: number;
};

/** One node by `hansa start`. */
export function startNode(dir: string, { extra = [], env = {}, fileSizeKibMax }: StartOptions = {}): RunningNode {
  const args = [HANSA, 'start', '--dir', dir, '--log', 'json', ...extra];
  const limited = ['-c', `ulimit -f ${fileSizeKibMax}; exec "$@"`, 'bash', process.execPath, ...args];
  const [program, programArgs] = fileSizeKibMax === undefined ? [process.execPath, args] : ['bash', limited];
  return follow(spawn(program, programArgs, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }));
}

/** What a child process says, and when it ends. */
export function follow(child: ChildProcess): RunningNode {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { pid: child.pid as number, exited, kill: (signal) => void child.kill(signal), stdout: () => text };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Asks again and again, at a fixed small interval, until `check` gives a value; fails with what was waited for. */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs: number,
  what: string,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline)
      throw new Error(
        `not within ${timeoutMs} ms: ${what}${lastError === undefined ? '' : ` (last error: ${String(lastError)})`}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** An error that a node answered. */
export class RpcAnswerError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(method: string, error: { code: number; message: string; data?: unknown }) {
    super(`${method}: ${error.code} ${error.message}`);
    this.code = error.code;
    this.data = error.data;
  }
}

let nextId = 1;

/** One JSON-RPC call; throws RpcAnswerError on an error answer. */
export async function rpc<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  const answer = (await response.json()) as { result?: T; error?: { code: number; message: string; data?: unknown } };
  if (answer.error !== undefined) throw new RpcAnswerError(method, answer.error);
  return answer.result as T;
}

export const heightOf = async (url: string): Promise<number> => Number(await rpc<string>(url, 'eth_blockNumber'));

type PoolStatus = { height: string; pool: { pending: number; ordered: number } };

/** Resolves when nothing is in any pool and all nodes are at one height. */
export async function headsEqual(net: TestDevnet, timeoutMs = 60_000): Promise<number> {
  return until(
    async () => {
      const all = await Promise.all(net.ready.nodes.map((node) => rpc<PoolStatus>(node.rpc, 'hansa_getStatus')));
      const isDone = all.every(
        ({ height, pool }) => height === all[0]?.height && pool.pending === 0 && pool.ordered === 0,
      );
      return isDone && all[0] !== undefined ? Number(all[0].height) : undefined;
    },
    timeoutMs,
    'all pools are empty and all heads equal',
  );
}

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type HeadWatch, watchHeads } from './heads.ts';

const HANSA = fileURLToPath(new URL('../../../node/bin/hansa.js', import.meta.url));
const RPC_PORT = 18_545;
const P2P_PORT = 28_545;

/** Real node processes of this checkout (or another one), as `hansa devnet` starts them. */
export type BenchNet = {
  readonly chainId: number;
  readonly nodes: readonly {
    readonly pid: number;
    readonly rpc: string;
    readonly admin: string;
    readonly folder: string;
  }[];
  readonly heads: HeadWatch;
  stop(): Promise<void>;
};

export type BenchNetOptions = {
  readonly folder: string;
  readonly nodeCount: number;
  /** Flags for Node.js in each node, as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** Another build of the program, to compare with. */
  readonly program?: string;
};

type ReadyEvent = { event: 'ready'; chainId: number; nodes: { pid: number; rpc: string; admin: string }[] };

/** @throws Error when the consortium does not come up */
export async function startBenchNet(options: BenchNetOptions): Promise<BenchNet> {
  const { folder, nodeCount } = options;
  const directory = join(folder, 'net');
  const flags = ['--dir', directory, '--rpc-port', String(RPC_PORT), '--p2p-port', String(P2P_PORT)];
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeFlags ?? []),
      options.program ?? HANSA,
      'devnet',
      '--json',
      '--nodes',
      String(nodeCount),
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ready = await firstTransaction(child);
  const heads = await watchHeads((ready.nodes[0] as { rpc: string }).rpc);
  return {
    chainId: ready.chainId,
    nodes: ready.nodes.map((node, i) => ({ ...node, folder: join(directory, `node${i}`) })),
    heads,
    stop: async () => {
      heads.close();
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      await closed;
    },
  };
}

function firstTransaction(child: ChildProcess): Promise<ReadyEvent> {
  return new Promise((resolve, reject) => {
    let ready: ReadyEvent | undefined;
    child.once('exit', (code) => reject(new Error(`the devnet ended with code ${code}`)));
    if (child.stdout === null) throw new Error('the devnet has an output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as { event: string };
      if (event.event === 'ready') ready = event as ReadyEvent;
      if (event.event === 'transaction' && ready !== undefined) resolve(ready);
    });
  });
}

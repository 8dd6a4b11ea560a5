import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDevnet } from '../../../packages/node/src/cli/devnet/layout.ts';
import { freePortBase, isAlive, type RunningNode, rpc, type StartOptions, startNode, until } from '../devnet.ts';
import { type LiarPlay, startLiar } from '../liar.ts';
import { LinkProxies } from './link-proxies.ts';

export type NodeStatus = {
  readonly voting: boolean;
  readonly height: string;
  readonly primary: string | null;
  readonly term: number;
  readonly pool: { readonly pending: number; readonly ordered: number };
};

/** How far heights may lie apart under load for a node to count as being there. */
const NEAR_BLOCKS = 8;

/** Real nodes, each a process of its own, that know each other by proxies only. */
export class Consortium {
  readonly count: number;
  readonly directories: readonly string[];
  readonly urls: readonly string[];
  readonly links: LinkProxies;
  readonly #root: string;
  readonly #running: (RunningNode | undefined)[];
  /** What a node says before it ends is kept for the report. */
  readonly #logs: string[];
  /** Nodes that were ended on purpose, or are about to end by a fault. */
  readonly expectedGone: Set<number> = new Set();
  residentMbMax = 0;

  private constructor(parts: {
    root: string;
    directories: readonly string[];
    urls: readonly string[];
    ports: readonly { known: number; real: number }[];
  }) {
    this.count = parts.urls.length;
    this.#root = parts.root;
    this.directories = parts.directories;
    this.urls = parts.urls;
    this.#running = parts.urls.map(() => undefined);
    this.#logs = parts.urls.map(() => '');
    this.links = new LinkProxies({ ports: parts.ports, pidOf: (index) => this.#running[index]?.pid });
  }

  static async start(count: number): Promise<Consortium> {
    const { rpcPort, p2pPort: known } = await freePortBase(2 * count + 2);
    const root = mkdtempSync(join(tmpdir(), 'hansa-chaos-'));
    const net = await prepareDevnet({ directory: join(root, 'net'), nodeCount: count, rpcPort, p2pPort: known });
    const ports = net.nodes.map((node) => ({ known: known + node.index, real: known + count + node.index }));
    for (const { dir, index } of net.nodes) {
      const file = join(dir, 'hansa.toml');
      const port = ports[index] as (typeof ports)[number];
      writeFileSync(file, readFileSync(file, 'utf8').replace(`/tcp/${port.known}"`, `/tcp/${port.real}"`));
    }
    const directories = net.nodes.map((node) => node.dir);
    const consortium = new Consortium({ root, directories, urls: net.nodes.map((node) => node.rpc), ports });
    await consortium.links.start();
    for (let index = 0; index < count; index++) consortium.start(index);
    await until(() => consortium.areNear(), 60_000, 'all nodes vote');
    return consortium;
  }

  start(index: number, options: StartOptions & { readonly shell?: string } = {}): void {
    this.expectedGone.delete(index);
    this.#running[index] = startNode(this.directories[index] as string, options);
  }

  /** In the place of a node that was ended: one with its key that lies. Resolves when it runs. */
  async startLiar(index: number, play: LiarPlay, seed: number): Promise<void> {
    this.expectedGone.delete(index);
    const liar = startLiar(this.directories[index] as string);
    this.#running[index] = liar;
    await liar.started;
    liar.play(play.strategies, seed);
  }

  pidOf(index: number): number | undefined {
    const pid = this.#running[index]?.pid;
    return pid !== undefined && isAlive(pid) ? pid : undefined;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(index: number): Promise<void> {
    this.expectedGone.add(index);
    const node = this.#running[index];
    if (node === undefined) return;
    node.kill('SIGKILL');
    await node.exited;
    this.#forget(index, node);
  }

  /** Resolves when the node has ended by itself. */
  async gone(index: number): Promise<void> {
    const node = this.#running[index];
    if (node === undefined) return;
    await node.exited;
    this.#forget(index, node);
  }

  signal(index: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running[index]?.kill(signal);
  }

  statusOf(index: number): Promise<NodeStatus> {
    return rpc<NodeStatus>(this.urls[index] as string, 'hansa_getStatus');
  }

  /** Nodes of one weight each: ⌊2n/3⌋ + 1. */
  get quorum(): number {
    return Math.floor((2 * this.count) / 3) + 1;
  }

  async answeringCount(): Promise<number> {
    const answers = await Promise.allSettled(this.urls.map((_, index) => this.statusOf(index)));
    return answers.filter((answer) => answer.status === 'fulfilled').length;
  }

  /** All vote, and none is far behind: under load the heights are never quite the same. */
  async areNear(): Promise<boolean> {
    const all = await Promise.all(this.urls.map((_, index) => this.statusOf(index)));
    const heights = all.map((status) => Number(status.height));
    return all.every((status) => status.voting) && Math.max(...heights) - Math.min(...heights) <= NEAR_BLOCKS;
  }

  /** Resolves when nothing is in any pool and all nodes are at one height. */
  async settle(): Promise<void> {
    await until(
      async () => {
        const all = await Promise.all(this.urls.map((_, index) => this.statusOf(index)));
        return all.every(({ height, pool }) => height === all[0]?.height && pool.pending === 0 && pool.ordered === 0);
      },
      60_000,
      'all pools are empty and all heads equal',
    );
  }

  /** Nodes that have ended although nobody ended them. */
  unexpectedlyGone(): number[] {
    return this.urls.flatMap((_, index) =>
      this.pidOf(index) === undefined && !this.expectedGone.has(index) ? [index] : [],
    );
  }

  noteMemory(): void {
    for (let index = 0; index < this.count; index++) {
      const pid = this.pidOf(index);
      if (pid === undefined) continue;
      try {
        const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        this.residentMbMax = Math.max(this.residentMbMax, Number(kib ?? 0) / 1024);
      } catch {
        // It ended in between.
      }
    }
  }

  tailOf(index: number): string {
    const text = this.#logs[index] + (this.#running[index]?.stdout() ?? '');
    return text.trimEnd().split('\n').slice(-15).join('\n  ');
  }

  /** Ends all nodes, and waits until they have ended. */
  async stopNodes(): Promise<void> {
    for (const node of this.#running) {
      node?.kill('SIGCONT');
      node?.kill('SIGTERM');
    }
    await Promise.all(this.#running.map((node) => node?.exited));
  }

  async dispose(): Promise<void> {
    await this.stopNodes();
    this.links.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }

  #forget(index: number, node: RunningNode): void {
    this.#logs[index] = node.stdout();
    this.#running[index] = undefined;
  }
}

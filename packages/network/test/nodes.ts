import { createHash } from 'node:crypto';
import { type HashHex, type NodeId, toHashHex } from '@hansa/primitives';
import {
  type Channel,
  createNetwork,
  type DoorHandler,
  type Network,
  type NetworkLimits,
  type NetworkOptions,
  type PeerDown,
  type PeerUp,
} from '../src/index.ts';

export type Line = { readonly level: string; readonly message: string; readonly fields: Record<string, unknown> };

export type TestNode = {
  readonly network: Network;
  readonly nodeId: NodeId;
  readonly lines: Line[];
  readonly frames: { from: NodeId; channel: Channel; bytes: Uint8Array }[];
  readonly ups: PeerUp[];
  readonly downs: PeerDown[];
  readonly statuses: PeerUp[];
};

export const GENESIS: HashHex = toHashHex('11'.repeat(32));

export const digest = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());

export type NodeOptions = Partial<NetworkOptions> & {
  /** False: the test sets its own. */
  readonly handlers?: boolean;
  readonly now?: () => number;
  readonly door?: DoorHandler;
};

const running = new Set<Network>();

export function createNode(seed: string, options: NodeOptions = {}): TestNode {
  const lines: Line[] = [];
  const log =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      lines.push({ level, message, fields });
    };
  const { handlers = true, now, door, ...rest } = options;
  const network = createNetwork(
    {
      privateKey: digest(seed),
      chainId: 20200,
      groupId: 'group0',
      genesisHash: GENESIS,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      agent: 'hansa/test',
      instance: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
      ...rest,
    },
    {
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      ...(now && { now }),
      ...(door && { door }),
    },
  );
  const node: TestNode = { network, nodeId: network.nodeId, lines, frames: [], ups: [], downs: [], statuses: [] };
  network.onPeerUp((event) => node.ups.push(event));
  network.onPeerDown((event) => node.downs.push(event));
  network.onPeerStatus((event) => node.statuses.push(event));
  if (handlers) {
    for (const channel of ['consensus', 'transactions', 'sync'] as const) {
      network.onFrame(channel, (from, bytes) => void node.frames.push({ from, channel, bytes }));
    }
  }
  running.add(network);
  return node;
}

/** Nodes in ascending order of their ids: the first opens the streams to all others. */
export function createNodes(count: number, options: NodeOptions = {}, prefix = 'node'): TestNode[] {
  return Array.from({ length: count }, (_, index) => createNode(`${prefix}-${index}`, options)).sort((a, b) =>
    a.nodeId < b.nodeId ? -1 : 1,
  );
}

export const addressesOf = (node: TestNode): readonly string[] => node.network.listenAddresses();

export function admit(nodes: readonly TestNode[], admitted: readonly TestNode[] = nodes): void {
  const snapshot = { nodes: admitted.map((node) => ({ nodeId: node.nodeId, addresses: addressesOf(node) })) };
  for (const node of nodes) node.network.setAdmission(snapshot);
}

export async function startAll(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.network.start()));
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((network) => network.stop()));
  running.clear();
}

/** Resolves as soon as `condition` holds; looks again in each turn of the event loop's timers. */
export async function until(condition: () => boolean, what: string, timeoutMs = 8_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const isMeshed = (nodes: readonly TestNode[]): boolean =>
  nodes.every((node) => node.network.connected().length === nodes.length - 1);

export const messages = (node: TestNode): string => node.lines.map((line) => line.message).join('\n');

/** Fast times for tests. */
export const QUICK: Partial<NetworkLimits> = { heartbeatMs: 100, heartbeatTimeoutMs: 600, redialMsMax: 1_000 };

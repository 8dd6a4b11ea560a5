/**
 * A validator that lies: the node as it is, but for what leaves it on the consensus channel.
 * `node packages/testing/dist/byzantine-node/main.js --dir DIR [--strategy NAME]… [--seed S]`
 *
 * A process that has started this one with a channel (`fork`) may send `{ play, seed }` with the names of strategies, and
 * is told `{ event: 'started' }` when the node runs. For each `{ report: true }` it gets `{ event: 'lies', counts }`.
 */
import { parseArgs } from 'node:util';
import { suiteByName } from '@hansa/crypto';
import { createNetwork, type Network } from '@hansa/network';
import { type NodePorts, type RunningNode, runNode } from '@hansa/node/program';
import { assert } from '@hansa/primitives';
import { isLiveStrategy, LIVE_STRATEGIES, LiarTransport, type LiveStrategy } from './liar-transport.ts';

const SUITE = 'standard';
const HELP = `usage: node main.js --dir DIR [--strategy NAME]... [--seed S]
strategies: ${LIVE_STRATEGIES.join(', ')}
`;

/** Orders over the channel. */
export type LiarOrder = { readonly play: readonly string[]; readonly seed: number } | { readonly report: true };
export type LiarAnswer =
  | { readonly event: 'started' }
  | { readonly event: 'lies'; readonly counts: Readonly<Record<string, number>> };

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    strategy: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const strategies = values.strategy.filter(isLiveStrategy);
if (values.help) process.stdout.write(HELP);
else if (values.dir === undefined || !Number.isSafeInteger(seed) || strategies.length < values.strategy.length) {
  process.stderr.write(HELP);
  process.exitCode = 2;
} else await run(values.dir, strategies);

async function run(dir: string, first: readonly LiveStrategy[]): Promise<void> {
  let liar: LiarTransport | undefined;
  const connectLiar: NodePorts['createNetwork'] = (options, dependencies) => {
    const suite = suiteByName(SUITE);
    assert(suite !== undefined, `suite ${SUITE} is always there`);
    const { privateKey } = options;
    assert(privateKey instanceof Uint8Array, 'a liar holds its key itself');
    const network = createNetwork(options, dependencies);
    const transport = new LiarTransport({
      ...options,
      privateKey,
      suite,
      send: (to, frame) => network.send(to, 'consensus', frame),
    });
    liar = transport;
    return lyingNetwork(network, transport);
  };
  const onStarted = (node: RunningNode): void => {
    liar?.onStarted(node);
    liar?.play(first, seed);
    answer({ event: 'started' });
  };
  process.on('message', (order: LiarOrder) => {
    if ('report' in order) answer({ event: 'lies', counts: Object.fromEntries(liar?.counts ?? []) });
    else liar?.play(order.play.filter(isLiveStrategy), order.seed);
  });
  await runNode({ dir, json: true, tied: process.send !== undefined }, { createNetwork: connectLiar, onStarted });
}

/** The network as it is, but for the consensus channel. */
function lyingNetwork(network: Network, liar: LiarTransport): Network {
  return {
    nodeId: network.nodeId,
    peerId: network.peerId,
    start: () => network.start(),
    stop: () => network.stop(),
    listenAddresses: () => network.listenAddresses(),
    setAdmission: (snapshot) => network.setAdmission(snapshot),
    setLocalStatus: (status) => network.setLocalStatus(status),
    send: (to, channel, bytes) => (channel === 'consensus' ? liar.send(to, bytes) : network.send(to, channel, bytes)),
    broadcast: (channel, bytes, to) => network.broadcast(channel, bytes, to),
    onFrame: (channel, handler) =>
      network.onFrame(
        channel,
        channel === 'consensus'
          ? (from, bytes) => {
              for (const frame of liar.receive(bytes)) void handler(from, frame);
            }
          : handler,
      ),
    onPeerUp: (listener) => network.onPeerUp(listener),
    onPeerDown: (listener) => network.onPeerDown(listener),
    onPeerStatus: (listener) => network.onPeerStatus(listener),
    penalise: (nodeId, message) => network.penalise(nodeId, message),
    connected: () => network.connected(),
    peers: () => network.peers(),
    counters: () => network.counters(),
  };
}

function answer(message: LiarAnswer): void {
  process.send?.(message);
}

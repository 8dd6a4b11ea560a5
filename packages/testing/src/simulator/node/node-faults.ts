/** What goes wrong with whole nodes, and when: drawn from the seed. */
import type { NodeId } from '@hansa/primitives';
import type { Prng } from '../prng.ts';
import type { DelayProfile } from '../sim-network.ts';
import type { Clients } from './clients.ts';
import type { FullNode, NodeRun } from './full-node.ts';
import type { NetworkNode } from './node-network.ts';

const WEIGHTS = {
  delay: 4,
  loss: 2,
  partition: 3,
  isolate: 4,
  'one-way': 2,
  mute: 3,
  connect: 6,
  crash: 5,
  'crash at boundary': 10,
  'crash many': 2,
  pause: 3,
  clock: 2,
  'disk full': 1,
  slow: 3,
  busy: 2,
  erase: 2,
  'roll back': 1,
  'add observer': 3,
  'add validator': 4,
  remove: 3,
  'set weight': 2,
  parameter: 3,
} as const;
type Action = keyof typeof WEIGHTS;

const MUTABLE = ['proposal', 'prepare', 'commit', 'result', 'suspect', 'view-change', 'new-view', 'status'];

export type NodeFaultControl = {
  readonly run: NodeRun;
  readonly clients: Clients;
  readonly endUs: number;
  /** Honest members that may still lose their votes: F minus liars minus those that did. */
  spendFaulty(): boolean;
  /** Whether this member may be asked to leave, whatever else has been asked for. */
  mayRemove(nodeId: NodeId): boolean;
};

export class NodeFaults {
  readonly #control: NodeFaultControl;
  readonly #chance: Prng;
  readonly #actions: Action[] = [];
  /** Who may weigh more than one. */
  readonly #heavy: Set<NodeId> = new Set();
  readonly #saved: Map<FullNode, { readonly starts: number; readonly files: readonly (Uint8Array | undefined)[] }> =
    new Map();

  constructor(control: NodeFaultControl, chance: Prng) {
    this.#control = control;
    this.#chance = chance;
    for (const [action, weight] of Object.entries(WEIGHTS)) {
      for (let i = 0; i < weight; i++) this.#actions.push(action as Action);
    }
  }

  start(): void {
    this.#control.run.crashed = (node) => this.#restartLater(node);
    this.#next();
  }

  #next(): void {
    const { queue } = this.#control.run.world;
    queue.after(this.#chance.between(100_000, 1_500_000), () => {
      if (queue.nowUs >= this.#control.endUs) return;
      this.#act(this.#chance.pick(this.#actions));
      this.#next();
    });
  }

  #restartLater(node: FullNode): void {
    const { queue } = this.#control.run.world;
    const delayUs = this.#chance.chance(0.7)
      ? this.#chance.between(50_000, 1_500_000)
      : this.#chance.between(1_500_000, 12_000_000);
    queue.at(Math.min(queue.nowUs + delayUs, Math.max(this.#control.endUs, queue.nowUs + 100_000)), () => node.start());
  }

  #act(action: Action): void {
    const { world, network, nodes } = this.#control.run;
    const chance = this.#chance;
    const node = chance.pick(nodes);
    world.count(`fault: ${action}`);
    world.trace(() => `fault ${action} (${node.label})`);
    switch (action) {
      case 'delay':
        network.delay = chance.pick(['lan', 'wan', 'jitter', 'heavy'] satisfies DelayProfile[]);
        return;
      case 'loss':
        network.lossRate = chance.pick([0, 0.01, 0.1, 0.3]);
        return;
      case 'partition': {
        const side: ReadonlySet<NetworkNode> = new Set(chance.sample(nodes, chance.between(1, nodes.length - 1)));
        network.cuts.set('partition', (from, to) => side.has(from) !== side.has(to));
        return;
      }
      case 'isolate':
        network.cuts.set('isolate', (from, to) => from === node || to === node);
        return;
      case 'one-way': {
        const cut = new Set<string>();
        for (const from of nodes) for (const to of nodes) if (chance.chance(0.15)) cut.add(`${from.label}/${to.label}`);
        network.cuts.set('one-way', (from, to) => cut.has(`${from.label}/${to.label}`));
        return;
      }
      case 'mute': {
        const kind = chance.pick(MUTABLE);
        const hearing: ReadonlySet<NetworkNode> = new Set(chance.sample(nodes, chance.between(0, 2)));
        network.mutes.set('mute', (_from, to, packet) => {
          return packet.type === 'pbft' && packet.message.type === kind && !hearing.has(to);
        });
        return;
      }
      case 'connect':
        for (const name of [...network.cuts.keys()]) if (chance.chance(0.7)) network.cuts.delete(name);
        network.mutes.clear();
        return;
      case 'pause':
        if (node.isUp) node.pause(chance.pick([100_000, 500_000, 2_000_000, 8_000_000]));
        return;
      case 'clock':
        node.clockOffsetMs = chance.pick([0, -500, 700, -2_500, 2_900, -60_000]);
        world.clockAheadMsMax = Math.max(world.clockAheadMsMax, node.clockOffsetMs);
        return;
      case 'slow':
        node.executeUs = chance.pick([1_000, 20_000, 200_000, 1_500_000]);
        node.ledgerDisk.commitUs = chance.pick([500, 5_000, 100_000, 1_000_000]);
        node.journalDisk.syncUs = chance.pick([200, 5_000, 200_000]);
        return;
      case 'busy':
        node.busyRate = chance.pick([0, 0.1, 0.5]);
        return;
      case 'crash':
      case 'crash at boundary':
      case 'crash many':
      case 'disk full':
      case 'erase':
      case 'roll back':
        this.#actOnProcess(action, node);
        return;
      default:
        this.#govern(action);
    }
  }

  #actOnProcess(
    action: Extract<Action, 'crash' | 'crash at boundary' | 'crash many' | 'disk full' | 'erase' | 'roll back'>,
    node: FullNode,
  ): void {
    const { nodes } = this.#control.run;
    const chance = this.#chance;
    switch (action) {
      case 'crash':
        node.crash();
        return;
      case 'crash at boundary':
        node.crashAtBoundary(chance.between(1, 40));
        return;
      case 'crash many':
        for (const victim of chance.chance(0.5) ? nodes : chance.sample(nodes, 2)) victim.crash();
        return;
      case 'disk full':
        if (!node.isUp) return;
        if (chance.chance(0.5)) node.votes.isFull = true;
        else node.ledgerDisk.isFull = true;
        return;
      case 'erase':
        if (!this.#mayLoseVotes(node)) return;
        node.erase();
        return;
      case 'roll back': {
        const saved = this.#saved.get(node);
        this.#saved.set(node, { starts: node.starts, files: node.votes.copy() });
        if (saved === undefined || !this.#mayLoseVotes(node)) return;
        node.hasForgottenVotes ||= saved.starts === node.starts;
        node.crash();
        node.wasWiped = true;
        node.votes.restore(saved.files);
        return;
      }
    }
  }

  #mayLoseVotes(node: FullNode): boolean {
    return !node.isByzantine && !this.#heavy.has(node.nodeId) && this.#control.spendFaulty();
  }

  #govern(action: 'add observer' | 'add validator' | 'remove' | 'set weight' | 'parameter'): void {
    const { clients, run } = this.#control;
    const { model } = run.chain;
    const chance = this.#chance;
    const strangers = run.nodes.filter(({ nodeId }) => !model.isRegistered(nodeId));
    const registered = run.nodes.filter(({ nodeId }) => model.isRegistered(nodeId));
    const { nodeId, isByzantine, wasWiped } = chance.pick(
      action === 'add observer' && strangers.length > 0 ? strangers : registered,
    );
    switch (action) {
      case 'add observer':
        if (model.isRegistered(nodeId) && !this.#control.mayRemove(nodeId)) return;
        clients.govern({ type: action, nodeId });
        return;
      case 'remove':
        if (this.#control.mayRemove(nodeId)) clients.govern({ type: action, nodeId });
        return;
      case 'add validator':
        // More weight for who may be faulty would be more than F.
        if (!isByzantine && !wasWiped) clients.govern({ type: action, nodeId, weight: 1 });
        return;
      case 'set weight':
        if (isByzantine || wasWiped) return;
        this.#heavy.add(nodeId);
        clients.govern({ type: action, nodeId, weight: chance.between(1, 3) });
        return;
      case 'parameter': {
        const key = chance.pick(['hansa_window', 'consensus_leader_period', 'tx_count_limit'] as const);
        const values = { hansa_window: [1, 2, 4, 8], consensus_leader_period: [4, 16, 64], tx_count_limit: [1, 3, 20] };
        clients.govern({ type: action, key, value: chance.pick(values[key]) });
        return;
      }
    }
  }
}

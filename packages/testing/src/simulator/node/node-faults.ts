/** What goes wrong with whole nodes, and when: drawn from the seed. */
import type { NodeId } from '@hansa/primitives';
import type { Prng } from '../prng.ts';
import type { DelayProfile } from '../sim-network.ts';
import type { FullNode, NodeRun } from './full-node.ts';
import type { ModelAction } from './governance-model.ts';
import type { Governors } from './governors.ts';
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
  suspend: 1,
  'set weight': 2,
  parameter: 3,
  succeed: 2,
} as const;
type Action = keyof typeof WEIGHTS;
/** Half of all that happens, where members are what is looked at. */
const MEMBERSHIP_WEIGHTS: Readonly<Record<Action, number>> = {
  ...WEIGHTS,
  'add observer': 18,
  'add validator': 22,
  remove: 12,
  suspend: 5,
  'set weight': 6,
  parameter: 4,
  succeed: 14,
};
type Governing = ModelAction['type'];
const BATCH_MAX = 3;

const MUTABLE = ['proposal', 'prepare', 'commit', 'result', 'suspect', 'view-change', 'new-view', 'status'];

export type NodeFaultControl = {
  readonly run: NodeRun;
  readonly governors: Governors;
  /** Ids of organisations; a node belongs to the one of its index. */
  readonly organisations: readonly string[];
  /** Rather members than machines. */
  readonly isAboutMembers: boolean;
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
    for (const [action, weight] of Object.entries(control.isAboutMembers ? MEMBERSHIP_WEIGHTS : WEIGHTS)) {
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
      case 'succeed':
        this.#succeed();
        return;
      default:
        this.#govern(action);
    }
  }

  /** A new key: mostly for a validator, by an observer that fits. */
  #succeed(): void {
    const { run, governors } = this.#control;
    const { governance } = run.chain.model;
    const chance = this.#chance;
    const pairs = run.nodes.flatMap((old) =>
      run.nodes.flatMap((next) => {
        const [present, observer] = [governance.memberOf(old.nodeId), governance.memberOf(next.nodeId)];
        const fits = observer?.role === 'observer' && observer.organisation === present?.organisation;
        return old !== next && fits ? [[old, next] as const] : [];
      }),
    );
    if (pairs.length === 0) return;
    const [old, next] = chance.pick(pairs);
    // An honest place is handed to an honest node; who may be faulty loses its place to one that is not.
    if (next.isByzantine || next.wasWiped) return;
    // With the weight that the old one has then.
    this.#heavy.add(next.nodeId);
    governors.succeed(old.nodeId, next.nodeId);
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

  /** A proposal of this change; where several organisations govern, of more than one at times. */
  #govern(action: Governing): void {
    const { governors, organisations } = this.#control;
    const chance = this.#chance;
    const count = organisations.length > 1 ? chance.between(1, BATCH_MAX) : 1;
    const drawn = Array.from({ length: count }, (_, i) => (i === 0 ? action : chance.pick(GOVERNING)));
    const actions = new Map<string, ModelAction>();
    for (const type of drawn) {
      const change = this.#changeOf(type, actions);
      if (change !== undefined) actions.set(change.type === 'parameter' ? change.key : change.nodeId, change);
    }
    if (actions.size > 0) governors.propose([...actions.values()]);
  }

  #changeOf(type: Governing, named: ReadonlyMap<string, ModelAction>): ModelAction | undefined {
    const { run, organisations } = this.#control;
    const { governance } = run.chain.model;
    const chance = this.#chance;
    if (type === 'parameter') {
      const key = chance.pick(['hansa_window', 'consensus_leader_period', 'tx_count_limit'] as const);
      const values = { hansa_window: [1, 2, 4, 8], consensus_leader_period: [4, 16, 64], tx_count_limit: [1, 3, 20] };
      return { type, key, value: chance.pick(values[key]) };
    }
    const strangers = run.nodes.filter(({ nodeId }) => governance.memberOf(nodeId) === undefined);
    const registered = run.nodes.filter(({ nodeId }) => governance.memberOf(nodeId) !== undefined);
    const node = chance.pick(type === 'add observer' && strangers.length > 0 ? strangers : registered);
    const { nodeId, isByzantine, wasWiped } = node;
    if (named.has(nodeId)) return undefined;
    const isValidator = governance.memberOf(nodeId)?.role === 'validator';
    switch (type) {
      case 'add observer':
        if (isValidator && !this.#control.mayRemove(nodeId)) return undefined;
        return { type, nodeId, organisation: organisations[node.index % organisations.length] as string };
      case 'remove':
      case 'suspend':
        return this.#control.mayRemove(nodeId) ? { type, nodeId } : undefined;
      case 'add validator':
        // More weight for who may be faulty would be more than F.
        return isByzantine || wasWiped ? undefined : { type, nodeId, weight: 1 };
      case 'set weight':
        if (isByzantine || wasWiped) return undefined;
        this.#heavy.add(nodeId);
        return { type, nodeId, weight: chance.between(1, 3) };
    }
  }
}

const GOVERNING: readonly Governing[] = [
  'add observer',
  'add validator',
  'remove',
  'suspend',
  'set weight',
  'parameter',
];

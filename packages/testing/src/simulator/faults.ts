/** What goes wrong, and when: drawn from the seed. Profiles differ in what they draw most. */
import type { ChainParameters, ValidatorSet } from '@hansa/protocol';
import type { Member } from './member.ts';
import type { Outage } from './outage.ts';
import type { Prng } from './prng.ts';
import type { DelayProfile } from './sim-network.ts';
import type { Run, SimNode } from './sim-node.ts';

export const PROFILES = ['general', 'hunting', 'stall', 'crash-between', 'outage'] as const;
export type Profile = (typeof PROFILES)[number];

const ACTIONS = [
  'delay',
  'loss',
  'partition',
  'isolate',
  'one-way',
  'flap',
  'mute',
  'connect',
  'crash',
  'crash at boundary',
  'crash many',
  'pause',
  'clock',
  'disk full',
  'slow',
  'damage',
  'wipe',
  'roll back',
  'diverge',
  'set change',
  'parameter change',
] as const;
type Action = (typeof ACTIONS)[number];

/** Weights by profile; what is not named has none. */
const WEIGHTS: Readonly<Record<Profile, Partial<Record<Action, number>>>> = {
  general: {
    delay: 4,
    loss: 3,
    partition: 3,
    isolate: 3,
    'one-way': 2,
    flap: 1,
    mute: 2,
    connect: 4,
    crash: 4,
    'crash at boundary': 5,
    'crash many': 1,
    pause: 3,
    clock: 2,
    'disk full': 1,
    slow: 2,
    damage: 1,
    wipe: 1,
    'roll back': 1,
    diverge: 1,
    'set change': 3,
    'parameter change': 1,
  },
  hunting: { mute: 12, delay: 2, loss: 1, connect: 2, 'crash at boundary': 3, 'one-way': 3, 'set change': 1 },
  stall: { connect: 1 },
  outage: { delay: 2, loss: 1, slow: 1 },
  'crash-between': {
    'crash at boundary': 14,
    crash: 3,
    'crash many': 2,
    delay: 2,
    connect: 1,
    mute: 2,
    'set change': 1,
  },
};
const INTERVAL_US: Readonly<Record<Profile, readonly [number, number]>> = {
  general: [100_000, 2_000_000],
  hunting: [100_000, 1_500_000],
  stall: [1_000_000, 5_000_000],
  outage: [1_000_000, 4_000_000],
  'crash-between': [50_000, 700_000],
};
const MUTABLE = [
  'proposal',
  'prepare',
  'commit',
  'result',
  'suspect',
  'view-change',
  'new-view',
  'status',
  'prepared-certificate',
  'commit-certificate',
];

/** What the cluster lets the faults do. */
export type FaultControl = {
  readonly run: Run;
  readonly profile: Profile;
  readonly endUs: number;
  /** Of the profile `outage`. */
  readonly outage: Outage | undefined;
  /** What was left out of a run makes all that is drawn later neither more nor less. */
  mayHappen(fault: number): boolean;
  /** Honest members that may still lose their votes: F minus liars minus those that did. */
  spendFaulty(): boolean;
  changeSet(): ValidatorSet | undefined;
  submitSetChange(validators: ValidatorSet): void;
  submitParameterChange(parameters: Partial<ChainParameters>): void;
};

export class Faults {
  readonly #control: FaultControl;
  readonly #chance: Prng;
  readonly #restarts: Prng;
  /** Numbers of those that happened. */
  readonly happened: number[] = [];
  #count = 0;
  readonly #actions: Action[] = [];
  readonly #saved: Map<SimNode, { readonly starts: number; readonly files: readonly (Uint8Array | undefined)[] }> =
    new Map();

  constructor(control: FaultControl, chance: Prng) {
    this.#control = control;
    this.#chance = chance;
    this.#restarts = chance.fork(1);
    for (const action of ACTIONS) {
      const weight = WEIGHTS[control.profile][action] ?? 0;
      for (let i = 0; i < weight; i++) this.#actions.push(action);
    }
  }

  start(): void {
    const { run, profile, endUs } = this.#control;
    const { world, network } = run;
    run.crashed = (node) => this.#restartLater(node);
    if (profile === 'stall') {
      // A minute of silence in small: everything is cut off at some point of work, then the network is perfect.
      world.queue.after(this.#chance.between(1_000_000, 8_000_000), () => {
        network.filters.set('stall', () => true);
        world.count('stall');
        world.trace(() => 'silence');
      });
    }
    const { outage } = this.#control;
    if (outage !== undefined) world.queue.after(this.#chance.between(2_000_000, 8_000_000), () => outage.begin());
    this.#next(endUs);
  }

  #next(endUs: number): void {
    const { profile } = this.#control;
    const { world } = this.#control.run;
    const [least, most] = INTERVAL_US[profile];
    world.queue.after(this.#chance.between(least, most), () => {
      if (world.queue.nowUs >= endUs) return;
      const fault = this.#count++;
      const action = this.#chance.pick(this.#actions);
      const chance = this.#chance.fork(fault);
      if (this.#control.mayHappen(fault)) {
        this.happened.push(fault);
        this.#act(action, chance);
      }
      this.#next(endUs);
    });
  }

  #restartLater(node: SimNode): void {
    const { endUs, outage } = this.#control;
    if (outage?.keepsDown(node) === true) return;
    const { world } = this.#control.run;
    const delayUs = this.#restarts.chance(0.7)
      ? this.#restarts.between(50_000, 1_500_000)
      : this.#restarts.between(1_500_000, 12_000_000);
    const atUs = Math.min(world.queue.nowUs + delayUs, Math.max(endUs, world.queue.nowUs + 100_000));
    world.queue.at(atUs, () => node.start());
  }

  #act(action: Action, chance: Prng): void {
    const { world, network, nodes } = this.#control.run;
    const node = chance.pick(nodes);
    world.count(`fault: ${action}`);
    world.trace(() => `fault ${this.#count - 1} ${action} (${node.label})`);
    switch (action) {
      case 'delay':
        network.delay = chance.pick(['lan', 'wan', 'jitter', 'heavy'] satisfies DelayProfile[]);
        break;
      case 'loss':
        network.lossRate = chance.pick([0, 0, 0.01, 0.1, 0.3]);
        network.repeatRate = chance.pick([0, 0.05, 0.3]);
        break;
      case 'partition':
        this.#partition(chance);
        break;
      case 'isolate':
        network.filters.set('isolate', (from, to) => from === node || to === node);
        break;
      case 'one-way':
        this.#oneWay(chance);
        break;
      case 'flap': {
        const peer = chance.pick(nodes);
        const periodUs = chance.between(100_000, 800_000);
        network.filters.set('flap', (from, to) => {
          const isLink = (from === node && to === peer) || (from === peer && to === node);
          return isLink && Math.floor(world.queue.nowUs / periodUs) % 2 === 0;
        });
        break;
      }
      case 'mute':
        this.#mute(chance);
        break;
      case 'connect':
        this.#connect(chance);
        break;
      case 'pause':
        node.pause(chance.pick([100_000, 500_000, 2_000_000, 8_000_000, 60_000_000]));
        break;
      case 'clock':
        // Up to a tenth too fast or too slow: beyond the skew within the chaos.
        node.clock.set(
          chance.pick([0, -500, 700, -2_500, 2_900, 3_500, -60_000]),
          chance.pick([0, 0, 500, -20_000, 20_000, -100_000, 100_000]),
        );
        for (const us of [world.queue.nowUs, this.#control.endUs]) {
          world.clockAheadMsMax = Math.max(world.clockAheadMsMax, node.clock.aheadMsAt(us));
        }
        break;
      case 'slow':
        node.executeUs = chance.pick([1_000, 20_000, 200_000, 1_500_000]);
        node.syncUs = chance.pick([100, 1_000, 30_000, 200_000]);
        break;
      case 'set change': {
        const validators = this.#control.changeSet();
        if (validators !== undefined) this.#control.submitSetChange(validators);
        break;
      }
      case 'parameter change':
        this.#control.submitParameterChange({
          window: chance.pick([1, 2, 4, 8]),
          leaderPeriod: chance.pick([4, 16, 64]),
        });
        break;
      default:
        this.#actOnDisk(action, node, chance);
    }
  }

  #actOnDisk(
    action: Extract<
      Action,
      'crash' | 'crash at boundary' | 'crash many' | 'disk full' | 'damage' | 'wipe' | 'roll back' | 'diverge'
    >,
    node: SimNode,
    chance: Prng,
  ): void {
    const { nodes } = this.#control.run;
    switch (action) {
      case 'crash':
        node.crash();
        break;
      case 'crash at boundary':
        node.crashAtBoundary(chance.between(1, 25));
        break;
      case 'crash many':
        for (const victim of chance.chance(0.5) ? nodes : chance.sample(nodes, 2)) victim.crash();
        break;
      case 'disk full':
        if (node.isUp) node.disk.isFull = true;
        break;
      case 'damage':
      case 'wipe':
        if (node.isByzantine || !this.#control.spendFaulty()) return;
        node.crash();
        if (action === 'damage') {
          node.disk.damage(chance);
        } else {
          node.wasWiped = true;
          node.disk.wipe();
        }
        break;
      case 'roll back': {
        const saved = this.#saved.get(node);
        this.#saved.set(node, { starts: node.starts, files: node.disk.copy() });
        if (saved === undefined || node.isByzantine || !this.#control.spendFaulty()) return;
        node.hasForgottenVotes ||= saved.starts === node.starts;
        node.crash();
        node.wasWiped = true;
        node.disk.restore(saved.files);
        break;
      }
      case 'diverge':
        if (node.isByzantine || !this.#control.spendFaulty()) return;
        node.executionFault = '!';
        break;
    }
  }

  #partition(chance: Prng): void {
    const { network, nodes } = this.#control.run;
    const side: ReadonlySet<Member> = new Set(chance.sample(nodes, chance.between(1, nodes.length - 1)));
    network.filters.set('partition', (from, to) => side.has(from) !== side.has(to));
  }

  #oneWay(chance: Prng): void {
    const { network, nodes } = this.#control.run;
    const cut = new Set<string>();
    for (const from of nodes) {
      for (const to of nodes) if (chance.chance(0.2)) cut.add(`${from.label}/${to.label}`);
    }
    network.filters.set('one-way', (from, to) => cut.has(`${from.label}/${to.label}`));
  }

  /** One kind of message reaches one or two only. */
  #mute(chance: Prng): void {
    const { world, network, nodes } = this.#control.run;
    const kind = chance.pick(MUTABLE);
    const hearing: ReadonlySet<Member> = new Set(chance.sample(nodes, chance.between(0, 2)));
    network.filters.set(
      'mute',
      (_from, to, packet) => packet.type === 'pbft' && packet.message.type === kind && !hearing.has(to),
    );
    world.trace(() => `mute ${kind} to all but ${[...hearing].map(({ label }) => label).join() || 'none'}`);
  }

  #connect(chance: Prng): void {
    const { network, nodes } = this.#control.run;
    const names = [...network.filters.keys()].filter((name) => name !== 'stall');
    for (const name of names) if (chance.chance(0.6)) network.filters.delete(name);
    for (const node of nodes) {
      for (const peer of nodes) {
        if (node !== peer && node.isUp && peer.isUp && network.isConnected(node, peer)) node.onConnected(peer);
      }
    }
  }
}

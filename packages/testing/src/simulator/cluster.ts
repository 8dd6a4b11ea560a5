/** One run: a cluster from a seed, chaos, healing, judgement. */
import type { RuleId } from '@hansa/consensus';
import { ConsensusDriver, createVoteStore, openVoteStore, replaceLostVoteStore } from '@hansa/node';
import type { HashHex } from '@hansa/primitives';
import type { ChainParameters, ValidatorSet } from '@hansa/protocol';
import { Liar, type LiarRun, STRATEGIES, type Strategy } from './byzantine.ts';
import { Checkers } from './checkers.ts';
import { EventQueue } from './event-queue.ts';
import { Faults, PROFILES, type Profile } from './faults.ts';
import { CHAOS_MS, type RunLimits } from './limits.ts';
import { Outage } from './outage.ts';
import type { SimPacket } from './packet.ts';
import { Prng } from './prng.ts';
import { type SimTransaction, simGenesis } from './sim-chain.ts';
import { createSimDigests, simHash, simNodeId } from './sim-crypto.ts';
import { simForgingWorld } from './sim-forging.ts';
import { SimNetwork } from './sim-network.ts';
import { type NodeTraits, type Run, SimNode } from './sim-node.ts';
import { RunEnded, type Violation } from './violation.ts';
import { type Program, World } from './world.ts';

export type RunOptions = {
  readonly seed: number;
  readonly profile?: Profile;
  readonly nodes?: number;
  readonly limits?: RunLimits;
  readonly writeTrace?: (line: string) => void;
  /** The real one when it is missing. */
  readonly program?: Program;
};

export type RunReport = {
  readonly seed: number;
  readonly profile: Profile;
  readonly nodes: number;
  readonly liars: readonly string[];
  /** What happened, as `RunLimits` name it. */
  readonly drawn: { readonly faults: readonly number[]; readonly liars: readonly number[] };
  readonly virtualMs: number;
  readonly height: number;
  readonly terms: number;
  readonly viewChanges: number;
  readonly highestView: number;
  /** After healing, until the first new final block. */
  readonly recoveryMs: number | undefined;
  readonly counts: ReadonlyMap<string, number>;
  readonly rules: ReadonlyMap<RuleId, number>;
  readonly events: number;
  readonly traceHash: number;
  readonly violation: Violation | undefined;
};

const REAL_PROGRAM: Program = { ConsensusDriver, createVoteStore, openVoteStore, replaceLostVoteStore };
/** Packets, ticks and timers of a run by ordered pair of nodes; the busiest of many clean runs had a third of it. */
const EVENTS_PER_PAIR_MAX = 8_000;
const CHAOS_US = 1_000 * CHAOS_MS;
/** After days of sleep, until the healing. */
const AWAKE_US = 10_000_000;
const JUDGE_US = 30_000_000;
/** A node hears of a new height once a second at the latest: what is final so long before the judgement, all must have. */
const SPREAD_US = 2_000_000;
const QUIET_US = 8_000_000;
/** Base and cap of the time-outs stay what a chain starts with: the bounds of liveness are derived from them. */
const SLOW_TICK_MS = 1_000;

/** Runs one seed. Equal options give an equal report, bit for bit. */
export function runSeed(options: RunOptions): RunReport {
  return new Cluster(options).run();
}

class Cluster {
  readonly #options: RunOptions;
  readonly #chance: Prng;
  readonly #profile: Profile;
  readonly #run: Run;
  readonly #world: World;
  readonly #nodes: SimNode[];
  readonly #memberCount: number;
  readonly #liars: Liar[] = [];
  readonly #outage: Outage | undefined;
  #faults: Faults | undefined;
  #faultyLeft = 0;
  #transactionCount = 0;
  #recoveryMs: number | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    const chance = new Prng(options.seed);
    this.#chance = chance;
    const profile = chance.pick(['general', 'general', ...PROFILES] as const);
    this.#profile = options.profile ?? profile;
    const drawn = chance.pick([4, 4, 4, 4, 5, 6, 7]);
    this.#memberCount = options.nodes ?? drawn;
    const queue = new EventQueue();
    const networkChance = chance.fork(1);
    const parameters = {
      window: chance.pick([1, 2, 4, 8, 8]),
      leaderPeriod: chance.pick([3, 8, 16, 64, 256]),
      txCountLimit: chance.pick([1, 3, 10]),
      clockSkewMs: 3_000,
    };
    const members = Array.from({ length: this.#memberCount }, (_, index) => index);
    this.#world = new World({
      queue,
      digests: createSimDigests(),
      genesis: simGenesis(setOf(members), parameters),
      options: {
        settings: {},
        compactBytesMin: chance.pick([2_000, 20_000, 200_000]),
        program: options.program ?? REAL_PROGRAM,
      },
      writeTrace: options.writeTrace,
    });
    const checkers = new Checkers(this.#world);
    const network = new SimNetwork(this.#world, (from, packet) => checkers.onSent(from, packet), networkChance);
    this.#nodes = [];
    this.#run = { world: this.#world, network, checkers, nodes: this.#nodes, crashed: undefined };
    this.#populate(chance);
    this.#outage = this.#profile === 'outage' ? new Outage(this.#run, chance.fork(4)) : undefined;
  }

  #populate(chance: Prng): void {
    const candidates = this.#memberCount < 4 ? 0 : chance.pick([0, 1, 2]);
    for (let index = 0; index < this.#memberCount + candidates; index++) {
      this.#addNode({ index, nodeId: simNodeId(index) }, chance.fork(100 + index));
    }
    this.#faultyLeft = Math.floor((this.#memberCount - 1) / 3);
    const liarCount = this.#profile === 'stall' ? 0 : chance.between(0, this.#faultyLeft);
    this.#faultyLeft -= liarCount;
    for (const node of chance.sample(this.#nodes.slice(0, this.#memberCount), liarCount)) {
      const strategies = chance.sample(STRATEGIES, chance.between(1, 4));
      const [own, other, twin] = [300, 400, 200].map((stream) => chance.fork(stream + node.index)) as [
        Prng,
        Prng,
        Prng,
      ];
      if (this.#options.limits?.liars?.includes(node.index) === false) continue;
      this.#addLiar(node, strategies, own);
      if (!strategies.includes('twins')) continue;
      const traits = { index: node.index, nodeId: node.nodeId, twin: true };
      this.#addLiar(this.#addNode(traits, twin), strategies, other);
    }
  }

  #addNode(traits: NodeTraits, chance: Prng): SimNode {
    const node = new SimNode(traits, this.#run, chance);
    this.#nodes.push(node);
    this.#world.nodes.push(node);
    return node;
  }

  #addLiar(node: SimNode, strategies: readonly Strategy[], chance: Prng): void {
    const { world, network, nodes } = this.#run;
    const run = {
      world: simForgingWorld(world),
      peers: () => nodes,
      tamper: (change: Parameters<LiarRun['tamper']>[0]) =>
        void network.tampers.set(node, (_from, to, packet) => change(to, packet)),
      inject: (to: SimNode, packet: SimPacket) => network.inject(node, to, packet),
    };
    this.#liars.push(new Liar(node, strategies, run, chance));
  }

  run(): RunReport {
    try {
      const { window, leaderPeriod, txCountLimit } = this.#world.genesis.term.parameters;
      const limits = `window ${window}, terms of ${leaderPeriod}, ${txCountLimit} transactions in a block`;
      this.#world.trace(() => `${this.#profile}, ${this.#memberCount} members, ${limits}`);
      for (const { node, strategies } of this.#liars) {
        this.#world.trace(() => `${node.label} lies: ${[...strategies].join(', ')}`);
      }
      for (const node of this.#nodes) node.start();
      this.#work(CHAOS_US + 20_000_000);
      this.#chaos();
      if (!this.#isOver()) this.#judge();
    } catch (error) {
      this.#noteException(error);
    }
    return this.#report();
  }

  #noteException(error: unknown): void {
    if (error instanceof RunEnded) return;
    try {
      this.#run.checkers.fail('exception', error instanceof Error ? (error.stack ?? error.message) : String(error));
    } catch (ended) {
      if (!(ended instanceof RunEnded)) throw ended;
    }
  }

  #isOver(): boolean {
    const { queue, nodes } = this.#world;
    const patience = 1 + (this.#outage?.workedUs ?? 0) / (CHAOS_US + JUDGE_US);
    if (queue.ranCount > EVENTS_PER_PAIR_MAX * nodes.length ** 2 * patience) {
      this.#run.checkers.fail('busy', `${queue.ranCount} events in ${queue.nowMs} ms: messages breed messages`);
    }
    return this.#run.checkers.violation !== undefined;
  }

  #chaos(): void {
    const { faults, chaosMs = CHAOS_MS } = this.#options.limits ?? {};
    const endUs = 1_000 * chaosMs;
    const control = {
      run: this.#run,
      profile: this.#profile,
      endUs,
      outage: this.#outage,
      mayHappen: (fault: number) => faults === undefined || faults.includes(fault),
      spendFaulty: () => {
        if (this.#faultyLeft === 0) return false;
        this.#faultyLeft--;
        return true;
      },
      changeSet: () => this.#drawSet(),
      submitSetChange: (validators: ValidatorSet) => this.#submit({ type: 'validators', validators }),
      submitParameterChange: (parameters: Partial<ChainParameters>) => this.#submit({ type: 'parameters', parameters }),
    };
    this.#faults = new Faults(control, this.#chance.fork(2));
    this.#faults.start();
    const { queue } = this.#world;
    queue.runUntil(endUs, () => this.#isOver());
    if (this.#outage === undefined || this.#isOver()) return;
    queue.runUntil(queue.nowUs + this.#outage.workedUs, () => this.#isOver());
    this.#world.trace(() => 'sleep');
    queue.jump(this.#outage.sleptUs);
    queue.runUntil(queue.nowUs + AWAKE_US, () => this.#isOver());
  }

  /** A set in which those that lie or have lost their votes weigh at most F. */
  #drawSet(): ValidatorSet | undefined {
    const honest: number[] = [];
    const faulty: number[] = [];
    for (const node of this.#nodes) {
      if (node.label.endsWith('T')) continue;
      const isFaulty = node.isByzantine || node.wasWiped || node.executionFault !== '';
      (isFaulty ? faulty : honest).push(node.index);
    }
    const spare = this.#faultyLeft;
    for (let attempt = 0; attempt < 5; attempt++) {
      const chosen = [
        ...this.#chance.sample(honest, this.#chance.between(Math.min(3, honest.length), honest.length)),
        ...this.#chance.sample(faulty, this.#chance.between(0, faulty.length)),
      ].sort((a, b) => a - b);
      const bad = chosen.filter((index) => faulty.includes(index)).length + spare;
      if (chosen.length >= 4 && bad <= Math.floor((chosen.length - 1) / 3)) return setOf(chosen);
    }
    return undefined;
  }

  #work(endUs: number): void {
    const chance = this.#chance.fork(3);
    const { queue } = this.#world;
    const meanUs = chance.pick([150_000, 400_000, 1_200_000]);
    const next = (): void => {
      queue.after(chance.between(meanUs >> 3, 2 * meanUs), () => {
        if (queue.nowUs >= endUs) return;
        this.#submit({ type: 'plain' });
        next();
      });
    };
    next();
  }

  #submit(transaction: SimTransaction): void {
    const world = this.#world;
    const hash: HashHex = simHash(`transaction ${this.#transactionCount++}`);
    world.transactions.set(hash, transaction);
    const up = this.#nodes.filter((node) => node.isUp && !node.isPaused);
    if (up.length === 0) return;
    for (const node of this.#chance.sample(up, this.#chance.pick([1, 1, 2]))) node.submit(hash);
  }

  /** The network is perfect and everybody is up: consensus reference, section 10. */
  #judge(): void {
    const world = this.#world;
    world.trace(() => 'heal');
    this.#run.network.heal();
    this.#run.crashed = (node) => world.queue.after(100_000, () => node.start());
    for (const node of this.#nodes) {
      node.resume();
      if (this.#outage === undefined) node.clock.set(0);
      node.executeUs = 2_000;
      node.syncUs = 500;
      node.disk.isFull = false;
      node.start();
    }
    for (const node of this.#nodes) {
      for (const peer of this.#nodes) if (node !== peer) node.onConnected(peer);
    }
    const { chain } = this.#run.checkers;
    const before = chain.length;
    const healedUs = world.queue.nowUs;
    this.#submit({ type: 'plain' });
    const boundMs = this.#recoveryBoundMs();
    world.queue.runUntil(healedUs + 1000 * boundMs, () => this.#isOver() || chain.length > before);
    if (this.#isOver()) return;
    if (chain.length > before) this.#recoveryMs = Math.round((world.queue.nowUs - healedUs) / 1000);
    else this.#fail(`no new final block ${boundMs} ms after healing: ${this.#describe()}`);
    world.queue.runUntil(healedUs + JUDGE_US - SPREAD_US, () => this.#isOver());
    const expected = chain.length;
    world.queue.runUntil(healedUs + JUDGE_US, () => this.#isOver());
    if (this.#isOver()) return;
    this.#judgeHeights(expected);
    this.#run.checkers.resetTraffic();
    if (this.#liars.length > 0 || this.#isOver()) return;
    world.queue.runUntil(world.queue.nowUs + QUIET_US, () => this.#isOver());
    if (this.#judged().every((node) => node.pool.size === 0)) this.#run.checkers.checkQuiet();
  }

  /** 2 s + (b + 1) · cap, b = faulty primaries that can follow each other. */
  #recoveryBoundMs(): number {
    const { term } = this.#judged().reduce((a, b) => (a.height >= b.height ? a : b)).state;
    const faulty = this.#nodes.filter((node) => this.#isFaulty(node)).map(({ nodeId }) => nodeId);
    const members = term.validators.filter(({ nodeId }) => faulty.includes(nodeId)).length;
    return 2 * SLOW_TICK_MS + (members + 1) * term.parameters.viewTimeoutCapMs;
  }

  #judgeHeights(expected: number): void {
    if (this.#judged().some((node) => node.height < expected)) {
      this.#fail(`not everybody is at height ${expected} 30 s after healing: ${this.#describe()}`);
    }
  }

  #judged(): SimNode[] {
    return this.#nodes.filter((node) => !node.isByzantine);
  }

  #isFaulty(node: SimNode): boolean {
    return node.isByzantine || node.wasWiped || node.executionFault !== '';
  }

  #fail(detail: string): void {
    this.#run.checkers.fail('liveness', detail);
  }

  #describe(): string {
    return this.#nodes
      .map((node) => {
        const { status } = node;
        if (status === undefined) return `${node.label}: down`;
        const mode = status.changing ? 'changing' : '';
        const silence = status.silence === undefined ? '' : ` (${status.silence})`;
        const heights = `final ${node.height}, decided ${status.decidedHeight}, prepared ${status.preparedHeight}`;
        return `${node.label}: t${status.term} v${status.view}${mode}, ${heights}, pool ${node.pool.size}${silence}`;
      })
      .join('; ');
  }

  #report(): RunReport {
    const world = this.#world;
    return {
      seed: this.#options.seed,
      profile: this.#profile,
      nodes: this.#memberCount,
      liars: this.#liars.map(({ node, strategies }) => `${node.label}: ${[...strategies].join(' + ')}`),
      drawn: {
        faults: this.#faults?.happened ?? [],
        liars: [...new Set(this.#liars.map(({ node }) => node.index))],
      },
      virtualMs: world.queue.nowMs,
      height: this.#run.checkers.chain.length,
      terms: (this.#run.checkers.chain.at(-1)?.state.term.term ?? 0) + 1,
      viewChanges: this.#run.checkers.votes.viewChangeCount,
      highestView: this.#run.checkers.highestView,
      recoveryMs: this.#recoveryMs,
      counts: world.counts,
      rules: world.rules,
      events: world.queue.ranCount,
      traceHash: world.traceHash,
      violation: this.#run.checkers.violation,
    };
  }
}

function setOf(indices: readonly number[]): ValidatorSet {
  return indices.map((index) => ({ nodeId: simNodeId(index), weight: 1, organisationId: `org${index}` }));
}

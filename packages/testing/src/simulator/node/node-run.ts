/** One run of the full stack: nodes from a seed, chaos, healing, judgement. */

import type { PbftStatus, RuleId } from '@hansa/consensus';
import { ethereumCrypto, initCrypto } from '@hansa/crypto';
import { loadEngine } from '@hansa/executor';
import { buildGenesis, type DriverReport } from '@hansa/node';
import { compareText, type NodeId } from '@hansa/primitives';
import {
  DEFAULT_CHAIN_PARAMETERS,
  type Genesis,
  incarnationSigningDigest,
  pbftSigningDigest,
  proposalDigest,
} from '@hansa/protocol';
import { Liar, type LiarRun, STRATEGIES } from '../byzantine.ts';
import { EventQueue } from '../event-queue.ts';
import type { SimPacket } from '../packet.ts';
import { Prng } from '../prng.ts';
import { SIM_CHAIN_ID, SIM_GROUP_ID } from '../sim-chain.ts';
import { simNodeId } from '../sim-crypto.ts';
import { simForgingWorld } from '../sim-forging.ts';
import { RunEnded, type Violation } from '../violation.ts';
import { VoteChecker } from '../vote-checker.ts';
import { EPOCH_MS } from '../world.ts';
import { ChainChecker } from './chain-checker.ts';
import { Clients, keysOf } from './clients.ts';
import { FullNode, type NodeRun } from './full-node.ts';
import { Governors } from './governors.ts';
import { NODE_SUITE } from './node-crypto.ts';
import { NodeFaults } from './node-faults.ts';
import { NODE_STRATEGIES, NodeLiar } from './node-liar.ts';
import { NodeNetwork } from './node-network.ts';
import { NodeWorld } from './node-world.ts';

/** Names on the command line: whole nodes; and whole nodes whose members change all the time. */
export const NODE_PROFILES = ['node', 'membership'] as const;
export type NodeProfile = (typeof NODE_PROFILES)[number];

export type NodeRunOptions = {
  readonly seed: number;
  /** `node` when it is missing. */
  readonly profile?: NodeProfile;
  readonly nodes?: number;
  readonly writeTrace?: (line: string) => void;
};

export type NodeRunReport = {
  readonly seed: number;
  readonly profile: NodeProfile;
  readonly nodes: number;
  readonly liars: readonly string[];
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

const CHAOS_US = 28_000_000;
const JUDGE_US = 30_000_000;
/** A node hears of a new height once a second at the latest: what is final so long before the judgement, all must have. */
const SPREAD_US = 2_000_000;
const ACCOUNT_COUNT = 5;
/** Each with an account; where one organisation governs alone, all of them are its own. */
const ADMIN_COUNTS: Readonly<Record<NodeProfile, number>> = { node: 3, membership: 4 };
const ORGANISATIONS: Readonly<Record<NodeProfile, readonly string[]>> = {
  node: ['alpha'],
  membership: ['alpha', 'beta', 'gamma', 'delta'],
};
/** Events of a run by ordered pair of nodes. */
const EVENTS_PER_PAIR_MAX = 12_000;
/** What works only where the pool is a stand-in, or where a key has two processes. */
const NOT_HERE: ReadonlySet<string> = new Set(['twins', 'censorship']);

/** Runs one seed. Equal options give an equal report, bit for bit. One run at a time in a process. */
export async function runNodeSeed(options: NodeRunOptions): Promise<NodeRunReport> {
  // Beforehand: what is read from disk in between takes its time, and a run has to be the same each time.
  await loadEngine('ethereumjs');
  await initCrypto();
  const run = new Chronicle(options);
  const onRejection = (reason: unknown): void => run.noteException(reason);
  process.on('unhandledRejection', onRejection);
  try {
    return await run.run();
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

class Chronicle {
  readonly #seed: number;
  readonly #profile: NodeProfile;
  readonly #governors: Governors;
  readonly #chance: Prng;
  readonly #world: NodeWorld;
  readonly #run: NodeRun;
  readonly #nodes: FullNode[] = [];
  readonly #clients: Clients;
  readonly #liars: { readonly node: FullNode; readonly strategies: readonly string[] }[] = [];
  readonly #memberCount: number;
  readonly #removals: Set<NodeId> = new Set();
  #faultyLeft: number;
  #highestView = 0;
  #recoveryMs: number | undefined;

  constructor({ seed, profile = 'node', nodes, writeTrace }: NodeRunOptions) {
    this.#seed = seed;
    this.#profile = profile;
    const isAboutMembers = profile === 'membership';
    const chance = new Prng(seed, 7);
    this.#chance = chance;
    const drawn = chance.pick([4, 4, 4, 5, 6, 7]);
    this.#memberCount = nodes ?? drawn;
    const candidateCount = chance.pick(isAboutMembers ? [1, 2, 3] : [0, 1, 2]);
    const genesis = drawGenesis(chance, { profile, memberCount: this.#memberCount, candidateCount });
    const built = buildGenesis(genesis, NODE_SUITE);
    const queue = new EventQueue();
    const world = new NodeWorld({
      queue,
      genesis,
      genesisHash: built.hash,
      digests: {
        signingDigest: (message) =>
          pbftSigningDigest(NODE_SUITE, built.hash, message as Parameters<typeof pbftSigningDigest>[2]),
        incarnationDigest: (statement) => incarnationSigningDigest(NODE_SUITE, built.hash, statement),
        proposalDigest: (proposal) => proposalDigest(NODE_SUITE, proposal),
      },
      writeTrace,
    });
    this.#world = world;
    const network = new NodeNetwork(world, this.#nodes, chance.fork(1));
    const { header } = built.block;
    this.#run = {
      world,
      network,
      chain: new ChainChecker(world),
      votes: new VoteChecker(world, (checker, detail) => world.fail(checker, detail)),
      nodes: this.#nodes,
      genesisHead: {
        height: header.height,
        blockHash: built.hash,
        proposalDigest: header.proposalDigest,
        timestamp: header.timestamp,
        term: { ...built.termInfo, baseHash: built.hash },
      },
      onReport: (node, report) => this.#onReport(node, report),
      onStatus: (node, status) => this.#onStatus(node, status),
      crashed: undefined,
    };
    for (let index = 0; index < this.#memberCount + candidateCount; index++) {
      this.#nodes.push(new FullNode({ index, nodeId: simNodeId(index) }, this.#run, chance.fork(100 + index)));
    }
    network.onSent = ({ index }, packet) => this.#onSent(this.#nodes[index] as FullNode, packet);
    network.onPenalised = ({ index }, peer, message) =>
      this.#onPenalised(this.#nodes[index] as FullNode, peer, message);
    const isDemoting = genesis.parameters.demotionTerms > 0;
    // The rule that makes an absent one an observer leaves a set that bears one faulty validator, not more.
    this.#faultyLeft = isDemoting ? 1 : Math.floor((this.#memberCount - 1) / 3);
    this.#drawLiars(chance);
    this.#clients = new Clients(
      {
        world,
        chain: this.#run.chain,
        nodes: this.#nodes,
        accountCount: ACCOUNT_COUNT,
        adminCount: ADMIN_COUNTS[profile],
      },
      chance.fork(3),
    );
    const risks = chance.fork(5);
    this.#governors = new Governors(
      {
        world,
        chain: this.#run.chain,
        clients: this.#clients,
        nodes: this.#nodes,
        organisations: ORGANISATIONS[profile],
        dishonest: isAboutMembers ? chance.fork(6).below(ADMIN_COUNTS[profile]) : undefined,
        acceptsRisk: () => !isDemoting && (!isAboutMembers || risks.chance(0.7)),
      },
      chance.fork(4),
    );
  }

  async run(): Promise<NodeRunReport> {
    const world = this.#world;
    try {
      world.trace(() => `${this.#memberCount} members, ${this.#nodes.length - this.#memberCount} more`);
      for (const { node, strategies } of this.#liars) world.trace(() => `${node.label} lies: ${strategies.join(', ')}`);
      for (const node of this.#nodes) node.start();
      await world.settle();
      this.#clients.start(CHAOS_US + 15_000_000);
      this.#governors.start(CHAOS_US + 15_000_000);
      await this.#chaos();
      if (world.violation === undefined) await this.#judge();
    } catch (error) {
      this.noteException(error);
    }
    return this.#report();
  }

  noteException(error: unknown): void {
    if (error instanceof RunEnded) return;
    this.#world.note('exception', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  #drawLiars(chance: Prng): void {
    const count = chance.between(0, this.#faultyLeft);
    this.#faultyLeft -= count;
    for (const node of chance.sample(this.#nodes.slice(0, this.#memberCount), count)) {
      const strategies = chance.sample(STRATEGIES, chance.between(0, 3)).filter((name) => !NOT_HERE.has(name));
      const others = chance.sample(NODE_STRATEGIES, chance.between(1, 3));
      const { network } = this.#run;
      const run: LiarRun = {
        world: simForgingWorld(this.#world),
        peers: () => this.#nodes,
        tamper: (change) =>
          void network.tampers.set(node, (_from, to, packet) => change(to, packet).filter(isConsensusPacket)),
        inject: (to, packet) => {
          const peer = this.#nodes.find(({ nodeId }) => nodeId === to.nodeId);
          if (peer !== undefined && isConsensusPacket(packet)) network.inject(node, peer, packet);
        },
      };
      new Liar(node, strategies, run, chance.fork(300));
      new NodeLiar(node, others, this.#run, chance.fork(301));
      this.#liars.push({ node, strategies: [...strategies, ...others] });
    }
  }

  async #chaos(): Promise<void> {
    const control = {
      run: this.#run,
      governors: this.#governors,
      organisations: ORGANISATIONS[this.#profile],
      isAboutMembers: this.#profile === 'membership',
      endUs: CHAOS_US,
      spendFaulty: () => {
        if (this.#faultyLeft === 0) return false;
        this.#faultyLeft--;
        return true;
      },
      mayRemove: (nodeId: NodeId) => this.#mayRemove(nodeId),
    };
    new NodeFaults(control, this.#chance.fork(2)).start();
    await this.#world.runUntil(CHAOS_US, () => this.#isOver());
  }

  /** Whatever is asked for takes effect: of those that stay for sure, enough must be honest and keep their votes. */
  #mayRemove(nodeId: NodeId): boolean {
    const tolerated = Math.floor((this.#memberCount - 1) / 3);
    const staying = this.#run.chain.model.governance.validators().filter((member) => {
      const node = this.#nodes.find((each) => each.nodeId === member.nodeId);
      const isSure = node !== undefined && !node.isByzantine && !node.wasWiped && !this.#removals.has(member.nodeId);
      return isSure && member.nodeId !== nodeId;
    });
    // What may still be lost comes out of these.
    if (staying.length < 2 * tolerated + 1 + this.#faultyLeft) return false;
    this.#removals.add(nodeId);
    return true;
  }

  /** The network is perfect, everybody is up: consensus reference, section 10. */
  async #judge(): Promise<void> {
    const world = this.#world;
    world.trace(() => 'heal');
    this.#run.network.heal();
    this.#run.crashed = (node) => world.queue.after(100_000, () => node.start());
    for (const node of this.#nodes) {
      node.resume();
      node.clockOffsetMs = 0;
      node.executeUs = 2_000;
      node.busyRate = 0;
      node.ledgerDisk.commitUs = 1_500;
      node.journalDisk.syncUs = 500;
      node.votes.isFull = false;
      node.ledgerDisk.isFull = false;
      node.start();
    }
    const { chain } = this.#run.chain;
    const before = chain.length;
    const healedUs = world.queue.nowUs;
    this.#clients.transferNow();
    const boundMs = this.#recoveryBoundMs();
    await world.runUntil(healedUs + 1_000 * boundMs, () => this.#isOver() || chain.length > before);
    if (this.#isOver()) return;
    if (chain.length === before)
      world.fail('liveness', `no new final block ${boundMs} ms after healing: ${this.#describe()}`);
    this.#recoveryMs = Math.round((world.queue.nowUs - healedUs) / 1_000);
    await world.runUntil(healedUs + JUDGE_US - SPREAD_US, () => this.#isOver());
    const expected = chain.length;
    await world.runUntil(healedUs + JUDGE_US, () => this.#isOver());
    if (this.#isOver()) return;
    this.#judgeEnd(expected);
  }

  #judgeEnd(expected: number): void {
    const { chain } = this.#run;
    const judged = this.#nodes.filter((node) => !node.isByzantine && chain.model.isAdmitted(node.nodeId));
    if (judged.some((node) => node.height < expected))
      this.#world.fail('liveness', `not everybody is at height ${expected} 30 s after healing: ${this.#describe()}`);
    for (const node of this.#nodes) if (!node.isByzantine) chain.checkDisk(node);
    for (const node of judged) this.#judgeGate(node);
    this.#world.count('places handed over', chain.model.governance.handedOverCount);
    for (const { status } of chain.model.governance.proposals) this.#world.count(`proposal: ${status}`);
    this.#clients.judge((node) => judged.includes(node) && !node.wasErased);
  }

  /** MEM-30: who may connect is who the registry and the term name. */
  #judgeGate(node: FullNode): void {
    const { chain } = this.#run;
    if (node.height !== chain.chain.length) return;
    const due = chain.admitted();
    const admitted = [...(node.endpoint?.admitted ?? [])].sort(compareText);
    if (admitted.join() === due.join()) return;
    const text = (ids: readonly NodeId[]): string => ids.map((id) => id.slice(0, 4)).join(' ');
    this.#world.fail('truth', `the gate of ${node.label} lets in ${text(admitted)}; by the registry ${text(due)}`);
  }

  /** 2 s, a handshake, and one capped view for each faulty primary that may follow another. */
  #recoveryBoundMs(): number {
    const { validators } = this.#run.chain.model.term;
    const isFaulty = (nodeId: NodeId): boolean =>
      this.#nodes.some((node) => node.nodeId === nodeId && (node.isByzantine || node.wasWiped));
    const faulty = validators.filter(({ nodeId }) => isFaulty(nodeId)).length;
    return 2_000 + (faulty + 1) * this.#world.genesis.parameters.viewTimeoutCapMs;
  }

  #onSent(from: FullNode, packet: SimPacket): void {
    if (from.isByzantine || from.hasForgottenVotes || !this.#run.votes.isNew(from, packet)) return;
    if (packet.type !== 'pbft' || !('sender' in packet.message)) return;
    const { message } = packet;
    const term = from.state.term;
    if (term.term !== message.term || term.validators[message.sender]?.nodeId !== from.nodeId) return;
    this.#run.votes.onSent(from, message, term);
  }

  #onStatus(node: FullNode, status: PbftStatus): void {
    if (node.isByzantine) return;
    this.#highestView = Math.max(this.#highestView, status.view);
    this.#run.votes.onStatus(node, status);
    for (const { height, digest } of status.inFlight)
      if (height <= status.decidedHeight) this.#run.chain.onDecided(node, height, digest);
    const { window } = node.state.term.parameters;
    if (status.inFlight.length > 2 * window)
      this.#world.note('bounded', `${node.label} has ${status.inFlight.length} heights in flight, window ${window}`);
  }

  #onReport(node: FullNode, report: DriverReport): void {
    if (node.isByzantine) return;
    const blame = (text: string): void => this.#world.note('report', `${node.label}: ${text}`);
    switch (report.type) {
      case 'safetyViolation':
        blame(`${report.rule}: ${report.detail}`);
        return;
      case 'divergence':
      case 'nondeterminism':
        blame(`${report.type} at ${report.height}`);
        return;
      case 'ledgerBehindVotes':
        if (!node.wasErased) blame(report.type);
        return;
      case 'secondCopy':
      case 'rolledBack':
        if (!node.wasWiped) blame(report.type);
        return;
      case 'evidence': {
        const accused = this.#nodes.find(({ nodeId }) => nodeId === report.nodeId);
        if (accused !== undefined && !accused.isByzantine && !accused.wasWiped)
          blame(`accuses ${accused.label} of two different ${report.kind}s`);
        return;
      }
      default:
        return;
    }
  }

  /** An honest node breaks no rule that another one punishes. */
  #onPenalised(by: FullNode, peer: NodeId, message: string): void {
    const accused = this.#nodes.find(({ nodeId }) => nodeId === peer);
    this.#world.count('penalised');
    if (by.isByzantine || accused === undefined || accused.isByzantine) return;
    this.#world.note('report', `${by.label} punishes ${accused.label}: ${message}`);
  }

  #isOver(): boolean {
    const { queue } = this.#world;
    if (queue.ranCount > EVENTS_PER_PAIR_MAX * this.#nodes.length ** 2)
      this.#world.note('busy', `${queue.ranCount} events in ${queue.nowMs} ms: messages breed messages`);
    return this.#world.violation !== undefined;
  }

  #describe(): string {
    return this.#nodes
      .map((node) => {
        const { status } = node;
        if (status === undefined) return `${node.label}: down`;
        const heights = `final ${node.height}, decided ${status.decidedHeight}, prepared ${status.preparedHeight}`;
        const silence = status.silence === undefined ? '' : ` (${status.silence})`;
        const pool = node.core?.pool.counts();
        return `${node.label}: t${status.term} v${status.view}${status.changing ? 'changing' : ''}, ${heights}, pool ${pool?.pending}/${pool?.queued}/${pool?.ordered}${silence}`;
      })
      .join('; ');
  }

  #report(): NodeRunReport {
    const world = this.#world;
    return {
      seed: this.#seed,
      profile: this.#profile,
      nodes: this.#memberCount,
      liars: this.#liars.map(({ node, strategies }) => `${node.label}: ${strategies.join(' + ')}`),
      virtualMs: world.queue.nowMs,
      height: this.#run.chain.chain.length,
      terms: this.#run.chain.model.term.term + 1,
      viewChanges: this.#run.votes.viewChangeCount,
      highestView: this.#highestView,
      recoveryMs: this.#recoveryMs,
      counts: world.counts,
      rules: world.rules,
      events: world.queue.ranCount,
      traceHash: world.traceHash,
      violation: world.violation,
    };
  }
}

function isConsensusPacket(
  packet: SimPacket,
): packet is Exclude<SimPacket, { type: 'gossip' | 'heartbeat' | 'sync-request' | 'sync-blocks' }> {
  return !['gossip', 'heartbeat', 'sync-request', 'sync-blocks'].includes(packet.type);
}

function drawGenesis(
  chance: Prng,
  parts: { readonly profile: NodeProfile; readonly memberCount: number; readonly candidateCount: number },
): Genesis {
  const { profile, memberCount, candidateCount } = parts;
  const organisations = ORGANISATIONS[profile];
  const admins = keysOf('admin', ADMIN_COUNTS[profile]);
  const isObserver = chance.chance(0.5);
  const nodeCount = memberCount + (isObserver ? candidateCount : 0);
  return {
    formatVersion: 2,
    chainId: SIM_CHAIN_ID,
    groupId: SIM_GROUP_ID,
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: EPOCH_MS - 1_000_000,
    parameters: {
      ...DEFAULT_CHAIN_PARAMETERS,
      window: chance.pick([1, 2, 4, 8, 8]),
      leaderPeriod: chance.pick([3, 8, 16, 64, 256]),
      txCountLimit: chance.pick([1, 3, 20]),
      // 0: who is away for long stays a validator, so that the set is what was decided.
      demotionTerms: profile === 'membership' ? chance.pick([0, 0, 2, 3]) : 0,
    },
    committee: { participationRate: 66, winRate: 66 },
    organisations: organisations
      .map((id, index) => ({
        id,
        name: id,
        contact: '',
        admins: admins
          .filter((_, admin) => admin % organisations.length === index)
          .map(addressOf)
          .sort(byText),
        threshold: 1,
        governorWeight: 1,
      }))
      .sort((a, b) => byText(a.id, b.id)),
    nodes: Array.from({ length: nodeCount }, (_, index) => ({
      nodeId: simNodeId(index),
      organisationId: organisations[index % organisations.length] as string,
      role: index < memberCount ? ('validator' as const) : ('observer' as const),
      weight: index < memberCount ? 1 : 0,
      addresses: [],
    })),
    accounts: [...keysOf('client', ACCOUNT_COUNT), ...admins]
      .map((key) => ({
        address: addressOf(key),
        balance: 1_000_000n,
        nonce: 0n,
        code: new Uint8Array(0),
        storage: [],
      }))
      .sort((a, b) => byText(a.address, b.address)),
  };
}

const addressOf = (key: Uint8Array): ReturnType<typeof ethereumCrypto.addressOfKey> => ethereumCrypto.addressOfKey(key);
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

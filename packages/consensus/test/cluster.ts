import { createHash } from 'node:crypto';
import {
  assert,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  toHashHex,
  toHeight,
  toNodeId,
  type ValidatorIndex,
} from '@hansa/primitives';
import type { PbftMessage, Proposal, TermInfo, Verified } from '@hansa/protocol';
import { DEFAULT_CHAIN_PARAMETERS } from '@hansa/protocol';
import {
  DEFAULT_PBFT_SETTINGS,
  type DurableRecord,
  type DurableState,
  describeEffect,
  durableStateFrom,
  EMPTY_DURABLE_STATE,
  type FinalHead,
  type PbftConfig,
  type PbftEffect,
  type PbftInput,
  PbftReplica,
  type PbftReport,
  type PoolState,
  type RuleId,
  recordKey,
  recordsOf,
} from '../src/index.ts';

/** Start of the harness's wall clock. */
export const EPOCH_MS = 1_700_000_000_000;
export const NO_SIGNATURE: Uint8Array = new Uint8Array(64);

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Digests that people can read: height and first view in hex, then four digits of the content. */
export function digestOf(proposal: Proposal): HashHex {
  const content = sha(
    [
      proposal.term,
      proposal.height,
      proposal.view,
      proposal.parentDigest,
      proposal.timestamp,
      proposal.proposer,
      ...proposal.transactionHashes,
    ].join('|'),
  );
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return toHashHex(`${hex(proposal.height % 256)}${hex(proposal.view % 256)}${content.slice(0, 60)}`);
}

export const nodeIdOf = (index: number): NodeId =>
  toNodeId(`${index.toString(16).padStart(2, '0')}${sha(`node ${index}`).repeat(2).slice(2)}`);

export type ClusterOptions = {
  readonly validators?: number;
  readonly weights?: readonly number[];
  readonly window?: number;
  readonly period?: number;
  readonly primary?: number;
};

type Envelope = { readonly from: number; readonly to: number; readonly message: Verified<PbftMessage> };
/** True: this message is lost. */
export type Filter = (envelope: Envelope) => boolean;

export type SimNode = {
  readonly index: number;
  readonly nodeId: NodeId;
  /** Undefined while it is down. */
  replica: PbftReplica | undefined;
  readonly store: Map<string, DurableRecord>;
  lostStore: boolean;
  readonly ledger: FinalHead[];
  readonly inputs: PbftInput[];
  readonly reports: PbftReport[];
  incarnation: number;
  tick: number;
  clockOffsetMs: number;
  poolKey: string;
  /** Effects of this kind get no answer while it is held. */
  readonly held: Set<string>;
  /** Added to what it computes as a block hash: a node that executes differently. */
  salt: string;
  overtakenIn: PoolState['overtakenIn'];
  /** Transactions do not reach its pool. */
  isBlind: boolean;
};

/**
 * Replicas on one table: messages in one queue, disks in memory, execution and ledger at once, no real time.
 * Signatures are not made: what an honest driver would sign and verify is taken as it is.
 */
export class Cluster {
  readonly nodes: SimNode[] = [];
  readonly queue: Envelope[] = [];
  readonly filters = new Map<string, Filter>();
  readonly proposals = new Map<HashHex, Proposal>();
  readonly pending = new Set<HashHex>();
  readonly rules = new Map<RuleId, number>();
  readonly trace: string[] = [];
  readonly options: Required<Omit<ClusterOptions, 'weights'>> & { weights: readonly number[] };
  /** Called for each effect: checkers. */
  onEffect: (node: SimNode, effect: PbftEffect) => void = () => {};
  /** Height at which a change of the set was executed: schedules the end of its term. */
  scheduledAt: number | undefined;
  #txCount = 0;

  constructor(options: ClusterOptions = {}) {
    const validators = options.validators ?? 4;
    this.options = {
      validators,
      weights: options.weights ?? Array.from({ length: validators }, () => 1),
      window: options.window ?? 8,
      period: options.period ?? 256,
      primary: options.primary ?? 0,
    };
    for (let index = 0; index < validators; index++) {
      this.nodes.push({
        index,
        nodeId: nodeIdOf(index),
        replica: undefined,
        store: new Map(),
        lostStore: false,
        ledger: [this.genesisHead()],
        inputs: [],
        reports: [],
        incarnation: 0,
        tick: 0,
        clockOffsetMs: 0,
        poolKey: '',
        held: new Set(),
        salt: '',
        overtakenIn: undefined,
        isBlind: false,
      });
    }
    for (const node of this.nodes) this.start(node);
  }

  genesisHead(): FinalHead {
    const base = {
      height: 0 as Height,
      blockHash: toHashHex(sha('genesis')),
      proposalDigest: toHashHex(sha('genesis proposal')),
    };
    return {
      ...base,
      timestamp: EPOCH_MS - 3_600_000,
      term: this.termAt({
        term: 0,
        base: 0,
        digest: base.proposalDigest,
        hash: base.blockHash,
        timestamp: EPOCH_MS - 3_600_000,
      }),
    };
  }

  termAt(at: { term: number; base: number; digest: HashHex; hash: HashHex; timestamp: number }): TermInfo {
    const { validators, weights, window, period, primary } = this.options;
    return {
      term: at.term as Term,
      baseHeight: toHeight(at.base),
      baseHash: at.hash,
      baseProposalDigest: at.digest,
      baseTimestamp: at.timestamp,
      validators: Array.from({ length: validators }, (_, index) => ({
        nodeId: nodeIdOf(index),
        weight: weights[index] ?? 1,
        organisationId: 'o',
      })),
      primaryOrder: Array.from(
        { length: validators },
        (_, i) => ((i + at.term + primary) % validators) as ValidatorIndex,
      ),
      endHeight: toHeight(at.base + period),
      endScheduled: false,
      parameters: { ...DEFAULT_CHAIN_PARAMETERS, window, leaderPeriod: period },
    };
  }

  node(index: number): SimNode {
    const node = this.nodes[index];
    assert(node !== undefined, `a node from 0 to ${this.nodes.length - 1} was expected, got ${index}`);
    return node;
  }

  replica(index: number): PbftReplica {
    const { replica } = this.node(index);
    assert(replica !== undefined, `node ${index} was expected to be up`);
    return replica;
  }

  start(node: SimNode): void {
    node.incarnation += 1;
    const durable: DurableState = node.lostStore
      ? { ...EMPTY_DURABLE_STATE, voteStore: { type: 'lost' } }
      : durableStateFrom(node.store.size === 0 ? recordsOf(EMPTY_DURABLE_STATE) : node.store.values());
    if (node.lostStore) {
      node.store.clear();
      node.store.set('vote-store', { type: 'vote-store', state: { type: 'lost' } });
      node.lostStore = false;
    }
    const config: PbftConfig = {
      ...DEFAULT_PBFT_SETTINGS,
      nodeId: node.nodeId,
      incarnation: node.incarnation,
      instance: sha(`${node.index}/${node.incarnation}`).slice(0, 32),
      onRule: (rule) => this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1),
    };
    node.replica = new PbftReplica(config, { head: this.headOf(node), durable });
    node.poolKey = '';
    node.inputs.length = 0;
  }

  crash(index: number): void {
    const node = this.node(index);
    node.replica = undefined;
    node.inputs.length = 0;
    for (let i = this.queue.length - 1; i >= 0; i--) if (this.queue[i]?.to === index) this.queue.splice(i, 1);
  }

  headOf(node: SimNode): FinalHead {
    return node.ledger.at(-1) as FinalHead;
  }

  /** New transactions that everybody knows; one goes into each proposal. */
  submit(count: number): void {
    for (let i = 0; i < count; i++) this.pending.add(toHashHex(sha(`tx ${this.#txCount++}`)));
    this.refreshPools();
  }

  tick(count: number, which: readonly number[] = this.nodes.map((node) => node.index)): void {
    for (let i = 0; i < count; i++) {
      for (const index of which) {
        const node = this.node(index);
        node.tick += 1;
        this.give(node, { type: 'tick', tick: node.tick, clockMs: EPOCH_MS + node.tick * 50 + node.clockOffsetMs });
      }
      this.deliver();
    }
  }

  /** Hands out everything that is queued, in order, until nothing is. */
  deliver(limit = 20_000): void {
    for (let i = 0; i < limit; i++) if (!this.deliverOne(0)) return;
    throw new Error('the cluster does not come to rest');
  }

  /** One local input if there is any, else the queued message at `position`; false when nothing is queued. */
  deliverOne(position: number): boolean {
    for (const node of this.nodes) {
      const input = node.inputs.shift();
      if (input !== undefined) {
        this.give(node, input);
        return true;
      }
    }
    const [envelope] = this.queue.splice(position, 1);
    if (envelope === undefined) return false;
    for (const filter of this.filters.values()) if (filter(envelope)) return true;
    const { replica, ...node } = this.node(envelope.to);
    if (replica === undefined) return true;
    const { message } = envelope;
    if ('term' in message && message.term !== replica.status.term) {
      this.give(this.node(node.index), { type: 'otherTerm', term: message.term, from: nodeIdOf(envelope.from) });
      return true;
    }
    this.give(this.node(node.index), { type: 'message', message, from: nodeIdOf(envelope.from) });
    return true;
  }

  give(node: SimNode, input: PbftInput): void {
    if (node.replica === undefined) return;
    const effects = node.replica.step(input);
    for (const effect of effects)
      if (effect.type === 'persist') node.store.set(recordKey(effect.record), effect.record);
    for (const effect of effects) {
      this.trace.push(`${node.index}: ${describeEffect(effect)}`);
      this.onEffect(node, effect);
      this.perform(node, effect);
    }
    this.refreshPool(node);
  }

  refreshPools(): void {
    for (const node of this.nodes) this.refreshPool(node);
  }

  perform(node: SimNode, effect: PbftEffect): void {
    if (node.held.has(effect.type)) return;
    switch (effect.type) {
      case 'send': {
        const message = { ...effect.vote, signature: NO_SIGNATURE } as unknown as Verified<PbftMessage>;
        if (message.type === 'proposal') this.proposals.set(message.digest, message.proposal);
        this.send(node.index, effect.to, message);
        if (effect.to === 'all') node.inputs.push({ type: 'message', message, from: node.nodeId });
        return;
      }
      case 'sendSigned':
        this.send(node.index, effect.to, effect.message);
        return;
      case 'requestProposal':
        this.propose(node, effect);
        return;
      case 'validate':
        this.proposals.set(effect.digest, effect.proposal);
        node.inputs.push({ type: 'validated', digest: effect.digest, verdict: { type: 'valid' } });
        return;
      case 'execute': {
        const blockHash = toHashHex(
          `bb${effect.digest.slice(0, 8)}${sha(`${effect.digest}${node.salt}`).slice(0, 54)}`,
        );
        node.inputs.push({ type: 'executed', height: effect.height, digest: effect.digest, blockHash });
        return;
      }
      case 'commit':
        this.commit(node, effect);
        return;
      case 'fetch':
        this.fetch(node, effect);
        return;
      case 'behind':
        this.sync(node, effect.from);
        return;
      case 'askAcknowledgement':
        for (const nodeId of effect.of) {
          const peer = this.nodes.find((other) => other.nodeId === nodeId);
          if (peer?.replica === undefined) continue;
          node.inputs.push({ type: 'incarnationAcknowledged', nodeId, incarnation: node.incarnation });
        }
        return;
      case 'askFinalHeights':
        for (const nodeId of effect.of) {
          const peer = this.nodes.find((other) => other.nodeId === nodeId);
          if (peer?.replica === undefined) continue;
          node.inputs.push({ type: 'finalHeight', nodeId, height: this.headOf(peer).height });
        }
        return;
      case 'report':
        node.reports.push(effect.report);
        return;
      default:
        return;
    }
  }

  /** Puts a message of any author into the queue: what a Byzantine validator or a helper would send. */
  send(from: number, to: 'all' | NodeId, message: Verified<PbftMessage>): void {
    for (const other of this.nodes) {
      if (other.index === from || (to !== 'all' && other.nodeId !== to)) continue;
      this.queue.push({ from, to: other.index, message });
    }
  }

  private propose(node: SimNode, effect: Extract<PbftEffect, { type: 'requestProposal' }>): void {
    const taken = this.takenBy(node);
    const next = [...this.pending].find((hash) => !taken.has(hash));
    const { term, view, height, parentDigest } = effect;
    if (next === undefined && !effect.required) {
      node.inputs.push({ type: 'propose', term, view, height, parentDigest, proposed: undefined });
      return;
    }
    const now = EPOCH_MS + node.tick * 50 + node.clockOffsetMs;
    const proposal: Proposal = {
      chainId: 1,
      groupId: 'group0',
      term,
      height,
      view,
      parentDigest,
      timestamp: Math.max(now, effect.parentTimestamp + 1),
      proposer: effect.proposer,
      transactionHashes: next === undefined ? [] : [next],
    };
    const digest = digestOf(proposal);
    this.proposals.set(digest, proposal);
    node.inputs.push({ type: 'propose', term, view, height, parentDigest, proposed: { proposal, digest } });
  }

  private commit(node: SimNode, effect: Extract<PbftEffect, { type: 'commit' }>): void {
    const held = node.ledger[effect.height];
    if (held !== undefined) {
      // Sync was faster: nothing to write.
      assert(held.blockHash === effect.blockHash, `block ${effect.height} was expected to be the one in the ledger`);
      return;
    }
    node.inputs.push({ type: 'committed', head: this.append(node, effect.proposal, effect.digest, effect.blockHash) });
  }

  private append(node: SimNode, proposal: Proposal, digest: HashHex, blockHash: HashHex): FinalHead {
    const before = this.headOf(node);
    assert(before.height + 1 === proposal.height, `block ${before.height + 1} was expected, got ${proposal.height}`);
    assert(before.proposalDigest === proposal.parentDigest, 'a block on the final block was expected');
    const { height, timestamp } = proposal;
    let term = before.term;
    if (this.scheduledAt !== undefined && height === this.scheduledAt) {
      const end = Math.min(term.endHeight, height + this.options.window);
      term = { ...term, endHeight: toHeight(end), endScheduled: true };
    }
    if (height === term.endHeight)
      term = this.termAt({ term: term.term + 1, base: height, digest, hash: blockHash, timestamp });
    const head: FinalHead = { height, blockHash, proposalDigest: digest, timestamp, term };
    node.ledger.push(head);
    return head;
  }

  private fetch(node: SimNode, effect: Extract<PbftEffect, { type: 'fetch' }>): void {
    for (const nodeId of effect.from) {
      const peer = this.nodes.find((other) => other.nodeId === nodeId);
      if (peer === undefined || this.isCut(peer.index, node.index)) continue;
      const chain = peer.replica?.proposalChain(effect.digest, effect.heightMin) ?? [];
      if (chain.length === 0) continue;
      for (const proposal of chain) node.inputs.push({ type: 'body', proposal, digest: digestOf(proposal) });
      return;
    }
  }

  private sync(node: SimNode, from: readonly NodeId[]): void {
    for (const nodeId of from) {
      const peer = this.nodes.find((other) => other.nodeId === nodeId);
      if (peer?.replica === undefined || this.isCut(peer.index, node.index)) continue;
      for (const head of peer.ledger.slice(node.ledger.length)) {
        node.ledger.push(head);
        node.inputs.push({ type: 'committed', head });
      }
      return;
    }
  }

  /** A filter that cuts STATUS between two nodes cuts everything: fetches and sync too. */
  private isCut(from: number, to: number): boolean {
    const { replica } = this.node(from);
    if (replica === undefined) return true;
    const probe = { type: 'status', term: 0, sender: from } as unknown as Verified<PbftMessage>;
    return [...this.filters.values()].some((filter) => filter({ from, to, message: probe }));
  }

  private takenBy(node: SimNode): Set<HashHex> {
    const digests = node.ledger.map((head) => head.proposalDigest);
    for (const { digest } of node.replica?.status.inFlight ?? []) digests.push(digest);
    return new Set(digests.flatMap((digest) => this.proposals.get(digest)?.transactionHashes ?? []));
  }

  private refreshPool(node: SimNode): void {
    if (node.replica === undefined) return;
    const taken = this.takenBy(node);
    const isWaiting = !node.isBlind && [...this.pending].some((hash) => !taken.has(hash));
    const { overtakenIn } = node;
    const key = `${isWaiting}/${overtakenIn === undefined ? '' : `${overtakenIn.term}/${overtakenIn.view}`}`;
    if (key === node.poolKey) return;
    node.poolKey = key;
    this.give(node, { type: 'poolState', pool: { hasExecutable: isWaiting, hasWaiting: isWaiting, overtakenIn } });
  }
}

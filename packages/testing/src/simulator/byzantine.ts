/** Members that lie: each runs the real driver and lets a strategy change what it sends, or says things on its own. */
import type { HashHex, Height, NodeId, ValidatorIndex, View } from '@hansa/primitives';
import type { PbftMessage, Proposal, VoteCertificate } from '@hansa/protocol';
import type { Member } from './member.ts';
import type { SimPacket } from './packet.ts';
import type { Prng } from './prng.ts';
import { simHash, simSign } from './sim-crypto.ts';
import type { Run, SimNode } from './sim-node.ts';
import type { World } from './world.ts';

export const STRATEGIES = [
  'equivocation',
  'twins',
  'silence towards some',
  'forged view-change',
  'forged tip',
  'huge views',
  'stale replays',
  'withheld bodies',
  'votes for anything',
  'censorship',
  'wrong results',
  'amnesia',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

type Unsigned<T> = T extends unknown ? Omit<T, 'signature'> : never;
const HISTORY_MAX = 400;

/** One liar. Its second process (Twins) is another `SimNode` with the same id, started by the cluster. */
export class Liar {
  readonly node: SimNode;
  readonly strategies: ReadonlySet<Strategy>;
  readonly #run: Run;
  readonly #world: World;
  readonly #chance: Prng;
  /** To whom nothing, or the other version, is sent; drawn anew from time to time. */
  #victims: ReadonlySet<NodeId> = new Set();
  readonly #history: SimPacket[] = [];
  readonly #certificates: VoteCertificate[] = [];
  /** The other version of each own proposal. */
  readonly #others: Map<HashHex, { readonly proposal: Proposal; readonly digest: HashHex }> = new Map();

  constructor(node: SimNode, strategies: readonly Strategy[], run: Run, chance: Prng) {
    this.node = node;
    this.strategies = new Set(strategies);
    this.#run = run;
    this.#world = run.world;
    this.#chance = chance;
    node.isByzantine = true;
    if (this.#has('censorship')) node.leavesOut = (hash) => hash.charCodeAt(0) % 2 === 0;
    run.network.tampers.set(node, (_from, to, packet) => this.#tamper(to, packet));
    this.#drawVictims();
    this.#actForever();
  }

  #has(strategy: Strategy): boolean {
    return this.strategies.has(strategy);
  }

  #drawVictims(): void {
    const others = this.#run.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== this.node.nodeId);
    this.#victims = new Set(this.#chance.sample([...new Set(others)], this.#chance.between(1, others.length)));
  }

  #actForever(): void {
    this.#world.queue.after(this.#chance.between(200_000, 2_000_000), () => {
      if (this.#chance.chance(0.3)) this.#drawVictims();
      if (this.node.isUp) this.#act();
      this.#actForever();
    });
  }

  #act(): void {
    const status = this.node.status;
    if (status === undefined) return;
    if (this.#has('huge views')) {
      const view = (status.view + this.#chance.pick([1, 2, 1000, 2 ** 40])) as View;
      const claim = undefined;
      this.#say({ type: 'view-change', ...this.#author(), view, claim, certificate: undefined });
      this.#say({ type: 'suspect', ...this.#author(), view: status.view, decidedHeight: (2 ** 40) as Height });
      this.#world.count('lie: huge view');
    }
    if (this.#has('amnesia') && this.#chance.chance(0.1)) {
      this.#world.count('lie: amnesia');
      this.node.forget();
      return;
    }
    if (this.#has('stale replays')) {
      for (let i = 0; i < 10 && this.#history.length > 0; i++) this.#injectAll(this.#chance.pick(this.#history));
      this.#world.count('lie: stale replay');
    }
    if (this.#has('wrong results')) {
      const height = (status.stableHeight + this.#chance.between(1, 3)) as Height;
      this.#say({ type: 'result', ...this.#author(), height, blockHash: simHash(`wrong ${height}`) });
      this.#world.count('lie: wrong result');
    }
    if (this.#has('forged tip')) {
      const view = (status.view + this.#chance.between(0, 2)) as View;
      const certificate = this.#certificates.length === 0 ? undefined : this.#chance.pick(this.#certificates);
      this.#say({ type: 'new-view', ...this.#author(), view, claims: [], certificate });
    }
  }

  #author(): { readonly term: PbftMessage extends { term: infer T } ? T : never; readonly sender: ValidatorIndex } {
    const { term } = this.node.state;
    const sender = term.validators.findIndex(({ nodeId }) => nodeId === this.node.nodeId);
    return { term: term.term as never, sender: Math.max(0, sender) as ValidatorIndex };
  }

  #sign(message: Unsigned<Extract<PbftMessage, { sender: ValidatorIndex }>>): PbftMessage {
    const digest = this.#world.digests.signingDigest(message);
    return { ...message, signature: simSign(digest, this.node.nodeId) } as PbftMessage;
  }

  #say(message: Unsigned<Extract<PbftMessage, { sender: ValidatorIndex }>>): void {
    this.#injectAll({ type: 'pbft', message: this.#sign(message) });
  }

  #injectAll(packet: SimPacket): void {
    for (const to of this.#run.nodes) if (to !== this.node) this.#run.network.inject(this.node, to, packet);
  }

  /** What goes out instead of `packet`. */
  #tamper(to: Member, packet: SimPacket): readonly SimPacket[] {
    if (this.#has('twins') && !isPartnerOf(this.node, to)) return [];
    const isVictim = this.#victims.has(to.nodeId);
    if (this.#has('silence towards some') && isVictim) return [];
    if (this.#has('withheld bodies') && (packet.type === 'proposals' || packet.type === 'transactions')) return [];
    if (packet.type !== 'pbft') return [packet];
    this.#remember(packet);
    const { message } = packet;
    switch (message.type) {
      case 'proposal':
        if (this.#has('withheld bodies') && isVictim) return [];
        return this.#has('equivocation') && isVictim ? this.#otherProposal(message) : [packet];
      case 'prepare':
      case 'commit':
        return this.#tamperVote(message, packet, isVictim);
      case 'view-change':
        return this.#has('forged view-change') && message.sender === this.#author().sender
          ? [this.#forgedClaim(message)]
          : [packet];
      case 'new-view':
        return this.#has('forged tip') ? [this.#forgedTip(message)] : [packet];
      default:
        return [packet];
    }
  }

  #remember(packet: Extract<SimPacket, { type: 'pbft' }>): void {
    this.#history.push(packet);
    if (this.#history.length > HISTORY_MAX) this.#history.shift();
    const { message } = packet;
    const certificate =
      message.type === 'view-change' || message.type === 'new-view' || message.type === 'prepared-certificate'
        ? message.certificate
        : undefined;
    if (certificate !== undefined) this.#certificates.push(certificate);
    if (this.#certificates.length > HISTORY_MAX) this.#certificates.shift();
  }

  #otherProposal(message: Extract<PbftMessage, { type: 'proposal' }>): readonly SimPacket[] {
    const { sender, term, view } = message;
    if (sender !== this.#author().sender) return [{ type: 'pbft', message }];
    let other = this.#others.get(message.digest);
    if (other === undefined) {
      const proposal = { ...message.proposal, timestamp: message.proposal.timestamp + 1, transactionHashes: [] };
      other = { proposal, digest: this.#world.digests.proposalDigest(proposal) };
      this.#others.set(message.digest, other);
      this.#world.count('lie: equivocation');
    }
    const { proposal, digest } = other;
    return [{ type: 'pbft', message: this.#sign({ type: 'proposal', term, sender, view, proposal, digest }) }];
  }

  #tamperVote(
    message: Extract<PbftMessage, { type: 'prepare' | 'commit' }>,
    packet: SimPacket,
    isVictim: boolean,
  ): readonly SimPacket[] {
    const { type, term, sender, view, height } = message;
    if (sender !== this.#author().sender) return [packet];
    const other = this.#others.get(message.digest)?.digest;
    if (this.#has('equivocation') && other !== undefined && isVictim) {
      return [{ type: 'pbft', message: this.#sign({ type, term, sender, view, height, digest: other }) }];
    }
    if (this.#has('votes for anything')) {
      this.#world.count('lie: votes for anything');
      const commit = this.#sign({ type: 'commit', term, sender, view, height, digest: message.digest });
      return [packet, { type: 'pbft', message: commit }];
    }
    return [packet];
  }

  /** An older certificate than its own, or none. */
  #forgedClaim(message: Extract<PbftMessage, { type: 'view-change' }>): SimPacket {
    const { term, sender, view } = message;
    const old = this.#certificates.filter((certificate) => certificate.term === term && certificate.view < view);
    const certificate = old.length === 0 || this.#chance.chance(0.4) ? undefined : this.#chance.pick(old);
    const claim =
      certificate === undefined
        ? undefined
        : { view: certificate.view, height: certificate.height, digest: certificate.digest };
    this.#world.count('lie: forged view-change');
    return { type: 'pbft', message: this.#sign({ type: 'view-change', term, sender, view, claim, certificate }) };
  }

  /** The claims that suit it, and another certificate than that of the highest. */
  #forgedTip(message: Extract<PbftMessage, { type: 'new-view' }>): SimPacket {
    const { term, sender, view, claims } = message;
    if (sender !== this.#author().sender) return { type: 'pbft', message };
    const certificate = this.#certificates.length === 0 ? undefined : this.#chance.pick(this.#certificates);
    const chosen = this.#chance.chance(0.5) ? claims : claims.slice(0, claims.length - 1);
    this.#world.count('lie: forged tip');
    return {
      type: 'pbft',
      message: this.#sign({ type: 'new-view', term, sender, view, claims: chosen, certificate }),
    };
  }
}

/** Twins: each process of the key talks to its own half only. */
function isPartnerOf(twin: SimNode, to: Member): boolean {
  return (to.index % 2 === 0) === twin.label.endsWith('T');
}

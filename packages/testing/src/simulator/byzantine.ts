/** Members that lie: each runs the real driver and lets a strategy change what it sends, or says things on its own. */
import type { PbftStatus } from '@hansa/consensus';
import type { HashHex, Height, NodeId, View } from '@hansa/primitives';
import type { PbftMessage, VoteCertificate } from '@hansa/protocol';
import { claimOf, Forger, type Forging, type ForgingWorld, type Made, type Signed, type Unsigned } from './forgery.ts';
import type { SimPacket } from './packet.ts';
import type { Prng } from './prng.ts';

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
  'out of turn',
  'odd times',
  'made-up certificates',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

const HISTORY_MAX = 400;
/** How busy a liar is: how often it says something on its own, and with which probability it then chooses other victims. */
export type LiarPace = { readonly actUs: readonly [least: number, most: number]; readonly redraw: number };
const SIM_PACE: LiarPace = { actUs: [200_000, 2_000_000], redraw: 0.3 };

/** To whom it lies. */
export type LiarPeer = { readonly index: number; readonly nodeId: NodeId };
/** A node that can lie: a simulated one of either kind. */
export type LiarNode = Forging &
  LiarPeer & {
    readonly label: string;
    isByzantine: boolean;
    /** A primary that excludes somebody, where the pool is a stand-in. */
    leavesOut?: (hash: HashHex) => boolean;
    readonly isUp: boolean;
    readonly status: PbftStatus | undefined;
    forget(): void;
  };
/** How lies get out. */
export type LiarRun = {
  readonly world: ForgingWorld & {
    readonly queue: { after(delayUs: number, run: () => void): void };
    count(what: string): void;
  };
  /** Default: that of virtual time. */
  readonly pace?: LiarPace;
  /** Every node, the liar among them. */
  peers(): readonly LiarPeer[];
  /** What goes to a peer instead of a packet. */
  tamper(change: (to: LiarPeer, packet: SimPacket) => readonly SimPacket[]): void;
  /** Something that the liar says on its own. */
  inject(to: LiarPeer, packet: SimPacket): void;
};

/** One liar. Its second process (Twins) is another `SimNode` with the same id, started by the cluster. */
export class Liar {
  readonly node: LiarNode;
  readonly strategies: ReadonlySet<Strategy>;
  readonly #run: LiarRun;
  readonly #world: LiarRun['world'];
  readonly #chance: Prng;
  readonly #forger: Forger;
  /** To whom nothing, or the other version, is sent; drawn anew from time to time. */
  #victims: ReadonlySet<NodeId> = new Set();
  readonly #history: SimPacket[] = [];
  readonly #certificates: VoteCertificate[] = [];
  /** The other version of each own proposal. */
  readonly #others: Map<HashHex, Made> = new Map();

  constructor(node: LiarNode, strategies: readonly Strategy[], run: LiarRun, chance: Prng) {
    this.node = node;
    this.strategies = new Set(strategies);
    this.#run = run;
    this.#world = run.world;
    this.#chance = chance;
    this.#forger = new Forger(node, run.world, chance.fork(1));
    node.isByzantine = true;
    if (this.#has('censorship')) node.leavesOut = (hash) => hash.charCodeAt(0) % 2 === 0;
    run.tamper((to, packet) => this.#tamper(to, packet));
    this.#drawVictims();
    this.#actForever();
  }

  #has(strategy: Strategy): boolean {
    return this.strategies.has(strategy);
  }

  #drawVictims(): void {
    const others = this.#run
      .peers()
      .map(({ nodeId }) => nodeId)
      .filter((nodeId) => nodeId !== this.node.nodeId);
    this.#victims = new Set(this.#chance.sample([...new Set(others)], this.#chance.between(1, others.length)));
  }

  #actForever(): void {
    const { actUs, redraw } = this.#run.pace ?? SIM_PACE;
    this.#world.queue.after(this.#chance.between(...actUs), () => {
      if (this.#chance.chance(redraw)) this.#drawVictims();
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
      this.#say({ type: 'view-change', ...this.#forger.author, view, claim, certificate: undefined });
      this.#say({ type: 'suspect', ...this.#forger.author, view: status.view, decidedHeight: (2 ** 40) as Height });
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
      this.#say({ type: 'result', ...this.#forger.author, height, blockHash: this.#world.hash(`wrong ${height}`) });
      this.#world.count('lie: wrong result');
    }
    if (this.#has('forged tip')) {
      const view = (status.view + this.#chance.between(0, 2)) as View;
      const certificate = this.#certificates.length === 0 ? undefined : this.#chance.pick(this.#certificates);
      this.#say({ type: 'new-view', ...this.#forger.author, view, claims: [], certificate });
    }
    if (this.#has('out of turn')) this.#proposeOutOfTurn(status);
    if (this.#has('made-up certificates')) this.#makeUpCertificates(status);
  }

  #proposeOutOfTurn({ view }: PbftStatus): void {
    const { proposal, digest } = this.#forger.proposal({ view });
    this.#say({ type: 'proposal', ...this.#forger.author, view, proposal, digest });
    this.#world.count('lie: out of turn');
  }

  /** The body comes a little later, when those who believe the certificate ask for it. */
  #makeUpCertificates({ view }: PbftStatus): void {
    const made = this.#forger.proposal({ view });
    const kind = this.#chance.pick(['prepare', 'commit'] as const);
    const certificate = this.#forger.certificate(kind, made, view);
    const type = kind === 'prepare' ? 'prepared-certificate' : 'commit-certificate';
    this.#injectAll({ type: 'pbft', message: { type, certificate } });
    this.#world.queue.after(100_000, () => this.#injectAll({ type: 'proposals', proposals: [made.proposal] }));
    this.#world.count('lie: made-up certificate');
  }

  #say(message: Unsigned<Signed>): void {
    this.#injectAll({ type: 'pbft', message: this.#forger.sign(message) });
  }

  #injectAll(packet: SimPacket): void {
    for (const to of this.#run.peers()) if (to !== this.node) this.#run.inject(to, packet);
  }

  /** What goes out instead of `packet`. */
  #tamper(to: LiarPeer, packet: SimPacket): readonly SimPacket[] {
    if (this.#has('twins') && !isPartnerOf(this.node, to)) return this.#withhold('twins');
    const isVictim = this.#victims.has(to.nodeId);
    if (this.#has('silence towards some') && isVictim) return this.#withhold('silence towards some');
    const isBody = packet.type === 'proposals' || packet.type === 'transactions';
    if (this.#has('withheld bodies') && isBody) return this.#withhold('withheld bodies');
    if (packet.type !== 'pbft') return [packet];
    this.#remember(packet);
    const { message } = packet;
    switch (message.type) {
      case 'proposal':
        if (this.#has('withheld bodies') && isVictim) return this.#withhold('withheld bodies');
        if (this.#has('odd times')) return this.#otherProposal(message);
        return this.#has('equivocation') && isVictim ? this.#otherProposal(message) : [packet];
      case 'prepare':
      case 'commit':
        return this.#tamperVote(message, packet, isVictim);
      case 'view-change':
        return message.sender === this.#forger.author.sender ? [this.#tamperViewChange(message)] : [packet];
      case 'new-view':
        if (this.#has('made-up certificates') && message.sender === this.#forger.author.sender) {
          this.#world.count('lie: made-up tip');
          return [{ type: 'pbft', message: this.#forger.newView(message.view, message.claims) }];
        }
        return this.#has('forged tip') ? [this.#forgedTip(message)] : [packet];
      default:
        return [packet];
    }
  }

  #withhold(strategy: Strategy): readonly SimPacket[] {
    this.#world.count(`lie: ${strategy}`);
    return [];
  }

  #tamperViewChange(message: Extract<PbftMessage, { type: 'view-change' }>): SimPacket {
    if (this.#has('made-up certificates')) {
      this.#world.count('lie: made-up claim');
      return { type: 'pbft', message: this.#forger.viewChange(message.view) };
    }
    return this.#has('forged view-change') ? this.#forgedClaim(message) : { type: 'pbft', message };
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
    if (sender !== this.#forger.author.sender) return [{ type: 'pbft', message }];
    let other = this.#others.get(message.digest);
    if (other === undefined) {
      const { timestamp } = message.proposal;
      const isOdd = this.#has('odd times');
      const change = isOdd
        ? { timestamp: timestamp + this.#chance.pick([-60_000, -2_500, -500, 2_500, 3_500, 60_000]) }
        : { timestamp: timestamp + 1, transactionHashes: [] };
      other = this.#forger.variant(message.proposal, change);
      this.#others.set(message.digest, other);
      this.#world.count(isOdd ? 'lie: odd time' : 'lie: equivocation');
    }
    const { proposal, digest } = other;
    return [{ type: 'pbft', message: this.#forger.sign({ type: 'proposal', term, sender, view, proposal, digest }) }];
  }

  #tamperVote(
    message: Extract<PbftMessage, { type: 'prepare' | 'commit' }>,
    packet: SimPacket,
    isVictim: boolean,
  ): readonly SimPacket[] {
    const { type, term, sender, view, height } = message;
    if (sender !== this.#forger.author.sender) return [packet];
    const other = this.#others.get(message.digest)?.digest;
    if (other !== undefined && (this.#has('odd times') || isVictim)) {
      return [{ type: 'pbft', message: this.#forger.sign({ type, term, sender, view, height, digest: other }) }];
    }
    if (this.#has('votes for anything')) {
      this.#world.count('lie: votes for anything');
      const commit = this.#forger.sign({ type: 'commit', term, sender, view, height, digest: message.digest });
      return [packet, { type: 'pbft', message: commit }];
    }
    return [packet];
  }

  /** An older certificate than its own, or none. */
  #forgedClaim(message: Extract<PbftMessage, { type: 'view-change' }>): SimPacket {
    const { term, sender, view } = message;
    const old = this.#certificates.filter((certificate) => certificate.term === term && certificate.view < view);
    const certificate = old.length === 0 || this.#chance.chance(0.4) ? undefined : this.#chance.pick(old);
    const claim = certificate === undefined ? undefined : claimOf(certificate);
    this.#world.count('lie: forged view-change');
    return {
      type: 'pbft',
      message: this.#forger.sign({ type: 'view-change', term, sender, view, claim, certificate }),
    };
  }

  /** The claims that suit it, and another certificate than that of the highest. */
  #forgedTip(message: Extract<PbftMessage, { type: 'new-view' }>): SimPacket {
    const { term, sender, view, claims } = message;
    if (sender !== this.#forger.author.sender) return { type: 'pbft', message };
    const certificate = this.#certificates.length === 0 ? undefined : this.#chance.pick(this.#certificates);
    const chosen = this.#chance.chance(0.5) ? claims : claims.slice(0, claims.length - 1);
    this.#world.count('lie: forged tip');
    return {
      type: 'pbft',
      message: this.#forger.sign({ type: 'new-view', term, sender, view, claims: chosen, certificate }),
    };
  }
}

/** Twins: each process of the key talks to its own half only. */
function isPartnerOf(twin: LiarNode, to: LiarPeer): boolean {
  return (to.index % 2 === 0) === twin.label.endsWith('T');
}

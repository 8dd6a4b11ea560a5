/**
 * Who governs a run. Honest organisations agree to what the run wants and to nothing else; the one that is not honest
 * proposes whatever would harm, votes at random, and calls what cannot be called.
 */
import type { NodeId } from '@hansa/primitives';
import type { Prng } from '../prng.ts';
import type { ChainChecker } from './chain-checker.ts';
import type { Clients } from './clients.ts';
import type { FullNode } from './full-node.ts';
import type { ModelAction } from './governance-model.ts';
import type { NodeWorld } from './node-world.ts';

/** A governor looks at what is open so often at the most. */
const LOOK_US = [200_000, 900_000] as const;
const HARM_US = [300_000, 2_000_000] as const;
const WEIGHTS = [0, 1, 7, 1_000_000, 1_000_001];

export type GovernorsParts = {
  readonly world: NodeWorld;
  readonly chain: ChainChecker;
  readonly clients: Clients;
  readonly nodes: readonly FullNode[];
  readonly organisations: readonly string[];
  /** Index of the organisation that is not honest; undefined: none. */
  readonly dishonest: number | undefined;
  /** Whether proposals say that they accept risks. */
  readonly acceptsRisk: () => boolean;
};

export class Governors {
  readonly #parts: GovernorsParts;
  readonly #chance: Prng;

  constructor(parts: GovernorsParts, chance: Prng) {
    this.#parts = parts;
    this.#chance = chance;
  }

  start(endUs: number): void {
    const { clients, organisations, dishonest } = this.#parts;
    // One that governs alone decides by proposing.
    if (organisations.length === 1) return;
    for (let admin = 0; admin < clients.adminCount; admin++) {
      if (admin === dishonest) this.#every(HARM_US, endUs, () => this.#harm(admin));
      else this.#every(LOOK_US, endUs, () => this.#vote(admin));
    }
  }

  /** What the run wants, by an honest organisation. */
  propose(actions: readonly ModelAction[]): void {
    const { clients, dishonest, acceptsRisk, organisations } = this.#parts;
    const admins = Array.from({ length: clients.adminCount }, (_, index) => index).filter((each) => each !== dishonest);
    const interval = organisations.length === 1 ? 1_000 : this.#chance.pick([5, 30, 1_000]);
    const admin = this.#chance.pick(admins);
    clients.govern(admin, { type: 'propose', actions, acceptRisk: acceptsRisk(), interval, isWanted: true });
  }

  /** A node hands its place over to another one of its organisation; what it signs may be out of date by then. */
  succeed(oldNodeId: NodeId, newNodeId: NodeId): void {
    const { clients, chain } = this.#parts;
    const since = chain.model.governance.memberOf(oldNodeId)?.since ?? 0;
    clients.govern(this.#chance.below(clients.adminCount), { type: 'succeed', oldNodeId, newNodeId, since });
  }

  #every([minUs, maxUs]: readonly [number, number], endUs: number, run: () => void): void {
    const { queue } = this.#parts.world;
    queue.after(this.#chance.between(minUs, maxUs), () => {
      if (queue.nowUs >= endUs) return;
      run();
      this.#every([minUs, maxUs], endUs, run);
    });
  }

  #vote(admin: number): void {
    const { clients, chain } = this.#parts;
    const { address, isIdle } = clients.adminAt(admin);
    if (!isIdle) return;
    const { proposals } = chain.model.governance;
    const due = proposals.find(({ status, ballots }) => status === 'open' && !ballots.has(address));
    if (due !== undefined) clients.govern(admin, { type: 'vote', proposal: due.id, agrees: due.intent.isWanted });
  }

  #harm(admin: number): void {
    const { clients, chain, world } = this.#parts;
    const chance = this.#chance;
    const { length } = chain.model.governance.proposals;
    const proposal = chance.between(0, length + 1);
    world.count('lie: governor');
    if (chance.chance(0.4)) {
      clients.govern(admin, { type: 'vote', proposal, agrees: chance.chance(0.5) });
    } else if (chance.chance(0.2)) {
      clients.govern(admin, { type: 'revoke', proposal });
    } else {
      const actions = Array.from({ length: chance.pick([0, 1, 1, 1, 2, 3, 5, 33]) }, () => this.#harmful());
      const interval = chance.pick([0, 1, 20, 1_000, 100_000_001]);
      clients.govern(admin, { type: 'propose', actions, acceptRisk: chance.chance(0.7), interval, isWanted: false });
    }
  }

  #harmful(): ModelAction {
    const { nodes, organisations } = this.#parts;
    const chance = this.#chance;
    const ghost = chance.chance(0.5) ? 'ab'.repeat(64) : 'no id';
    const nodeId = (chance.chance(0.1) ? ghost : chance.pick(nodes).nodeId) as NodeId;
    switch (chance.below(6)) {
      case 0:
        return { type: 'remove', nodeId };
      case 1:
        return { type: 'suspend', nodeId };
      case 2:
        return { type: 'set weight', nodeId, weight: chance.pick(WEIGHTS) };
      case 3:
        return { type: 'add validator', nodeId, weight: chance.pick(WEIGHTS) };
      case 4:
        return { type: 'add observer', nodeId, organisation: chance.pick([...organisations, 'nobody']) };
      default:
        return { type: 'parameter', key: 'tx_count_limit', value: chance.pick([1, 5]) };
    }
  }
}

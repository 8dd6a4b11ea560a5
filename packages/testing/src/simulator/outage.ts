/** A consortium without a quorum for minutes or days. What is left must wait, and work at once when the others are back. */
import type { Member } from './member.ts';
import type { Prng } from './prng.ts';
import type { Run, SimNode } from './sim-node.ts';

const KINDS = ['majority down', 'all down', 'one-way', 'split', 'silence'] as const;
type Kind = (typeof KINDS)[number];

const HOUR_US = 3_600_000_000;

export class Outage {
  /** How long those that are left go on working without a quorum, tick by tick. */
  readonly workedUs: number;
  /** How long everything sleeps then. */
  readonly sleptUs: number;
  readonly #kind: Kind;
  readonly #run: Run;
  readonly #chance: Prng;
  readonly #down: Set<Member> = new Set();

  constructor(run: Run, chance: Prng) {
    this.#run = run;
    this.#chance = chance;
    this.#kind = chance.pick(KINDS);
    this.workedUs = 1_000_000 * chance.pick([5, 15, 30, 180]);
    this.sleptUs = chance.pick([0, HOUR_US, 24 * HOUR_US, 120 * HOUR_US]);
  }

  begin(): void {
    const { world, network, nodes } = this.#run;
    const chance = this.#chance;
    world.count(`outage: ${this.#kind}`);
    world.trace(() => `outage ${this.#kind}`);
    // Clocks stay wrong from here on; two of them differ by no more than the skew.
    for (const node of nodes) {
      const { clockSkewMs } = node.state.term.parameters;
      node.clock.set(chance.pick([-1, 0, 1]) * Math.floor(clockSkewMs / 2));
      world.clockAheadMsMax = Math.max(world.clockAheadMsMax, node.clock.aheadMs);
    }
    switch (this.#kind) {
      case 'majority down':
        this.#crash(chance.sample(nodes, chance.between((nodes.length >> 1) + 1, nodes.length - 1)));
        break;
      case 'all down':
        this.#crash(nodes);
        break;
      case 'one-way': {
        const unheard: ReadonlySet<Member> = new Set(chance.sample(nodes, chance.between(1, nodes.length - 1)));
        network.filters.set('outage', (from, to) => unheard.has(from) && !unheard.has(to));
        break;
      }
      case 'split': {
        const side: ReadonlySet<Member> = new Set(chance.sample(nodes, nodes.length >> 1));
        network.filters.set('outage', (from, to) => side.has(from) !== side.has(to));
        break;
      }
      case 'silence':
        network.filters.set('outage', () => true);
        break;
    }
  }

  /** It comes back with the healing, not before. */
  keepsDown(node: Member): boolean {
    return this.#down.has(node);
  }

  #crash(victims: readonly SimNode[]): void {
    for (const node of victims) {
      this.#down.add(node);
      node.crash();
    }
  }
}

/**
 * Every run of an abstract PBFT, to the end: four validators of weight 1, one of them Byzantine, chained heights, a few
 * views, messages that are late, lost or repeated, crashes and restarts at any moment. Agreement is looked at in each state.
 *
 * What makes it small, and why nothing is lost by it:
 * - Messages are never taken back, so a run is what was sent; whoever may act on a message may do so at any time later,
 *   or never. That is every order, loss and repetition.
 * - The Byzantine validator has voted for everything in every view, and leads every view: it proposes anything to anybody,
 *   and shows each validator another NEW-VIEW if it likes. That is more than one of four can do.
 * - A validator may leave its view at any time (a time-out needs no reason).
 * - Views one after the other: an action in view v depends on actions in views up to v only, and on nothing that can be
 *   undone. So each run can be sorted by view, each validator's own order kept, and leads to the same messages.
 *   Between views only the highest certificates, all certificates and all decisions matter.
 * - Honest validators are interchangeable: of states that differ by their order one is looked at. So are the proposals of
 *   one view on one parent: the next one that nobody has seen stands for all of them.
 * - A certificate that is not above the claims of any possible NEW-VIEW can never be a tip again, and is forgotten.
 */
import type { Block, Claim, Rules } from './rules.ts';

export type ModelSize = {
  readonly views: number;
  readonly heights: number;
  /** Proposals that the Byzantine primary makes on one parent, by view; the last number counts for the views behind it. */
  readonly variants: readonly number[];
  readonly statesMax?: number;
};

export type ModelResult = {
  readonly states: number;
  readonly transitions: number;
  /** Situations between views. */
  readonly situations: number;
  /** Two blocks that are decided at one height, and how it came to that. */
  readonly fork: readonly string[] | undefined;
  readonly isComplete: boolean;
};

const HONEST = 3;
const NONE = -1;

/** One honest validator within a view. */
type Local = {
  /** Not in this view (NONE - 1), at the base of the term (NONE), or on a tip. */
  readonly tip: number;
  /** What it knows of its own votes here, by height - 1. */
  readonly prepared: readonly number[];
  readonly committed: readonly number[];
  /** What it has sent, restarts included: blocks, ascending. */
  readonly sentPrepares: readonly number[];
  readonly sentCommits: readonly number[];
  /** Number of its highest certificate. */
  readonly highest: number;
};
const ABSENT = -2;

/** Between views. */
type Situation = {
  readonly highest: readonly number[];
  readonly certificates: readonly number[];
  readonly decided: readonly number[];
  readonly history: Step | undefined;
};
type Step = { readonly text: () => string; readonly before: Step | undefined };
type Outcome = { readonly node: Node; readonly certified: readonly number[]; readonly committed: readonly number[] };
type Node = { readonly locals: readonly Local[]; readonly step: Step | undefined };

/** Explores the model completely, breadth first, or up to the first fork. */
export function exploreModel(rules: Rules, size: ModelSize): ModelResult {
  return new Explorer(rules, size).run();
}

class Explorer {
  readonly #rules: Rules;
  readonly #size: ModelSize;
  readonly #blocks: Block[] = [];
  readonly #children: Map<string, number[]> = new Map();
  readonly #claims: Claim[] = [];
  readonly #claimIds: Map<string, number> = new Map();
  #states = 0;
  #transitions = 0;
  #situations = 0;
  #fork: readonly string[] | undefined;

  constructor(rules: Rules, size: ModelSize) {
    this.#rules = rules;
    this.#size = size;
  }

  run(): ModelResult {
    const start = { highest: Array<number>(HONEST).fill(NONE), certificates: [], decided: [], history: undefined };
    // Within a view breadth first; between views those with the most decisions first: there a fork is near.
    const seen = Array.from({ length: this.#size.views + 1 }, () => new Map<string, Situation>());
    const open: { readonly view: number; readonly situation: Situation }[] = [{ view: 0, situation: start }];
    for (let next = open.pop(); next !== undefined && !this.#isOver(); next = open.pop()) {
      const { view, situation } = next;
      this.#situations++;
      const known = seen[view + 1] as Map<string, Situation>;
      const countBefore = known.size;
      this.#exploreView(view, situation, known);
      if (view + 1 === this.#size.views) continue;
      const found = [...known.values()].slice(countBefore);
      found.sort((a, b) => a.decided.length - b.decided.length || highestSum(a) - highestSum(b));
      for (const later of found) open.push({ view: view + 1, situation: later });
    }
    return {
      states: this.#states,
      transitions: this.#transitions,
      situations: this.#situations,
      fork: this.#fork,
      isComplete: !this.#isOver(),
    };
  }

  #isOver(): boolean {
    return this.#fork !== undefined || this.#states > (this.#size.statesMax ?? Number.POSITIVE_INFINITY);
  }

  #exploreView(view: number, situation: Situation, next: Map<string, Situation>): void {
    const empty = Array<number>(this.#size.heights).fill(NONE);
    const locals = situation.highest.map(
      (highest): Local => ({
        tip: view === 0 ? NONE : ABSENT,
        prepared: empty,
        committed: empty,
        sentPrepares: [],
        sentCommits: [],
        highest,
      }),
    );
    const tips = view === 0 ? [] : this.#tipsOf(situation, view);
    const first: Node = { locals, step: situation.history };
    const seen = new Set<string>([keyOf(locals)]);
    const left = new Set<string>();
    const queue: Node[] = [first];
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at] as Node;
      this.#states++;
      const certified = this.#certified(node.locals, 'sentPrepares');
      const committed = this.#certified(node.locals, 'sentCommits');
      const outcome = `${certified.join()}/${committed.join()}/${node.locals.map(({ highest }) => highest).join()}`;
      if (!left.has(outcome)) {
        left.add(outcome);
        this.#leave(view, situation, { node, certified, committed }, next);
        if (this.#isOver()) return;
      }
      this.#actions(view, tips, { node, certified }, (changed, index, text) => {
        this.#transitions++;
        const after = node.locals.map((local, other) => (other === index ? changed : local));
        const key = keyOf(after);
        if (seen.has(key)) return;
        seen.add(key);
        queue.push({ locals: after, step: { text: () => `view ${view}: ${index} ${text()}`, before: node.step } });
      });
    }
  }

  /** What the honest may do in this state, one after the other. */
  #actions(
    view: number,
    tips: readonly number[],
    { node, certified }: { readonly node: Node; readonly certified: readonly number[] },
    act: (changed: Local, index: number, text: () => string) => void,
  ): void {
    const seen = new Set(node.locals.flatMap((local) => local.sentPrepares));
    node.locals.forEach((local, index) => {
      if (local.tip === ABSENT) {
        for (const tip of tips)
          act(
            { ...local, tip, highest: this.#higher(local.highest, tip) },
            index,
            () => `accepts ${this.#nameClaim(tip)}`,
          );
        return;
      }
      for (const block of this.#preparable(view, local, seen)) {
        const { height } = this.#block(block);
        const changed = {
          ...local,
          prepared: replaced(local.prepared, height - 1, block),
          sentPrepares: added(local.sentPrepares, block),
        };
        act(changed, index, () => `prepares ${this.#name(block)}`);
      }
      for (const block of certified)
        this.#commit(view, local, block, (changed) => act(changed, index, () => `commits ${this.#name(block)}`));
      this.#restart(local, (changed) => act(changed, index, () => 'restarts'));
    });
  }

  #commit(view: number, local: Local, block: number, act: (changed: Local) => void): void {
    const { height } = this.#block(block);
    if (local.committed[height - 1] !== NONE) return;
    // PBFT-V8: nothing below the tip is voted on.
    const tip = this.#claims[local.tip];
    if (this.#rules.votesTipFirst && tip !== undefined && height < tip.height) return;
    const claim = this.#claimId({ view, height, block });
    act({
      ...local,
      committed: replaced(local.committed, height - 1, block),
      sentCommits: added(local.sentCommits, block),
      highest: this.#rules.keepsCertificate ? this.#higher(local.highest, claim) : local.highest,
    });
  }

  /** Memory as the disk gives it back. */
  #restart(local: Local, act: (changed: Local) => void): void {
    const { keepsTip, keepsVotes, keepsHighest } = this.#rules;
    // With everything on disk a restart changes nothing; it is a step all the same.
    if (keepsTip && keepsVotes && keepsHighest) {
      act(local);
      return;
    }
    const empty = Array<number>(this.#size.heights).fill(NONE);
    const restored = {
      ...local,
      tip: keepsTip ? local.tip : NONE,
      prepared: keepsVotes ? local.prepared : empty,
      committed: keepsVotes ? local.committed : empty,
      highest: keepsHighest ? local.highest : NONE,
    };
    act(restored);
  }

  /** PBFT-N2 and PBFT-V8: what it may prepare next. The Byzantine primary proposes all of it. */
  #preparable(view: number, local: Local, seen: ReadonlySet<number>): readonly number[] {
    const { heights } = this.#size;
    const tip = this.#claims[local.tip];
    const floor = tip?.height ?? 0;
    const choices: number[] = [];
    if (tip !== undefined && local.prepared[floor - 1] === NONE) {
      if (this.#rules.votesTipFirst) return [tip.block];
      const path = this.#pathTo(tip.block);
      const next = path.find((block) => local.prepared[this.#block(block).height - 1] === NONE);
      return next === undefined ? [] : [next];
    }
    for (let height = floor + 1; height <= heights; height++) {
      if (local.prepared[height - 1] !== NONE) continue;
      const parent = height === 1 ? NONE : (local.prepared[height - 2] as number);
      if (this.#rules.checksParent) {
        if (height > 1 && parent === NONE) break;
        choices.push(...this.#offered(view, height, parent, seen));
      } else {
        const parents =
          height === 1 ? [NONE] : this.#blocks.filter((block) => block.height === height - 1).map(({ id }) => id);
        for (const any of parents) choices.push(...this.#offered(view, height, any, seen));
      }
    }
    return choices;
  }

  /** PBFT-V6 and PBFT-V7: the tips that a NEW-VIEW of the Byzantine primary may have, NONE for the base of the term. */
  #tipsOf(situation: Situation, view: number): readonly number[] {
    const { recomputesTip, honestVotes, compare } = this.#rules;
    const below = situation.certificates.filter((id) => (this.#claims[id] as Claim).view < view);
    if (!recomputesTip) return [NONE, ...below];
    const tips = new Set<number>();
    for (const chosen of subsets(HONEST, honestVotes)) {
      for (const claims of this.#claimsOf(chosen.map((index) => situation.highest[index] as number))) {
        for (const own of [NONE, ...below]) {
          const all = [...claims, own].filter((id) => id !== NONE);
          if (all.length === 0) tips.add(NONE);
          const highest = all.filter((id) => all.every((other) => compare(this.#claim(id), this.#claim(other)) >= 0));
          for (const id of highest) tips.add(id);
        }
      }
    }
    return [...tips].sort((a, b) => a - b);
  }

  /** What honest validators with these highest certificates may have claimed. */
  #claimsOf(highest: readonly number[]): readonly (readonly number[])[] {
    if (this.#rules.stopsBelow) return [highest];
    // Whoever goes on voting after its VIEW-CHANGE has claimed what it had before: nothing, at the least.
    let all: number[][] = [[]];
    for (const id of highest)
      all = all.flatMap((claims) =>
        id === NONE
          ? [[...claims, NONE]]
          : [
              [...claims, id],
              [...claims, NONE],
            ],
      );
    return all;
  }

  /** Everybody may stop here: what counts for later views; and whether two blocks of one height are decided. */
  #leave(view: number, situation: Situation, outcome: Outcome, next: Map<string, Situation>): void {
    const { locals, step } = outcome.node;
    const decided = new Set(situation.decided);
    for (const block of outcome.committed) for (const part of this.#pathTo(block)) decided.add(part);
    const all = [...decided].sort((a, b) => a - b);
    const byHeight: Map<number, number> = new Map();
    for (const block of all) {
      const { height } = this.#block(block);
      const other = byHeight.get(height);
      if (other === undefined) byHeight.set(height, block);
      else
        this.#fork = [...stepsOf(step), `decided at height ${height}: ${this.#name(other)} and ${this.#name(block)}`];
    }
    const certificates = new Set(situation.certificates);
    for (const block of outcome.certified) {
      certificates.add(this.#claimId({ view, height: this.#block(block).height, block }));
    }
    const highest = locals.map((local) => local.highest).sort((a, b) => a - b);
    const known = this.#useful([...certificates], highest);
    const key = `${highest.join()}/${known.join()}/${all.join()}`;
    if (!next.has(key)) next.set(key, { highest, certificates: known, decided: all, history: step });
  }

  /** Certificates that may still be the tip of a NEW-VIEW: above what its honest claims are at the least. */
  #useful(certificates: readonly number[], highest: readonly number[]): readonly number[] {
    const { recomputesTip, stopsBelow, keepsHighest, honestVotes, compare } = this.#rules;
    const sorted = [...certificates].sort((a, b) => a - b);
    if (!recomputesTip || !stopsBelow || !keepsHighest) return sorted;
    const claims = [...highest].sort((a, b) => {
      if (a === NONE || b === NONE) return a === b ? 0 : a === NONE ? -1 : 1;
      return compare(this.#claim(a), this.#claim(b));
    });
    const least = claims[honestVotes - 1] ?? NONE;
    return sorted.filter((id) => least === NONE || compare(this.#claim(id), this.#claim(least)) >= 0);
  }

  /** Blocks for which enough honest votes of this view were sent. */
  #certified(locals: readonly Local[], votes: 'sentPrepares' | 'sentCommits'): readonly number[] {
    const certified: number[] = [];
    for (const local of locals) {
      for (const block of local[votes]) {
        if (certified.includes(block)) continue;
        let count = 0;
        for (const other of locals) if (other[votes].includes(block)) count++;
        if (count >= this.#rules.honestVotes) certified.push(block);
      }
    }
    return certified.sort((a, b) => a - b);
  }

  #higher(own: number, other: number): number {
    if (own === NONE || other === NONE) return own === NONE ? other : own;
    return this.#rules.compare(this.#claim(other), this.#claim(own)) > 0 ? other : own;
  }

  /** Those that somebody has seen, and one that nobody has. */
  #offered(view: number, height: number, parent: number, seen: ReadonlySet<number>): readonly number[] {
    const children = this.#childrenOf(view, height, parent);
    const firstUnseen = children.find((block) => !seen.has(block));
    return children.filter((block) => block === firstUnseen || seen.has(block));
  }

  #childrenOf(view: number, height: number, parent: number): readonly number[] {
    const key = `${view}/${height}/${parent}`;
    let children = this.#children.get(key);
    if (children === undefined) {
      children = [];
      const { variants } = this.#size;
      const count = variants[view] ?? variants.at(-1) ?? 1;
      for (let i = 0; i < count; i++) {
        const id = this.#blocks.length;
        this.#blocks.push({ id, height, parent, view });
        children.push(id);
      }
      this.#children.set(key, children);
    }
    return children;
  }

  #pathTo(block: number): readonly number[] {
    const path: number[] = [];
    for (let id = block; id !== NONE; id = this.#block(id).parent) path.unshift(id);
    return path;
  }

  #block(id: number): Block {
    return this.#blocks[id] as Block;
  }

  #claim(id: number): Claim {
    return this.#claims[id] as Claim;
  }

  #claimId(claim: Claim): number {
    const key = `${claim.view}/${claim.block}`;
    let id = this.#claimIds.get(key);
    if (id === undefined) {
      id = this.#claims.length;
      this.#claims.push(claim);
      this.#claimIds.set(key, id);
    }
    return id;
  }

  #name(block: number): string {
    const { height, parent, view } = this.#block(block);
    return `block ${block} (height ${height}, of view ${view}, on ${parent === NONE ? 'the base' : parent})`;
  }

  #nameClaim(id: number): string {
    if (id === NONE) return 'a NEW-VIEW on the base';
    const { view, height, block } = this.#claim(id);
    return `a NEW-VIEW with the tip of view ${view}, height ${height}, block ${block}`;
  }
}

function highestSum({ highest }: Situation): number {
  return highest.reduce((sum, id) => sum + id, 0);
}

function keyOf(locals: readonly Local[]): string {
  return locals
    .map(localKeyOf)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .join('|');
}

const localKeys: WeakMap<Local, string> = new WeakMap();

function localKeyOf(local: Local): string {
  let key = localKeys.get(local);
  if (key === undefined) {
    const { tip, prepared, committed, sentPrepares, sentCommits, highest } = local;
    key = `${tip};${prepared.join()};${committed.join()};${sentPrepares.join()};${sentCommits.join()};${highest}`;
    localKeys.set(local, key);
  }
  return key;
}

function replaced(list: readonly number[], index: number, value: number): readonly number[] {
  return list.map((held, at) => (at === index ? value : held));
}

function added(list: readonly number[], value: number): readonly number[] {
  return list.includes(value) ? list : [...list, value].sort((a, b) => a - b);
}

/** Subsets of 0 … count - 1 with at least this many members. */
function subsets(count: number, sizeMin: number): readonly (readonly number[])[] {
  const all: number[][] = [];
  for (let mask = 0; mask < 2 ** count; mask++) {
    const members = Array.from({ length: count }, (_, index) => index).filter(
      (index) => Math.floor(mask / 2 ** index) % 2 === 1,
    );
    if (members.length >= sizeMin) all.push(members);
  }
  return all;
}

function stepsOf(step: Step | undefined): string[] {
  const steps: string[] = [];
  for (let at = step; at !== undefined; at = at.before) steps.unshift(at.text());
  return steps;
}

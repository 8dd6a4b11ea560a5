/**
 * What a signer may sign, given what it has signed: docs/spec/signer.md, SGN-6 to SGN-9. Pure: the store makes the records
 * durable before a signature leaves.
 * Bounded: slots of one term within `HEIGHTS_MAX` above the final height and of at most two views, `HEIGHTS_MAX` RESULTs.
 */
import type { UnsignedPbftMessage } from '@hansa/consensus';
import { assertNever, type HashHex } from '@hansa/primitives';
import type { Claim } from '@hansa/protocol';

/** Far above the largest window: a vote farther away from the final height is no honest node's. */
export const HEIGHTS_MAX = 1_024;
const COMMIT_VIEWS_MAX = 2;

export type SlotKind = 'proposal' | 'prepare' | 'commit' | 'result' | 'view-change' | 'new-view';
/** One signed content. `view` 0 of a RESULT and `height` 0 of a change of view mean nothing. */
export type Slot = {
  readonly type: 'slot';
  readonly kind: SlotKind;
  readonly term: number;
  readonly view: number;
  readonly height: number;
  /** Digest of the proposal, block hash, or signing digest of a change of view. */
  readonly content: HashHex;
  /** Of a PREPARE: digest of the parent; else the content again. */
  readonly parent: HashHex;
};
export type FinalBlock = { readonly height: number; readonly proposalDigest: HashHex };
export type ProtectionRecord =
  | Slot
  | ({ readonly type: 'final' } & FinalBlock)
  /** Newest term and its highest view: what is left when no slot of it is live. */
  | { readonly type: 'position'; readonly term: number; readonly view: number };

export type VoteInQuestion = {
  readonly vote: UnsignedPbftMessage;
  readonly signingDigest: HashHex;
  readonly parent: HashHex | undefined;
};
export type RefusalCode =
  | 'SIGNER_CONFLICT'
  | 'SIGNER_OLD_VIEW'
  | 'SIGNER_LOW_CLAIM'
  | 'SIGNER_GAP'
  | 'SIGNER_TOO_OLD'
  | 'SIGNER_TOO_FAR';
export type Refusal = { readonly code: RefusalCode; readonly message: string };
/** `record` is undefined when the content is on record already, or contradicts nothing. */
export type Verdict = { readonly record: Slot | undefined } | { readonly refusal: Refusal };

export class Protection {
  #term = -1;
  #view = 0;
  #final: FinalBlock | undefined;
  readonly #slots: Map<string, Slot> = new Map();
  readonly #results: Map<number, Slot> = new Map();
  #resultHeight = 0;
  #highestCommit: Slot | undefined;
  /** Heights of the PREPAREs of the current view, without a gap; never empty once there was one. */
  #run: { readonly low: number; readonly high: number } | undefined;

  /** From its own records, oldest first, with the rules that they followed when they were made. */
  restore(record: ProtectionRecord): void {
    if (record.type === 'final') this.raiseFinal(record);
    else if (record.type === 'slot') this.#take(record);
    else this.#moveTo(record.term, record.view);
  }

  /** What a compacted record must hold. */
  live(): ProtectionRecord[] {
    const slots = [...this.#results.values(), ...this.#slots.values()];
    const commit = this.#highestCommit;
    if (commit !== undefined && !this.#slots.has(keyOf(commit))) slots.push(commit);
    slots.sort((a, b) => a.term - b.term || a.view - b.view || a.height - b.height);
    const records: ProtectionRecord[] = [...slots];
    if (this.#term >= 0) records.push({ type: 'position', term: this.#term, view: this.#view });
    if (this.#final !== undefined) records.push({ type: 'final', ...this.#final });
    return records;
  }

  /** spec SGN-9: true when it is higher than the one before, and worth a record. */
  raiseFinal({ height, proposalDigest }: FinalBlock): boolean {
    if (this.#final !== undefined && height <= this.#final.height) return false;
    this.#final = { height, proposalDigest };
    const keep = this.#run?.high;
    for (const [key, slot] of this.#slots) {
      const isOrder = slot.kind === 'proposal' || slot.kind === 'prepare' || slot.kind === 'commit';
      // The run keeps its end: what comes next must stand on it.
      if (isOrder && slot.height <= height && !(slot.kind === 'prepare' && slot.height === keep))
        this.#slots.delete(key);
    }
    if (this.#run !== undefined) {
      const { low, high } = this.#run;
      this.#run = { low: Math.max(low, Math.min(high, height + 1)), high };
    }
    return true;
  }

  /** Whether it may be signed. What may is on the books at once: the caller MUST NOT sign before it is durable. */
  judge(question: VoteInQuestion): Verdict {
    const { vote } = question;
    if (vote.type === 'suspect' || vote.type === 'status') return { record: undefined };
    const slot = slotOf(question, vote);
    const refusal = slot.kind === 'result' ? this.#resultFault(slot) : this.#fault(slot, question);
    if (refusal === 'known') return { record: undefined };
    if (refusal !== undefined) return { refusal };
    this.#take(slot);
    return { record: slot };
  }

  #resultFault(slot: Slot): Refusal | 'known' | undefined {
    const known = this.#results.get(slot.height);
    if (known !== undefined) return sameOrConflict(known, slot);
    if (slot.height + HEIGHTS_MAX > this.#resultHeight) return undefined;
    return refuse('SIGNER_TOO_OLD', `RESULTs were signed up to height ${this.#resultHeight}`);
  }

  #fault(slot: Slot, { vote }: VoteInQuestion): Refusal | 'known' | undefined {
    if (slot.term < this.#term) return refuse('SIGNER_TOO_OLD', `votes of term ${this.#term} were signed`);
    const isNewTerm = slot.term > this.#term;
    const known = isNewTerm ? undefined : this.#slots.get(keyOf(slot));
    if (known !== undefined) return sameOrConflict(known, slot);
    const view = isNewTerm ? 0 : this.#view;
    const isChange = slot.kind === 'view-change';
    if (slot.view < view || (isChange && slot.view === view)) {
      return refuse('SIGNER_OLD_VIEW', `votes of view ${view} were signed`);
    }
    if (vote.type === 'view-change') return isNewTerm ? undefined : this.#claimFault(vote.claim);
    if (slot.kind === 'new-view') return undefined;
    const final = this.#final?.height ?? 0;
    if (slot.height <= final) return refuse('SIGNER_TOO_OLD', `height ${final} is final`);
    if (slot.height > final + HEIGHTS_MAX) return refuse('SIGNER_TOO_FAR', `height ${final} is final`);
    return slot.kind === 'prepare' ? this.#chainFault(slot, isNewTerm || slot.view > view) : undefined;
  }

  /** spec SGN-7: whoever has committed says so in each later view. */
  #claimFault(claim: Claim | undefined): Refusal | undefined {
    const commit = this.#highestCommit;
    if (commit === undefined) return undefined;
    const order = claim === undefined ? -1 : claim.view - commit.view || claim.height - commit.height;
    if (order > 0 || (order === 0 && claim?.digest === commit.content)) return undefined;
    return refuse('SIGNER_LOW_CLAIM', `a COMMIT of view ${commit.view}, height ${commit.height} was signed`);
  }

  /** spec SGN-8. */
  #chainFault(slot: Slot, isNewView: boolean): Refusal | undefined {
    const { height, parent, content, view } = slot;
    const final = this.#final;
    if (final !== undefined && height === final.height + 1 && parent === final.proposalDigest) {
      if (isNewView || this.#run === undefined || height > this.#run.high) return undefined;
    }
    const run = isNewView ? undefined : this.#run;
    if (run === undefined) {
      return view > 0 ? undefined : refuse('SIGNER_GAP', 'the first PREPARE of view 0 stands on the final block');
    }
    const at = (place: number): Slot | undefined => this.#slots.get(keyOf({ ...slot, height: place }));
    if (height === run.high + 1 && at(run.high)?.content === parent) return undefined;
    if (height === run.low - 1 && at(run.low)?.parent === content) return undefined;
    return refuse('SIGNER_GAP', `PREPAREs of this view were signed for heights ${run.low} to ${run.high}`);
  }

  #take(slot: Slot): void {
    if (slot.kind === 'result') {
      this.#takeResult(slot);
      return;
    }
    this.#moveTo(slot.term, slot.view);
    this.#slots.set(keyOf(slot), slot);
    if (slot.kind === 'prepare') this.#extendRun(slot.height);
    const highest = this.#highestCommit;
    if (slot.kind !== 'commit') return;
    if (
      highest === undefined ||
      slot.view > highest.view ||
      (slot.view === highest.view && slot.height > highest.height)
    )
      this.#highestCommit = slot;
  }

  #takeResult(slot: Slot): void {
    this.#results.set(slot.height, slot);
    this.#resultHeight = Math.max(this.#resultHeight, slot.height);
    if (this.#results.size <= 2 * HEIGHTS_MAX) return;
    for (const height of this.#results.keys()) {
      if (height + HEIGHTS_MAX <= this.#resultHeight) this.#results.delete(height);
    }
  }

  #moveTo(term: number, view: number): void {
    if (term > this.#term) this.#begin(term);
    if (term === this.#term && view > this.#view) this.#raiseView(view);
  }

  #begin(term: number): void {
    this.#term = term;
    this.#view = 0;
    this.#run = undefined;
    this.#highestCommit = undefined;
    this.#slots.clear();
  }

  #raiseView(view: number): void {
    this.#view = view;
    this.#run = undefined;
    const commits = [...this.#slots.values()].filter((slot) => slot.kind === 'commit');
    const views = [...new Set(commits.map((slot) => slot.view))].sort((a, b) => b - a).slice(0, COMMIT_VIEWS_MAX);
    this.#slots.clear();
    for (const slot of commits) if (views.includes(slot.view)) this.#slots.set(keyOf(slot), slot);
  }

  #extendRun(height: number): void {
    const run = this.#run;
    if (run !== undefined && height === run.high + 1) this.#run = { low: run.low, high: height };
    else if (run !== undefined && height === run.low - 1) this.#run = { low: height, high: run.high };
    else if (run === undefined || height > run.high) this.#run = { low: height, high: height };
  }
}

function slotOf(
  { signingDigest, parent }: VoteInQuestion,
  vote: Exclude<UnsignedPbftMessage, { type: 'suspect' | 'status' }>,
): Slot {
  const slot = (view: number, height: number, content: HashHex): Slot => ({
    ...{ type: 'slot', kind: vote.type, term: vote.term, view, height, content },
    parent: vote.type === 'prepare' && parent !== undefined ? parent : content,
  });
  switch (vote.type) {
    case 'proposal':
      return slot(vote.view, vote.proposal.height, vote.digest);
    case 'prepare':
    case 'commit':
      return slot(vote.view, vote.height, vote.digest);
    case 'result':
      return slot(0, vote.height, vote.blockHash);
    case 'view-change':
    case 'new-view':
      return slot(vote.view, 0, signingDigest);
    default:
      return assertNever(vote);
  }
}

/** spec SGN-6. */
function sameOrConflict(known: Slot, slot: Slot): Refusal | 'known' {
  if (known.content === slot.content && known.term === slot.term) return 'known';
  return refuse('SIGNER_CONFLICT', `another ${slot.kind} of view ${slot.view}, height ${slot.height} was signed`);
}

const refuse = (code: RefusalCode, message: string): Refusal => ({ code, message });

const keyOf = ({ kind, view, height }: Pick<Slot, 'kind' | 'view' | 'height'>): string => `${kind}/${view}/${height}`;

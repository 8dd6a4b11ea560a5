import {
  assert,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import type { ChainParameters, TermInfo, ValidatorSet } from '@hansa/protocol';
import { isSameValidatorSet } from './registry.ts';

/** In every term whose number is a multiple of this the absent are tried first again (spec MEM-24). */
const ABSENT_RETRY_TERMS = 8;

/** All of a term that is kept in state between two blocks. */
export type TermState = {
  readonly info: TermInfo;
  /** Who heads the rotation of this term; the next term begins with the first id above it. */
  readonly starter: NodeId;
  /** Highest first view of a block of this term. */
  readonly highestView: View;
  /** Validators that have a block in this term, ascending by index. */
  readonly proposers: readonly ValidatorIndex[];
  /** Known to be absent when this term began, ascending by node id. */
  readonly absent: readonly AbsentValidator[];
};

/** `since`: number of the first term that began with the validator known to be absent. */
export type AbsentValidator = { readonly nodeId: NodeId; readonly since: Term };

/** What a block tells about its term. */
export type BlockFacts = {
  readonly height: Height;
  readonly view: View;
  readonly proposer: ValidatorIndex;
  readonly proposalDigest: HashHex;
  readonly timestamp: number;
};

/** What the state says after a block: it counts from the next term on. */
export type NextRules = { readonly validators: ValidatorSet; readonly parameters: ChainParameters };

export type GenesisFacts = { readonly proposalDigest: HashHex; readonly timestamp: number };

/** Term 0, in force for height 1 (spec MEM-20). */
export function genesisTermState(rules: NextRules, genesis: GenesisFacts): TermState {
  assert(rules.validators.length > 0, 'genesis names at least one validator');
  const starter = (rules.validators[0] as { nodeId: NodeId }).nodeId;
  const base: BlockFacts = { height: 0 as Height, view: 0 as View, proposer: 0 as ValidatorIndex, ...genesis };
  return beginTerm({ term: 0 as Term, base, rules, starter, absent: [] });
}

export type AdvancedTerm = {
  /** To be kept in state: of the next term already, when the block was the last of its own. */
  readonly state: TermState;
  /** Set when the block was the last of its term. */
  readonly isTermEnd: boolean;
};

/**
 * The term after a block (spec MEM-21 to MEM-24). A change of validators or parameters that the block or one before it
 * made is due at the next term; if none would begin soon, an end is scheduled `window` heights ahead, and never moved
 * again. No replica can vote on a height above the window before this block is final, so all know the end in time.
 */
export function advanceTerm(state: TermState, block: BlockFacts, rules: NextRules): AdvancedTerm {
  const { info } = state;
  assert(
    block.height > info.baseHeight && block.height <= info.endHeight,
    `block ${block.height} does not belong to term ${info.term}`,
  );
  const { proposers, highestView } = withBlock(state, block);
  if (block.height === info.endHeight) {
    const absent = absentAfter({ ...state, proposers, highestView }, rules.validators);
    const starter = nextStarter(state.starter, rules.validators);
    const next = beginTerm({ term: (info.term + 1) as Term, base: block, rules, starter, absent });
    return { state: next, isTermEnd: true };
  }
  const hasChange =
    !isSameValidatorSet(rules.validators, info.validators) || !isSameParameters(rules.parameters, info.parameters);
  const scheduled = scheduleEnd(info, block.height, hasChange);
  return { state: { ...state, proposers, highestView, info: scheduled }, isTermEnd: false };
}

/** Those of the present set who count as absent after the last block of a term (spec MEM-24). */
export function absentAtEnd(state: TermState, block: BlockFacts): readonly AbsentValidator[] {
  return absentAfter(withBlock(state, block), state.info.validators);
}

function withBlock(state: TermState, block: BlockFacts): TermState {
  const proposers = state.proposers.includes(block.proposer)
    ? state.proposers
    : [...state.proposers, block.proposer].sort((a, b) => a - b);
  return { ...state, proposers, highestView: block.view > state.highestView ? block.view : state.highestView };
}

function scheduleEnd(info: TermInfo, height: Height, hasChange: boolean): TermInfo {
  if (!hasChange || info.endScheduled) return info;
  const endHeight = Math.min(info.endHeight, height + info.parameters.window) as Height;
  return { ...info, endHeight, endScheduled: true };
}

type NewTerm = {
  readonly term: Term;
  readonly base: BlockFacts;
  readonly rules: NextRules;
  readonly starter: NodeId;
  readonly absent: readonly AbsentValidator[];
};

function beginTerm({ term, base, rules, starter, absent }: NewTerm): TermState {
  const { validators, parameters } = rules;
  const info: TermInfo = {
    term,
    baseHeight: base.height,
    baseHash: ZERO_HASH,
    baseProposalDigest: base.proposalDigest,
    baseTimestamp: base.timestamp,
    validators,
    primaryOrder: primaryOrder(validators, { starter, absent, isRetry: term % ABSENT_RETRY_TERMS === 0 }),
    endHeight: (base.height + parameters.leaderPeriod) as Height,
    endScheduled: false,
    parameters,
  };
  return { info, starter, highestView: 0 as View, proposers: [], absent };
}

/** Rotation from the starter; the absent come last, or first in a term of retry (spec MEM-23, MEM-24). */
export function primaryOrder(
  validators: ValidatorSet,
  options: { readonly starter: NodeId; readonly absent: readonly AbsentValidator[]; readonly isRetry: boolean },
): readonly ValidatorIndex[] {
  const start = validators.findIndex((validator) => compareText(validator.nodeId, options.starter) >= 0);
  const rotation = validators.map((_, i) => ((Math.max(0, start) + i) % validators.length) as ValidatorIndex);
  const isAbsent = (index: ValidatorIndex): boolean =>
    options.absent.some(({ nodeId }) => nodeId === (validators[index] as { nodeId: NodeId }).nodeId);
  const present = rotation.filter((index) => !isAbsent(index));
  const absent = rotation.filter(isAbsent);
  return options.isRetry ? [...absent, ...present] : [...present, ...absent];
}

/** First id above the starter before, wrapping. */
function nextStarter(starter: NodeId, validators: ValidatorSet): NodeId {
  assert(validators.length > 0, 'a term has at least one validator');
  const next = validators.find((validator) => compareText(validator.nodeId, starter) > 0) ?? validators[0];
  return (next as { nodeId: NodeId }).nodeId;
}

/**
 * Who counts as absent after a term: those whose view was skipped (it lies below the highest first view) and who have no
 * block in it, and those who were absent before and have none since.
 */
function absentAfter(state: TermState, next: ValidatorSet): readonly AbsentValidator[] {
  const { info, proposers, highestView } = state;
  const count = info.primaryOrder.length;
  const absent = new Map<NodeId, Term>(state.absent.map(({ nodeId, since }) => [nodeId, since]));
  for (let view = 0; view < highestView && view < count; view++) {
    const nodeId = nodeIdAt(info, info.primaryOrder[view] as ValidatorIndex);
    if (!absent.has(nodeId)) absent.set(nodeId, (info.term + 1) as Term);
  }
  for (const proposer of proposers) absent.delete(nodeIdAt(info, proposer));
  return next.flatMap(({ nodeId }) => {
    const since = absent.get(nodeId);
    return since === undefined ? [] : [{ nodeId, since }];
  });
}

function nodeIdAt(info: TermInfo, index: ValidatorIndex): NodeId {
  const validator = info.validators[index];
  assert(validator !== undefined, `term ${info.term} has no validator ${index}`);
  return validator.nodeId;
}

function isSameParameters(a: ChainParameters, b: ChainParameters): boolean {
  const keys = Object.keys(a) as (keyof ChainParameters)[];
  return keys.every((key) => a[key] === b[key]);
}

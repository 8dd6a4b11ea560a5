/**
 * The stand-in for ledger and execution: what a block does to sets, parameters and terms, as a pure function of its
 * proposal and its parent's state. Everything that all nodes must agree on is in here, nothing local.
 */
import { assert, type HashHex, type Height, type NodeId, type Term, type ValidatorIndex } from '@hansa/primitives';
import {
  type Certificate,
  type ChainParameters,
  DEFAULT_CHAIN_PARAMETERS,
  type Proposal,
  type TermInfo,
  type ValidatorSet,
} from '@hansa/protocol';
import { simHash, simNodeId } from './sim-crypto.ts';

export const SIM_CHAIN_ID = 1;
export const SIM_GROUP_ID = 'sim';

/** What a transaction does. Found by its hash in the run's registry of transactions. */
export type SimTransaction =
  | { readonly type: 'plain' }
  | { readonly type: 'validators'; readonly validators: ValidatorSet }
  | { readonly type: 'parameters'; readonly parameters: Partial<ChainParameters> };

/** State behind a block. */
export type SimState = {
  readonly height: Height;
  readonly blockHash: HashHex;
  readonly proposalDigest: HashHex;
  readonly timestamp: number;
  /** Term of the next height. */
  readonly term: TermInfo;
  readonly pending: { readonly validators?: ValidatorSet; readonly parameters?: Partial<ChainParameters> } | undefined;
  /** Node ids of primaries that the last terms showed as absent, ascending (spec PBFT-T2). */
  readonly absent: readonly NodeId[];
  /** Highest first view of a block of this term, and who proposed one. */
  readonly highestView: number;
  readonly proposers: readonly NodeId[];
  readonly starter: NodeId;
};

export type SimBlock = {
  readonly proposal: Proposal;
  readonly digest: HashHex;
  readonly state: SimState;
  readonly certificate: Certificate;
};

export function simGenesis(validators: ValidatorSet, parameters: Partial<ChainParameters>): SimState {
  const first = validators[0]?.nodeId;
  assert(first !== undefined, 'a set was expected');
  const base = { height: 0 as Height, blockHash: simHash('genesis'), proposalDigest: simHash('genesis proposal') };
  return {
    ...base,
    timestamp: 0,
    term: startTerm({
      term: 0 as Term,
      base: { ...base, timestamp: 0 },
      validators,
      parameters: { ...DEFAULT_CHAIN_PARAMETERS, ...parameters },
      starter: first,
      absent: [],
    }),
    pending: undefined,
    absent: [],
    highestView: 0,
    proposers: [],
    starter: first,
  };
}

/** @param fault makes the result differ, as a nondeterministic executor would */
export function simExecute(
  parent: SimState,
  proposal: Proposal,
  digest: HashHex,
  transactionOf: (hash: HashHex) => SimTransaction | undefined,
  fault = '',
): SimState {
  const { height, timestamp } = proposal;
  assert(height === parent.height + 1, `execution of ${height} on ${parent.height}`);
  const { term } = parent;
  let pending = parent.pending;
  for (const hash of proposal.transactionHashes) {
    const transaction = transactionOf(hash);
    if (transaction === undefined || transaction.type === 'plain') continue;
    pending = { ...pending, ...(transaction.type === 'validators' ? { validators: transaction.validators } : {}) };
    if (transaction.type === 'parameters') {
      pending = { ...pending, parameters: { ...pending.parameters, ...transaction.parameters } };
    }
  }
  const proposer = term.validators[proposal.proposer]?.nodeId;
  assert(proposer !== undefined, 'a proposer of the set was expected');
  const highestView = Math.max(parent.highestView, proposal.view);
  const proposers = parent.proposers.includes(proposer) ? parent.proposers : [...parent.proposers, proposer];
  let next = term;
  // Consensus reference, section 3: an end at e − 1 = height + window, unless the term ends by then anyway.
  if (pending !== undefined && !term.endScheduled && term.endHeight > height + term.parameters.window) {
    next = { ...term, endHeight: (height + term.parameters.window) as Height, endScheduled: true };
  }
  const blockHash = simHash(
    `${parent.blockHash}/${digest}/${next.term}/${next.endHeight}/${JSON.stringify(pending ?? 0)}${fault}`,
  );
  const here = { height, blockHash, proposalDigest: digest, timestamp };
  if (height < next.endHeight) {
    return { ...here, term: next, pending, absent: parent.absent, highestView, proposers, starter: parent.starter };
  }
  const absent = nextAbsent(parent, highestView, proposers);
  const validators = pending?.validators ?? term.validators;
  const parameters = { ...term.parameters, ...pending?.parameters };
  const starter = (validators.find(({ nodeId }) => nodeId > parent.starter) ?? validators[0])?.nodeId;
  assert(starter !== undefined, 'a set was expected');
  const number = (term.term + 1) as Term;
  return {
    ...here,
    term: startTerm({ term: number, base: here, validators, parameters, starter, absent }),
    pending: undefined,
    absent,
    highestView: 0,
    proposers: [],
    starter,
  };
}

/** Spec PBFT-T2: those whose view of this term was skipped and who made no block are added, proposers are taken off. */
function nextAbsent(state: SimState, highestView: number, proposers: readonly NodeId[]): readonly NodeId[] {
  const { validators, primaryOrder } = state.term;
  const absent = new Set(state.absent);
  for (let view = 0; view < Math.min(highestView, primaryOrder.length); view++) {
    const nodeId = validators[primaryOrder[view] as number]?.nodeId;
    if (nodeId !== undefined) absent.add(nodeId);
  }
  for (const nodeId of proposers) absent.delete(nodeId);
  return [...absent].sort((a, b) => (a < b ? -1 : 1));
}

function startTerm(options: {
  term: Term;
  base: { height: Height; blockHash: HashHex; proposalDigest: HashHex; timestamp: number };
  validators: ValidatorSet;
  parameters: ChainParameters;
  starter: NodeId;
  absent: readonly NodeId[];
}): TermInfo {
  const { term, base, validators, parameters, starter, absent } = options;
  const start = validators.findIndex(({ nodeId }) => nodeId === starter);
  const rotated = validators.map((_, index) => ((start + index) % validators.length) as ValidatorIndex);
  const isLast = (index: ValidatorIndex): boolean =>
    term % 8 !== 7 && absent.includes(validators[index]?.nodeId ?? simNodeId(0));
  return {
    term,
    baseHeight: base.height,
    baseHash: base.blockHash,
    baseProposalDigest: base.proposalDigest,
    baseTimestamp: base.timestamp,
    validators,
    primaryOrder: [...rotated.filter((index) => !isLast(index)), ...rotated.filter(isLast)],
    endHeight: (base.height + parameters.leaderPeriod) as Height,
    endScheduled: false,
    parameters,
  };
}

/**
 * Life of a proposal (docs/spec/governance.md, section 4): made, voted on, revoked, carried out, outdated. Pure: each
 * function gives what is governed and the proposal as they are afterwards, or the reason why nothing changes.
 */
import { type AddressHex, compareText, fail, type Height, ok, type Result } from '@hansa/primitives';
import { isPlainText, REASON_SIZE_MAX } from '@hansa/protocol';
import type { Action } from './action.ts';
import { type ApplyContext, applyActions } from './apply.ts';
import { type Effect, effectOf, type Rules } from './assess.ts';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import { governorOf, OPEN_PROPOSAL_COUNT_MAX, OWN_PROPOSAL_COUNT_MAX, outcomeOf, tallyOf } from './committee.ts';
import type { Governed } from './governed.ts';
import { candidatesOf, type Proposal, statusAt } from './proposal.ts';
import { findNode, organisationOf, validatorSetOf, withNode } from './registry.ts';

/** Heights for which a proposal can be voted on at the most. */
export const INTERVAL_MAX = 100_000_000;
/** Heights that the candidates of a passed proposal have to be attested. */
export const PROMOTION_HEIGHTS = 1_000;

export type GovernContext = Pick<ApplyContext, 'height' | 'isValidNodeId' | 'isContract'> & {
  readonly caller: AddressHex;
};

export type ProposalRequest = {
  readonly actions: readonly Action[];
  readonly acceptRisk: boolean;
  /** Heights for which it can be voted on, from 1. */
  readonly interval: bigint;
  readonly reason: string;
};

export type Step = { readonly governed: Governed; readonly proposal: Proposal };
export type Stepped = Result<Step, Refusal>;

const refuse = (code: number, message: string): Result<never, Refusal> => fail({ code, message });
const NOT_GOVERNOR: Refusal = { code: MEMBERSHIP_CODES.noPermission, message: 'you must be governor' };

/** A new proposal with the vote of its maker; carried out at once when that decides (spec GOV-20, GOV-24). */
export function propose(governed: Governed, request: ProposalRequest, context: GovernContext): Stepped {
  const { committee, registry } = governed;
  const governor = governorOf(committee, registry, context.caller);
  if (governor === undefined) return fail(NOT_GOVERNOR);
  if (request.interval < 1n || request.interval > BigInt(INTERVAL_MAX))
    return refuse(MEMBERSHIP_CODES.invalidInterval, `an interval of 1 to ${INTERVAL_MAX} heights is expected`);
  if (!isPlainText(request.reason, { sizeMin: 0, sizeMax: REASON_SIZE_MAX }))
    return refuse(MEMBERSHIP_CODES.invalidReason, `a reason of at most ${REASON_SIZE_MAX} bytes is expected`);
  const ownCount = committee.openProposals.filter((open) => open.organisationId === governor.organisationId).length;
  const isFull = committee.openProposals.length >= OPEN_PROPOSAL_COUNT_MAX && ownCount > 0;
  if (isFull || ownCount >= OWN_PROPOSAL_COUNT_MAX)
    return refuse(
      MEMBERSHIP_CODES.tooManyProposals,
      `at most ${OWN_PROPOSAL_COUNT_MAX} proposals of an organisation can be open, ${OPEN_PROPOSAL_COUNT_MAX} of all`,
    );
  const effect = foreseen(governed, request.actions, context);
  if (!effect.ok) return effect;
  if (effect.value.risks.length > 0 && !request.acceptRisk) return risky(effect.value);
  const id = committee.proposalCount + 1;
  const proposal: Proposal = {
    id,
    organisationId: governor.organisationId,
    proposer: context.caller,
    createdAt: context.height,
    deadline: (context.height + Number(request.interval)) as Height,
    acceptRisk: request.acceptRisk,
    reason: request.reason,
    actions: request.actions,
    effect: effect.value,
    ballots: [{ voter: context.caller, agrees: true }],
    status: 'open',
    since: context.height,
    code: 0,
  };
  const { organisationId, deadline } = proposal;
  const openProposals = [...committee.openProposals, { id, organisationId, deadline }];
  const opened = { ...governed, committee: { ...committee, proposalCount: id, openProposals } };
  return ok(count({ governed: opened, proposal }, context));
}

/** A vote on an open proposal; one that decides also carries it out (spec GOV-21 to GOV-24). */
export function vote(step: Step, agrees: boolean, context: GovernContext): Stepped {
  const { governed, proposal } = step;
  if (governorOf(governed.committee, governed.registry, context.caller) === undefined) return fail(NOT_GOVERNOR);
  const status = statusAt(proposal, context.height);
  if (status !== 'open')
    return refuse(MEMBERSHIP_CODES.proposalNotOpen, `proposal ${proposal.id} is ${status}, it cannot be voted on`);
  const own = proposal.ballots.find(({ voter }) => voter === context.caller);
  if (own?.agrees === agrees) return refuse(MEMBERSHIP_CODES.alreadyVoted, 'this account has voted so already');
  const ballots = [
    ...proposal.ballots.filter(({ voter }) => voter !== context.caller),
    { voter: context.caller, agrees },
  ].sort((a, b) => compareText(a.voter, b.voter));
  return ok(count({ governed, proposal: { ...proposal, ballots } }, context));
}

/** Taken back by the organisation that made it (spec GOV-25). */
export function revoke(step: Step, context: GovernContext): Stepped {
  const { governed, proposal } = step;
  if (organisationOf(governed.registry, context.caller)?.id !== proposal.organisationId)
    return refuse(MEMBERSHIP_CODES.noPermission, 'only the organisation that made a proposal can revoke it');
  const status = statusAt(proposal, context.height);
  if (status === 'waiting')
    return ok(
      close({ governed: withoutCandidates(step, 'revoked', context.height), proposal }, 'revoked', context.height),
    );
  if (status !== 'open')
    return refuse(MEMBERSHIP_CODES.proposalNotOpen, `proposal ${proposal.id} is ${status}, it cannot be revoked`);
  return ok(close(step, 'revoked', context.height));
}

/** Ends a proposal whose time is over with the block of this height (spec GOV-23, GOV-43); undefined: it is not. */
export function expire(step: Step, height: Height): Step | undefined {
  const { proposal } = step;
  if (height < proposal.deadline) return undefined;
  const governed =
    proposal.status === 'waiting' ? withoutCandidates(step, 'not attested in time', height) : step.governed;
  return close({ governed, proposal }, 'outdated', height);
}

function count(step: Step, context: GovernContext): Step {
  const { governed, proposal } = step;
  const { committee, registry } = governed;
  const isRisky = proposal.effect.risks.length > 0;
  const outcome = outcomeOf(committee, tallyOf(committee, registry, proposal.ballots), isRisky);
  if (outcome === 'open') return step;
  if (outcome === 'denied') return close(step, 'denied', context.height);
  const isValidator = (nodeId: string): boolean => findNode(registry, nodeId)?.role === 'validator';
  if (candidatesOf(proposal, isValidator).length === 0) return carryOut(step, context);
  return nominate(step, context);
}

/** Passed, with nodes to promote: they are candidates until they are attested (spec GOV-40). */
function nominate(step: Step, context: GovernContext): Step {
  const { governed, proposal } = step;
  // Whatever else it changes must be possible still; it is applied when all of its candidates are attested.
  const tried = foreseen(governed, proposal.actions, context);
  const refusal = tried.ok ? riskFault(proposal, tried.value, governed) : tried.error;
  if (refusal !== undefined) return failed(step, refusal, context.height);
  let { registry } = governed;
  for (const action of proposal.actions) {
    if (action.type !== 'addSealer') continue;
    const node = findNode(registry, action.nodeId);
    if (node === undefined || node.role !== 'observer') continue;
    const stamp = { since: context.height, reason: `proposal ${proposal.id}` };
    registry = withNode(registry, { ...node, role: 'candidate', weight: Number(action.weight), ...stamp });
  }
  const deadline = (context.height + PROMOTION_HEIGHTS) as Height;
  const { committee } = governed;
  const openProposals = committee.openProposals.map((open) => (open.id === proposal.id ? { ...open, deadline } : open));
  return {
    governed: { ...governed, registry, committee: { ...committee, openProposals } },
    proposal: { ...proposal, status: 'waiting', since: context.height, deadline },
  };
}

/** Applies a passed proposal, with its candidates as validators (spec GOV-24, GOV-42). */
export function carryOut(step: Step, context: Omit<GovernContext, 'caller'>): Step {
  const { governed, proposal } = step;
  const applied = applyActions(governed, proposal.actions, {
    ...context,
    reason: reasonOf(proposal),
    // Who has become a candidate of another proposal meanwhile is left alone (spec MEM-13).
    isPromoted: (nodeId) => proposal.actions.some((each) => each.type === 'addSealer' && each.nodeId === nodeId),
  });
  if (!applied.ok) return failed(step, applied.error, context.height);
  const refusal = riskFault(proposal, effectOf(rulesOf(governed), rulesOf(applied.value)), governed);
  if (refusal !== undefined) return failed(step, refusal, context.height);
  return close({ governed: applied.value, proposal }, 'passed', context.height);
}

/** How it would be if these actions were carried out now. */
export function foreseen(
  governed: Governed,
  actions: readonly Action[],
  context: Omit<GovernContext, 'caller'>,
): Result<Effect, Refusal> {
  // Without promotions first: a candidate of another proposal must not be touched.
  const named = applyActions(governed, actions, { ...context, reason: '', isPromoted: () => false });
  if (!named.ok && named.error.code === MEMBERSHIP_CODES.isCandidate) return named;
  const applied = applyActions(governed, actions, { ...context, reason: '', isPromoted: () => true });
  return applied.ok ? ok(effectOf(rulesOf(governed), rulesOf(applied.value))) : applied;
}

export const rulesOf = ({ registry, committee, parameters }: Governed): Rules => ({
  validators: validatorSetOf(registry),
  committee,
  parameters,
});

const reasonOf = ({ id }: Proposal): string => `proposal ${id}`;

const risky = ({ risks }: Effect): Result<never, Refusal> =>
  refuse(MEMBERSHIP_CODES.risk, `${risks.slice(0, 4).join('; ')}: it needs acceptRisk and two thirds of all weight`);

/** What became risky since the proposal was made is judged as if it had been from the first. */
function riskFault(proposal: Proposal, effect: Effect, { committee, registry }: Governed): Refusal | undefined {
  if (effect.risks.length === 0) return undefined;
  const tally = tallyOf(committee, registry, proposal.ballots);
  if (proposal.acceptRisk && outcomeOf(committee, tally, true) === 'passed') return undefined;
  return { code: MEMBERSHIP_CODES.risk, message: effect.risks.join('; ') };
}

/** Passed, and impossible by now: nothing changes, and the code stands in the record. */
function failed(step: Step, refusal: Refusal, height: Height): Step {
  const governed =
    step.proposal.status === 'waiting' ? withoutCandidates(step, 'the proposal failed', height) : step.governed;
  return close({ governed, proposal: { ...step.proposal, code: refusal.code } }, 'passed', height);
}

function close({ governed, proposal }: Step, status: Proposal['status'], height: Height): Step {
  const { committee } = governed;
  const openProposals = committee.openProposals.filter(({ id }) => id !== proposal.id);
  return {
    governed: { ...governed, committee: { ...committee, openProposals } },
    proposal: { ...proposal, status, since: height },
  };
}

/** The candidates of a proposal are observers again. */
function withoutCandidates({ governed, proposal }: Step, why: string, height: Height): Governed {
  let { registry } = governed;
  for (const action of proposal.actions) {
    if (action.type !== 'addSealer') continue;
    const node = findNode(registry, action.nodeId);
    if (node === undefined || node.role !== 'candidate') continue;
    const reason = `proposal ${proposal.id}: ${why}`;
    registry = withNode(registry, { ...node, role: 'observer', weight: 0, since: height, reason });
  }
  return { ...governed, registry };
}

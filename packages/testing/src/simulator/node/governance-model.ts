/**
 * Who governs, who belongs to the chain and who votes, by docs/spec/governance.md and membership.md alone, computed a
 * second time: nothing of membership or executor is used here.
 */
import type { AddressHex, NodeId } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';

export type ParameterKey = 'hansa_window' | 'consensus_leader_period' | 'tx_count_limit';
export type Parameters = Readonly<Record<ParameterKey, number>>;

/** What makes a member another one. */
type MemberChange =
  | { readonly type: 'add observer'; readonly nodeId: NodeId; readonly organisation: string }
  | { readonly type: 'add validator'; readonly nodeId: NodeId; readonly weight: number }
  | { readonly type: 'set weight'; readonly nodeId: NodeId; readonly weight: number }
  | { readonly type: 'suspend'; readonly nodeId: NodeId };
/** What a proposal may change in a run. */
export type ModelAction =
  | MemberChange
  | { readonly type: 'remove'; readonly nodeId: NodeId }
  | { readonly type: 'parameter'; readonly key: ParameterKey; readonly value: number };

/** A call of the committee's contract. */
export type GovernIntent =
  | {
      readonly type: 'propose';
      readonly actions: readonly ModelAction[];
      readonly acceptRisk: boolean;
      readonly interval: number;
      /** Whether the honest governors want it. */
      readonly isWanted: boolean;
    }
  | { readonly type: 'vote'; readonly proposal: number; readonly agrees: boolean }
  | { readonly type: 'revoke'; readonly proposal: number };
/** A node hands its place over; `since` is what was signed. */
export type SucceedIntent = {
  readonly type: 'succeed';
  readonly oldNodeId: NodeId;
  readonly newNodeId: NodeId;
  readonly since: number;
};

export type ModelMember = {
  readonly organisation: string;
  readonly role: 'observer' | 'validator' | 'candidate' | 'suspended';
  /** 0 for an observer and a suspended one. */
  readonly weight: number;
  /** Height of the last change; 0 in genesis. */
  readonly since: number;
};
export type ModelValidator = { readonly nodeId: NodeId; readonly weight: number; readonly organisation: string };
export type ModelProposal = {
  readonly id: number;
  readonly organisation: string;
  readonly intent: Extract<GovernIntent, { type: 'propose' }>;
  readonly isRisky: boolean;
  readonly ballots: Map<AddressHex, boolean>;
  deadline: number;
  status: 'open' | 'waiting' | 'passed' | 'denied' | 'revoked' | 'outdated';
};

type Organisation = { readonly id: string; readonly admins: readonly AddressHex[]; readonly weight: number };
type Members = ReadonlyMap<NodeId, ModelMember>;
type Applied = { readonly members: Members; readonly parameters: Parameters };

/** GOV-20. */
const INTERVAL_MAX = 100_000_000;
const OWN_OPEN_MAX = 8;
const OPEN_MAX = 64;
/** GOV-12. */
const ACTIONS_MAX = 32;
const WEIGHT_MAX = 1_000_000;
/** MEM-11; here every such id counts as a point of the curve. */
const NODE_ID = /^[0-9a-f]{128}$/;
/** GOV-40, GOV-41. */
const PROMOTION_HEIGHTS = 1_000;
const ATTESTATION_HEIGHTS = 200;
const ATTESTATION_LAG_MAX = 10;

export class GovernanceModel {
  readonly proposals: ModelProposal[] = [];
  parameters: Parameters;
  /** Places that new keys have taken. */
  handedOverCount = 0;
  /** By candidate: who has attested it, at which height. */
  readonly attested: Map<NodeId, Map<NodeId, number>> = new Map();
  /** By the candidate that waits to take a place. */
  readonly #successions: Map<NodeId, { readonly oldNodeId: NodeId; readonly deadline: number }> = new Map();
  #members: Members;
  readonly #organisations: readonly Organisation[];
  readonly #rates: { readonly participationRate: number; readonly winRate: number };

  constructor(genesis: Genesis) {
    this.#rates = genesis.committee;
    this.#organisations = genesis.organisations.map(({ id, admins, governorWeight }) => ({
      id,
      admins,
      weight: governorWeight,
    }));
    this.#members = new Map(
      genesis.nodes.map(({ nodeId, weight, organisationId }) => [
        nodeId,
        { organisation: organisationId, role: weight > 0 ? 'validator' : 'observer', weight, since: 0 },
      ]),
    );
    const { window, leaderPeriod, txCountLimit } = genesis.parameters;
    this.parameters = {
      hansa_window: window,
      consensus_leader_period: leaderPeriod,
      tx_count_limit: txCountLimit,
    };
  }

  get members(): ReadonlyMap<NodeId, ModelMember> {
    return this.#members;
  }

  memberOf(nodeId: NodeId): ModelMember | undefined {
    return this.#members.get(nodeId);
  }

  validators(): readonly ModelValidator[] {
    return validatorsOf(this.#members);
  }

  /** Candidates, and who has said to have seen them. */
  candidates(): readonly { readonly nodeId: NodeId; readonly attested: ReadonlyMap<NodeId, number> }[] {
    return [...this.#members]
      .filter(([, { role }]) => role === 'candidate')
      .map(([nodeId]) => ({ nodeId, attested: this.attested.get(nodeId) ?? new Map() }));
  }

  organisationOf(account: AddressHex): string | undefined {
    return this.#organisations.find(({ admins }) => admins.includes(account))?.id;
  }

  /** At this height, by this account. False: the call is refused, and nothing changes. */
  govern(intent: GovernIntent, sender: AddressHex, height: number): boolean {
    const organisation = this.organisationOf(sender);
    if (organisation === undefined) return false;
    if (intent.type === 'propose') return this.#propose(intent, { sender, organisation, height });
    const proposal = this.proposals[intent.proposal - 1];
    if (proposal === undefined) return false;
    return intent.type === 'vote'
      ? this.#vote(proposal, intent.agrees, { sender, height })
      : this.#revoke(proposal, organisation, height);
  }

  /** GOV-41, GOV-42. */
  attest(
    { nodeId, by, headHeight }: { readonly nodeId: NodeId; readonly by: NodeId; readonly headHeight: number },
    validators: readonly ModelValidator[],
    height: number,
  ): void {
    const isKnown = validators.some((validator) => validator.nodeId === by);
    if (!isKnown || this.#members.get(nodeId)?.role !== 'candidate') return;
    if (height - 1 - headHeight > ATTESTATION_LAG_MAX) return;
    const attested = this.attested.get(nodeId) ?? new Map<NodeId, number>();
    this.attested.set(nodeId, attested);
    attested.set(by, height);
    const proposal = this.proposals.find((each) => each.status === 'waiting' && this.#promoted(each).includes(nodeId));
    if (proposal === undefined) {
      if (this.#isAttested(nodeId, validators, height)) this.#takePlace(nodeId, height);
      return;
    }
    if (this.#promoted(proposal).every((id) => this.#isAttested(id, validators, height)))
      this.#carryOut(proposal, height);
  }

  /** GOV-23, GOV-43: at the end of each block. */
  expire(height: number): void {
    for (const proposal of this.proposals) {
      const isOpen = proposal.status === 'open' || proposal.status === 'waiting';
      if (isOpen && height >= proposal.deadline) this.#settle(proposal, 'outdated', height);
    }
    for (const [newNodeId, { deadline }] of this.#successions) if (height >= deadline) this.#giveUp(newNodeId, height);
  }

  /** SUC-2 to SUC-4. */
  succeed({ oldNodeId, newNodeId, since }: SucceedIntent, height: number): void {
    const [old, next] = [this.#members.get(oldNodeId), this.#members.get(newNodeId)];
    if (old === undefined || old.role === 'candidate' || old.role === 'suspended') return;
    if (newNodeId === oldNodeId || next?.role !== 'observer' || next.organisation !== old.organisation) return;
    const isTaken = [...this.#successions.values()].some((each) => each.oldNodeId === oldNodeId);
    if (isTaken || since !== old.since) return;
    if (old.role === 'observer') {
      this.#handOver(oldNodeId, newNodeId, height);
      return;
    }
    this.#put(newNodeId, { ...next, role: 'candidate', weight: old.weight, since: height });
    this.#successions.set(newNodeId, { oldNodeId, deadline: height + PROMOTION_HEIGHTS });
  }

  /** SUC-5. */
  #takePlace(newNodeId: NodeId, height: number): void {
    const succession = this.#successions.get(newNodeId);
    if (succession === undefined) return;
    if (this.#members.get(succession.oldNodeId)?.role !== 'validator') {
      this.#giveUp(newNodeId, height);
      return;
    }
    this.#successions.delete(newNodeId);
    this.#handOver(succession.oldNodeId, newNodeId, height);
  }

  #handOver(oldNodeId: NodeId, newNodeId: NodeId, height: number): void {
    this.handedOverCount++;
    const members = new Map(this.#members);
    const { role, weight, organisation } = members.get(oldNodeId) as ModelMember;
    members.delete(oldNodeId);
    members.set(newNodeId, { organisation, role, weight, since: height });
    this.#members = members;
    this.#forgetAttestations();
  }

  #giveUp(newNodeId: NodeId, height: number): void {
    this.#successions.delete(newNodeId);
    const next = this.#members.get(newNodeId);
    if (next?.role === 'candidate') this.#put(newNodeId, { ...next, role: 'observer', weight: 0, since: height });
    this.#forgetAttestations();
  }

  #put(nodeId: NodeId, member: ModelMember): void {
    this.#members = new Map(this.#members).set(nodeId, member);
  }

  /** GOV-50, GOV-51: by the number of the term that ends, and who is absent since which one. */
  demote(
    absentSince: ReadonlyMap<NodeId, number>,
    ending: { readonly term: number; readonly height: number; readonly demotionTerms: number },
  ): void {
    const { term, height, demotionTerms } = ending;
    if (demotionTerms === 0) return;
    const overdue = [...absentSince]
      .filter(([, since]) => term + 1 - since >= demotionTerms)
      .sort(([a, since], [b, other]) => since - other || (a < b ? -1 : 1));
    const before = this.validators();
    for (const [nodeId] of overdue) {
      const member = this.#members.get(nodeId);
      const rest = before.filter((each) => each.nodeId !== nodeId);
      if (member?.role !== 'validator' || rest.length === 0 || faultsTolerated(rest) === 0) continue;
      if (blockers(rest).some((id) => !blockers(before).includes(id))) continue;
      this.#put(nodeId, { ...member, role: 'observer', weight: 0, since: height });
      return;
    }
  }

  #propose(
    intent: Extract<GovernIntent, { type: 'propose' }>,
    by: { readonly sender: AddressHex; readonly organisation: string; readonly height: number },
  ): boolean {
    const { sender, organisation, height } = by;
    if (intent.interval < 1 || intent.interval > INTERVAL_MAX) return false;
    const open = this.proposals.filter(({ status }) => status === 'open' || status === 'waiting');
    const own = open.filter((each) => each.organisation === organisation).length;
    if (own >= OWN_OPEN_MAX || (open.length >= OPEN_MAX && own > 0)) return false;
    const applied = this.#applied(intent.actions, [], height);
    if (applied === undefined) return false;
    const isRisky = this.#isRisky(applied);
    if (isRisky && !intent.acceptRisk) return false;
    const proposal: ModelProposal = {
      id: this.proposals.length + 1,
      organisation,
      intent,
      isRisky,
      ballots: new Map([[sender, true]]),
      deadline: height + intent.interval,
      status: 'open',
    };
    this.proposals.push(proposal);
    this.#count(proposal, height);
    return true;
  }

  #vote(
    proposal: ModelProposal,
    agrees: boolean,
    by: { readonly sender: AddressHex; readonly height: number },
  ): boolean {
    if (proposal.status !== 'open' || by.height > proposal.deadline) return false;
    if (proposal.ballots.get(by.sender) === agrees) return false;
    proposal.ballots.set(by.sender, agrees);
    this.#count(proposal, by.height);
    return true;
  }

  #revoke(proposal: ModelProposal, organisation: string, height: number): boolean {
    if (organisation !== proposal.organisation) return false;
    if (proposal.status !== 'waiting' && (proposal.status !== 'open' || height > proposal.deadline)) return false;
    this.#settle(proposal, 'revoked', height);
    return true;
  }

  /** GOV-22: what the ballots make of an open proposal. */
  #count(proposal: ModelProposal, height: number): void {
    const { agree, against, all } = this.#tally(proposal);
    if (!this.#isEnough(agree, against, all, proposal.isRisky)) {
      if (!this.#isEnough(all - against, against, all, proposal.isRisky)) this.#settle(proposal, 'denied', height);
      return;
    }
    if (this.#promoted(proposal).length === 0) {
      this.#carryOut(proposal, height);
      return;
    }
    const applied = this.#applied(proposal.intent.actions, [], height);
    if (applied === undefined || !this.#isStillWanted(proposal, applied)) {
      this.#settle(proposal, 'passed', height);
      return;
    }
    const members = new Map(this.#members);
    for (const action of proposal.intent.actions) {
      const member = action.type === 'add validator' ? members.get(action.nodeId) : undefined;
      if (action.type === 'add validator' && member?.role === 'observer')
        members.set(action.nodeId, { ...member, role: 'candidate', weight: action.weight, since: height });
    }
    this.#members = members;
    proposal.status = 'waiting';
    proposal.deadline = height + PROMOTION_HEIGHTS;
  }

  /** GOV-24: what is impossible or newly risky by then changes nothing. */
  #carryOut(proposal: ModelProposal, height: number): void {
    const applied = this.#applied(proposal.intent.actions, this.#promoted(proposal), height);
    if (applied === undefined || !this.#isStillWanted(proposal, applied)) {
      this.#settle(proposal, 'passed', height);
      return;
    }
    this.#members = applied.members;
    this.parameters = applied.parameters;
    proposal.status = 'passed';
    this.#forgetAttestations();
  }

  /** Ended without effect: its candidates are observers again. */
  #settle(proposal: ModelProposal, status: 'passed' | 'denied' | 'revoked' | 'outdated', height: number): void {
    if (proposal.status === 'waiting') {
      const members = new Map(this.#members);
      for (const nodeId of this.#promoted(proposal)) {
        const member = members.get(nodeId);
        if (member?.role === 'candidate')
          members.set(nodeId, { ...member, role: 'observer', weight: 0, since: height });
      }
      this.#members = members;
    }
    proposal.status = status;
    this.#forgetAttestations();
  }

  #forgetAttestations(): void {
    for (const nodeId of [...this.attested.keys()])
      if (this.#members.get(nodeId)?.role !== 'candidate') this.attested.delete(nodeId);
  }

  #tally({ ballots }: ModelProposal): { readonly agree: number; readonly against: number; readonly all: number } {
    let [agree, against, all] = [0, 0, 0];
    for (const { admins, weight } of this.#organisations) {
      all += weight;
      const said = admins.map((admin) => ballots.get(admin));
      if (said.includes(true)) agree += weight;
      else if (said.includes(false)) against += weight;
    }
    return { agree, against, all };
  }

  #isEnough(agree: number, against: number, all: number, isRisky: boolean): boolean {
    const { participationRate, winRate } = this.#rates;
    const said = agree + against;
    if (agree === 0 || 100 * said < all * participationRate || 100 * agree < said * winRate) return false;
    return !isRisky || 3 * agree >= 2 * all;
  }

  /** Who gets a vote by it and has none yet. */
  #promoted({ intent }: ModelProposal): readonly NodeId[] {
    return intent.actions.flatMap((action) =>
      action.type === 'add validator' && this.#members.get(action.nodeId)?.role !== 'validator' ? [action.nodeId] : [],
    );
  }

  #isAttested(nodeId: NodeId, validators: readonly ModelValidator[], height: number): boolean {
    const attested = this.attested.get(nodeId);
    const weight = validators
      .filter((validator) => (attested?.get(validator.nodeId) ?? -Infinity) + ATTESTATION_HEIGHTS > height)
      .reduce((sum, validator) => sum + validator.weight, 0);
    return weight >= quorumOf(validators);
  }

  #isRisky({ members }: Applied): boolean {
    const [before, after] = [this.validators(), validatorsOf(members)];
    if (faultsTolerated(after) === 0 && faultsTolerated(before) > 0) return true;
    if (absencesTolerated(after) === 0 && absencesTolerated(before) > 0) return true;
    return blockers(after).some((id) => !blockers(before).includes(id));
  }

  #isStillWanted(proposal: ModelProposal, applied: Applied): boolean {
    if (!this.#isRisky(applied)) return true;
    const { agree, against, all } = this.#tally(proposal);
    return proposal.intent.acceptRisk && this.#isEnough(agree, against, all, true);
  }

  /** MEM-11 to MEM-17, GOV-12; undefined: one of them, or all together, cannot be. Its own candidates may become validators. */
  #applied(actions: readonly ModelAction[], own: readonly NodeId[], height: number): Applied | undefined {
    if (actions.length < 1 || actions.length > ACTIONS_MAX) return undefined;
    const named = new Set(actions.map((action) => (action.type === 'parameter' ? action.key : action.nodeId)));
    if (named.size < actions.length) return undefined;
    const members = new Map(this.#members);
    let { parameters } = this;
    for (const action of actions) {
      if (action.type === 'parameter') {
        parameters = { ...parameters, [action.key]: action.value };
        continue;
      }
      const known = members.get(action.nodeId);
      const isForeignCandidate = known?.role === 'candidate' && !own.includes(action.nodeId);
      if (!NODE_ID.test(action.nodeId) || isForeignCandidate) return undefined;
      if (action.type === 'remove') {
        if (!members.delete(action.nodeId)) return undefined;
        continue;
      }
      const next = this.#changed(action, known);
      if (next === undefined) return undefined;
      members.set(action.nodeId, { ...next, since: height });
    }
    return validatorsOf(members).length === 0 ? undefined : { members, parameters };
  }

  #changed(action: MemberChange, known: ModelMember | undefined): Omit<ModelMember, 'since'> | undefined {
    const isWeight = 'weight' in action && action.weight >= 1 && action.weight <= WEIGHT_MAX;
    switch (action.type) {
      case 'add observer': {
        const { organisation } = action;
        const isOurs = known === undefined || known.organisation === organisation;
        const isKnown = this.#organisations.some(({ id }) => id === organisation);
        return isOurs && isKnown ? { organisation, role: 'observer', weight: 0 } : undefined;
      }
      case 'add validator':
        if (known === undefined || known.role === 'suspended' || !isWeight) return undefined;
        return { ...known, role: 'validator', weight: action.weight };
      case 'set weight':
        return known?.role === 'validator' && isWeight ? { ...known, weight: action.weight } : undefined;
      case 'suspend':
        return known === undefined ? undefined : { ...known, role: 'suspended', weight: 0 };
    }
  }
}

function validatorsOf(members: Members): readonly ModelValidator[] {
  return [...members]
    .filter(([, { role }]) => role === 'validator')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([nodeId, { weight, organisation }]) => ({ nodeId, weight, organisation }));
}

const totalOf = (validators: readonly ModelValidator[]): number =>
  validators.reduce((sum, { weight }) => sum + weight, 0);
const faultyOf = (total: number): number => Math.floor((total - 1) / 3);

/** FMT-41. */
export function quorumOf(validators: readonly ModelValidator[]): number {
  const total = totalOf(validators);
  return Math.floor((total + faultyOf(total)) / 2) + 1;
}

/** GOV-30. */
function faultsTolerated(validators: readonly ModelValidator[]): number {
  return heaviestWithin(validators, faultyOf(totalOf(validators)));
}

function absencesTolerated(validators: readonly ModelValidator[]): number {
  return heaviestWithin(validators, totalOf(validators) - quorumOf(validators));
}

function heaviestWithin(validators: readonly ModelValidator[], limit: number): number {
  const weights = validators.map(({ weight }) => weight).sort((a, b) => b - a);
  let count = 0;
  for (let sum = 0; count < weights.length; count++) {
    sum += weights[count] as number;
    if (sum > limit) break;
  }
  return count;
}

/** Organisations that can stop the chain alone. */
function blockers(validators: readonly ModelValidator[]): readonly string[] {
  const [total, quorum] = [totalOf(validators), quorumOf(validators)];
  const weightOf = (id: string): number => totalOf(validators.filter(({ organisation }) => organisation === id));
  return [...new Set(validators.map(({ organisation }) => organisation))].filter((id) => total - weightOf(id) < quorum);
}

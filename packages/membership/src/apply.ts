/** Rules of each action on what is governed (docs/spec/governance.md, section 2; membership.md, section 2). Pure. */
import {
  type AddressHex,
  compareText,
  fail,
  type Height,
  isAddressHex,
  isNodeId,
  type NodeId,
  ok,
  type Result,
} from '@hansa/primitives';
import {
  CONTACT_SIZE_MAX,
  GENESIS_ADDRESS_COUNT_MAX,
  GENESIS_ADMIN_COUNT_MAX,
  GENESIS_NODE_COUNT_MAX,
  GENESIS_ORGANISATION_COUNT_MAX,
  GOVERNOR_WEIGHT_MAX,
  isIdentifier,
  isNodeAddress,
  isPlainText,
  NAME_SIZE_MAX,
  type ProtocolErrorCode,
  setParameter,
  VALIDATOR_COUNT_MAX,
  VALIDATOR_WEIGHT_MAX,
} from '@hansa/protocol';
import { ACTION_COUNT_MAX, type Action, type NodeAction, subjectOf } from './action.ts';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import type { Governed } from './governed.ts';
import { AUTH_TYPE, NO_POLICY, STATUS, withEntry } from './permission.ts';
import { byId, findNode, findOrganisation, organisationOf, type RegisteredNode, withNode } from './registry.ts';

export type ApplyContext = {
  readonly height: Height;
  /** Stands in the record of each node that changes. */
  readonly reason: string;
  /** Whether an id is a point of the chain's curve. */
  readonly isValidNodeId: (nodeId: string) => boolean;
  /** Whether an account has code and is no system contract. */
  readonly isContract: (address: AddressHex) => boolean;
  /** Nodes that become validators at once: they were attested, or it is asked how it would be. */
  readonly isPromoted: (nodeId: string) => boolean;
};

type Applied = Result<Governed, Refusal>;

const refuse = (code: number, message: string): Result<never, Refusal> => fail({ code, message });

/** All actions together on what is governed, or the first reason why not (spec GOV-12). */
export function applyActions(governed: Governed, actions: readonly Action[], context: ApplyContext): Applied {
  if (actions.length < 1 || actions.length > ACTION_COUNT_MAX)
    return refuse(MEMBERSHIP_CODES.actionCount, `a proposal has 1 to ${ACTION_COUNT_MAX} changes`);
  const subjects = new Set<string>();
  let current = governed;
  for (const action of actions) {
    const subject = subjectOf(action);
    if (subjects.has(subject)) return refuse(MEMBERSHIP_CODES.namedTwice, `${subject.slice(0, 80)} is named twice`);
    subjects.add(subject);
    const next = applyAction(current, action, context);
    if (!next.ok) return next;
    current = next.value;
  }
  return wholeFault(current) ?? ok(current);
}

/** What must hold after all of them: a chain without a validator or a governor could never go on. */
function wholeFault({ registry, committee }: Governed): Result<never, Refusal> | undefined {
  const validatorCount = registry.nodes.filter(({ role }) => role === 'validator').length;
  if (validatorCount === 0) return refuse(MEMBERSHIP_CODES.lastSealer, 'the last validator cannot be removed');
  if (validatorCount > VALIDATOR_COUNT_MAX)
    return refuse(MEMBERSHIP_CODES.tooManyNodes, `at most ${VALIDATOR_COUNT_MAX} validators are possible`);
  return committee.governors.length === 0
    ? refuse(MEMBERSHIP_CODES.lastGovernor, 'the last governor cannot be removed')
    : undefined;
}

function applyAction(governed: Governed, action: Action, context: ApplyContext): Applied {
  switch (action.type) {
    case 'setOrganisation':
      return setOrganisation(governed, action);
    case 'removeOrganisation':
      return removeOrganisation(governed, action.id);
    case 'addObserver':
    case 'addSealer':
    case 'setWeight':
    case 'remove':
    case 'suspend':
      return changeNode(governed, action, context);
    case 'setParameter': {
      const changed = setParameter(governed.parameters, action.key, action.value);
      if (!changed.ok)
        return refuse(MEMBERSHIP_CODES.invalidParameter, parameterRefusal(action.key, changed.error.code));
      return ok({ ...governed, parameters: changed.value });
    }
    case 'setGovernor':
      return setGovernor(governed, action.organisationId, action.weight);
    case 'setRates': {
      const { participationRate, winRate } = action;
      if (![participationRate, winRate].every((rate) => rate >= 1 && rate <= 100))
        return refuse(MEMBERSHIP_CODES.invalidRate, 'a rate is 1 to 100 per cent');
      return ok({ ...governed, committee: { ...governed.committee, participationRate, winRate } });
    }
    case 'setContractStatus':
      return setContractStatus(governed, action.contract, action.status, context);
    case 'setAccountStatus':
      return setAccountStatus(governed, action.account, action.status);
    case 'setDeployType':
      if (action.deployType > AUTH_TYPE.blackList)
        return refuse(MEMBERSHIP_CODES.invalidAuthType, 'the type is 0 (all), 1 (white list) or 2 (black list)');
      return ok({ ...governed, deploy: { ...governed.deploy, type: action.deployType } });
    case 'setDeployRight': {
      const deploy = withEntry(governed.deploy, action.account, action.isOpen);
      return deploy.ok ? ok({ ...governed, deploy: deploy.value }) : deploy;
    }
    case 'resetAdmin': {
      if (!context.isContract(action.contract)) return noContract(action.contract);
      const policy = governed.contracts.get(action.contract) ?? NO_POLICY;
      return ok(withContract(governed, action.contract, { ...policy, admin: action.admin }));
    }
  }
}

/** The text stands in receipts, so that it is a rule and not the wording of a library (spec EXE-33, EXE-35). */
export function parameterRefusal(key: string, code: ProtocolErrorCode): string {
  switch (code) {
    case 'PROTOCOL_PARAMETER_UNKNOWN':
      return 'unknown parameter';
    case 'PROTOCOL_PARAMETER_MALFORMED':
      return `malformed value of ${key}`;
    case 'PROTOCOL_PARAMETER_CONFLICT':
      return `${key} contradicts another parameter`;
    default:
      return `${key} out of range`;
  }
}

/** spec MEM-10. */
function setOrganisation(governed: Governed, action: Extract<Action, { type: 'setOrganisation' }>): Applied {
  const { registry, committee } = governed;
  const { id, name, contact, admins, threshold } = action;
  const known = findOrganisation(registry, id);
  if (known === undefined && registry.organisations.length >= GENESIS_ORGANISATION_COUNT_MAX)
    return refuse(
      MEMBERSHIP_CODES.tooManyNodes,
      `at most ${GENESIS_ORGANISATION_COUNT_MAX} organisations are possible`,
    );
  const isText =
    isIdentifier(id) &&
    isPlainText(name, { sizeMin: 1, sizeMax: NAME_SIZE_MAX }) &&
    isPlainText(contact, { sizeMin: 0, sizeMax: CONTACT_SIZE_MAX });
  if (!isText) return refuse(MEMBERSHIP_CODES.invalidOrganisation, 'id, name or contact of the organisation is none');
  const sorted = [...admins].sort(compareText);
  const isSet = sorted.every((admin, index) => isAddressHex(admin) && admin !== sorted[index - 1]);
  if (!isSet || sorted.length < 1 || sorted.length > GENESIS_ADMIN_COUNT_MAX)
    return refuse(
      MEMBERSHIP_CODES.invalidOrganisation,
      `1 to ${GENESIS_ADMIN_COUNT_MAX} different admin accounts are expected`,
    );
  if (threshold < 1 || threshold > sorted.length)
    return refuse(MEMBERSHIP_CODES.invalidOrganisation, `a threshold from 1 to ${sorted.length} is expected`);
  const taken = sorted
    .map((admin) => organisationOf(registry, admin))
    .find((owner) => owner !== undefined && owner.id !== id);
  if (taken !== undefined)
    return refuse(MEMBERSHIP_CODES.invalidOrganisation, `an admin account acts for ${taken.id} already`);
  const organisation = { id, name, contact, admins: sorted, threshold };
  const organisations = [...registry.organisations.filter((other) => other.id !== id), organisation].sort(byId);
  return ok({ ...governed, registry: { ...registry, organisations }, committee });
}

function removeOrganisation(governed: Governed, id: string): Applied {
  const { registry, committee } = governed;
  if (findOrganisation(registry, id) === undefined) return noOrganisation(id);
  if (registry.nodes.some((node) => node.organisationId === id))
    return refuse(MEMBERSHIP_CODES.organisationInUse, 'the organisation has nodes; remove them first');
  if (committee.governors.some((governor) => governor.organisationId === id))
    return refuse(MEMBERSHIP_CODES.organisationInUse, 'the organisation governs; set its weight to 0 first');
  const organisations = registry.organisations.filter((organisation) => organisation.id !== id);
  return ok({ ...governed, registry: { ...registry, organisations } });
}

/** spec MEM-11 to MEM-17. */
function changeNode(governed: Governed, action: NodeAction, context: ApplyContext): Applied {
  const { registry } = governed;
  const { nodeId } = action;
  if (!isNodeId(nodeId) || !context.isValidNodeId(nodeId))
    return refuse(MEMBERSHIP_CODES.invalidNodeId, 'the node id is no public key of 128 hex digits');
  const known = findNode(registry, nodeId);
  if (known?.role === 'candidate' && !context.isPromoted(nodeId))
    return refuse(MEMBERSHIP_CODES.isCandidate, 'the node is a candidate of a proposal that waits for attestations');
  const put = (node: RegisteredNode): Applied => ok({ ...governed, registry: withNode(registry, node) });
  const stamp = { since: context.height, reason: context.reason };
  switch (action.type) {
    case 'addObserver':
      return addObserver(governed, known, { ...action, nodeId }, stamp);
    case 'addSealer': {
      if (!isWeight(action.weight)) return badWeight();
      if (known === undefined || known.role === 'suspended')
        return refuse(MEMBERSHIP_CODES.addSealerShouldBeObserver, 'only a registered observer can become a validator');
      const role = known.role === 'validator' || context.isPromoted(nodeId) ? 'validator' : 'candidate';
      return put({ ...known, role, weight: Number(action.weight), ...stamp });
    }
    case 'setWeight':
      if (known === undefined) return noNode();
      if (!isWeight(action.weight)) return badWeight();
      if (known.role !== 'validator')
        return refuse(MEMBERSHIP_CODES.notAValidator, 'an observer has no weight; make it a validator first');
      return put({ ...known, weight: Number(action.weight), ...stamp });
    case 'remove':
      if (known === undefined) return noNode();
      return ok({ ...governed, registry: { ...registry, nodes: registry.nodes.filter((node) => node !== known) } });
    case 'suspend':
      if (known === undefined) return noNode();
      return put({ ...known, role: 'suspended', weight: 0, ...stamp });
  }
}

function addObserver(
  governed: Governed,
  known: RegisteredNode | undefined,
  request: {
    readonly nodeId: NodeId;
    readonly organisationId: string;
    readonly addresses: readonly string[] | undefined;
  },
  stamp: { readonly since: Height; readonly reason: string },
): Applied {
  const { registry } = governed;
  const { nodeId, organisationId, addresses } = request;
  if (findOrganisation(registry, organisationId) === undefined) return noOrganisation(organisationId);
  if (known !== undefined && known.organisationId !== organisationId)
    return refuse(MEMBERSHIP_CODES.noPermission, `the node belongs to ${known.organisationId}`);
  if (addresses !== undefined && (addresses.length > GENESIS_ADDRESS_COUNT_MAX || !addresses.every(isNodeAddress)))
    return refuse(
      MEMBERSHIP_CODES.invalidAddress,
      `at most ${GENESIS_ADDRESS_COUNT_MAX} addresses like /ip4/10.0.0.1/tcp/30300 are expected`,
    );
  if (known === undefined && registry.nodes.length >= GENESIS_NODE_COUNT_MAX)
    return refuse(MEMBERSHIP_CODES.tooManyNodes, `at most ${GENESIS_NODE_COUNT_MAX} nodes can be registered`);
  const node: RegisteredNode = {
    nodeId,
    organisationId,
    role: 'observer',
    weight: 0,
    addresses: addresses ?? known?.addresses ?? [],
    ...stamp,
  };
  return ok({ ...governed, registry: withNode(registry, node) });
}

/** spec GOV-13. */
function setGovernor(governed: Governed, organisationId: string, weight: bigint): Applied {
  const { registry, committee } = governed;
  const organisation = findOrganisation(registry, organisationId);
  if (organisation === undefined) return noOrganisation(organisationId);
  if (weight < 0n || weight > BigInt(GOVERNOR_WEIGHT_MAX))
    return refuse(MEMBERSHIP_CODES.invalidWeight, `a governor's weight is 0 to ${GOVERNOR_WEIGHT_MAX}`);
  if (weight > 0n && organisation.threshold === 0)
    return refuse(MEMBERSHIP_CODES.invalidOrganisation, 'an organisation without admin accounts cannot govern');
  const others = committee.governors.filter((governor) => governor.organisationId !== organisationId);
  if (weight === 0n) return ok({ ...governed, committee: { ...committee, governors: others } });
  const governors = [...others, { organisationId, weight: Number(weight) }].sort((a, b) =>
    compareText(a.organisationId, b.organisationId),
  );
  return ok({ ...governed, committee: { ...committee, governors } });
}

/** spec GOV-14. */
function setContractStatus(governed: Governed, contract: AddressHex, status: number, context: ApplyContext): Applied {
  if (status > STATUS.abolished) return badStatus();
  if (!context.isContract(contract)) return noContract(contract);
  const policy = governed.contracts.get(contract) ?? NO_POLICY;
  if (policy.status === STATUS.abolished)
    return refuse(MEMBERSHIP_CODES.invalidStatus, 'an abolished contract stays so');
  return ok(withContract(governed, contract, { ...policy, status }));
}

/** spec GOV-15: who governs cannot be shut out by it. */
function setAccountStatus(governed: Governed, account: AddressHex, status: number): Applied {
  if (status > STATUS.abolished) return badStatus();
  if (organisationOf(governed.registry, account) !== undefined)
    return refuse(MEMBERSHIP_CODES.isGovernor, 'the account is an admin account of an organisation');
  if (governed.accounts.get(account) === STATUS.abolished)
    return refuse(MEMBERSHIP_CODES.invalidStatus, 'an abolished account stays so');
  return ok({ ...governed, accounts: new Map(governed.accounts).set(account, status) });
}

function withContract(governed: Governed, contract: AddressHex, policy: typeof NO_POLICY): Governed {
  return { ...governed, contracts: new Map(governed.contracts).set(contract, policy) };
}

const isWeight = (weight: bigint): boolean => weight >= 1n && weight <= BigInt(VALIDATOR_WEIGHT_MAX);
const badWeight = (): Result<never, Refusal> =>
  refuse(MEMBERSHIP_CODES.invalidWeight, `a weight from 1 to ${VALIDATOR_WEIGHT_MAX} is expected`);
const badStatus = (): Result<never, Refusal> =>
  refuse(MEMBERSHIP_CODES.invalidStatus, 'the status is 0 (normal), 1 (frozen) or 2 (abolished)');
const noNode = (): Result<never, Refusal> => refuse(MEMBERSHIP_CODES.nodeNotExist, 'the node is not registered');
const noOrganisation = (id: string): Result<never, Refusal> =>
  refuse(MEMBERSHIP_CODES.organisationNotExist, `there is no organisation ${id.slice(0, 32)}`);
const noContract = (address: AddressHex): Result<never, Refusal> =>
  refuse(MEMBERSHIP_CODES.invalidContract, `there is no contract at 0x${address}`);

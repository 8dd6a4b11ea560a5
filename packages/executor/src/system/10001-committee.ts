import {
  type Action,
  COMMITTEE_ADDRESS,
  findNode,
  governorOf,
  organisationOf,
  type Proposal,
  propose,
  readProposal,
  revoke,
  type Stepped,
  statusAt,
  statusNumber,
  vote,
} from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import { type AbiValue, lowerCaseAscii } from '../abi.ts';
import { governContext, governedOf, writeStep } from '../governance.ts';
import { committeeOf, registryOf } from '../membership-cache.ts';
import { actionOfCall, committeeOnly } from './actions.ts';
import { COMMITTEE_VIEW_ADDRESS, PROPOSALS_VIEW_ADDRESS, SYSTEM_EVENTS } from './addresses.ts';
import {
  logOf,
  READ_GAS,
  returns,
  revert,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  type SystemOutcome,
  viewFunction,
  WRITE_GAS,
  writeFunction,
} from './types.ts';

/** A record of some hundred bytes, ballots, and the history of what it changes. */
const PROPOSE_WRITES = 2n;
const VOTE_WRITES = 1n;

type Wish = {
  readonly actions: readonly Action[];
  readonly interval: bigint;
  readonly acceptRisk: boolean;
  readonly reason: string;
};

const plain = (actions: readonly Action[], interval: AbiValue | undefined): Wish => ({
  actions,
  interval: interval as bigint,
  acceptRisk: false,
  reason: '',
});

/** Makes a proposal: its id, and the events of what it did at once. */
function make(call: SystemCall, wish: Wish): SystemOutcome {
  const before = governedOf(call.state, wish.actions);
  const stepped = propose(before, wish, governContext(call));
  if (!stepped.ok) return revert(stepped.error.message);
  const { proposal } = stepped.value;
  const made = logOf(COMMITTEE_ADDRESS, SYSTEM_EVENTS.proposed, [
    BigInt(proposal.id),
    proposal.organisationId,
    call.caller,
  ]);
  const changed = writeStep(call, before, stepped.value);
  return returns(['uint256'], [BigInt(proposal.id)], [made, ...changed, ...settledLogs(proposal)]);
}

/** Of a proposal that is settled now. FISCO BCOS's tools read the code from `execResult`. */
export function settledLogs(proposal: Proposal): ReturnType<typeof logOf>[] {
  if (proposal.status === 'open') return [];
  const { id, status, code } = proposal;
  const logs = [
    logOf(COMMITTEE_ADDRESS, SYSTEM_EVENTS.settled, [BigInt(id), BigInt(statusNumber(status)), BigInt(code)]),
  ];
  return status === 'passed' ? [...logs, logOf(COMMITTEE_ADDRESS, SYSTEM_EVENTS.execResult, [BigInt(code)])] : logs;
}

function step(
  call: SystemCall,
  id: bigint,
  run: (of: { before: ReturnType<typeof governedOf>; proposal: Proposal }) => Stepped,
  voted: boolean | undefined,
): SystemOutcome {
  const proposal = proposalOf(call, id);
  if (proposal === undefined) return revert('there is no such proposal');
  const before = governedOf(call.state, proposal.actions);
  const stepped = run({ before, proposal });
  if (!stepped.ok) return revert(stepped.error.message);
  const changed = writeStep(call, before, stepped.value);
  const own = voted === undefined ? [] : [logOf(COMMITTEE_ADDRESS, SYSTEM_EVENTS.voted, [id, call.caller, voted])];
  return returns([], [], [...own, ...changed, ...settledLogs(stepped.value.proposal)]);
}

export function proposalOf({ state }: Pick<SystemCall, 'state'>, id: bigint): Proposal | undefined {
  return id >= 1n && id <= BigInt(committeeOf(state).proposalCount) ? readProposal(state, Number(id)) : undefined;
}

const proposals: readonly SystemFunction[] = [
  writeFunction(
    'createUpdateGovernorProposal(address,uint32,uint256)',
    PROPOSE_WRITES,
    (call, [account, weight, interval]) => {
      const organisation = organisationOf(registryOf(call.state), account as AddressHex);
      if (organisation === undefined) return revert('the account acts for no organisation');
      const action: Action = { type: 'setGovernor', organisationId: organisation.id, weight: weight as bigint };
      return make(call, plain([action], interval));
    },
  ),
  writeFunction('createSetRateProposal(uint8,uint8,uint256)', PROPOSE_WRITES, (call, [participation, win, interval]) =>
    make(call, plain([{ type: 'setRates', participationRate: Number(participation), winRate: Number(win) }], interval)),
  ),
  writeFunction('createSetDeployAuthTypeProposal(uint8,uint256)', PROPOSE_WRITES, (call, [deployType, interval]) =>
    make(call, plain([{ type: 'setDeployType', deployType: Number(deployType) }], interval)),
  ),
  writeFunction(
    'createModifyDeployAuthProposal(address,bool,uint256)',
    PROPOSE_WRITES,
    (call, [account, isOpen, interval]) =>
      make(
        call,
        plain([{ type: 'setDeployRight', account: account as AddressHex, isOpen: isOpen === true }], interval),
      ),
  ),
  writeFunction(
    'createResetAdminProposal(address,address,uint256)',
    PROPOSE_WRITES,
    (call, [admin, contract, interval]) =>
      make(
        call,
        plain([{ type: 'resetAdmin', contract: contract as AddressHex, admin: admin as AddressHex }], interval),
      ),
  ),
  writeFunction('createSetSysConfigProposal(string,string,uint256)', PROPOSE_WRITES, (call, [key, value, interval]) =>
    make(call, plain([{ type: 'setParameter', key: lowerCaseAscii(key as string), value: value as string }], interval)),
  ),
  writeFunction('createSetConsensusWeightProposal(string,uint32,bool,uint256)', PROPOSE_WRITES, (call, values) => {
    const [id, weight, isAdded, interval] = values as readonly [string, bigint, boolean, bigint];
    const nodeId = lowerCaseAscii(id);
    const registry = registryOf(call.state);
    const organisationId = (
      findNode(registry, nodeId) ?? { organisationId: organisationOf(registry, call.caller)?.id ?? '' }
    ).organisationId;
    if (!isAdded) return make(call, plain([{ type: 'setWeight', nodeId, weight }], interval));
    if (weight > 0n) return make(call, plain([{ type: 'addSealer', nodeId, weight }], interval));
    return make(call, plain([{ type: 'addObserver', nodeId, organisationId, addresses: undefined }], interval));
  }),
  writeFunction('createRmNodeProposal(string,uint256)', PROPOSE_WRITES, (call, [id, interval]) =>
    make(call, plain([{ type: 'remove', nodeId: lowerCaseAscii(id as string) }], interval)),
  ),
  // What FISCO BCOS has not: several changes that take effect together, with the risk said out loud.
  writeFunction('createProposal(address[],bytes[],bool,uint256,string)', 2n * PROPOSE_WRITES, (call, values) => {
    const [targets, calls, acceptRisk, interval, reason] = values as readonly [
      readonly AddressHex[],
      readonly Uint8Array[],
      boolean,
      bigint,
      string,
    ];
    const organisationId = organisationOf(registryOf(call.state), call.caller)?.id ?? '';
    if (targets.length !== calls.length) return revert('as many calls as targets are expected');
    const actions: Action[] = [];
    for (const [index, target] of targets.entries()) {
      const action = actionOfCall(target, calls[index] as Uint8Array, organisationId);
      if (action === undefined) return revert(`call ${index} is none that the committee decides on`);
      actions.push(action);
    }
    return make(call, { actions, interval, acceptRisk, reason });
  }),
];

const functions: readonly SystemFunction[] = [
  ...proposals,
  writeFunction('voteProposal(uint256,bool)', VOTE_WRITES, (call, [id, agrees]) =>
    step(
      call,
      id as bigint,
      ({ before, proposal }) => vote({ governed: before, proposal }, agrees === true, governContext(call)),
      agrees === true,
    ),
  ),
  writeFunction('revokeProposal(uint256)', VOTE_WRITES, (call, [id]) =>
    step(
      call,
      id as bigint,
      ({ before, proposal }) => revoke({ governed: before, proposal }, governContext(call)),
      undefined,
    ),
  ),
  viewFunction('isGovernor(address)', 2n, ({ state }, [account]) =>
    returns(['bool'], [governorOf(committeeOf(state), registryOf(state), account as AddressHex) !== undefined]),
  ),
  viewFunction('getProposalType(uint256)', 2n, (call, [id]) => {
    const proposal = proposalOf(call, id as bigint);
    return returns(['uint8'], [proposal === undefined ? 0n : BigInt(proposalType(proposal))]);
  }),
  viewFunction('_committee()', 1n, () => returns(['address'], [COMMITTEE_VIEW_ADDRESS])),
  viewFunction('_proposalMgr()', 1n, () => returns(['address'], [PROPOSALS_VIEW_ADDRESS])),
  ...committeeOnly(COMMITTEE_ADDRESS),
];

/** FISCO BCOS's numbers where it has the kind; 100 for several changes at once. */
const TYPE_NUMBERS: Readonly<Record<Action['type'], number>> = {
  setGovernor: 11,
  setRates: 12,
  setDeployType: 21,
  setDeployRight: 22,
  resetAdmin: 31,
  setContractStatus: 32,
  setAccountStatus: 33,
  setParameter: 41,
  addObserver: 51,
  addSealer: 51,
  setWeight: 51,
  remove: 52,
  suspend: 53,
  setOrganisation: 61,
  removeOrganisation: 62,
};

export function proposalType({ actions }: Pick<Proposal, 'actions'>): number {
  const [first, second] = actions;
  return first === undefined || second !== undefined ? 100 : TYPE_NUMBERS[first.type];
}

export const statusNumberAt = (proposal: Proposal, height: SystemCall['height']): number =>
  statusNumber(statusAt(proposal, height));

/** The governing committee (GOV-20 to GOV-26; FISCO BCOS: CommitteeManager). */
export const committeeContract: SystemContract = { address: COMMITTEE_ADDRESS, name: 'committee', functions };

/** Gas of a view of one record. */
export const PROPOSAL_READ_GAS: bigint = 2n * READ_GAS;
export const PROPOSE_GAS: bigint = PROPOSE_WRITES * WRITE_GAS;

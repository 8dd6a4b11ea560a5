/** The committee as FISCO BCOS's console reads it: Committee and ProposalManager, views only (spec GOV-27). */
import {
  ACCOUNT_ADDRESS,
  type Action,
  AUTH_ADDRESS,
  COMMITTEE_ADDRESS,
  CONSENSUS_ADDRESS,
  type Governor,
  governorOf,
  type Proposal,
  SYSTEM_CONFIG_ADDRESS,
  totalGovernorWeight,
} from '@hansa/membership';
import { type AddressHex, ZERO_ADDRESS } from '@hansa/primitives';
import type { AbiValue } from '../abi.ts';
import { committeeOf, registryOf } from '../membership-cache.ts';
import { proposalOf, proposalType, statusNumberAt } from './10001-committee.ts';
import { COMMITTEE_VIEW_ADDRESS, PROPOSALS_VIEW_ADDRESS } from './addresses.ts';
import { returns, type SystemCall, type SystemContract, viewFunction } from './types.ts';

const LIST_COUNT_MAX = 16n;

/** A governor is an organisation here; its first admin account stands for it where FISCO BCOS names an account. */
function accountOfGovernor({ state }: SystemCall, { organisationId }: Governor): AddressHex {
  return registryOf(state).organisations.find(({ id }) => id === organisationId)?.admins[0] ?? ZERO_ADDRESS;
}

const weightOf = ({ state }: SystemCall, account: AbiValue | undefined): bigint =>
  BigInt(governorOf(committeeOf(state), registryOf(state), account as AddressHex)?.weight ?? 0);

export const committeeView: SystemContract = {
  address: COMMITTEE_VIEW_ADDRESS,
  name: 'committee view',
  functions: [
    viewFunction('getCommitteeInfo()', 4n, (call) => {
      const { participationRate, winRate, governors } = committeeOf(call.state);
      return returns(
        ['uint8', 'uint8', 'address[]', 'uint32[]'],
        [
          BigInt(participationRate),
          BigInt(winRate),
          governors.map((governor) => accountOfGovernor(call, governor)),
          governors.map(({ weight }) => BigInt(weight)),
        ],
      );
    }),
    viewFunction('isGovernor(address)', 2n, (call, [account]) => returns(['bool'], [weightOf(call, account) > 0n])),
    viewFunction('getWeight(address)', 2n, (call, [account]) => returns(['uint32'], [weightOf(call, account)])),
    viewFunction('getWeights(address[])', 4n, (call, [accounts]) => {
      const weights = (accounts as readonly AddressHex[]).map((account) => weightOf(call, account));
      return returns(['uint32'], [weights.reduce((sum, weight) => sum + weight, 0n)]);
    }),
    viewFunction('getWeights()', 2n, ({ state }) =>
      returns(['uint32'], [BigInt(totalGovernorWeight(committeeOf(state)))]),
    ),
    viewFunction('_participatesRate()', 1n, ({ state }) =>
      returns(['uint8'], [BigInt(committeeOf(state).participationRate)]),
    ),
    viewFunction('_winRate()', 1n, ({ state }) => returns(['uint8'], [BigInt(committeeOf(state).winRate)])),
    viewFunction('_owner()', 1n, () => returns(['address'], [COMMITTEE_ADDRESS])),
  ],
};

/** What FISCO BCOS names as the resource of a proposal. */
function resourceOf({ actions }: Proposal): AddressHex {
  const [action] = actions;
  return action === undefined || actions.length > 1 ? COMMITTEE_ADDRESS : resourceOfAction(action);
}

function resourceOfAction(action: Action): AddressHex {
  switch (action.type) {
    case 'setParameter':
      return SYSTEM_CONFIG_ADDRESS;
    case 'addObserver':
    case 'addSealer':
    case 'setWeight':
    case 'remove':
    case 'suspend':
      return CONSENSUS_ADDRESS;
    case 'setDeployType':
      return AUTH_ADDRESS;
    case 'setDeployRight':
      return action.account;
    case 'setAccountStatus':
      return ACCOUNT_ADDRESS;
    case 'resetAdmin':
    case 'setContractStatus':
      return action.contract;
    default:
      return COMMITTEE_ADDRESS;
  }
}

function infoOf(call: SystemCall, id: bigint): readonly AbiValue[] {
  const proposal = proposalOf(call, id);
  if (proposal === undefined) return [ZERO_ADDRESS, ZERO_ADDRESS, 0n, 0n, 0n, [], []];
  const voters = (wanted: boolean): readonly AddressHex[] =>
    proposal.ballots.filter(({ agrees }) => agrees === wanted).map(({ voter }) => voter);
  return [
    resourceOf(proposal),
    proposal.proposer,
    BigInt(proposalType(proposal)),
    BigInt(proposal.deadline),
    BigInt(statusNumberAt(proposal, call.height)),
    voters(true),
    voters(false),
  ];
}

const INFO_TYPES = ['address', 'address', 'uint8', 'uint256', 'uint8', 'address[]', 'address[]'] as const;

export const proposalsView: SystemContract = {
  address: PROPOSALS_VIEW_ADDRESS,
  name: 'proposals view',
  functions: [
    viewFunction('getProposalInfo(uint256)', 4n, (call, [id]) => returns(INFO_TYPES, infoOf(call, id as bigint))),
    viewFunction('getProposalInfoList(uint256,uint256)', 4n * LIST_COUNT_MAX, (call, values) => {
      const [from, to] = values as readonly [bigint, bigint];
      const last = to - from < LIST_COUNT_MAX ? to : from + LIST_COUNT_MAX - 1n;
      const infos: (readonly AbiValue[])[] = [];
      for (let id = from; id <= last; id++) infos.push(infoOf(call, id));
      return returns([`(${INFO_TYPES.join(',')})[]`], [infos]);
    }),
    viewFunction('getProposalStatus(uint256)', 2n, (call, [id]) => {
      const proposal = proposalOf(call, id as bigint);
      return returns(['uint8'], [proposal === undefined ? 0n : BigInt(statusNumberAt(proposal, call.height))]);
    }),
    viewFunction('_proposalCount()', 1n, ({ state }) =>
      returns(['uint256'], [BigInt(committeeOf(state).proposalCount)]),
    ),
  ],
};

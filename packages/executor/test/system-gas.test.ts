/** Gas is consensus: what docs/spec/execution.md says of each function of each system contract, and that there is no other. */
import { expect, it } from 'vitest';
import { SYSTEM_CONTRACTS } from '../src/system/index.ts';

/** Names alone: of all functions of this name. */
const GAS: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  '1000': { 22100: ['setValueByKey'], 4200: ['getValueByKey'] },
  '1002': { 132600: ['createKVTable'], 2100: ['openTable', 'desc'] },
  '1009': { 10500: ['set'], 8400: ['get'] },
  '1003': {
    22100: ['addSealer', 'addObserver', 'addObserverOf', 'setWeight', 'remove', 'suspend', 'attest', 'provePresence'],
    44200: ['suspendForMisbehaviour'],
    8400: ['getNode', 'getNodeIds', 'getOrganisation', 'getOrganisationIds'],
    4200: ['getHistoryEntry'],
    2100: ['getHistoryCount', 'getTerm'],
  },
  '1005': {
    22100: [
      'openMethodAuth',
      'closeMethodAuth',
      'resetAdmin',
      'setDeployAuthType',
      'openDeployAuth',
      'closeDeployAuth',
    ],
    44200: ['setMethodAuthType', 'setContractStatus', 'setContractStatus'],
    2100: ['getAdmin', 'contractAvailable', 'deployType', 'hasDeployAuth'],
    4200: ['checkMethodAuth', 'getMethodAuth'],
  },
  '10001': {
    44200: [
      'createUpdateGovernorProposal',
      'createSetRateProposal',
      'createSetDeployAuthTypeProposal',
      'createModifyDeployAuthProposal',
      'createResetAdminProposal',
      'createSetSysConfigProposal',
      'createSetConsensusWeightProposal',
      'createRmNodeProposal',
    ],
    88400: ['createProposal'],
    22100: ['voteProposal', 'revokeProposal', 'setGovernor', 'setRate', 'setOrganisation', 'removeOrganisation'],
    4200: ['isGovernor', 'getProposalType'],
    2100: ['_committee', '_proposalMgr'],
  },
  '10003': { 22100: ['setAccountStatus'], 2100: ['getAccountStatus'] },
  '10005': { 132600: ['succeed'], 176800: ['setAdmins'], 22100: ['abandon'], 2100: ['getAdminChanges'] },
  '10004': { 132600: ['join'], 22100: ['revokeInvite'], 2100: ['getInvite'] },
  '10011': {
    8400: ['getCommitteeInfo', 'getWeights(address[])'],
    4200: ['isGovernor', 'getWeight', 'getWeights()'],
    2100: ['_participatesRate', '_winRate', '_owner'],
  },
  '10012': {
    134400: ['getProposalInfoList'],
    8400: ['getProposalInfo'],
    4200: ['getProposalStatus'],
    2100: ['_proposalCount'],
  },
};

const sorted = (list: readonly string[]): string[] => [...list].sort((a, b) => (a < b ? -1 : 1));

it.each(Object.keys(GAS))('EXE-33, EXE-34, EXE-36, KV-9: gas of each function of 0x%s', (address) => {
  const contract = SYSTEM_CONTRACTS.find((one) => one.address.replace(/^0+/, '') === address);
  const expected = Object.entries(GAS[address] ?? {}).flatMap(([gas, names]) => names.map((name) => `${name} ${gas}`));
  const found = (contract?.functions ?? []).map(({ signature, gas }) => {
    const isOverloaded = expected.some((line) => line.startsWith(`${signature} `));
    return `${isOverloaded ? signature : signature.slice(0, signature.indexOf('('))} ${gas}`;
  });
  expect(sorted(found)).toEqual(sorted(expected));
});

it('EXE-30: these are all', () => {
  expect(sorted(SYSTEM_CONTRACTS.map(({ address }) => address.replace(/^0+/, '')))).toEqual(sorted(Object.keys(GAS)));
});

/** All that the committee can change, as one value; read from state and written back as what differs (spec GOV-1). */
import { type AddressHex, assert, compareText } from '@hansa/primitives';
import { type ChainParameters, encodeParameters, type StateChange, type StateReader } from '@hansa/protocol';
import type { Action } from './action.ts';
import { COMMITTEE_KEY, type Committee, encodeCommittee } from './committee.ts';
import {
  ACCOUNTS_FROZEN_KEY,
  type AccessList,
  accountStatus,
  accountStatusKey,
  type ContractPolicy,
  contractKey,
  DEPLOY_KEY,
  decodeAccessList,
  decodeContractPolicy,
  encodeAccessList,
  encodeContractPolicy,
  NO_LIST,
  NO_POLICY,
} from './permission.ts';
import { PARAMETERS_KEY, registryChanges } from './records.ts';
import type { Registry } from './registry.ts';

export type Governed = {
  readonly registry: Registry;
  readonly committee: Committee;
  readonly parameters: ChainParameters;
  readonly deploy: AccessList;
  /** Only those that are spoken of. */
  readonly contracts: ReadonlyMap<AddressHex, ContractPolicy>;
  readonly accounts: ReadonlyMap<AddressHex, number>;
};

type Known = Pick<Governed, 'registry' | 'committee' | 'parameters'>;

/** What these actions need to know, on top of what the caller has at hand. */
export function readGoverned(state: StateReader, known: Known, actions: readonly Action[]): Governed {
  const contracts = new Map<AddressHex, ContractPolicy>();
  const accounts = new Map<AddressHex, number>();
  for (const action of actions) {
    if (action.type === 'setContractStatus' || action.type === 'resetAdmin')
      contracts.set(action.contract, readContractPolicy(state, action.contract) ?? NO_POLICY);
    if (action.type === 'setAccountStatus') accounts.set(action.account, accountStatus(state, action.account));
  }
  const deployBytes = state.get(DEPLOY_KEY);
  const deploy = deployBytes === undefined ? NO_LIST : decodeAccessList(deployBytes);
  assert(deploy !== undefined, 'the record of the right to deploy does not decode');
  return { ...known, deploy, contracts, accounts };
}

export function readContractPolicy(state: StateReader, contract: AddressHex): ContractPolicy | undefined {
  const bytes = state.get(contractKey(contract));
  if (bytes === undefined) return undefined;
  const policy = decodeContractPolicy(bytes);
  assert(policy !== undefined, `the policy of contract ${contract} does not decode`);
  return policy;
}

/** What differs, as changes of the state ordered by key. */
export function governedChanges(before: Governed, after: Governed): readonly StateChange[] {
  const changes: StateChange[] = [];
  if (before.registry !== after.registry) changes.push(...registryChanges(before.registry, after.registry));
  if (before.committee !== after.committee)
    changes.push({ key: COMMITTEE_KEY, value: encodeCommittee(after.committee) });
  if (before.parameters !== after.parameters)
    changes.push({ key: PARAMETERS_KEY, value: encodeParameters(after.parameters) });
  if (before.deploy !== after.deploy) changes.push({ key: DEPLOY_KEY, value: encodeAccessList(after.deploy) });
  for (const [contract, policy] of after.contracts)
    if (before.contracts.get(contract) !== policy)
      changes.push({ key: contractKey(contract), value: encodeContractPolicy(policy) });
  for (const [account, status] of after.accounts) {
    if (before.accounts.get(account) === status) continue;
    changes.push({ key: accountStatusKey(account), value: status === 0 ? undefined : Uint8Array.of(status) });
    if (!changes.some(({ key }) => key === ACCOUNTS_FROZEN_KEY))
      changes.push({ key: ACCOUNTS_FROZEN_KEY, value: Uint8Array.of(1) });
  }
  return changes.sort((a, b) => compareText(a.key, b.key));
}

/** Functions that only the committee calls, and the action that each of them is (spec GOV-10). */
import {
  ACCOUNT_ADDRESS,
  type Action,
  AUTH_ADDRESS,
  COMMITTEE_ADDRESS,
  CONSENSUS_ADDRESS,
  MEMBERSHIP_CODES,
  SYSTEM_CONFIG_ADDRESS,
} from '@hansa/membership';
import { type AddressHex, bytesToHex } from '@hansa/primitives';
import { type AbiValue, argumentTypes, decodeAbi, lowerCaseAscii, selectorOf } from '../abi.ts';
import { returnsCode, type SystemFunction, systemFunction, WRITE_GAS } from './types.ts';

type ToAction = (values: readonly AbiValue[], organisationId: string) => Action;
type ActionFunction = { readonly address: AddressHex; readonly signature: string; readonly toAction: ToAction };

const node = (value: AbiValue | undefined): string => lowerCaseAscii(value as string);
const number = (value: AbiValue | undefined): number => Number(value as bigint);
const account = (value: AbiValue | undefined): AddressHex => value as AddressHex;

export const ACTION_FUNCTIONS: readonly ActionFunction[] = [
  {
    address: SYSTEM_CONFIG_ADDRESS,
    signature: 'setValueByKey(string,string)',
    toAction: ([key, value]) => ({ type: 'setParameter', key: node(key), value: value as string }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'addSealer(string,uint256)',
    toAction: ([id, weight]) => ({ type: 'addSealer', nodeId: node(id), weight: weight as bigint }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'addObserver(string)',
    toAction: ([id], organisationId) => ({
      type: 'addObserver',
      nodeId: node(id),
      organisationId,
      addresses: undefined,
    }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'addObserverOf(string,string,string[])',
    toAction: ([id, organisationId, addresses]) => ({
      type: 'addObserver',
      nodeId: node(id),
      organisationId: organisationId as string,
      addresses: addresses as readonly string[],
    }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'setWeight(string,uint256)',
    toAction: ([id, weight]) => ({ type: 'setWeight', nodeId: node(id), weight: weight as bigint }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'remove(string)',
    toAction: ([id]) => ({ type: 'remove', nodeId: node(id) }),
  },
  {
    address: CONSENSUS_ADDRESS,
    signature: 'suspend(string)',
    toAction: ([id]) => ({ type: 'suspend', nodeId: node(id) }),
  },
  {
    address: COMMITTEE_ADDRESS,
    signature: 'setGovernor(string,uint256)',
    toAction: ([id, weight]) => ({ type: 'setGovernor', organisationId: id as string, weight: weight as bigint }),
  },
  {
    address: COMMITTEE_ADDRESS,
    signature: 'setRate(uint8,uint8)',
    toAction: ([participation, win]) => ({
      type: 'setRates',
      participationRate: number(participation),
      winRate: number(win),
    }),
  },
  {
    address: COMMITTEE_ADDRESS,
    signature: 'setOrganisation(string,string,string,address[],uint32)',
    toAction: ([id, name, contact, admins, threshold]) => ({
      type: 'setOrganisation',
      id: id as string,
      name: name as string,
      contact: contact as string,
      admins: admins as readonly AddressHex[],
      threshold: number(threshold),
    }),
  },
  {
    address: COMMITTEE_ADDRESS,
    signature: 'removeOrganisation(string)',
    toAction: ([id]) => ({ type: 'removeOrganisation', id: id as string }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'resetAdmin(address,address)',
    toAction: ([contract, admin]) => ({ type: 'resetAdmin', contract: account(contract), admin: account(admin) }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'setContractStatus(address,uint8)',
    toAction: ([contract, status]) => ({
      type: 'setContractStatus',
      contract: account(contract),
      status: number(status),
    }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'setContractStatus(address,bool)',
    toAction: ([contract, isFrozen]) => ({
      type: 'setContractStatus',
      contract: account(contract),
      status: isFrozen === true ? 1 : 0,
    }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'setDeployAuthType(uint8)',
    toAction: ([deployType]) => ({ type: 'setDeployType', deployType: number(deployType) }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'openDeployAuth(address)',
    toAction: ([who]) => ({ type: 'setDeployRight', account: account(who), isOpen: true }),
  },
  {
    address: AUTH_ADDRESS,
    signature: 'closeDeployAuth(address)',
    toAction: ([who]) => ({ type: 'setDeployRight', account: account(who), isOpen: false }),
  },
  {
    address: ACCOUNT_ADDRESS,
    signature: 'setAccountStatus(address,uint8)',
    toAction: ([who, status]) => ({ type: 'setAccountStatus', account: account(who), status: number(status) }),
  },
];

/** Those of a contract that do nothing but say no: who calls them is never the committee, which needs no call. */
export function committeeOnly(address: AddressHex, except: readonly string[] = []): readonly SystemFunction[] {
  return ACTION_FUNCTIONS.filter((each) => each.address === address && !except.includes(each.signature)).map(
    ({ signature }) => systemFunction(signature, false, WRITE_GAS, () => returnsCode(MEMBERSHIP_CODES.noPermission)),
  );
}

let bySelector: ReadonlyMap<string, ActionFunction> | undefined;

/** The action that a call to a system contract would be; undefined: there is none. Hashing needs an initialised engine. */
export function actionOfCall(target: AddressHex, data: Uint8Array, organisationId: string): Action | undefined {
  bySelector ??= new Map(ACTION_FUNCTIONS.map((each) => [`${each.address}${selectorOf(each.signature)}`, each]));
  const found = bySelector.get(`${target}${bytesToHex(data.subarray(0, 4))}`);
  const values = found === undefined ? undefined : decodeAbi(argumentTypes(found.signature), data.subarray(4));
  return values === undefined ? undefined : found?.toAction(values, organisationId);
}

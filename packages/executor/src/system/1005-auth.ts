import {
  type AccessList,
  AUTH_ADDRESS,
  AUTH_TYPE,
  type ContractPolicy,
  contractKey,
  DEPLOY_KEY,
  decodeAccessList,
  decodeContractPolicy,
  deployDenial,
  encodeAccessList,
  encodeContractPolicy,
  isAllowed,
  MEMBERSHIP_CODES,
  METHOD_COUNT_MAX,
  methodKey,
  NO_LIST,
  STATUS,
  withEntry,
} from '@hansa/membership';
import { type AddressHex, compareText, ZERO_ADDRESS } from '@hansa/primitives';
import { governedOf, writeChange } from '../governance.ts';
import { committeeOnly } from './actions.ts';
import {
  returns,
  returnsCode,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  type SystemOutcome,
  type SystemState,
  viewFunction,
  writeFunction,
} from './types.ts';

const CODES = MEMBERSHIP_CODES;

function policyOf(state: SystemState, contract: AddressHex): ContractPolicy | undefined {
  const bytes = state.get(contractKey(contract));
  return bytes === undefined ? undefined : decodeContractPolicy(bytes);
}

function listOf(state: SystemState, contract: AddressHex, selector: string): AccessList | undefined {
  const bytes = state.get(methodKey(contract, selector));
  return bytes === undefined ? undefined : decodeAccessList(bytes);
}

/** For the contract's admin alone (spec GOV-66). */
function asAdmin(
  call: SystemCall,
  contract: AddressHex,
  run: (policy: ContractPolicy) => SystemOutcome,
): SystemOutcome {
  const policy = policyOf(call.state, contract);
  if (policy === undefined) return returnsCode(CODES.noAdmin);
  return policy.admin === call.caller && policy.admin !== ZERO_ADDRESS ? run(policy) : returnsCode(CODES.noPermission);
}

function setMethodAuthType(call: SystemCall, values: readonly unknown[]): SystemOutcome {
  const [contract, selector, type] = values as readonly [AddressHex, string, bigint];
  return asAdmin(call, contract, (policy) => {
    if (type !== BigInt(AUTH_TYPE.whiteList) && type !== BigInt(AUTH_TYPE.blackList))
      return returnsCode(CODES.invalidAuthType);
    const isKnown = policy.methods.includes(selector);
    if (!isKnown && policy.methods.length >= METHOD_COUNT_MAX) return returnsCode(CODES.tooManyEntries);
    if (!isKnown) {
      const methods = [...policy.methods, selector].sort(compareText);
      call.state.set(contractKey(contract), encodeContractPolicy({ ...policy, methods }));
    }
    const list = listOf(call.state, contract, selector) ?? NO_LIST;
    // The entries of one type mean the opposite in the other.
    const entries = list.type === Number(type) ? list.entries : [];
    call.state.set(methodKey(contract, selector), encodeAccessList({ type: Number(type), entries }));
    return returnsCode(0);
  });
}

function setMethodAuth(call: SystemCall, values: readonly unknown[], isOpen: boolean): SystemOutcome {
  const [contract, selector, account] = values as readonly [AddressHex, string, AddressHex];
  return asAdmin(call, contract, () => {
    const list = listOf(call.state, contract, selector);
    if (list === undefined) return returnsCode(CODES.noAuthType);
    const changed = withEntry(list, account, isOpen);
    if (!changed.ok) return returnsCode(changed.error.code);
    call.state.set(methodKey(contract, selector), encodeAccessList(changed.value));
    return returnsCode(0);
  });
}

/** spec GOV-66: the admin of a contract may freeze and abolish it too; the committee by proposal. */
function setContractStatus(call: SystemCall, contract: AddressHex, status: number): SystemOutcome {
  return asAdmin(call, contract, (policy) => {
    if (status > STATUS.abolished || policy.status === STATUS.abolished) return returnsCode(CODES.invalidStatus);
    const known = governedOf(call.state);
    const before = { ...known, contracts: new Map([[contract, policy]]) };
    const after = { ...known, contracts: new Map([[contract, { ...policy, status }]]) };
    const { height, transactionHash, caller } = call;
    const cause = `admin 0x${caller}`;
    return returnsCode(0, writeChange(call.state, { before, after, cause, height, transactionHash }));
  });
}

const functions: readonly SystemFunction[] = [
  writeFunction('setMethodAuthType(address,bytes4,uint8)', 2n, setMethodAuthType),
  writeFunction('openMethodAuth(address,bytes4,address)', 1n, (call, values) => setMethodAuth(call, values, true)),
  writeFunction('closeMethodAuth(address,bytes4,address)', 1n, (call, values) => setMethodAuth(call, values, false)),
  writeFunction('setContractStatus(address,bool)', 2n, (call, [contract, isFrozen]) =>
    setContractStatus(call, contract as AddressHex, isFrozen === true ? STATUS.frozen : STATUS.normal),
  ),
  writeFunction('setContractStatus(address,uint8)', 2n, (call, [contract, status]) =>
    setContractStatus(call, contract as AddressHex, Number(status)),
  ),
  viewFunction('getAdmin(address)', 1n, ({ state }, [contract]) =>
    returns(['address'], [policyOf(state, contract as AddressHex)?.admin ?? ZERO_ADDRESS]),
  ),
  viewFunction('contractAvailable(address)', 1n, ({ state }, [contract]) => {
    const bytes = state.get(contractKey(contract as AddressHex));
    const policy = bytes === undefined ? undefined : decodeContractPolicy(bytes);
    return returns(['bool'], [bytes === undefined || policy?.status === STATUS.normal]);
  }),
  viewFunction('checkMethodAuth(address,bytes4,address)', 2n, ({ state }, values) => {
    const [contract, selector, account] = values as readonly [AddressHex, string, AddressHex];
    const policy = policyOf(state, contract);
    const list = listOf(state, contract, selector);
    const isListed = policy?.methods.includes(selector) === true;
    return returns(['bool'], [!isListed || (list !== undefined && isAllowed(list, account))]);
  }),
  viewFunction('getMethodAuth(address,bytes4)', 2n, ({ state }, values) => {
    const [contract, selector] = values as readonly [AddressHex, string];
    const { type, entries } = listOf(state, contract, selector) ?? NO_LIST;
    const named = (wanted: boolean): string[] =>
      entries.filter(({ isOpen }) => isOpen === wanted).map(({ account }) => `0x${account}`);
    return returns(['uint8', 'string[]', 'string[]'], [BigInt(type), named(true), named(false)]);
  }),
  viewFunction('deployType()', 1n, ({ state }) => {
    const bytes = state.get(DEPLOY_KEY);
    const list = bytes === undefined ? NO_LIST : decodeAccessList(bytes);
    return returns(['uint256'], [BigInt(list?.type ?? AUTH_TYPE.whiteList)]);
  }),
  viewFunction('hasDeployAuth(address)', 1n, ({ state }, [account]) =>
    returns(['bool'], [deployDenial(state, account as AddressHex) === undefined]),
  ),
  ...committeeOnly(AUTH_ADDRESS, ['setContractStatus(address,uint8)', 'setContractStatus(address,bool)']),
];

/** Permission of contracts and of deploying (GOV-60 to GOV-67; FISCO BCOS: AuthManager, ContractAuthMgr). */
export const authContract: SystemContract = { address: AUTH_ADDRESS, name: 'auth', functions };

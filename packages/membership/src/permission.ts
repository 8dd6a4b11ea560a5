/**
 * Who may do what with accounts and contracts: status of accounts, right to deploy, status, admin and method lists of
 * contracts (docs/spec/governance.md, section 6; FISCO BCOS: AuthManager, ContractAuthMgr, AccountManager). Pure; it fails
 * closed: a record that does not decode denies.
 */
import {
  type AddressHex,
  asciiBytes,
  bytesToHex,
  compareText,
  fail,
  ok,
  type Result,
  toAddressHex,
  ZERO_ADDRESS,
} from '@hansa/primitives';
import { Reader, type StateKey, type StateReader, systemKey, Writer } from '@hansa/protocol';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import { RECORD_VERSION, readVersion } from './records.ts';

/** Contract permissions and the right to deploy. FISCO BCOS: AuthManager. */
export const AUTH_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001005');
/** Status of accounts. FISCO BCOS: AccountManager. */
export const ACCOUNT_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010003');

/** Numbers of FISCO BCOS. Abolished is final. */
export const STATUS = { normal: 0, frozen: 1, abolished: 2 } as const;
/** 0: everybody may deploy; 1: only who is opened; 2: all but who is closed. Of a method: 1 and 2 alike. */
export const AUTH_TYPE = { none: 0, whiteList: 1, blackList: 2 } as const;

/** Accounts of one list. What is asked for at each call must stay small. */
export const LIST_COUNT_MAX = 256;
/** Methods of one contract that have a list. */
export const METHOD_COUNT_MAX = 128;

export type ContractPolicy = {
  /** The zero address: nobody but the committee. */
  readonly admin: AddressHex;
  readonly status: number;
  /** Selectors that have a list, ascending: 8 hex digits. */
  readonly methods: readonly string[];
};

/** Accounts that are opened (or closed) by name; the rest is as the type says. Ascending. */
export type AccessList = {
  readonly type: number;
  readonly entries: readonly { readonly account: AddressHex; readonly isOpen: boolean }[];
};

export const NO_POLICY: ContractPolicy = { admin: ZERO_ADDRESS, status: STATUS.normal, methods: [] };
export const NO_LIST: AccessList = { type: AUTH_TYPE.none, entries: [] };

const name = (text: string): string => bytesToHex(asciiBytes(text));
export const contractKey = (contract: AddressHex): StateKey =>
  systemKey(AUTH_ADDRESS, `${name('contract/')}${contract}`);
export const methodKey = (contract: AddressHex, selector: string): StateKey =>
  systemKey(AUTH_ADDRESS, `${name('method/')}${contract}${selector}`);
export const DEPLOY_KEY: StateKey = systemKey(AUTH_ADDRESS, name('deploy'));
/** Present as soon as an account was ever frozen: asked for with each transaction, so that others pay nothing more. */
export const ACCOUNTS_FROZEN_KEY: StateKey = systemKey(ACCOUNT_ADDRESS, name('frozen'));
export const accountStatusKey = (account: AddressHex): StateKey =>
  systemKey(ACCOUNT_ADDRESS, `${name('account/')}${account}`);

/** spec GOV-60. */
export function encodeContractPolicy({ admin, status, methods }: ContractPolicy): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .hex(admin, 20)
    .u8(status)
    .list(methods, (w, selector) => w.hex(selector, 4))
    .finish();
}

/** Undefined: the record is malformed, and everything that asks for it is denied. */
export function decodeContractPolicy(bytes: Uint8Array): ContractPolicy | undefined {
  const reader = new Reader(bytes, 'contract policy');
  readVersion(reader);
  const admin = reader.address();
  const status = reader.u8();
  const methods = reader.list(METHOD_COUNT_MAX, (r) => r.hex(4));
  if (status > STATUS.abolished) reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no status ${status}`);
  const decoded = reader.finish({ admin, status, methods });
  return decoded.ok ? decoded.value : undefined;
}

/** spec GOV-61. */
export function encodeAccessList({ type, entries }: AccessList): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .u8(type)
    .list(entries, (w, { account, isOpen }) => w.hex(account, 20).boolean(isOpen))
    .finish();
}

export function decodeAccessList(bytes: Uint8Array): AccessList | undefined {
  const reader = new Reader(bytes, 'access list');
  readVersion(reader);
  const type = reader.u8();
  const entries = reader.list(LIST_COUNT_MAX, (r) => ({ account: r.address(), isOpen: r.boolean() }));
  if (type > AUTH_TYPE.blackList) reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no type ${type}`);
  const decoded = reader.finish({ type, entries });
  return decoded.ok ? decoded.value : undefined;
}

/** Whether a list lets an account pass. A white list without entries lets nobody pass (FISCO BCOS lets some). */
export function isAllowed(list: AccessList, account: AddressHex): boolean {
  const entry = list.entries.find((each) => each.account === account);
  switch (list.type) {
    case AUTH_TYPE.none:
      return true;
    case AUTH_TYPE.whiteList:
      return entry?.isOpen === true;
    default:
      return entry?.isOpen !== false;
  }
}

export function withEntry(list: AccessList, account: AddressHex, isOpen: boolean): Result<AccessList, Refusal> {
  const others = list.entries.filter((entry) => entry.account !== account);
  if (others.length >= LIST_COUNT_MAX)
    return fail({ code: MEMBERSHIP_CODES.tooManyEntries, message: `a list names at most ${LIST_COUNT_MAX} accounts` });
  const entries = [...others, { account, isOpen }].sort((a, b) => compareText(a.account, b.account));
  return ok({ ...list, entries });
}

/** Texts of FISCO BCOS, as they stand in receipts (spec GOV-62). */
export const DENIALS = {
  accountFrozen: 'Account is frozen.',
  accountAbolished: 'Account is abolished.',
  create: 'Create permission denied.',
  contractFrozen: 'Contract is frozen.',
  contractAbolished: 'Contract is abolished.',
  call: 'Call permission denied.',
} as const;

/** 0 normal, 1 frozen, 2 abolished; what cannot be read counts as frozen. */
export function accountStatus(state: StateReader, account: AddressHex): number {
  const bytes = state.get(accountStatusKey(account));
  if (bytes === undefined) return STATUS.normal;
  const [status] = bytes;
  return bytes.length === 1 && status !== undefined && status <= STATUS.abolished ? status : STATUS.frozen;
}

/** Why an account may send no transaction now; undefined: it may (spec GOV-62). */
export function originDenial(state: StateReader, origin: AddressHex): string | undefined {
  if (state.get(ACCOUNTS_FROZEN_KEY) === undefined) return undefined;
  const status = accountStatus(state, origin);
  if (status === STATUS.normal) return undefined;
  return status === STATUS.frozen ? DENIALS.accountFrozen : DENIALS.accountAbolished;
}

/** Why an account may not deploy; undefined: it may (spec GOV-63). */
export function deployDenial(state: StateReader, origin: AddressHex): string | undefined {
  const bytes = state.get(DEPLOY_KEY);
  if (bytes === undefined) return undefined;
  const list = decodeAccessList(bytes);
  return list !== undefined && isAllowed(list, origin) ? undefined : DENIALS.create;
}

export type ContractCall = {
  /** Whose code runs. */
  readonly code: AddressHex;
  /** Whose storage it works on: another account within a delegated call. */
  readonly to: AddressHex;
  readonly caller: AddressHex;
  readonly data: Uint8Array;
  readonly isStatic: boolean;
};

/** Whether `callDenial` is undefined for every call to this code, as long as the records stay as they are. */
export function isUnrestricted(state: StateReader, contract: AddressHex): boolean {
  const bytes = state.get(contractKey(contract));
  const policy = bytes === undefined ? NO_POLICY : decodeContractPolicy(bytes);
  return policy !== undefined && policy.status === STATUS.normal && policy.methods.length === 0;
}

/** Why code may not run for a call; undefined: it may (spec GOV-64, GOV-65). */
export function callDenial(state: StateReader, call: ContractCall): string | undefined {
  const bytes = state.get(contractKey(call.code));
  if (bytes === undefined) return undefined;
  const policy = decodeContractPolicy(bytes);
  if (policy === undefined) return DENIALS.call;
  if (policy.status === STATUS.frozen) return DENIALS.contractFrozen;
  if (policy.status === STATUS.abolished) return DENIALS.contractAbolished;
  if (policy.methods.length === 0 || call.isStatic || call.code !== call.to) return undefined;
  const selector = bytesToHex(call.data.subarray(0, 4)).padEnd(8, '0');
  if (!policy.methods.includes(selector)) return undefined;
  const methodBytes = state.get(methodKey(call.code, selector));
  const list = methodBytes === undefined ? undefined : decodeAccessList(methodBytes);
  return list !== undefined && isAllowed(list, call.caller) ? undefined : DENIALS.call;
}

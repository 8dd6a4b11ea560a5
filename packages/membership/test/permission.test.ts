/** Who may send, deploy and call; and that what cannot be read denies. */
import { type AddressHex, bytesToHex } from '@hansa/primitives';
import type { StateKey } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNTS_FROZEN_KEY,
  type AccessList,
  AUTH_TYPE,
  accountStatus,
  accountStatusKey,
  callDenial,
  contractKey,
  DENIALS,
  DEPLOY_KEY,
  decodeAccessList,
  decodeContractPolicy,
  deployDenial,
  encodeAccessList,
  encodeContractPolicy,
  isAllowed,
  isUnrestricted,
  methodKey,
  NO_LIST,
  NO_POLICY,
  originDenial,
  STATUS,
} from '../src/index.ts';
import { admin, CONTRACT, MemoryState } from './kit.ts';

const [alice, bob] = [admin(1), admin(2)];
const SELECTOR = 'a9059cbb';
const put = (...entries: readonly (readonly [StateKey, Uint8Array])[]): MemoryState =>
  new MemoryState(entries.map(([key, value]) => ({ key, value })));
const list = (type: number, ...entries: readonly (readonly [AddressHex, boolean])[]): AccessList => ({
  type,
  entries: entries.map(([account, isOpen]) => ({ account, isOpen })),
});

describe('GOV-60, GOV-61: records', () => {
  it('GOV-60: a policy is read as it was written; another status, version or byte is nothing', () => {
    const policy = { admin: alice, status: STATUS.frozen, methods: [SELECTOR, 'ffffffff'] };
    const bytes = encodeContractPolicy(policy);
    expect(decodeContractPolicy(bytes)).toEqual(policy);
    expect(decodeContractPolicy(bytes.subarray(1))).toBeUndefined();
    expect(decodeContractPolicy(encodeContractPolicy({ ...NO_POLICY, status: 3 }))).toBeUndefined();
    expect(decodeContractPolicy(Uint8Array.of(9, ...bytes.subarray(1)))).toBeUndefined();
  });

  it('GOV-61: a list is read as it was written; another type is nothing', () => {
    const value = list(AUTH_TYPE.blackList, [alice, true], [bob, false]);
    expect(decodeAccessList(encodeAccessList(value))).toEqual(value);
    expect(decodeAccessList(encodeAccessList({ ...value, type: 3 }))).toBeUndefined();
    expect(decodeAccessList(new Uint8Array(0))).toBeUndefined();
  });

  it('GOV-61: who is on a list, by its type', () => {
    const entries = [
      [alice, true],
      [bob, false],
    ] as const;
    const other = admin(3);
    const allowed = (type: number): readonly boolean[] =>
      [alice, bob, other].map((account) => isAllowed(list(type, ...entries), account));
    expect(allowed(AUTH_TYPE.none)).toEqual([true, true, true]);
    expect(allowed(AUTH_TYPE.whiteList)).toEqual([true, false, false]);
    expect(allowed(AUTH_TYPE.blackList)).toEqual([true, false, true]);
    // FISCO BCOS lets everybody pass here when another method has entries.
    expect(isAllowed(list(AUTH_TYPE.whiteList), alice)).toBe(false);
  });
});

describe('GOV-62, GOV-63: accounts', () => {
  const frozen = (status: readonly number[]): MemoryState =>
    put([ACCOUNTS_FROZEN_KEY, Uint8Array.of(1)], [accountStatusKey(alice), Uint8Array.from(status)]);

  it('GOV-62: a frozen and an abolished account may send nothing', () => {
    expect(originDenial(put(), alice)).toBeUndefined();
    expect(originDenial(frozen([1]), alice)).toBe(DENIALS.accountFrozen);
    expect(originDenial(frozen([2]), alice)).toBe(DENIALS.accountAbolished);
    expect(originDenial(frozen([1]), bob)).toBeUndefined();
  });

  it('GOV-62: a status that cannot be read is frozen', () => {
    for (const bytes of [[], [3], [0, 0]]) {
      expect(accountStatus(frozen(bytes), alice)).toBe(STATUS.frozen);
      expect(originDenial(frozen(bytes), alice)).toBe(DENIALS.accountFrozen);
    }
  });

  it('GOV-63: who may deploy; a list that cannot be read lets nobody', () => {
    expect(deployDenial(put(), alice)).toBeUndefined();
    const white = put([DEPLOY_KEY, encodeAccessList(list(AUTH_TYPE.whiteList, [alice, true]))]);
    expect(deployDenial(white, alice)).toBeUndefined();
    expect(deployDenial(white, bob)).toBe(DENIALS.create);
    expect(deployDenial(put([DEPLOY_KEY, Uint8Array.of(7)]), alice)).toBe(DENIALS.create);
  });
});

describe('GOV-64, GOV-65: calls', () => {
  const call = (over: Partial<Parameters<typeof callDenial>[1]> = {}): Parameters<typeof callDenial>[1] => ({
    code: CONTRACT,
    to: CONTRACT,
    caller: alice,
    data: Uint8Array.from(Buffer.from(SELECTOR, 'hex')),
    isStatic: false,
    ...over,
  });
  const policy = (over: Partial<typeof NO_POLICY>): readonly [StateKey, Uint8Array] => [
    contractKey(CONTRACT),
    encodeContractPolicy({ ...NO_POLICY, ...over }),
  ];

  it('GOV-64: a frozen and an abolished contract run for nobody, not even static or delegated', () => {
    expect(callDenial(put(), call())).toBeUndefined();
    expect(callDenial(put(policy({})), call())).toBeUndefined();
    for (const over of [{}, { isStatic: true }, { to: bob }]) {
      expect(callDenial(put(policy({ status: STATUS.frozen })), call(over))).toBe(DENIALS.contractFrozen);
      expect(callDenial(put(policy({ status: STATUS.abolished })), call(over))).toBe(DENIALS.contractAbolished);
    }
    expect(callDenial(put([contractKey(CONTRACT), Uint8Array.of(9)]), call())).toBe(DENIALS.call);
  });

  it('GOV-64, GOV-65: unrestricted is what denies nothing, and nothing else is', () => {
    expect(isUnrestricted(put(), CONTRACT)).toBe(true);
    expect(isUnrestricted(put(policy({})), CONTRACT)).toBe(true);
    expect(isUnrestricted(put(policy({ status: STATUS.frozen })), CONTRACT)).toBe(false);
    expect(isUnrestricted(put(policy({ status: STATUS.abolished })), CONTRACT)).toBe(false);
    expect(isUnrestricted(put(policy({ methods: [SELECTOR] })), CONTRACT)).toBe(false);
    expect(isUnrestricted(put([contractKey(CONTRACT), Uint8Array.of(9)]), CONTRACT)).toBe(false);
  });

  it('GOV-65: a method with a list', () => {
    const state = (of: AccessList): MemoryState =>
      put(policy({ methods: [SELECTOR] }), [methodKey(CONTRACT, SELECTOR), encodeAccessList(of)]);
    const white = state(list(AUTH_TYPE.whiteList, [alice, true]));
    expect(callDenial(white, call())).toBeUndefined();
    expect(callDenial(white, call({ caller: bob }))).toBe(DENIALS.call);
    expect(callDenial(white, call({ caller: bob, isStatic: true }))).toBeUndefined();
    expect(callDenial(white, call({ caller: bob, to: admin(9) }))).toBeUndefined();
    expect(callDenial(white, call({ caller: bob, data: Uint8Array.of(1, 2, 3, 4) }))).toBeUndefined();
    expect(callDenial(white, call({ caller: bob, data: new Uint8Array(0) }))).toBeUndefined();
    const black = state(list(AUTH_TYPE.blackList, [bob, false]));
    expect(callDenial(black, call({ caller: bob }))).toBe(DENIALS.call);
    expect(callDenial(black, call())).toBeUndefined();
  });

  it('GOV-65: a white list without entries, a missing list and one that cannot be read deny', () => {
    const known = policy({ methods: [SELECTOR] });
    expect(
      callDenial(put(known, [methodKey(CONTRACT, SELECTOR), encodeAccessList(list(AUTH_TYPE.whiteList))]), call()),
    ).toBe(DENIALS.call);
    expect(callDenial(put(known), call())).toBe(DENIALS.call);
    expect(callDenial(put(known, [methodKey(CONTRACT, SELECTOR), Uint8Array.of(1)]), call())).toBe(DENIALS.call);
  });

  it('GOV-65: a call without a whole selector counts as one of zeros', () => {
    const zeros = put(policy({ methods: ['00000000'] }), [
      methodKey(CONTRACT, '00000000'),
      encodeAccessList({ ...NO_LIST, type: 1 }),
    ]);
    expect(callDenial(zeros, call({ data: new Uint8Array(0) }))).toBe(DENIALS.call);
    expect(bytesToHex(call().data)).toBe(SELECTOR);
  });
});

/** FMT-45: chain parameters, alone and together. */
import {
  type ChainParameters,
  decodeParameters,
  DEFAULT_CHAIN_PARAMETERS as defaults,
  encodeParameters,
  PARAMETER_TABLE,
  parameterByKey,
  parametersFault,
  setParameter,
} from '@hansa/protocol';
import { describe, expect, it } from 'vitest';

const set = (key: string, text: string, base: ChainParameters = defaults) => {
  const result = setParameter(base, key, text);
  return result.ok ? parameterByKey(result.value, key) : result.error.code.replace('PROTOCOL_PARAMETER_', '');
};

it('every field has one key, and the defaults are sound', () => {
  expect(PARAMETER_TABLE.map((rule) => rule.field).sort()).toEqual(Object.keys(defaults).sort());
  expect(new Set(PARAMETER_TABLE.map((rule) => rule.key)).size).toBe(PARAMETER_TABLE.length);
  expect(parametersFault(defaults)).toBeUndefined();
});

it('FISCO BCOS keys are kept where there is one', () => {
  expect(
    ['tx_count_limit', 'consensus_leader_period', 'tx_gas_limit', 'tx_gas_price'].map((key) =>
      parameterByKey(defaults, key),
    ),
  ).toEqual(['1000', '256', '16777216', '0']);
  expect(parameterByKey(defaults, 'hansa_fee_recipient')).toBe(`0x${'0'.repeat(40)}`);
  expect(parameterByKey(defaults, 'no_such_key')).toBeUndefined();
  expect(parameterByKey(defaults, 'toString')).toBeUndefined();
});

describe('at and beyond each bound', () => {
  /** Wide open, so that only the bound itself can refuse. */
  const open: ChainParameters = {
    ...defaults,
    txGasLimit: 100_000n,
    blockGasLimit: 1_000_000_000n,
    viewTimeoutBaseMs: 100,
    viewTimeoutCapMs: 600_000,
  };
  for (const rule of PARAMETER_TABLE) {
    if (rule.type === 'address') continue;
    it(rule.key, () => {
      expect(set(rule.key, `${rule.max}`, open)).toBe(`${rule.max}`);
      expect(set(rule.key, `${rule.min}`, open)).toBe(`${rule.min}`);
      expect(set(rule.key, `${BigInt(rule.max) + 1n}`, open)).toBe('OUT_OF_RANGE');
      if (rule.min > 0) expect(set(rule.key, `${BigInt(rule.min) - 1n}`, open)).toBe('OUT_OF_RANGE');
    });
  }
});

it('values are whole numbers in decimal or hex, nothing else', () => {
  expect(set('tx_gas_price', '0x3b9aca00')).toBe('1000000000');
  expect(set('tx_count_limit', '0x10')).toBe('16');
  for (const text of ['', ' 5', '5 ', '+5', '-5', '05', '5.0', '5e3', '0x', '0xg', 'ten', '9'.repeat(79)])
    expect(set('tx_count_limit', text), text).toBe('MALFORMED');
});

it('the fee recipient is an address', () => {
  expect(set('hansa_fee_recipient', `0x${'Ab'.repeat(20)}`)).toBe(`0x${'ab'.repeat(20)}`);
  for (const text of ['', 'ab'.repeat(20), `0x${'ab'.repeat(19)}`, `0x${'zz'.repeat(20)}`])
    expect(set('hansa_fee_recipient', text), text).toBe('MALFORMED');
});

it('an unknown key is refused, with the known ones', () => {
  for (const key of ['', 'constructor', '__proto__', 'TX_COUNT_LIMIT']) expect(set(key, '5')).toBe('UNKNOWN');
  const result = setParameter(defaults, 'x', '5');
  expect(!result.ok && result.error.remedy).toContain('tx_count_limit');
});

it('a change that contradicts another parameter is refused, and says what to do', () => {
  expect(set('tx_gas_limit', '30000000', { ...defaults, blockGasLimit: 20_000_000n })).toBe('CONFLICT');
  expect(set('hansa_block_gas_limit', '16777215')).toBe('CONFLICT');
  expect(set('hansa_view_timeout_base_ms', '4001')).toBe('CONFLICT');
  const result = setParameter(defaults, 'hansa_view_timeout_cap_ms', '999');
  expect(!result.ok && result.error.remedy).toContain('hansa_view_timeout_cap_ms');
});

it('bytes that decode to unsound parameters are refused', () => {
  for (const change of [{ window: 0 }, { txGasLimit: 30_000_000n, blockGasLimit: 100_000n }]) {
    const result = decodeParameters(encodeParameters({ ...defaults, ...change }));
    expect(result.ok ? undefined : result.error.code).toBe('PROTOCOL_OUT_OF_RANGE');
  }
});

import { type AddressHex, fail, isAddressHex, ok, type Result } from '@hansa/primitives';
import type { ChainParameters } from './chain-parameters.ts';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import { BLOCK_TX_SIZE_MAX, PROPOSAL_TX_COUNT_MAX, TX_GAS_LIMIT_MAX, TX_SIZE_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

type NumberField = {
  [K in keyof ChainParameters]: ChainParameters[K] extends number ? K : never;
}[keyof ChainParameters];
type BigintField = {
  [K in keyof ChainParameters]: ChainParameters[K] extends bigint ? K : never;
}[keyof ChainParameters];

/** One chain parameter: its key for people, its field, and its range. */
export type ParameterRule =
  | {
      readonly type: 'number';
      readonly key: string;
      readonly field: NumberField;
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly type: 'bigint';
      readonly key: string;
      readonly field: BigintField;
      readonly min: bigint;
      readonly max: bigint;
      /** Bytes of its encoding. */
      readonly size: 8 | 32;
    }
  | { readonly type: 'address'; readonly key: string; readonly field: 'feeRecipient' };

/** A call of setValueByKey takes half of it: below, the admins could never change a parameter again. As in FISCO BCOS. */
const GAS_LIMIT_MIN = 100_000n;
const BLOCK_GAS_LIMIT_MAX = 1_000_000_000n;
/** 100,000 gwei: a plain transfer costs 2.1 ether at the most. Governance itself is free of it (EXE-18). */
const PRICE_MAX = 10n ** 14n;

/** All chain parameters in the order of their encoding (spec FMT-45). Keys without hansa_ are FISCO BCOS's. */
export const PARAMETER_TABLE: readonly ParameterRule[] = [
  { type: 'number', key: 'tx_count_limit', field: 'txCountLimit', min: 1, max: PROPOSAL_TX_COUNT_MAX },
  { type: 'number', key: 'consensus_leader_period', field: 'leaderPeriod', min: 1, max: 1_000_000 },
  { type: 'bigint', key: 'tx_gas_limit', field: 'txGasLimit', min: GAS_LIMIT_MIN, max: TX_GAS_LIMIT_MAX, size: 8 },
  { type: 'bigint', key: 'tx_gas_price', field: 'minimumGasPrice', min: 0n, max: PRICE_MAX, size: 32 },
  {
    type: 'bigint',
    key: 'hansa_block_gas_limit',
    field: 'blockGasLimit',
    min: GAS_LIMIT_MIN,
    max: BLOCK_GAS_LIMIT_MAX,
    size: 8,
  },
  { type: 'number', key: 'hansa_block_size_limit', field: 'blockSizeLimit', min: TX_SIZE_MAX, max: BLOCK_TX_SIZE_MAX },
  { type: 'number', key: 'hansa_window', field: 'window', min: 1, max: 64 },
  { type: 'number', key: 'hansa_view_timeout_base_ms', field: 'viewTimeoutBaseMs', min: 100, max: 60_000 },
  { type: 'number', key: 'hansa_view_timeout_cap_ms', field: 'viewTimeoutCapMs', min: 100, max: 600_000 },
  { type: 'number', key: 'hansa_clock_skew_ms', field: 'clockSkewMs', min: 100, max: 600_000 },
  { type: 'address', key: 'hansa_fee_recipient', field: 'feeRecipient' },
  { type: 'number', key: 'hansa_demotion_terms', field: 'demotionTerms', min: 0, max: 1_000_000 },
];

const BY_KEY: ReadonlyMap<string, ParameterRule> = new Map(PARAMETER_TABLE.map((rule) => [rule.key, rule]));

/** Value of a parameter as text: decimal digits, or an address as 0x and 40 digits. Undefined when there is no such key. */
export function parameterByKey(parameters: ChainParameters, key: string): string | undefined {
  const rule = BY_KEY.get(key);
  if (rule === undefined) return undefined;
  return rule.type === 'address' ? `0x${parameters[rule.field]}` : parameters[rule.field].toString();
}

/**
 * The parameters with one changed. `text`: decimal digits, 0x and hex digits (FISCO BCOS writes tx_gas_price so), or an
 * address. A value out of its range, and one that contradicts another parameter, are refused.
 */
export function setParameter(
  parameters: ChainParameters,
  key: string,
  text: string,
): Result<ChainParameters, ProtocolFailure> {
  const rule = BY_KEY.get(key);
  if (rule === undefined) {
    return refuse(
      'PROTOCOL_PARAMETER_UNKNOWN',
      `there is no parameter "${key.slice(0, 64)}"`,
      `known are ${[...BY_KEY.keys()].join(', ')}`,
    );
  }
  const parsed = parseValue(rule, text);
  if (!parsed.ok) return parsed;
  const changed: ChainParameters = { ...parameters, [rule.field]: parsed.value };
  const fault = parametersFault(changed);
  return fault === undefined ? ok(changed) : fail(fault);
}

/** The first rule that the parameters break, alone or together; undefined when they are sound. */
export function parametersFault(parameters: ChainParameters): ProtocolFailure | undefined {
  for (const rule of PARAMETER_TABLE) {
    const fault = rangeFault(rule, parameters[rule.field]);
    if (fault !== undefined) return fault;
  }
  if (parameters.txGasLimit > parameters.blockGasLimit) {
    return conflict(
      'tx_gas_limit',
      'hansa_block_gas_limit',
      'a transaction of the highest gas would never fit a block',
    );
  }
  if (parameters.viewTimeoutBaseMs > parameters.viewTimeoutCapMs) {
    return conflict(
      'hansa_view_timeout_base_ms',
      'hansa_view_timeout_cap_ms',
      'the first time-out would be above the longest',
    );
  }
  return undefined;
}

/** spec FMT-45. */
export function encodeParameters(parameters: ChainParameters): Uint8Array {
  return writeParameters(new Writer(), parameters).finish();
}

export function decodeParameters(bytes: Uint8Array): Result<ChainParameters, ProtocolFailure> {
  const reader = new Reader(bytes, 'chain parameters');
  return reader.finish(readParameters(reader));
}

export function writeParameters(writer: Writer, parameters: ChainParameters): Writer {
  for (const rule of PARAMETER_TABLE) {
    if (rule.type === 'number') writer.u32(parameters[rule.field]);
    else if (rule.type === 'address') writer.hex(parameters[rule.field], 20);
    else if (rule.size === 8) writer.u64Bigint(parameters[rule.field]);
    else writer.u256(parameters[rule.field]);
  }
  return writer;
}

export function readParameters(reader: Reader): ChainParameters {
  const values: Partial<Record<keyof ChainParameters, number | bigint | AddressHex>> = {};
  for (const rule of PARAMETER_TABLE) {
    if (rule.type === 'number') values[rule.field] = reader.u32();
    else if (rule.type === 'address') values[rule.field] = reader.address();
    else values[rule.field] = rule.size === 8 ? reader.u64Bigint() : reader.u256();
  }
  const parameters = values as ChainParameters;
  const fault = reader.failed ? undefined : parametersFault(parameters);
  if (fault !== undefined) reader.fail('PROTOCOL_OUT_OF_RANGE', fault.message);
  return parameters;
}

function parseValue(rule: ParameterRule, text: string): Result<number | bigint | AddressHex, ProtocolFailure> {
  if (rule.type === 'address') {
    const digits = text.slice(2).toLowerCase();
    if (text.startsWith('0x') && isAddressHex(digits)) return ok(digits);
    return refuse('PROTOCOL_PARAMETER_MALFORMED', `${rule.key} is an address`, 'write 0x and 40 hex digits');
  }
  if (!/^(0|[1-9][0-9]{0,77}|0x[0-9a-fA-F]{1,64})$/.test(text)) {
    return refuse(
      'PROTOCOL_PARAMETER_MALFORMED',
      `${rule.key} is a whole number`,
      'write decimal digits, or 0x and hex digits',
    );
  }
  const value = BigInt(text);
  if (rule.type === 'bigint') return ok(value);
  const fault = value > BigInt(rule.max) ? rangeFault(rule, value) : undefined;
  return fault === undefined ? ok(Number(value)) : fail(fault);
}

function rangeFault(rule: ParameterRule, value: number | bigint | AddressHex): ProtocolFailure | undefined {
  if (rule.type === 'address' || typeof value === 'string') return undefined;
  if (value >= rule.min && value <= rule.max) return undefined;
  return {
    code: 'PROTOCOL_PARAMETER_OUT_OF_RANGE',
    message: `${rule.key} is ${value}`,
    remedy: `choose a value from ${rule.min} to ${rule.max}`,
  };
}

function conflict(first: string, second: string, why: string): ProtocolFailure {
  return {
    code: 'PROTOCOL_PARAMETER_CONFLICT',
    message: `${first} is above ${second}: ${why}`,
    remedy: `lower ${first}, or raise ${second} first`,
  };
}

function refuse<T>(code: ProtocolErrorCode, message: string, remedy: string): Result<T, ProtocolFailure> {
  return fail({ code, message, remedy });
}

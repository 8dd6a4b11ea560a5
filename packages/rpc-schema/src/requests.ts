import { type AddressHex, fail, type HashHex, ok } from '@hansa/primitives';
import type { Data, Hex, Quantity } from './codecs.ts';
import type { Parser } from './param.ts';
import {
  type BlockChoice,
  bytesUpTo,
  LATEST,
  listUpTo,
  memberOf,
  parseAddress,
  parseBlockNumber,
  parseBoolean,
  parseHash,
  parseObject,
  parseQuantity,
  parseSlot,
  quote,
} from './parsers.ts';

/** Bytes of a call's input, and of code in an override: a transaction cannot carry more. */
const CALL_DATA_SIZE_MAX = 131_072;
const ACCESS_LIST_COUNT_MAX = 4_096;
const OVERRIDE_ACCOUNT_COUNT_MAX = 256;
const OVERRIDE_SLOT_COUNT_MAX = 4_096;
const LOG_ADDRESS_COUNT_MAX = 1_000;
const LOG_TOPIC_POSITION_COUNT = 4;
const LOG_TOPIC_COUNT_MAX = 1_000;
const U64_MAX = 2n ** 64n - 1n;

export type AccessEntry = { readonly address: AddressHex; readonly storageKeys: readonly HashHex[] };

/** A call as asked for; what is undefined was not given. */
export type CallQuery = {
  readonly from: AddressHex | undefined;
  readonly to: AddressHex | undefined;
  readonly gas: bigint | undefined;
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessEntry[];
};

export type WireCall = {
  readonly from?: Hex;
  readonly to?: Hex | null;
  readonly gas?: Quantity;
  readonly gasPrice?: Quantity;
  readonly maxFeePerGas?: Quantity;
  readonly maxPriorityFeePerGas?: Quantity;
  readonly value?: Quantity;
  readonly input?: Data;
  readonly data?: Data;
  readonly accessList?: readonly { readonly address: Hex; readonly storageKeys: readonly Hex[] }[];
};

const parseAccessEntry: Parser<AccessEntry> = (value) => {
  const object = parseObject(value);
  if (!object.ok) return object;
  const address = memberOf(object.value, 'address', parseAddress);
  if (!address.ok) return address;
  const storageKeys = memberOf(object.value, 'storageKeys', listUpTo(ACCESS_LIST_COUNT_MAX, parseHash));
  if (!storageKeys.ok) return storageKeys;
  if (address.value === undefined) return fail('address is missing');
  return ok({ address: address.value, storageKeys: storageKeys.value ?? [] });
};

const parseGas: Parser<bigint> = (value) => {
  const parsed = parseQuantity(value);
  return parsed.ok && parsed.value > U64_MAX ? fail('at most 2^64 - 1 is allowed') : parsed;
};
const parseData = bytesUpTo(CALL_DATA_SIZE_MAX);
const parseAccessList = listUpTo(ACCESS_LIST_COUNT_MAX, parseAccessEntry);

/** Call object of `eth_call` and its kin. Members that a call cannot have here are refused by name, others ignored. */
export const parseCall: Parser<CallQuery> = (value) => {
  const parsed = parseObject(value);
  if (!parsed.ok) return parsed;
  const object = parsed.value;
  for (const name of ['blobVersionedHashes', 'blobs', 'authorizationList']) {
    if (Object.hasOwn(object, name)) return fail(`${name}: this chain has no such transactions`);
  }
  const from = memberOf(object, 'from', parseAddress);
  const to = memberOf(object, 'to', parseAddress);
  const gas = memberOf(object, 'gas', parseGas);
  const gasPrice = memberOf(object, 'gasPrice', parseQuantity);
  const maxFeePerGas = memberOf(object, 'maxFeePerGas', parseQuantity);
  const maxPriorityFeePerGas = memberOf(object, 'maxPriorityFeePerGas', parseQuantity);
  const amount = memberOf(object, 'value', parseQuantity);
  const input = memberOf(object, 'input', parseData);
  const data = memberOf(object, 'data', parseData);
  const accessList = memberOf(object, 'accessList', parseAccessList);
  if (!from.ok) return from;
  if (!to.ok) return to;
  if (!gas.ok) return gas;
  if (!gasPrice.ok) return gasPrice;
  if (!maxFeePerGas.ok) return maxFeePerGas;
  if (!maxPriorityFeePerGas.ok) return maxPriorityFeePerGas;
  if (!amount.ok) return amount;
  if (!input.ok) return input;
  if (!data.ok) return data;
  if (!accessList.ok) return accessList;
  const hasFees = maxFeePerGas.value !== undefined || maxPriorityFeePerGas.value !== undefined;
  if (gasPrice.value !== undefined && hasFees) {
    return fail('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified');
  }
  if (input.value !== undefined && data.value !== undefined && object['input'] !== object['data']) {
    return fail('both "data" and "input" are set and not equal');
  }
  return ok({
    from: from.value,
    to: to.value,
    gas: gas.value,
    gasPrice: gasPrice.value,
    maxFeePerGas: maxFeePerGas.value,
    maxPriorityFeePerGas: maxPriorityFeePerGas.value,
    value: amount.value ?? 0n,
    data: input.value ?? data.value ?? new Uint8Array(0),
    accessList: accessList.value ?? [],
  });
};

/** State of one account, changed for one call. */
export type OverrideQuery = {
  readonly address: AddressHex;
  readonly balance: bigint | undefined;
  readonly nonce: bigint | undefined;
  readonly code: Uint8Array | undefined;
  /** `replace`: slots that are not named are zero. */
  readonly storage: { readonly replace: boolean; readonly slots: readonly (readonly [HashHex, HashHex])[] } | undefined;
};

export type WireOverrides = Readonly<
  Record<
    Hex,
    {
      readonly balance?: Quantity;
      readonly nonce?: Quantity;
      readonly code?: Data;
      readonly state?: Readonly<Record<Hex, Hex>>;
      readonly stateDiff?: Readonly<Record<Hex, Hex>>;
    }
  >
>;

const parseSlots: Parser<readonly (readonly [HashHex, HashHex])[]> = (value) => {
  const object = parseObject(value);
  if (!object.ok) return object;
  const entries = Object.entries(object.value);
  if (entries.length > OVERRIDE_SLOT_COUNT_MAX) return fail(`at most ${OVERRIDE_SLOT_COUNT_MAX} slots are allowed`);
  const slots: (readonly [HashHex, HashHex])[] = [];
  for (const [key, content] of entries) {
    const slot = parseSlot(key);
    if (!slot.ok) return slot;
    const word = parseSlot(content);
    if (!word.ok) return fail(`${quote(key)}: 32 bytes in hex were expected`);
    slots.push([slot.value, word.value]);
  }
  return ok(slots);
};

/** State override set, as go-ethereum's third parameter of `eth_call`. */
export const parseOverrides: Parser<readonly OverrideQuery[]> = (value) => {
  const object = parseObject(value);
  if (!object.ok) return object;
  const entries = Object.entries(object.value);
  if (entries.length > OVERRIDE_ACCOUNT_COUNT_MAX) return fail(`at most ${OVERRIDE_ACCOUNT_COUNT_MAX} accounts are allowed`);
  const overrides: OverrideQuery[] = [];
  for (const [key, content] of entries) {
    const address = parseAddress(key);
    if (!address.ok) return address;
    const override = parseOverride(address.value, content);
    if (!override.ok) return fail(`${key}: ${override.error}`);
    overrides.push(override.value);
  }
  return ok(overrides);
};

function parseOverride(address: AddressHex, value: unknown): ReturnType<Parser<OverrideQuery>> {
  const object = parseObject(value);
  if (!object.ok) return object;
  for (const name of ['movePrecompileToAddress']) {
    if (Object.hasOwn(object.value, name)) return fail(`${name} is not served`);
  }
  const balance = memberOf(object.value, 'balance', parseQuantity);
  const nonce = memberOf(object.value, 'nonce', parseGas);
  const code = memberOf(object.value, 'code', parseData);
  const state = memberOf(object.value, 'state', parseSlots);
  const stateDiff = memberOf(object.value, 'stateDiff', parseSlots);
  if (!balance.ok) return balance;
  if (!nonce.ok) return nonce;
  if (!code.ok) return code;
  if (!state.ok) return state;
  if (!stateDiff.ok) return stateDiff;
  if (state.value !== undefined && stateDiff.value !== undefined) return fail('it has both "state" and "stateDiff"');
  const slots = state.value ?? stateDiff.value;
  return ok({
    address,
    balance: balance.value,
    nonce: nonce.value,
    code: code.value,
    storage: slots === undefined ? undefined : { replace: state.value !== undefined, slots },
  });
}

/** Which logs. `topics[i]`: undefined matches anything at that place, else one of the list. */
export type LogCriteria = {
  readonly addresses: readonly AddressHex[];
  readonly topics: readonly (readonly HashHex[] | undefined)[];
};

export type LogRange =
  | { readonly type: 'block'; readonly hash: HashHex }
  | { readonly type: 'range'; readonly from: BlockChoice; readonly to: BlockChoice };

export type LogsQuery = LogCriteria & { readonly range: LogRange };

export type WireLogs = {
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly blockHash?: Hex;
  readonly address?: Hex | readonly Hex[];
  readonly topics?: readonly (Hex | null | readonly Hex[])[];
};

const parseAddresses = listUpTo(LOG_ADDRESS_COUNT_MAX, parseAddress);
const parseAddressOrList: Parser<readonly AddressHex[]> = (value) => {
  if (Array.isArray(value)) return parseAddresses(value);
  const address = parseAddress(value);
  return address.ok ? ok([address.value]) : address;
};

const parseTopicList = listUpTo(LOG_TOPIC_COUNT_MAX, parseHash);
const parseTopic: Parser<readonly HashHex[] | undefined> = (value) => {
  if (value === null) return ok(undefined);
  if (Array.isArray(value)) {
    // A null among alternatives matches anything, as in go-ethereum.
    if (value.includes(null)) return ok(undefined);
    const list = parseTopicList(value);
    return list.ok && list.value.length === 0 ? ok(undefined) : list;
  }
  const topic = parseHash(value);
  return topic.ok ? ok([topic.value]) : topic;
};
const parseTopics = listUpTo(LOG_TOPIC_POSITION_COUNT, parseTopic);

/** Filter object of `eth_getLogs`, `eth_newFilter` and the subscription `logs`. */
export const parseLogs: Parser<LogsQuery> = (value) => {
  const parsed = parseObject(value);
  if (!parsed.ok) return parsed;
  const object = parsed.value;
  const addresses = memberOf(object, 'address', parseAddressOrList);
  const topics = memberOf(object, 'topics', parseTopics);
  const hash = memberOf(object, 'blockHash', parseHash);
  const from = memberOf(object, 'fromBlock', parseBlockNumber);
  const to = memberOf(object, 'toBlock', parseBlockNumber);
  if (!addresses.ok) return addresses;
  if (!topics.ok) return topics;
  if (!hash.ok) return hash;
  if (!from.ok) return from;
  if (!to.ok) return to;
  const criteria = { addresses: addresses.value ?? [], topics: topics.value ?? [] };
  if (hash.value !== undefined) {
    if (from.value !== undefined || to.value !== undefined) {
      return fail('cannot specify both blockHash and fromBlock/toBlock, choose one or the other');
    }
    return ok({ ...criteria, range: { type: 'block', hash: hash.value } });
  }
  return ok({ ...criteria, range: { type: 'range', from: from.value ?? LATEST, to: to.value ?? LATEST } });
};

/** What a trace shows. */
export type TraceQuery = {
  readonly tracer: 'struct' | 'call' | 'prestate';
  readonly withMemory: boolean;
  readonly withStack: boolean;
  readonly withStorage: boolean;
  readonly withReturnData: boolean;
  readonly onlyTopCall: boolean;
  readonly withLog: boolean;
  readonly diffMode: boolean;
};

export const DEFAULT_TRACE: TraceQuery = {
  tracer: 'struct',
  withMemory: false,
  withStack: true,
  withStorage: true,
  withReturnData: false,
  onlyTopCall: false,
  withLog: false,
  diffMode: false,
};

export type WireTrace = {
  readonly tracer?: 'callTracer' | 'prestateTracer' | 'structLogger';
  readonly tracerConfig?: { readonly onlyTopCall?: boolean; readonly withLog?: boolean; readonly diffMode?: boolean };
  readonly enableMemory?: boolean;
  readonly disableStack?: boolean;
  readonly disableStorage?: boolean;
  readonly enableReturnData?: boolean;
};

const TRACERS: Readonly<Record<string, TraceQuery['tracer']>> = {
  structLogger: 'struct',
  callTracer: 'call',
  prestateTracer: 'prestate',
};

const parseTracer: Parser<TraceQuery['tracer']> = (value) => {
  const tracer = typeof value === 'string' && Object.hasOwn(TRACERS, value) ? TRACERS[value] : undefined;
  return tracer === undefined
    ? fail(`one of ${Object.keys(TRACERS).join(', ')} was expected, got ${quote(value)}`)
    : ok(tracer);
};

/** Options of `debug_trace…`, with go-ethereum's names and defaults. */
export const parseTrace: Parser<TraceQuery> = (value) => {
  const object = parseObject(value);
  if (!object.ok) return object;
  const tracer = memberOf(object.value, 'tracer', parseTracer);
  if (!tracer.ok) return tracer;
  const config = memberOf(object.value, 'tracerConfig', parseObject);
  if (!config.ok) return config;
  const flag = (from: Readonly<Record<string, unknown>>, name: string): boolean | undefined => {
    const parsed = memberOf(from, name, parseBoolean);
    return parsed.ok ? parsed.value : undefined;
  };
  const inner = config.value ?? {};
  return ok({
    tracer: tracer.value ?? 'struct',
    withMemory: flag(object.value, 'enableMemory') ?? flag(object.value, 'disableMemory') === false,
    withStack: flag(object.value, 'disableStack') !== true,
    withStorage: flag(object.value, 'disableStorage') !== true,
    withReturnData: flag(object.value, 'enableReturnData') === true,
    onlyTopCall: flag(inner, 'onlyTopCall') === true,
    withLog: flag(inner, 'withLog') === true,
    diffMode: flag(inner, 'diffMode') === true,
  });
};

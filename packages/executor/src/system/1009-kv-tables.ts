import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, type HashHex, hashToHex } from '@hansa/primitives';
import { encodeUtf8, type Log } from '@hansa/protocol';
import { encodeAbi, topicOf } from '../abi.ts';
import { KV_TABLES_ADDRESS } from './addresses.ts';
import { GET_SIGNATURE, ROW_KEY_SIZE_MAX, rowKey, SET_SIGNATURE, tableKey, WRITTEN_SIGNATURE } from './kv-tables.ts';
import {
  INPUT_BYTE_GAS,
  READ_GAS,
  returns,
  revert,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  type SystemOutcome,
  systemFunction,
  viewFunction,
} from './types.ts';

/** spec KV-9: what a row takes beside its bytes, and what each byte that may be kept costs, EXE-30 included. */
export const SET_GAS: bigint = 5n * READ_GAS;
export const SET_BYTE_GAS: bigint = INPUT_BYTE_GAS + 48n;

const NO_TABLE = 'a table is called at its own address';

let writtenTopic: HashHex | undefined;

/** spec KV-6. The topic is made on first use, since hashing needs an initialised engine. */
function writtenLog(table: AddressHex, key: Uint8Array, value: Uint8Array): Log {
  writtenTopic ??= topicOf(WRITTEN_SIGNATURE) as HashHex;
  const hashOf = (bytes: Uint8Array): HashHex => hashToHex(ethereumCrypto.keccak256(bytes));
  // A text and bytes are encoded alike.
  return {
    address: table,
    topics: [writtenTopic, hashOf(key)],
    data: encodeAbi(['bytes', 'bytes32'], [key, hashOf(value)]),
  };
}

/** The table whose code calls; undefined: it is none (KV-4). */
const tableOf = ({ state, caller }: SystemCall): AddressHex | undefined =>
  state.get(tableKey(caller)) === undefined ? undefined : caller;

function set(call: SystemCall, values: readonly unknown[]): SystemOutcome {
  const [key, value] = values as readonly [string, string];
  const table = tableOf(call);
  if (table === undefined) return revert(NO_TABLE);
  const keyBytes = encodeUtf8(key);
  if (keyBytes.length === 0 || keyBytes.length > ROW_KEY_SIZE_MAX)
    return revert(`a key has 1 to ${ROW_KEY_SIZE_MAX} bytes`);
  const valueBytes = encodeUtf8(value);
  call.state.set(rowKey(table, keyBytes), valueBytes);
  return returns(['int256'], [1n], [writtenLog(table, keyBytes, valueBytes)]);
}

function get(call: SystemCall, [key]: readonly unknown[]): SystemOutcome {
  const table = tableOf(call);
  if (table === undefined) return revert(NO_TABLE);
  const keyBytes = encodeUtf8(key as string);
  const value = keyBytes.length > ROW_KEY_SIZE_MAX ? undefined : call.state.get(rowKey(table, keyBytes));
  // As bytes, which are encoded like the text: what was stored is well-formed.
  return returns(['bool', 'bytes'], [value !== undefined, value ?? new Uint8Array(0)]);
}

const setFunction: SystemFunction = {
  ...systemFunction(SET_SIGNATURE, false, SET_GAS, set),
  inputByteGas: SET_BYTE_GAS,
};

/** Rows of all tables (spec KV-8; FISCO BCOS: KVTable). */
export const kvTables: SystemContract = {
  address: KV_TABLES_ADDRESS,
  name: 'kv tables',
  functions: [setFunction, viewFunction(GET_SIGNATURE, 4n, get)],
};

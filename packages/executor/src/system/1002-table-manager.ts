import {
  AUTH_TYPE,
  contractKey,
  decodeContractPolicy,
  deployDenial,
  encodeAccessList,
  encodeContractPolicy,
  MEMBERSHIP_CODES,
  methodKey,
} from '@hansa/membership';
import { type AddressHex, assert, ZERO_ADDRESS } from '@hansa/primitives';
import { selectorOf } from '../abi.ts';
import { TABLE_MANAGER_ADDRESS } from './addresses.ts';
import {
  COLUMN_NAME_SIZE_MAX,
  encodeTableRecord,
  readTableRecord,
  SET_SIGNATURE,
  TABLE_CODE,
  TABLE_NAME_SIZE_MAX,
  tableAddress,
  tableKey,
} from './kv-tables.ts';
import {
  returns,
  returnsCode,
  revert,
  type SystemCall,
  type SystemContract,
  type SystemOutcome,
  type SystemState,
  viewFunction,
  writeFunction,
} from './types.ts';

/** Codes of FISCO BCOS (PrecompiledRetCode, Common.h). */
const CODES = {
  tableExists: -50_001,
  tableNameTooLong: -50_002,
  columnNameTooLong: -50_003,
  sameColumns: -50_007,
  invalidName: -50_008,
} as const;

/** Account and code of the table, its record, its policy and list of writers; the address is worked out by three hashes. */
const CREATE_WRITES = 6n;

/** Letters, digits and `_`, so that no two names look alike. */
const isName = (text: string): boolean => /^[0-9A-Za-z_]+$/.test(text);

/** spec KV-2. */
function nameFault(name: string, columns: readonly string[]): number | undefined {
  if (name.length > TABLE_NAME_SIZE_MAX) return CODES.tableNameTooLong;
  if (columns.some((column) => column.length > COLUMN_NAME_SIZE_MAX)) return CODES.columnNameTooLong;
  if (![name, ...columns].every(isName)) return CODES.invalidName;
  return columns[0] === columns[1] ? CODES.sameColumns : undefined;
}

function createKvTable(call: SystemCall, values: readonly unknown[]): SystemOutcome {
  const [name, keyColumn, valueColumn] = values as readonly [string, string, string];
  const { state, caller } = call;
  // spec KV-7: a table is a contract.
  if (deployDenial(state, caller) !== undefined) return returnsCode(MEMBERSHIP_CODES.noPermission);
  const fault = nameFault(name, [keyColumn, valueColumn]);
  if (fault !== undefined) return returnsCode(fault);
  const table = tableAddress(name);
  if (!call.createContract(table, TABLE_CODE)) return returnsCode(CODES.tableExists);
  state.set(tableKey(table), encodeTableRecord({ name, keyColumn, valueColumn }));
  letWrite(state, table, caller);
  return returnsCode(0);
}

/** spec KV-7: at first who has made it writes, and nobody else. */
function letWrite(state: SystemState, table: AddressHex, writer: AddressHex): void {
  const bytes = state.get(contractKey(table));
  const policy = bytes === undefined ? undefined : decodeContractPolicy(bytes);
  assert(policy !== undefined, 'a contract that was created has a policy');
  const selector = selectorOf(SET_SIGNATURE);
  const entries = [{ account: writer, isOpen: true }];
  state.set(contractKey(table), encodeContractPolicy({ ...policy, methods: [selector] }));
  state.set(methodKey(table, selector), encodeAccessList({ type: AUTH_TYPE.whiteList, entries }));
}

/** Makes and finds tables (spec KV-1; FISCO BCOS: TableManager, of which KV-10 says what is not here). */
export const tableManager: SystemContract = {
  address: TABLE_MANAGER_ADDRESS,
  name: 'table manager',
  functions: [
    writeFunction('createKVTable(string,string,string)', CREATE_WRITES, createKvTable),
    viewFunction('openTable(string)', 1n, ({ state }, [name]) => {
      const table = tableAddress(name as string);
      return returns(['address'], [readTableRecord(state, table) === undefined ? ZERO_ADDRESS : table]);
    }),
    viewFunction('desc(string)', 1n, ({ state }, [name]) => {
      const record = readTableRecord(state, tableAddress(name as string));
      if (record === undefined) return revert('there is no such table');
      return returns(['(string,string[])'], [[record.keyColumn, [record.valueColumn]]]);
    }),
  ],
};

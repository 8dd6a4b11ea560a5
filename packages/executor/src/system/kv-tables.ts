/** Tables of rows: where they are, what their code is, and what state holds of them (docs/spec/kv.md, KV-2 to KV-5). */
import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, addressToHex, asciiBytes, assert, bytesToHex, concatBytes, fromHex } from '@hansa/primitives';
import { decodeUtf8, encodeUtf8, Reader, type StateKey, type StateReader, systemKey, Writer } from '@hansa/protocol';
import { KV_TABLES_ADDRESS, TABLE_MANAGER_ADDRESS } from './addresses.ts';

/** Bytes of the name of a table. FISCO BCOS: the same. */
export const TABLE_NAME_SIZE_MAX = 50;
/** Bytes of the names of its two columns. FISCO BCOS: the same. */
export const COLUMN_NAME_SIZE_MAX = 64;
/** Bytes of a key (FISCO BCOS: 255): what travels between nodes has keys of state of at most 256 bytes. */
export const ROW_KEY_SIZE_MAX = 128;

export const SET_SIGNATURE = 'set(string,string)';
export const GET_SIGNATURE = 'get(string)';
/** Hash of the key (indexed), the key, hash of the value, both Keccak-256 of the UTF-8 bytes. */
export const WRITTEN_SIGNATURE = 'Written(bytes32,string,bytes32)';

/**
 * Code of every table: hands call data and value to 0x1009, and its answer back (KV-4). EVM, so that code, permission and
 * traces of a table are those of any contract.
 *
 *   CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY
 *   PUSH0 PUSH0 CALLDATASIZE PUSH0 CALLVALUE PUSH2 0x1009 GAS CALL
 *   RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY
 *   RETURNDATASIZE SWAP1 PUSH0 SWAP1 PUSH1 0x1a JUMPI REVERT JUMPDEST RETURN
 */
export const TABLE_CODE: Uint8Array = fromHex('365f5f375f5f365f346110095af13d5f5f3e3d905f90601a57fd5bf3');

const RECORD_VERSION = 1;

export type TableRecord = { readonly name: string; readonly keyColumn: string; readonly valueColumn: string };

/** Address of the table of this name, whether there is one or not (KV-3): that of CREATE2 by 0x1002 (EIP-1014). */
export function tableAddress(name: string): AddressHex {
  const { keccak256 } = ethereumCrypto;
  const parts = [
    Uint8Array.of(0xff),
    fromHex(TABLE_MANAGER_ADDRESS),
    keccak256(encodeUtf8(name)),
    keccak256(TABLE_CODE),
  ];
  return addressToHex(keccak256(concatBytes(...parts)).subarray(12));
}

const TABLE_PREFIX = bytesToHex(asciiBytes('table/'));
const ROW_PREFIX = bytesToHex(asciiBytes('row/'));

export const tableKey = (table: AddressHex): StateKey => systemKey(KV_TABLES_ADDRESS, `${TABLE_PREFIX}${table}`);
/** Where the value of a row is, as it was given: what a proof of state shows (KV-5). `key`: its UTF-8 bytes. */
export const rowKey = (table: AddressHex, key: Uint8Array): StateKey =>
  systemKey(KV_TABLES_ADDRESS, `${ROW_PREFIX}${table}${bytesToHex(key)}`);

export function encodeTableRecord({ name, keyColumn, valueColumn }: TableRecord): Uint8Array {
  const writer = new Writer().u8(RECORD_VERSION);
  for (const text of [name, keyColumn, valueColumn]) writer.bytes(encodeUtf8(text));
  return writer.finish();
}

export function readTableRecord(state: StateReader, table: AddressHex): TableRecord | undefined {
  const bytes = state.get(tableKey(table));
  if (bytes === undefined) return undefined;
  const reader = new Reader(bytes, 'table');
  if (reader.u8() !== RECORD_VERSION) reader.fail('PROTOCOL_OUT_OF_RANGE', 'the version of the record is unknown');
  const name = readName(reader, TABLE_NAME_SIZE_MAX);
  const keyColumn = readName(reader, COLUMN_NAME_SIZE_MAX);
  const valueColumn = readName(reader, COLUMN_NAME_SIZE_MAX);
  const decoded = reader.finish({ name, keyColumn, valueColumn });
  assert(decoded.ok, `the record of the table ${table} does not decode`);
  return decoded.value;
}

function readName(reader: Reader, sizeMax: number): string {
  const text = decodeUtf8(reader.bytes(sizeMax));
  if (text === undefined) reader.fail('PROTOCOL_OUT_OF_RANGE', 'a name is no UTF-8');
  return text ?? '';
}

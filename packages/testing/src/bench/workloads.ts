import {
  encodeCall,
  intrinsicGas,
  SET_BYTE_GAS,
  SET_GAS,
  SET_SIGNATURE,
  selectorOf,
  TABLE_MANAGER_ADDRESS,
  tableAddress,
} from '@hansa/executor';
import { AUTH_ADDRESS, AUTH_TYPE } from '@hansa/membership';
import { type AddressHex, fromHex } from '@hansa/primitives';
import { compile, TOKEN_SOURCE } from '../solidity.ts';
import { type Account, type Call, prepare } from './accounts.ts';

/** Data that creates the ERC-20 token of OpenZeppelin with this supply in the hands of its creator. */
export function tokenCreation(supply: bigint): Uint8Array {
  const { bytecode } = compile(TOKEN_SOURCE, 'Token');
  return fromHex(`${bytecode.slice(2)}${supply.toString(16).padStart(64, '0')}`);
}

/** What the accounts send. */
export type Workload = {
  readonly name: string;
  /** A transaction of account number `at` among `accounts`. */
  call(accounts: readonly Account[], at: number): Call;
};

/** 1 wei to the next account. */
export const TRANSFER: Workload = {
  name: 'transfer',
  call: (accounts, at) => ({
    to: (accounts[(at + 1) % accounts.length] as Account).address,
    value: 1n,
    data: new Uint8Array(0),
    gasLimit: 21_000n,
  }),
};

/** `transfer(next account, 1)` of an ERC-20 token of which every account holds some. */
export function erc20Workload(token: AddressHex): Workload {
  return {
    name: 'ERC-20 transfer',
    call: (accounts, at) => ({
      to: token,
      value: 0n,
      data: erc20Transfer((accounts[(at + 1) % accounts.length] as Account).address, 1n),
      gasLimit: 100_000n,
    }),
  };
}

/** Every transaction creates a token contract. */
export function creationWorkload(): Workload {
  const data = tokenCreation(10n ** 24n);
  return { name: 'deployment', call: () => ({ to: undefined, value: 0n, data, gasLimit: 3_000_000n }) };
}

/** Calls by which an account makes a table in which everybody may write, and its address (docs/spec/kv.md). */
export function tableCreation(name: string): { readonly table: AddressHex; readonly calls: readonly Call[] } {
  const table = tableAddress(name);
  const createTable = encodeCall(
    'createKVTable(string,string,string)',
    ['string', 'string', 'string'],
    [name, 'id', 'document'],
  );
  const openToAll = encodeCall(
    'setMethodAuthType(address,bytes4,uint8)',
    ['address', 'bytes4', 'uint8'],
    [table, selectorOf(SET_SIGNATURE), BigInt(AUTH_TYPE.blackList)],
  );
  const common = { value: 0n, gasLimit: 300_000n };
  return {
    table,
    calls: [
      { ...common, to: TABLE_MANAGER_ADDRESS, data: createTable },
      { ...common, to: AUTH_ADDRESS, data: openToAll },
    ],
  };
}

/** What the code of a table takes beside the gas of `set`. */
const TABLE_CODE_GAS = 1_000n;

/** Each transaction puts `sizeBytes` under a key of 44 bytes that was not there before. */
export function keyValueWorkload(table: AddressHex, sizeBytes: number): Workload {
  const value = 'Z'.repeat(sizeBytes);
  return {
    name: `${sizeBytes}-byte put`,
    call: (accounts, at) => {
      const { address, nonce } = accounts[at] as Account;
      const key = `${address}${nonce.toString(16).padStart(4, '0')}`;
      const data = encodeCall(SET_SIGNATURE, ['string', 'string'], [key, value]);
      return { to: table, value: 0n, data, gasLimit: gasOfSet(table, data) };
    },
  };
}

/** spec KV-9: close to what it uses, since a block has room for what its transactions declare. */
function gasOfSet(to: AddressHex, data: Uint8Array): bigint {
  const { charged, floor } = intrinsicGas({ to, data, accessList: [] });
  const used = charged + SET_GAS + TABLE_CODE_GAS + SET_BYTE_GAS * BigInt(data.length);
  return used > floor ? used : floor;
}

/** Call data of ERC-20 `transfer(address,uint256)` (EIP-20). */
export function erc20Transfer(to: AddressHex, amount: bigint): Uint8Array {
  return fromHex(`a9059cbb${to.replace(/^0x/, '').padStart(64, '0')}${amount.toString(16).padStart(64, '0')}`);
}

/** More than an equal share, since a client that is answered quickly sends more. */
const SPARE_COUNT = 4;

/** Signs transactions for `count` slots. */
export function prepareWorkload(
  workload: Workload,
  accounts: readonly Account[],
  chainId: number,
  count: number,
): void {
  const each = Math.ceil(count / accounts.length) + SPARE_COUNT;
  for (const [at, account] of accounts.entries())
    for (let i = 0; i < each; i++) prepare(account, chainId, workload.call(accounts, at));
}

import { type AddressHex, fromHex } from '@hansa/primitives';
import { type Abi, encodeFunctionData, parseAbi } from 'viem';
import { KEY_VALUE_SOURCE } from '../key-value-source.ts';
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

const KEY_VALUE_ABI: Abi = parseAbi(['function put(bytes32 key, bytes value)']);

/** Data that creates the table of bytes by key. */
export function keyValueCreation(): Uint8Array {
  return fromHex(compile(KEY_VALUE_SOURCE, 'KeyValue').bytecode.slice(2));
}

/** Each transaction puts `sizeBytes` under a key that was not there before. */
export function keyValueWorkload(table: AddressHex, sizeBytes: number): Workload {
  const value = `0x${'5a'.repeat(sizeBytes)}` as const;
  // 22,100 gas for each new slot and 16 for each byte of call data, with room to spare.
  const gasLimit = 60_000n + 24_000n * BigInt(Math.ceil(sizeBytes / 32) + 1);
  return {
    name: `${sizeBytes}-byte put`,
    call: (accounts, at) => {
      const { address, nonce } = accounts[at] as Account;
      const key = `0x${address}${nonce.toString(16).padStart(24, '0')}` as const;
      const data = encodeFunctionData({ abi: KEY_VALUE_ABI, functionName: 'put', args: [key, value] });
      return { to: table, value: 0n, data: fromHex(data.slice(2)), gasLimit };
    },
  };
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

import { ethereumCrypto, standardSuite } from '@hansa/crypto';
import { type AddressHex, addressToHex, bytesToHex, fromHex, toAddressHex } from '@hansa/primitives';
import { encodeSignedTransaction } from '@hansa/protocol';

/** A transaction signed ahead of the run, so that signing costs nothing while the clock runs. */
export type PreparedTransaction = { readonly hash: string; readonly raw: string };

/** A client of the bench: one account, its signed transactions, and which of them is next. */
export type Account = {
  readonly key: Uint8Array;
  readonly address: AddressHex;
  nonce: bigint;
  prepared: PreparedTransaction[];
  next: number;
};

export type Call = {
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
};

export function accountOf(key: Uint8Array, nonce = 0n): Account {
  const publicKey = fromHex(standardSuite.nodeIdOf(key));
  const address = toAddressHex(addressToHex(ethereumCrypto.keccak256(publicKey).subarray(12)));
  return { key, address, nonce, prepared: [], next: 0 };
}

/** Keys that depend on nothing but their number. */
export function benchAccounts(count: number): Account[] {
  return Array.from({ length: count }, (_, i) =>
    accountOf(fromHex(standardSuite.taggedDigest('hansa/bench-account/v1', fromHex(i.toString(16).padStart(8, '0'))))),
  );
}

/** Signs the account's next transaction and adds it to those that it will send. */
export function prepare(account: Account, chainId: number, call: Call): PreparedTransaction {
  const raw = encodeSignedTransaction(
    {
      type: 0,
      chainId,
      nonce: account.nonce++,
      gasLimit: call.gasLimit,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: call.to,
      value: call.value,
      data: call.data,
      accessList: [],
    },
    account.key,
  );
  const transaction = {
    hash: `0x${bytesToHex(ethereumCrypto.keccak256(raw))}`,
    raw: `0x${bytesToHex(raw)}`,
  };
  account.prepared.push(transaction);
  return transaction;
}

/** Forgets what was prepared and not sent, so that the next run signs from the first nonce that is still free. */
export function rewind(account: Account): void {
  account.nonce -= BigInt(account.prepared.length - account.next);
  account.prepared = [];
  account.next = 0;
}

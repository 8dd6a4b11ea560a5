import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { Account, type Address } from '@ethereumjs/util';
import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, addressToHex, assert, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { type AccountRecord, EMPTY_CODE_HASH } from '@hansa/protocol';
import type { StateOverlay } from './state-overlay.ts';

const NOTHING = new Uint8Array(0);
const EMPTY_ACCOUNT: AccountRecord = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };

const hexOf = (address: Address): AddressHex => addressToHex(address.bytes);
const slotOf = (key: Uint8Array): HashHex => hashToHex(key.length === 32 ? key : padded(key));

function padded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}

/** The EVM sees storage values without leading zeros. */
function stripped(word: Uint8Array | undefined): Uint8Array {
  if (word === undefined) return NOTHING;
  let start = 0;
  while (start < word.length && word[start] === 0) start++;
  return word.subarray(start);
}

/** The overlay as the EVM of EthereumJS wants it. Answers at once; its promises are only of form. */
export class EvmState implements StateManagerInterface {
  overlay: StateOverlay;
  readonly #checkpoints: number[] = [];

  readonly originalStorageCache: StateManagerInterface['originalStorageCache'] = {
    get: async (address: Address, key: Uint8Array) =>
      stripped(this.overlay.originalStorage(hexOf(address), slotOf(key))),
    clear: () => undefined,
  };

  constructor(overlay: StateOverlay) {
    this.overlay = overlay;
  }

  /** Goes on with another overlay, with no checkpoint open. */
  bind(overlay: StateOverlay): void {
    this.overlay = overlay;
    this.#checkpoints.length = 0;
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const record = this.overlay.account(hexOf(address));
    // A new object each time: the EVM changes what it gets.
    return record === undefined
      ? undefined
      : new Account(record.nonce, record.balance, undefined, fromHex(record.codeHash));
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    const record =
      account === undefined
        ? undefined
        : { nonce: account.nonce, balance: account.balance, codeHash: hashToHex(account.codeHash) };
    this.overlay.setAccount(hexOf(address), record);
  }

  async deleteAccount(address: Address): Promise<void> {
    const hex = hexOf(address);
    if (this.overlay.account(hex) !== undefined) this.overlay.setAccount(hex, undefined);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const record = this.overlay.account(hexOf(address)) ?? EMPTY_ACCOUNT;
    this.overlay.setAccount(hexOf(address), {
      nonce: fields.nonce ?? record.nonce,
      balance: fields.balance ?? record.balance,
      codeHash:
        fields.codeHash === undefined || fields.codeHash === null ? record.codeHash : hashToHex(fields.codeHash),
    });
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    const codeHash = hashToHex(ethereumCrypto.keccak256(code));
    if (code.length > 0) this.overlay.setCode(codeHash, code.slice());
    const record = this.overlay.account(hexOf(address)) ?? EMPTY_ACCOUNT;
    this.overlay.setAccount(hexOf(address), { ...record, codeHash });
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const codeHash = this.overlay.account(hexOf(address))?.codeHash;
    if (codeHash === undefined || codeHash === EMPTY_CODE_HASH) return NOTHING;
    const code = this.overlay.code(codeHash);
    assert(code !== undefined, `code ${codeHash} of ${hexOf(address)} is not in state`);
    return code;
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return stripped(this.overlay.storage(hexOf(address), slotOf(key)));
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    const isZero = value.every((byte) => byte === 0);
    this.overlay.setStorage(hexOf(address), slotOf(key), isZero ? undefined : padded(value));
  }

  async clearStorage(address: Address): Promise<void> {
    this.overlay.clearStorage(hexOf(address));
  }

  async checkpoint(): Promise<void> {
    this.#checkpoints.push(this.overlay.checkpoint());
  }

  async commit(): Promise<void> {
    this.#checkpoints.pop();
  }

  async revert(): Promise<void> {
    const checkpoint = this.#checkpoints.pop();
    assert(checkpoint !== undefined, 'the EVM reverts only what it has begun');
    this.overlay.revertTo(checkpoint);
  }

  // The state root is the ledger's matter; the EVM itself never asks for it.
  async getStateRoot(): Promise<Uint8Array> {
    return NOTHING;
  }
  async setStateRoot(): Promise<void> {}
  async hasStateRoot(): Promise<boolean> {
    return false;
  }
  clearCaches(): void {}
  shallowCopy(): StateManagerInterface {
    return new EvmState(this.overlay);
  }
}

import { type AddressHex, assert, compareText, equalBytes, type HashHex } from '@hansa/primitives';
import {
  type AccountRecord,
  accountKey,
  codeKey,
  decodeAccount,
  encodeAccount,
  type StateChange,
  type StateKey,
  type StateReader,
  storageKey,
} from '@hansa/protocol';

/** Marks in the journal that a key was not written before. */
const NOT_WRITTEN = Symbol('not written');
type Undo =
  | {
      readonly type: 'account';
      readonly key: AddressHex;
      readonly before: AccountRecord | undefined | typeof NOT_WRITTEN;
    }
  | { readonly type: 'record'; readonly key: StateKey; readonly before: Uint8Array | undefined | typeof NOT_WRITTEN };

const NOTHING_WRITTEN: readonly AddressHex[] = [];
const ACCOUNT_PREFIX = accountKey('' as AddressHex);

/**
 * State of a block that is being executed: everything that was read or written on top of the state before it, with a
 * journal that takes changes back. Unbounded in itself; bounded by the gas of the block.
 */
export class StateOverlay implements StateReader {
  readonly #base: StateReader;
  /** Accounts that were read or written, by address: to make a key of it each time costs more than the look-up. */
  readonly #accounts: Map<AddressHex, AccountRecord | undefined> = new Map();
  readonly #writtenAccounts: Set<AddressHex> = new Set();
  /** Everything else that was written. */
  readonly #records: Map<StateKey, Uint8Array | undefined> = new Map();
  readonly #journal: Undo[] = [];
  /** Storage of this transaction as it was before it (EIP-2200), by key of state. */
  readonly #originals: Map<StateKey, Uint8Array | undefined> = new Map();
  /** Slots written in this transaction, by account: what a self-destruct of a new contract clears (EIP-6780). */
  readonly #slots: Map<AddressHex, Set<HashHex>> = new Map();
  /** Accounts written since they were last taken, when somebody watches. */
  #written: AddressHex[] | undefined;

  constructor(base: StateReader) {
    this.#base = base;
  }

  /** Raw value of any key; accounts are encoded. */
  get(key: StateKey): Uint8Array | undefined {
    if (key.startsWith(ACCOUNT_PREFIX)) {
      const account = this.account(key.slice(ACCOUNT_PREFIX.length) as AddressHex);
      return account === undefined ? undefined : encodeAccount(account);
    }
    const value = this.#records.get(key);
    return value !== undefined || this.#records.has(key) ? value : this.#base.get(key);
  }

  account(address: AddressHex): AccountRecord | undefined {
    const known = this.#accounts.get(address);
    if (known !== undefined || this.#accounts.has(address)) return known;
    const account = this.#baseAccount(address);
    this.#accounts.set(address, account);
    return account;
  }

  /** Keeps the record that it is given: do not change it afterwards. */
  setAccount(address: AddressHex, account: AccountRecord | undefined): void {
    const before = this.#writtenAccounts.has(address) ? this.#accounts.get(address) : NOT_WRITTEN;
    this.#journal.push({ type: 'account', key: address, before });
    this.#accounts.set(address, account);
    this.#writtenAccounts.add(address);
    this.#written?.push(address);
  }

  /**
   * Writes for good what an engine has worked out: nothing of it can be taken back, and the engine is not told of it. Only
   * between messages.
   */
  settleAccount(address: AddressHex, account: AccountRecord | undefined): void {
    this.#accounts.set(address, account);
    this.#writtenAccounts.add(address);
  }

  /** 32 bytes, undefined for zero. As `settleAccount`. */
  settleStorage(address: AddressHex, slot: HashHex, value: Uint8Array | undefined): void {
    this.#records.set(storageKey(address, slot), value);
  }

  /** From here on accounts that are written are noted, for an engine that holds them in a table of its own. */
  watch(): void {
    this.#written = [];
  }

  /** Accounts written since `watch` or the last time, some more than once. */
  takeWritten(): readonly AddressHex[] {
    const written = this.#written;
    if (written === undefined || written.length === 0) return NOTHING_WRITTEN;
    this.#written = [];
    return written;
  }

  /** 32 bytes, undefined when zero. */
  storage(address: AddressHex, slot: HashHex): Uint8Array | undefined {
    return this.get(storageKey(address, slot));
  }

  setStorage(address: AddressHex, slot: HashHex, value: Uint8Array | undefined): void {
    const key = storageKey(address, slot);
    if (!this.#originals.has(key)) this.#originals.set(key, this.get(key));
    let slots = this.#slots.get(address);
    if (slots === undefined) {
      slots = new Set();
      this.#slots.set(address, slots);
    }
    slots.add(slot);
    this.set(key, value);
  }

  /** Value at the start of the transaction. */
  originalStorage(address: AddressHex, slot: HashHex): Uint8Array | undefined {
    const key = storageKey(address, slot);
    return this.#originals.has(key) ? this.#originals.get(key) : this.get(key);
  }

  /** Clears what this transaction has written for an account. */
  clearStorage(address: AddressHex): void {
    for (const slot of this.#slots.get(address) ?? []) this.setStorage(address, slot, undefined);
  }

  code(codeHash: HashHex): Uint8Array | undefined {
    return this.get(codeKey(codeHash));
  }

  setCode(codeHash: HashHex, code: Uint8Array): void {
    this.set(codeKey(codeHash), code);
  }

  /** Any record but an account. */
  set(key: StateKey, value: Uint8Array | undefined): void {
    this.#journal.push({ type: 'record', key, before: this.#records.has(key) ? this.#records.get(key) : NOT_WRITTEN });
    this.#records.set(key, value);
  }

  /** A point to which `revertTo` goes back. */
  checkpoint(): number {
    return this.#journal.length;
  }

  revertTo(checkpoint: number): void {
    assert(checkpoint <= this.#journal.length, 'a checkpoint cannot lie ahead of the journal');
    for (let i = this.#journal.length - 1; i >= checkpoint; i--) this.#undo(this.#journal[i] as Undo);
    this.#journal.length = checkpoint;
  }

  /** What was written in this transaction stays; nothing of it can be taken back any more. */
  endTransaction(): void {
    if (this.#journal.length > 0) this.#journal.length = 0;
    if (this.#originals.size > 0) this.#originals.clear();
    if (this.#slots.size > 0) this.#slots.clear();
  }

  /** All that differs from the state before, ordered by key. */
  changes(): readonly StateChange[] {
    const changes: StateChange[] = [];
    for (const address of this.#writtenAccounts) {
      const account = this.#accounts.get(address);
      this.#addChange(changes, accountKey(address), account === undefined ? undefined : encodeAccount(account));
    }
    for (const [key, value] of this.#records) this.#addChange(changes, key, value);
    return changes.sort((a, b) => compareText(a.key, b.key));
  }

  #addChange(changes: StateChange[], key: StateKey, value: Uint8Array | undefined): void {
    const before = this.#base.get(key);
    if (value === undefined ? before === undefined : before !== undefined && equalBytes(value, before)) return;
    changes.push({ key, value });
  }

  #undo({ type, key, before }: Undo): void {
    if (type === 'record') {
      if (before === NOT_WRITTEN) this.#records.delete(key);
      else this.#records.set(key, before);
      return;
    }
    this.#written?.push(key);
    if (before === NOT_WRITTEN) {
      // What was there before is read again.
      this.#accounts.delete(key);
      this.#writtenAccounts.delete(key);
    } else this.#accounts.set(key, before);
  }

  #baseAccount(address: AddressHex): AccountRecord | undefined {
    const bytes = this.#base.get(accountKey(address));
    if (bytes === undefined) return undefined;
    const decoded = decodeAccount(bytes);
    assert(decoded.ok, `the account record of ${address} does not decode`);
    return decoded.value;
  }
}

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

type Value = Uint8Array | AccountRecord | undefined;
/** Marks in the journal that a key was not in the overlay before. */
const NOT_PRESENT = Symbol('not present');
type Undo = { readonly key: StateKey; readonly before: Value | typeof NOT_PRESENT };

const isBytes = (value: Value): value is Uint8Array => value instanceof Uint8Array;

/**
 * State of a block that is being executed: everything that was read or written on top of the state before it, with a
 * journal that takes changes back. Unbounded in itself; bounded by the gas of the block.
 */
export class StateOverlay implements StateReader {
  readonly #base: StateReader;
  readonly #values: Map<StateKey, Value> = new Map();
  readonly #written: Set<StateKey> = new Set();
  #journal: Undo[] = [];
  /** Storage of this transaction as it was before it (EIP-2200), by key of state. */
  readonly #originals: Map<StateKey, Uint8Array | undefined> = new Map();
  /** Slots written in this transaction, by account: what a self-destruct of a new contract clears (EIP-6780). */
  readonly #slots: Map<AddressHex, Set<HashHex>> = new Map();

  constructor(base: StateReader) {
    this.#base = base;
  }

  /** Raw value of any key; accounts are encoded. */
  get(key: StateKey): Uint8Array | undefined {
    const value = this.#read(key);
    return value === undefined || isBytes(value) ? value : encodeAccount(value);
  }

  account(address: AddressHex): AccountRecord | undefined {
    const key = accountKey(address);
    const value = this.#read(key);
    if (value === undefined || !isBytes(value)) return value;
    const decoded = decodeAccount(value);
    assert(decoded.ok, `the account record of ${address} does not decode`);
    this.#values.set(key, decoded.value);
    return decoded.value;
  }

  setAccount(address: AddressHex, account: AccountRecord | undefined): void {
    this.#write(accountKey(address), account);
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
    this.#write(key, value);
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
    this.#write(codeKey(codeHash), code);
  }

  /** Record of a system contract. */
  set(key: StateKey, value: Uint8Array | undefined): void {
    this.#write(key, value);
  }

  /** A point to which `revertTo` goes back. */
  checkpoint(): number {
    return this.#journal.length;
  }

  revertTo(checkpoint: number): void {
    assert(checkpoint <= this.#journal.length, 'a checkpoint cannot lie ahead of the journal');
    for (let i = this.#journal.length - 1; i >= checkpoint; i--) {
      const { key, before } = this.#journal[i] as Undo;
      if (before === NOT_PRESENT) {
        this.#values.delete(key);
        this.#written.delete(key);
      } else this.#values.set(key, before);
    }
    this.#journal.length = checkpoint;
  }

  /** What was written in this transaction stays; nothing of it can be taken back any more. */
  endTransaction(): void {
    this.#journal = [];
    this.#originals.clear();
    this.#slots.clear();
  }

  /** All that differs from the state before, ordered by key. */
  changes(): readonly StateChange[] {
    const changes: StateChange[] = [];
    for (const key of this.#written) {
      const value = this.get(key);
      const before = this.#base.get(key);
      if (value === undefined ? before === undefined : before !== undefined && equalBytes(value, before)) continue;
      changes.push({ key, value });
    }
    return changes.sort((a, b) => compareText(a.key, b.key));
  }

  #read(key: StateKey): Value {
    const value = this.#values.get(key);
    if (value !== undefined || this.#values.has(key)) return value;
    return this.#base.get(key);
  }

  #write(key: StateKey, value: Value): void {
    const isKnown = this.#written.has(key);
    this.#journal.push({ key, before: isKnown ? this.#values.get(key) : NOT_PRESENT });
    this.#values.set(key, value);
    this.#written.add(key);
  }
}

import type { AddressHex, HashHex, Height } from '@hansa/primitives';
import type { Entry } from './entry.ts';
import type { Slotted } from './indexed-heap.ts';
import type { AccountFacts } from './ports.ts';

/** One transaction of an account in a proposal in flight. */
type InFlight = { readonly height: Height; readonly hash: HashHex; readonly nonce: number; readonly cost: bigint };

/**
 * The transactions of one account by nonce, over its state at the head and what is in flight.
 *
 * nonce ≤ … in flight … < readyNonce ≤ … executable … < contiguousEnd ≤ … behind a gap …
 */
export class AccountQueue implements Slotted {
  readonly address: AddressHex;
  readonly slots: [number, number] = [-1, -1];
  readonly entries: Map<number, Entry> = new Map();
  nonce: number;
  balance: bigint;
  hasCode: boolean;
  /** Next nonce after the head's state and everything in flight. */
  readyNonce: number;
  contiguousEnd: number;
  /** What the transactions in flight may cost. */
  inFlightCost = 0n;
  /** The next transaction to order, when it is executable; set by the pool. */
  head: Entry | undefined = undefined;
  headSince = 0;
  /** The transaction with the highest nonce, when it may be evicted; set by the pool. */
  tail: Entry | undefined = undefined;
  tailIsExecutable = false;
  /** Executable transactions as the pool has counted them. */
  countedPending = 0;
  /** In order of execution. */
  #inFlight: InFlight[] = [];
  /** Nonces of `entries`, ascending, from `#front` on. */
  #nonces: number[] = [];
  #front = 0;

  constructor(address: AddressHex, facts: AccountFacts) {
    this.address = address;
    this.nonce = Number(facts.nonce);
    this.balance = facts.balance;
    this.hasCode = facts.hasCode;
    this.readyNonce = this.nonce;
    this.contiguousEnd = this.nonce;
  }

  get isIdle(): boolean {
    return this.entries.size === 0 && this.#inFlight.length === 0;
  }

  /** The transaction with the highest nonce. */
  last(): Entry | undefined {
    const nonce = this.#nonces[this.#nonces.length - 1];
    return nonce === undefined ? undefined : this.entries.get(nonce);
  }

  first(): Entry | undefined {
    const nonce = this.#nonces[this.#front];
    return nonce === undefined ? undefined : this.entries.get(nonce);
  }

  /** Takes the place of what has the same nonce. */
  put(entry: Entry): void {
    if (!this.entries.has(entry.nonce)) this.#insertNonce(entry.nonce);
    this.entries.set(entry.nonce, entry);
    if (entry.nonce === this.contiguousEnd) this.#extend(entry.nonce + 1);
  }

  remove(entry: Entry): void {
    this.entries.delete(entry.nonce);
    this.#removeNonce(entry.nonce);
    if (entry.nonce >= this.readyNonce && entry.nonce < this.contiguousEnd) this.contiguousEnd = entry.nonce;
  }

  /** Keeps the order of execution: by height, then as called. The entry, if there is one, MUST be marked before. */
  addInFlight(item: InFlight): void {
    const list = this.#inFlight;
    const last = list[list.length - 1];
    if (last === undefined || last.height <= item.height) {
      list.push(item);
      if (item.nonce === this.readyNonce) {
        this.readyNonce++;
        this.inFlightCost += item.cost;
        if (this.contiguousEnd < this.readyNonce) this.#extend(this.readyNonce);
      } else if (item.nonce > this.readyNonce && item.nonce < this.contiguousEnd) {
        this.#extend(this.readyNonce);
      }
      return;
    }
    let at = list.length;
    while (at > 0 && (list[at - 1] as InFlight).height > item.height) at--;
    list.splice(at, 0, item);
    this.refresh();
    this.#extend(this.readyNonce);
  }

  /** Forgets what is in flight at heights for which `isOver` says so. */
  dropInFlight(isOver: (height: Height) => boolean): void {
    this.#inFlight = this.#inFlight.filter((item) => !isOver(item.height));
    this.refresh();
  }

  setFacts(facts: AccountFacts): void {
    // The view may have been read ahead of this block: a nonce never goes back.
    this.nonce = Math.max(this.nonce, Number(facts.nonce));
    this.balance = facts.balance;
    this.hasCode = facts.hasCode;
  }

  /** Replays what is in flight over the account's state: what has another nonce than the next one will be left out. */
  refresh(): void {
    const before = this.readyNonce;
    let next = this.nonce;
    let cost = 0n;
    for (const item of this.#inFlight) {
      if (item.nonce !== next) continue;
      next++;
      cost += item.cost;
    }
    this.readyNonce = next;
    this.inFlightCost = cost;
    if (next < before || this.contiguousEnd < next) this.#extend(next);
    else if (this.entries.get(this.contiguousEnd)?.orderedHeight === undefined) this.#extend(this.contiguousEnd);
  }

  #extend(from: number): void {
    let end = from;
    for (;;) {
      const entry = this.entries.get(end);
      // One in flight with a nonce that is not its turn is going to be left out: what follows it has to wait.
      if (entry === undefined || entry.orderedHeight !== undefined) break;
      end++;
    }
    this.contiguousEnd = end;
  }

  #insertNonce(nonce: number): void {
    const list = this.#nonces;
    const last = list[list.length - 1];
    if (list.length === this.#front || (last as number) < nonce) list.push(nonce);
    else list.splice(this.#find(nonce), 0, nonce);
  }

  #removeNonce(nonce: number): void {
    const list = this.#nonces;
    if (list[this.#front] === nonce) {
      this.#front++;
      if (this.#front === list.length || this.#front > 512) {
        this.#nonces = list.slice(this.#front);
        this.#front = 0;
      }
    } else if (list[list.length - 1] === nonce) list.pop();
    else list.splice(this.#find(nonce), 1);
  }

  /** First place at or after `#front` that holds `nonce` or more. */
  #find(nonce: number): number {
    let low = this.#front;
    let high = this.#nonces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#nonces[middle] as number) < nonce) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

import { type AddressHex, assert, type HashHex, type Height } from '@hansa/primitives';
import type { ChainParameters } from '@hansa/protocol';
import { AccountQueue } from './account-queue.ts';
import { type Entry, isPreferred, priceOf } from './entry.ts';
import { IndexedHeap } from './indexed-heap.ts';
import type { ChainView, PoolCounts } from './ports.ts';
import { type FeeRule, validateParameters } from './validate-stateless.ts';

/** Heads in order of selection. */
function isHeadBefore(a: AccountQueue, b: AccountQueue): boolean {
  return isPreferred(a.head as Entry, b.head as Entry);
}

/** Tails in order of eviction: what cannot execute first, then the lowest price, then the newest. */
function isTailBefore(a: AccountQueue, b: AccountQueue): boolean {
  if (a.tailIsExecutable !== b.tailIsExecutable) return b.tailIsExecutable;
  return isPreferred(b.tail as Entry, a.tail as Entry);
}

/**
 * The pool's transactions by hash, by account and nonce, by order of selection and by order of eviction.
 * After changing an account's queue, `settle` it. Bounded by the pool's limits, which the caller keeps.
 */
export class PoolIndex {
  readonly byHash: Map<HashHex, Entry> = new Map();
  /** Accounts whose next transaction is executable, best first. */
  readonly heads: IndexedHeap<AccountQueue> = new IndexedHeap(0, isHeadBefore);
  /** Accounts whose last transaction may be evicted, worst first. */
  readonly tails: IndexedHeap<AccountQueue> = new IndexedHeap(1, isTailBefore);
  readonly #chain: ChainView;
  readonly #now: () => number;
  readonly #idleCountMax: number;
  readonly #accounts: Map<AddressHex, AccountQueue> = new Map();
  /** Accounts without transactions, least recently settled first. */
  readonly #idle: Set<AccountQueue> = new Set();
  readonly isFeeFree: FeeRule;
  parameters: ChainParameters;
  sizeBytes = 0;
  #pendingCount = 0;
  orderedCount = 0;
  ownCount = 0;

  constructor(chain: ChainView, now: () => number, idleCountMax: number) {
    this.#chain = chain;
    this.#now = now;
    this.#idleCountMax = idleCountMax;
    this.parameters = chain.parameters();
    this.isFeeFree = (tx) => chain.isFeeFree?.(tx) === true;
  }

  get size(): number {
    return this.byHash.size;
  }

  counts(): PoolCounts {
    return {
      pending: this.#pendingCount,
      queued: this.byHash.size - this.#pendingCount - this.orderedCount,
      ordered: this.orderedCount,
      own: this.ownCount,
      accounts: this.#accounts.size - this.#idle.size,
      sizeBytes: this.sizeBytes,
    };
  }

  /** The account, when the pool knows it. */
  find(address: AddressHex): AccountQueue | undefined {
    return this.#accounts.get(address);
  }

  /** The account, read from the chain when it is new here. `settle` it afterwards, or it is kept for good. */
  account(address: AddressHex): AccountQueue {
    const known = this.#accounts.get(address);
    if (known !== undefined) {
      this.#idle.delete(known);
      return known;
    }
    const account = new AccountQueue(address, this.#chain.account(address));
    this.#accounts.set(address, account);
    return account;
  }

  accounts(): Iterable<AccountQueue> {
    return this.#accounts.values();
  }

  insert(entry: Entry, account: AccountQueue): void {
    this.byHash.set(entry.tx.hash, entry);
    account.put(entry);
    this.sizeBytes += entry.tx.bytes.length;
    if (entry.isOwn) this.ownCount++;
  }

  /** Takes the entry out; also right after another entry has taken its nonce. */
  remove(entry: Entry, account: AccountQueue): void {
    assert(this.byHash.delete(entry.tx.hash), `transaction ${entry.tx.hash} was expected in the pool`);
    entry.isGone = true;
    if (account.entries.get(entry.nonce) === entry) account.remove(entry);
    this.sizeBytes -= entry.tx.bytes.length;
    if (entry.orderedHeight !== undefined) this.orderedCount--;
    if (entry.isOwn) this.ownCount--;
  }

  /** Marks an entry as part of the proposal in flight at a height, or of none. */
  setOrdered(entry: Entry, height: Height | undefined): void {
    this.orderedCount += Number(height !== undefined) - Number(entry.orderedHeight !== undefined);
    entry.orderedHeight = height;
  }

  /** Brings counts and both orders up to date with the account's queue. */
  settle(account: AccountQueue): void {
    this.#settleHead(account);
    this.#settleTail(account);
    const pending = account.head === undefined ? 0 : account.contiguousEnd - account.readyNonce;
    this.#pendingCount += pending - account.countedPending;
    account.countedPending = pending;
    if (account.isIdle) this.#rest(account);
    else this.#idle.delete(account);
  }

  /** Why the next transaction of an account cannot be ordered although its nonce is next. */
  blockedCause(entry: Entry, account: AccountQueue): 'funds' | 'parameters' | undefined {
    if (entry.cost > account.balance - account.inFlightCost) return 'funds';
    if (account.hasCode || validateParameters(entry.tx, this.parameters, this.isFeeFree) !== undefined)
      return 'parameters';
    return undefined;
  }

  /** The best `countMax` of the executable heads, not all in order: a walk from the top of the heap. */
  bestHeads(countMax: number): readonly AccountQueue[] {
    const heads: AccountQueue[] = [];
    const count = Math.min(countMax, this.heads.size);
    for (let place = 0; place < count; place++) heads.push(this.heads.at(place) as AccountQueue);
    return heads;
  }

  /** Takes up changed parameters: prices and what is executable may be different from now on. */
  reprice(parameters: ChainParameters): void {
    this.parameters = parameters;
    for (const account of this.#accounts.values()) {
      // Out of both orders first: a price must not change while something is sorted by it.
      this.heads.remove(account);
      this.tails.remove(account);
      account.head = undefined;
      account.tail = undefined;
    }
    for (const entry of this.byHash.values()) entry.price = priceOf(entry.tx, parameters.minimumGasPrice);
    for (const account of [...this.#accounts.values()]) if (!this.#idle.has(account)) this.settle(account);
  }

  #settleHead(account: AccountQueue): void {
    const next = account.contiguousEnd > account.readyNonce ? account.entries.get(account.readyNonce) : undefined;
    const head = next !== undefined && this.blockedCause(next, account) === undefined ? next : undefined;
    if (head === account.head) return;
    if (head === undefined) {
      this.heads.remove(account);
      account.head = undefined;
      return;
    }
    account.head = head;
    account.headSince = this.#now();
    this.heads.update(account);
  }

  #settleTail(account: AccountQueue): void {
    const last = account.last();
    const tail = last === undefined || last.isOwn || last.orderedHeight !== undefined ? undefined : last;
    const isExecutable = tail !== undefined && account.head !== undefined && tail.nonce < account.contiguousEnd;
    if (tail === account.tail && isExecutable === account.tailIsExecutable) return;
    if (tail === undefined) {
      this.tails.remove(account);
      account.tail = undefined;
      account.tailIsExecutable = false;
      return;
    }
    account.tail = tail;
    account.tailIsExecutable = isExecutable;
    this.tails.update(account);
  }

  #rest(account: AccountQueue): void {
    this.#idle.delete(account);
    this.#idle.add(account);
    if (this.#idle.size <= this.#idleCountMax) return;
    for (const oldest of this.#idle) {
      this.#idle.delete(oldest);
      this.#accounts.delete(oldest.address);
      break;
    }
  }
}

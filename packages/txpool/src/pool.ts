import {
  type AddressHex,
  assert,
  fail,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  type Result,
} from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { AccountQueue } from './account-queue.ts';
import { commitFacts } from './commit.ts';
import { costOf, type Entry, priceOf } from './entry.ts';
import { type PoolCode, type PoolRefusal, poolRefusal } from './errors.ts';
import { ExpiryIndex } from './expiry-index.ts';
import { GossipLog } from './gossip-log.ts';
import { assertPoolLimits, DEFAULT_POOL_LIMITS, type PoolLimits } from './limits.ts';
import { OrderedProposals } from './ordered-proposals.ts';
import { PoolIndex } from './pool-index.ts';
import { PoolRecord } from './pool-record.ts';
import type { Admission, TxPool, TxPoolDependencies, TxPoolOptions } from './pool-type.ts';
import type {
  CommittedFacts,
  EndedTransaction,
  Origin,
  PoolContent,
  PoolCounts,
  PoolMetrics,
  PoolStatus,
  Selection,
  SentRequirement,
} from './ports.ts';
import { selectTransactions } from './select.ts';
import { contentOf, statusOf } from './status.ts';
import { validateReplacement, validateStateful } from './validate-stateful.ts';
import { validateStateless } from './validate-stateless.ts';

/** Heads that are looked at for signs of censorship or of a silent primary. */
const WATCHED_HEAD_COUNT = 64;

/** The transactions that wait to be ordered on this node. */
export function createTxPool(options: TxPoolOptions, dependencies: TxPoolDependencies): TxPool {
  return new Pool(options, dependencies);
}

class Pool implements TxPool {
  readonly #chainId: number;
  readonly #limits: PoolLimits;
  readonly #dependencies: TxPoolDependencies;
  readonly #index: PoolIndex;
  readonly #gossip: GossipLog;
  readonly #record: PoolRecord;
  readonly #proposals = new OrderedProposals();
  readonly #expiry = new ExpiryIndex();
  #height: Height;
  #sequence = 0;
  /** Transactions in the journal; those that have ended are in it until it is rewritten. */
  #journalledCount = 0;

  constructor(options: TxPoolOptions, dependencies: TxPoolDependencies) {
    this.#chainId = options.chainId;
    this.#limits = { ...DEFAULT_POOL_LIMITS, ...options.limits };
    assertPoolLimits(this.#limits);
    this.#dependencies = dependencies;
    this.#height = dependencies.chain.height();
    this.#index = new PoolIndex(dependencies.chain, dependencies.now, this.#limits.idleAccountCountMax);
    this.#gossip = new GossipLog(this.#limits.gossipCountMax, this.#limits.peerCountMax);
    this.#record = new PoolRecord(dependencies.listener, this.#limits.endedCountMax);
  }

  add(transactions: readonly SignedTransaction[], origin: Origin): readonly Result<Admission, PoolRefusal>[] {
    const journalled: Uint8Array[] = [];
    const arrivedAt = this.#dependencies.now();
    const outcomes = transactions.map((tx) => {
      const outcome = this.#admit(tx, origin, arrivedAt);
      if (outcome.ok && origin.type === 'local') journalled.push(tx.bytes);
      if (outcome.ok && origin.type === 'journal') this.#journalledCount++;
      if (!outcome.ok && origin.type === 'journal' && !this.has(tx.hash)) {
        this.#record.addEnded(endOfRefused(tx, outcome.error));
      }
      return outcome;
    });
    if (journalled.length > 0 && this.#dependencies.journal !== undefined) {
      this.#journalledCount += journalled.length;
      this.#dependencies.journal.append(journalled);
    }
    this.#record.tellListener();
    return outcomes;
  }

  get(hash: HashHex): SignedTransaction | undefined {
    return this.#index.byHash.get(hash)?.tx ?? this.#proposals.visitor(hash)?.tx;
  }

  has(hash: HashHex): boolean {
    return this.#index.byHash.has(hash) || this.#proposals.visitor(hash) !== undefined;
  }

  status(hash: HashHex): PoolStatus {
    const entry = this.#index.byHash.get(hash);
    if (entry !== undefined) return statusOf(entry, this.#accountOf(entry), this.#index);
    const visitor = this.#proposals.visitor(hash);
    if (visitor !== undefined) return { type: 'ordered', height: visitor.height };
    return this.#record.ended(hash) ?? { type: 'unknown' };
  }

  nextNonce(address: AddressHex): bigint {
    const account = this.#index.find(address);
    return account === undefined ? this.#dependencies.chain.account(address).nonce : BigInt(account.contiguousEnd);
  }

  counts(): PoolCounts {
    return this.#index.counts();
  }

  metrics(): PoolMetrics {
    return this.#record.metrics(this.#gossip.missedCount);
  }

  content(address?: AddressHex): PoolContent {
    return contentOf(this.#index, address);
  }

  select(selection: Selection): readonly SignedTransaction[] {
    return selectTransactions(this.#index, selection);
  }

  markOrdered(height: Height, transactions: readonly SignedTransaction[]): void {
    if (height <= this.#height) return;
    if (this.#proposals.get(height) !== undefined) this.#unmark((marked) => marked === height);
    this.#proposals.set(height, transactions);
    const touched = new Set<AccountQueue>();
    for (const tx of transactions) {
      const entry = this.#index.byHash.get(tx.hash);
      const account = this.#index.account(tx.sender);
      if (entry === undefined) this.#proposals.addVisitor(tx, height);
      else this.#index.setOrdered(entry, height);
      account.addInFlight({ height, hash: tx.hash, nonce: Number(tx.nonce), cost: entry?.cost ?? costOf(tx) });
      touched.add(account);
    }
    for (const account of touched) this.#index.settle(account);
  }

  dropOrdered(fromHeight: Height): void {
    this.#unmark((height) => height >= fromHeight);
    this.#record.tellListener();
  }

  orderedHeight(hash: HashHex): Height | undefined {
    return this.#index.byHash.get(hash)?.orderedHeight ?? this.#proposals.visitor(hash)?.height;
  }

  onCommitted(facts: CommittedFacts): void {
    assert(facts.height > this.#height, `a height above ${this.#height} was expected, got ${facts.height}`);
    const before = this.#height;
    this.#height = facts.height;
    commitFacts(facts, {
      index: this.#index,
      proposals: this.#proposals,
      end: (entry, ended) => this.#end(entry, ended),
      forget: (hash) => this.#record.forget(hash),
      expiredEntries: () => this.#expiry.take(before, facts.height),
      parameters: this.#dependencies.chain.parameters(),
    });
    this.#gossip.trim();
    this.#compactJournal();
    this.#record.tellListener();
  }

  hasExecutable(): boolean {
    return this.#index.heads.size > 0;
  }

  hasWaiting(requirement: SentRequirement): boolean {
    if (this.#index.heads.size === 0) return false;
    const below = this.#gossip.sentBelow(requirement);
    return this.#index.bestHeads(WATCHED_HEAD_COUNT).some(({ head }) => {
      const position = (head as Entry).logPosition;
      return position >= 0 && position < below;
    });
  }

  longestWaitMs(): number {
    const now = this.#dependencies.now();
    return this.#index
      .bestHeads(WATCHED_HEAD_COUNT)
      .reduce((most, { headSince }) => Math.max(most, now - headSince), 0);
  }

  findOvertaken(
    ordered: readonly SignedTransaction[],
    options: { readonly marginMs: number; readonly primary: NodeId | undefined },
  ): HashHex | undefined {
    const now = this.#dependencies.now();
    const { minimumGasPrice } = this.#index.parameters;
    for (const { head, headSince } of this.#index.bestHeads(WATCHED_HEAD_COUNT)) {
      const entry = head as Entry;
      const since = headSince + options.marginMs;
      if (since >= now || !this.#gossip.isSentTo(entry, options.primary)) continue;
      if (ordered.some((tx) => tx.hash === entry.tx.hash)) continue;
      const isOvertaken = ordered.some((tx) => {
        const known = this.#index.byHash.get(tx.hash);
        return (known?.arrivedAt ?? now) > since && priceOf(tx, minimumGasPrice) <= entry.price;
      });
      if (isOvertaken) return entry.tx.hash;
    }
    return undefined;
  }

  addPeer(nodeId: NodeId): void {
    this.#gossip.addPeer(nodeId);
  }

  removePeer(nodeId: NodeId): void {
    this.#gossip.removePeer(nodeId);
  }

  takeGossip(
    nodeId: NodeId,
    options: { readonly countMax: number; readonly sizeBytesMax: number },
  ): readonly SignedTransaction[] {
    return this.#gossip.take(nodeId, options);
  }

  untakeGossip(nodeId: NodeId): void {
    this.#gossip.untake(nodeId);
  }

  peersWithGossip(): readonly NodeId[] {
    return this.#gossip.peersWithMore();
  }

  resendWaiting(options: {
    readonly countMax: number;
    readonly sentMax: number;
    readonly waitedMsMin: number;
    readonly onlyForeign?: true;
  }): number {
    const limit = this.#dependencies.now() - options.waitedMsMin;
    let count = 0;
    for (const { head, headSince } of this.#index.bestHeads(options.countMax)) {
      if (count >= options.sentMax) break;
      if (headSince > limit) continue;
      if (options.onlyForeign === true && (head as Entry).logPosition >= 0) continue;
      this.#gossip.append(head as Entry);
      count++;
    }
    return count;
  }

  ownWaiting(countMax: number): readonly SignedTransaction[] {
    const heads = this.#index.bestHeads(this.#index.heads.size).map(({ head }) => head as Entry);
    return heads.flatMap(({ isOwn, tx }) => (isOwn ? [tx] : [])).slice(0, countMax);
  }

  #admit(tx: SignedTransaction, origin: Origin, arrivedAt: number): Result<Admission, PoolRefusal> {
    const early = lastingRefusal(this.#validateAlone(tx), origin);
    if (early !== undefined) return this.#refuse(early);
    const account = this.#index.account(tx.sender);
    const refusal =
      lastingRefusal(validateStateful(tx, account, { limits: this.#limits, height: this.#height }), origin) ??
      this.#makeRoom(tx, account, origin);
    if (refusal !== undefined) {
      this.#index.settle(account);
      return this.#refuse(refusal);
    }
    const entry = this.#createEntry(tx, origin, arrivedAt);
    const replaced = account.entries.get(entry.nonce);
    this.#index.insert(entry, account);
    if (replaced !== undefined) this.#end(replaced, { type: 'replaced', hash: replaced.tx.hash, by: tx.hash });
    this.#index.settle(account);
    const isKept = this.#evictFor(entry, account);
    if (!isKept) return this.#refuse(this.#fullRefusal(tx));
    this.#expiry.add(entry);
    if (entry.isOwn || (origin.type === 'peer' && origin.relay)) this.#gossip.append(entry);
    this.#record.addAdmitted(tx);
    const isPending = account.head !== undefined && entry.nonce < account.contiguousEnd;
    return ok({ hash: tx.hash, state: isPending ? 'pending' : 'queued' });
  }

  #validateAlone(tx: SignedTransaction): PoolRefusal | undefined {
    if (this.has(tx.hash)) {
      return poolRefusal(
        'POOL_ALREADY_KNOWN',
        tx.hash,
        'already known',
        'nothing to do: ask for its status or receipt',
      );
    }
    return validateStateless(tx, {
      chainId: this.#chainId,
      limits: this.#limits,
      parameters: this.#index.parameters,
      isFeeFree: this.#index.isFeeFree,
    });
  }

  /** Replacement rules, and the limit of the account: a lower nonce takes the place of the account's last. */
  #makeRoom(tx: SignedTransaction, account: AccountQueue, origin: Origin): PoolRefusal | undefined {
    const replaced = account.entries.get(Number(tx.nonce));
    if (replaced !== undefined) return this.#validateReplacement(tx, replaced);
    if (account.entries.size < this.#limits.accountTransactionCountMax) return undefined;
    const last = account.last() as Entry;
    const isLower = tx.nonce < BigInt(last.nonce) && last.orderedHeight === undefined;
    if (isLower && (!last.isOwn || origin.type === 'local')) {
      this.#drop(last, 'POOL_ACCOUNT_LIMIT', 'account limit exceeded: a transaction with a lower nonce took its place');
      return undefined;
    }
    return poolRefusal(
      'POOL_ACCOUNT_LIMIT',
      tx.hash,
      `account limit exceeded: 0x${account.address} has ${account.entries.size} transactions waiting, the limit of this node`,
      'wait until some are final',
    );
  }

  #validateReplacement(tx: SignedTransaction, replaced: Entry): PoolRefusal | undefined {
    const refusal = validateReplacement(tx, replaced, this.#limits);
    if (refusal !== undefined) return refusal;
    // A replacement must not be evicted itself after its predecessor has gone.
    const sizeBytes = this.#index.sizeBytes + tx.bytes.length - replaced.tx.bytes.length;
    return sizeBytes > this.#limits.sizeBytesMax ? this.#fullRefusal(tx) : undefined;
  }

  #fullRefusal(tx: SignedTransaction): PoolRefusal {
    return poolRefusal(
      'POOL_FULL',
      tx.hash,
      `txpool is full: ${this.#index.size} transactions, ${this.#index.sizeBytes} bytes, none of lower price`,
      'send it again later, or with a higher price',
    );
  }

  #createEntry(tx: SignedTransaction, origin: Origin, arrivedAt: number): Entry {
    return {
      tx,
      nonce: Number(tx.nonce),
      origin,
      isOwn: origin.type === 'local' || origin.type === 'journal',
      sequence: this.#sequence++,
      arrivedAt,
      cost: costOf(tx),
      price: priceOf(tx, this.#index.parameters.minimumGasPrice),
      orderedHeight: undefined,
      logPosition: -1,
      leftOut: undefined,
      leftOutCount: 0,
      isGone: false,
    };
  }

  /** Evicts what is worse than the newcomer until the limits hold; false when the newcomer itself has to go. */
  #evictFor(newcomer: Entry, account: AccountQueue): boolean {
    const { transactionCountMax, sizeBytesMax } = this.#limits;
    while (this.#index.size > transactionCountMax || this.#index.sizeBytes > sizeBytesMax) {
      const worst = this.#index.tails.at(0)?.tail;
      if (worst === undefined || worst === newcomer) {
        this.#index.remove(newcomer, account);
        this.#index.settle(account);
        return false;
      }
      this.#record.addEvicted();
      this.#drop(worst, 'POOL_FULL', 'txpool is full: evicted for a transaction that pays more or can execute now');
      this.#index.settle(this.#accountOf(worst));
    }
    return true;
  }

  #drop(entry: Entry, code: 'POOL_FULL' | 'POOL_ACCOUNT_LIMIT', message: string): void {
    const remedy = 'send it again later, or with a higher price';
    this.#end(entry, { type: 'dropped here', hash: entry.tx.hash, code, message, remedy });
  }

  /** Takes an entry out and remembers how it ended; without an end it is final, which the ledger tells. */
  #end(entry: Entry, ended: EndedTransaction | undefined): void {
    this.#index.remove(entry, this.#accountOf(entry));
    this.#expiry.remove(entry);
    if (ended === undefined) this.#record.addCommitted(entry.tx.hash);
    else this.#record.addEnded(ended);
  }

  /** Forgets proposals in flight; what came with them alone is offered to the pool. */
  #unmark(isOver: (height: Height) => boolean): void {
    const touched = new Set<AccountQueue>();
    const visitors: SignedTransaction[] = [];
    for (const height of this.#proposals.heights(isOver)) {
      const dropped = this.#proposals.drop(height);
      visitors.push(...dropped.visitors);
      for (const tx of dropped.all) {
        const entry = this.#index.byHash.get(tx.hash);
        if (entry?.orderedHeight === height) this.#index.setOrdered(entry, undefined);
        touched.add(this.#index.account(tx.sender));
      }
    }
    for (const account of touched) {
      account.dropInFlight(isOver);
      this.#index.settle(account);
    }
    const arrivedAt = this.#dependencies.now();
    for (const tx of visitors) this.#admit(tx, { type: 'proposal' }, arrivedAt);
  }

  #refuse(refusal: PoolRefusal): { readonly ok: false; readonly error: PoolRefusal } {
    this.#record.addRefused(refusal);
    return fail(refusal);
  }

  #accountOf(entry: Entry): AccountQueue {
    const account = this.#index.find(entry.tx.sender);
    assert(account !== undefined, `the account of a pooled transaction was expected, got none for ${entry.tx.hash}`);
    return account;
  }

  #compactJournal(): void {
    const { journal } = this.#dependencies;
    if (journal === undefined || this.#journalledCount < 1024 + 4 * this.#index.ownCount) return;
    const own: Uint8Array[] = [];
    for (const entry of this.#index.byHash.values()) if (entry.isOwn) own.push(entry.tx.bytes);
    this.#journalledCount = own.length;
    journal.rewrite(own);
  }
}

/** What can pass: the account may be funded again, a change of parameters taken back. */
const PASSING_CODES: ReadonlySet<PoolCode> = new Set([
  'POOL_INSUFFICIENT_FUNDS',
  'POOL_UNDERPRICED',
  'POOL_FEE_CAP_TOO_LOW',
  'POOL_EXCEEDS_BLOCK_GAS_LIMIT',
  'POOL_EXCEEDS_TRANSACTION_GAS_LIMIT',
]);

/** A client was told yes for what the journal holds. What waited before a restart waits after it, too. */
function lastingRefusal(refusal: PoolRefusal | undefined, origin: Origin): PoolRefusal | undefined {
  if (refusal === undefined || origin.type !== 'journal') return refusal;
  return PASSING_CODES.has(refusal.code) ? undefined : refusal;
}

/** What its client learns of a journalled transaction that cannot be taken back; the ledger is asked first. */
function endOfRefused({ hash, lastHeight }: SignedTransaction, refusal: PoolRefusal): EndedTransaction {
  const { code, message, remedy } = refusal;
  return code === 'POOL_EXPIRED' && lastHeight !== undefined
    ? { type: 'expired', hash, lastHeight, message, remedy }
    : { type: 'dropped here', hash, code, message, remedy };
}

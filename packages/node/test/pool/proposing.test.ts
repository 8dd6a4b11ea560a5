/** Pool, tracker, store and source together, as a primary and as a backup: with the real pool, and real signatures. */

import type { PbftStatus } from '@hansa/consensus';
import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import {
  type AddressHex,
  type HashHex,
  type Height,
  ok,
  type Term,
  type ValidatorIndex,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type ChainParameters,
  DEFAULT_CHAIN_PARAMETERS,
  decodeTransaction,
  encodeSignedTransaction,
  type Proposal,
  proposalDigest,
  recoverSender,
  type SignedTransaction,
  type TermInfo,
} from '@hansa/protocol';
import { createTxPool, type TxPool } from '@hansa/txpool';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createOrderedTracker, type OrderedTracker } from '../../src/pool/ordered-tracker.ts';
import { createProposalSource } from '../../src/pool/proposal-source.ts';
import { createProposalTransactions, type ProposalTransactionStore } from '../../src/pool/proposal-transactions.ts';

const CHAIN_ID = 7;
const KEYS = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));

function transfer(key: number, nonce: number): SignedTransaction {
  const raw = encodeSignedTransaction(
    {
      type: 0,
      chainId: CHAIN_ID,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: '00'.repeat(19).concat('99') as AddressHex,
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
    },
    KEYS[key] as Uint8Array,
  );
  const decoded = decodeTransaction(raw);
  const signed = decoded.ok ? recoverSender(decoded.value) : decoded;
  if (!signed.ok) throw new Error(signed.error.message);
  return signed.value;
}

let nowMs = 0;
let head = 0;
let decided = 0;
let parameters: ChainParameters;
let limit = 0;
/** From a proposal to finality. */
let blockMs = 0;
let pool: TxPool;
let tracker: OrderedTracker;
let store: ProposalTransactionStore;
const proposed: [number, boolean][] = [];
const nonces = new Map<string, bigint>();
const digestOf = (proposal: Proposal): HashHex => proposalDigest(suite, proposal);
const term = (): TermInfo => ({ parameters }) as TermInfo;

function proposalOf(height: number, transactions: readonly SignedTransaction[], parentDigest = ZERO_HASH): Proposal {
  return {
    chainId: CHAIN_ID,
    groupId: 'group0',
    term: 0 as Term,
    height: height as Height,
    view: 0 as View,
    parentDigest,
    timestamp: height,
    proposer: 0 as ValidatorIndex,
    transactionHashes: transactions.map((transaction) => transaction.hash),
  };
}
const check = (proposal: Proposal, ancestors: readonly Proposal[] = []): string =>
  store.check({ proposal, ancestors, mode: 'full', term: term() }).type;

/** A final block, told to everybody in the order of create-node.ts. */
function commit(
  height: number,
  executed: readonly SignedTransaction[],
  leftOut: readonly SignedTransaction[] = [],
): void {
  head = height;
  for (const { sender, nonce } of executed) nonces.set(sender, nonce + 1n);
  tracker.onCommitted(height as Height);
  store.onCommitted(
    executed.map(({ hash }) => hash),
    leftOut.map(({ hash }) => hash),
  );
  pool.onCommitted({
    height: height as Height,
    executed: executed.map(({ hash, sender, nonce }) => ({ hash, sender, nonce })),
    leftOut: leftOut.map(({ hash }, position) => ({ hash, position, reason: 'nonce too high' })),
    accounts: executed.map(({ sender, nonce }) => ({
      address: sender,
      nonce: nonce + 1n,
      balance: 10n ** 18n,
      hasCode: false,
    })),
  });
}

const select = (height: number, ancestors: readonly Proposal[] = []): readonly HashHex[] | undefined => {
  let selected: readonly HashHex[] | undefined;
  source.select({ height: height as Height, ancestors, term: term() }, (hashes) => {
    selected = hashes;
  });
  return selected;
};
let source: ReturnType<typeof createProposalSource>;

beforeAll(initCrypto);
beforeEach(() => {
  [nowMs, head, decided, limit, blockMs] = [0, 0, 0, 1_000, 0];
  nonces.clear();
  proposed.length = 0;
  parameters = DEFAULT_CHAIN_PARAMETERS;
  pool = createTxPool(
    { chainId: CHAIN_ID },
    {
      chain: {
        height: () => head as Height,
        account: (of) => ({ nonce: nonces.get(of) ?? 0n, balance: 10n ** 18n, hasCode: false }),
        parameters: () => parameters,
      },
      now: () => nowMs,
      journal: { append: () => undefined, rewrite: () => undefined },
      listener: { onAdmitted: () => undefined, onReplaced: () => undefined, onDropped: () => undefined },
    },
  );
  tracker = createOrderedTracker(pool, 0 as Height);
  store = createProposalTransactions({
    pool,
    tracker,
    verifier: {
      verifyTransactions: async (raw) =>
        ok(
          raw.map((bytes) => {
            const decoded = decodeTransaction(bytes);
            return decoded.ok ? recoverSender(decoded.value) : decoded;
          }),
        ),
    },
    digestOf,
    chainId: CHAIN_ID,
    penalise: () => undefined,
    beforeMark: () => undefined,
    resendWaiting: () => undefined,
  });
  source = createSource(0, { ...systemClock, monotonicMs: () => nowMs });
});
const createSource = (
  gatherMs: number,
  clock: Parameters<typeof createProposalSource>[1]['clock'],
): ReturnType<typeof createProposalSource> =>
  createProposalSource(
    { gatherMs },
    {
      pool,
      tracker,
      transactions: store,
      digestOf,
      inFlight: {
        count: () => limit,
        onProposed: (height, isCut) => proposed.push([height, isCut]),
        onCommitted: () => undefined,
      },
      pace: { onFollowed: () => undefined, blockMs: () => blockMs },
      headHeight: () => head as Height,
      decidedHeight: () => Math.max(head, decided) as Height,
      clock,
    },
  );
const add = (...transactions: readonly SignedTransaction[]): void => void pool.add(transactions, { type: 'local' });

describe('a backup', () => {
  test('says what it misses, and calls valid what it holds', () => {
    const [a, b] = [transfer(0, 0), transfer(1, 0)];
    add(a);
    const proposal = proposalOf(1, [a, b]);
    expect(store.check({ proposal, ancestors: [], mode: 'full', term: term() })).toEqual({
      type: 'missing',
      hashes: [b.hash],
    });
    add(b);
    expect(check(proposal)).toBe('valid');
    expect(store.transactionsOf(proposal).map(({ hash }) => hash)).toEqual([a.hash, b.hash]);
  });

  test('refuses what is ordered twice, executed already, or too much', () => {
    const [a, b] = [transfer(0, 0), transfer(1, 0)];
    add(a, b);
    const first = proposalOf(1, [a]);
    expect(check(proposalOf(2, [a, b], digestOf(first)), [first])).toBe('invalid');
    expect(check(proposalOf(1, [a, a]))).toBe('invalid');
    expect(check(first)).toBe('valid');
    commit(1, [a]);
    expect(check(proposalOf(2, [a, b]))).not.toBe('valid');
    parameters = { ...parameters, txCountLimit: 1 };
    expect(check(proposalOf(2, [b, transfer(2, 0)]))).toBe('invalid');
    parameters = { ...parameters, txCountLimit: 10, blockGasLimit: 21_000n };
    add(transfer(2, 0));
    expect(check(proposalOf(2, [b]))).toBe('valid');
  });

  test('follows a proposal that orders again what was left out before', () => {
    const late = transfer(0, 1);
    add(transfer(0, 0), late);
    expect(check(proposalOf(1, [late]))).toBe('valid');
    commit(1, [], [late]);
    expect(check(proposalOf(2, [late]))).toBe('valid');
  });

  test('holds the transactions of a proposal until they are final, though the pool has dropped its copy', () => {
    const a = transfer(0, 0);
    add(a);
    const proposal = proposalOf(1, [a]);
    expect(check(proposal)).toBe('valid');
    // Another block with the nonce takes the copy out of the pool.
    pool.onCommitted({
      height: 1 as Height,
      executed: [],
      leftOut: [],
      accounts: [{ address: a.sender, nonce: 1n, balance: 0n, hasCode: false }],
    });
    expect(pool.get(a.hash)).toBeUndefined();
    expect(store.transactionsOf(proposal)).toHaveLength(1);
  });
});

describe('a primary', () => {
  test('orders what waits, and not again what is in flight', () => {
    const [a, b] = [transfer(0, 0), transfer(1, 0)];
    add(a);
    expect(select(1)).toEqual([a.hash]);
    const first = proposalOf(1, [a]);
    add(b);
    expect(select(2, [first])).toEqual([b.hash]);
    expect(select(3, [first, proposalOf(2, [b], digestOf(first))])).toBeUndefined();
  });

  test('lets the next proposal fill while two heights wait for their decision on a chain that is slow', () => {
    const [a, b, c, d] = [transfer(0, 0), transfer(1, 0), transfer(2, 0), transfer(0, 1)];
    const later = (height: number, ancestors: readonly Proposal[]): readonly HashHex[] | undefined => {
      nowMs += 10_000;
      return select(height, ancestors);
    };
    const [first, second] = [proposalOf(1, [a]), proposalOf(2, [b])];
    add(a);
    expect(later(1, [])).toEqual([a.hash]);
    add(b);
    expect(later(2, [first])).toEqual([b.hash]);
    add(c);
    blockMs = parameters.viewTimeoutBaseMs / 2 + 1;
    expect(later(3, [first, second])).toBeUndefined();
    add(d);
    decided = 1;
    expect(later(3, [first, second])).toEqual(expect.arrayContaining([c.hash, d.hash]));
    blockMs -= 1;
    decided = 0;
    expect(later(4, [first, second, proposalOf(3, [c, d])])).toBeUndefined();
    add(transfer(1, 1));
    expect(later(4, [first, second, proposalOf(3, [c, d])])).toHaveLength(1);
  });

  test('is not held up by an ancestor that has become final since it was asked', () => {
    const [a, b] = [transfer(0, 0), transfer(1, 0)];
    add(a, b);
    const first = proposalOf(1, [a]);
    expect(check(first)).toBe('valid');
    commit(1, [a]);
    expect(select(2, [first])).toEqual([b.hash]);
    // A final height is not marked again in the pool.
    expect(pool.counts().ordered).toBe(0);
  });

  test('gives up what it waited to order when another view has come meanwhile, and made it final', () => {
    const [a, b, c] = [transfer(0, 0), transfer(1, 0), transfer(2, 0)];
    add(a, b);
    const waiting: (() => void)[] = [];
    const clock = {
      monotonicMs: () => nowMs,
      after: (_: number, run: () => void) => {
        waiting.push(run);
        return () => undefined;
      },
    };
    const late = createSource(80, clock);
    const viewIs = (view: number): void =>
      tracker.onStatus({ term: 0, view, inFlight: [], decidedHeight: 0 } as unknown as PbftStatus);
    viewIs(0);
    const [first, second] = [proposalOf(1, [a]), proposalOf(2, [b])];
    expect([check(first), check(second, [first])]).toEqual(['valid', 'valid']);
    late.select({ height: 1 as Height, ancestors: [], term: term() }, () => undefined);
    add(c);
    late.select({ height: 1 as Height, ancestors: [], term: term() }, () => undefined);
    nowMs = 10;
    const answers: unknown[] = [];
    late.select({ height: 3 as Height, ancestors: [first, second], term: term() }, (hashes) => answers.push(hashes));
    expect(answers).toEqual([]);
    viewIs(1);
    commit(1, [a, b]);
    nowMs = 90;
    for (const run of waiting) run();
    expect(answers).toEqual([undefined]);
    // Nothing is held back for proposals that nobody follows.
    expect(select(2)).toEqual([c.hash]);
  });

  test.each([
    { name: 'on a quick chain', chainMs: 60, distanceMs: 80 },
    { name: 'where its time begins to count', chainMs: 104, distanceMs: 80 },
    { name: 'on a slow chain', chainMs: 200, distanceMs: 150 },
    { name: 'on a very slow chain, never more than a quarter of the view time-out', chainMs: 5_000, distanceMs: 250 },
  ])('keeps a distance that follows the time of blocks: $name', ({ chainMs, distanceMs }) => {
    const waits: number[] = [];
    const clock = {
      monotonicMs: () => nowMs,
      after: (ms: number) => {
        waits.push(ms);
        return () => undefined;
      },
    };
    blockMs = chainMs;
    const slow = createSource(80, clock);
    add(transfer(0, 0), transfer(1, 0));
    slow.select({ height: 1 as Height, ancestors: [], term: term() }, () => undefined);
    expect(waits).toEqual([]);
    nowMs = 10;
    slow.select({ height: 2 as Height, ancestors: [], term: term() }, () => undefined);
    expect(waits).toEqual([distanceMs - 10]);
  });

  test('keeps what it has selected, whatever the pool does with its copy', () => {
    const a = transfer(0, 0);
    add(a);
    expect(select(1)).toEqual([a.hash]);
    pool.onCommitted({
      height: 1 as Height,
      executed: [],
      leftOut: [],
      accounts: [{ address: a.sender, nonce: 1n, balance: 0n, hasCode: false }],
    });
    expect(pool.get(a.hash)).toBeUndefined();
    expect(store.transactionsOf(proposalOf(2, [a]))).toHaveLength(1);
  });

  test('orders no more than may be in flight, and says when that kept something back', () => {
    for (let nonce = 0; nonce < 150; nonce++) add(transfer(0, nonce), transfer(1, nonce));
    limit = 250;
    expect(select(1)).toHaveLength(250);
    const inFlight = proposalOf(
      1,
      Array.from({ length: 120 }, (_, nonce) => transfer(0, nonce)),
    );
    expect(select(2, [inFlight])).toHaveLength(130);
    limit = 120;
    expect(select(2, [inFlight])).toBeUndefined();
    head = 1;
    limit = 1_000;
    expect(select(2, [inFlight])).toHaveLength(180);
    expect(proposed).toEqual([
      [1, true],
      [2, true],
      [2, false],
    ]);
  });
});

import type { SignedTransaction } from '@hansa/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { address, CHAIN_ID, height, nodeId, tx, World } from './kit.ts';

const ACCOUNT_COUNT = 4;
const WINDOW = 3;

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('add' as const),
      from: fc.nat(ACCOUNT_COUNT - 1),
      ahead: fc.nat(4),
      price: fc.nat(3),
      value: fc.nat(60),
      isOwn: fc.boolean(),
      lifetime: fc.option(fc.integer({ min: 1, max: 4 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('order' as const), countMax: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('orderForeign' as const),
      from: fc.nat(ACCOUNT_COUNT - 1),
      skip: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const), back: fc.nat(WINDOW) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('price' as const), minimum: fc.nat(2) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** A node that primary and replica are in one: it orders what its pool selects, and what others propose. */
class Node {
  readonly world: World = new World({
    transactionCountMax: 24,
    accountTransactionCountMax: 10,
    sizeBytesMax: 24 * 200,
    transactionSizeMax: 200,
  });
  readonly known: SignedTransaction[] = [];
  readonly own = new Set<SignedTransaction>();
  readonly committed = new Set<string>();
  inFlight: (readonly SignedTransaction[])[] = [];
  /** False for a proposal that this node would not have made. */
  honest: boolean[] = [];

  constructor() {
    for (let n = 0; n < ACCOUNT_COUNT; n++) this.world.fund(n, 100_000n);
  }

  get nextHeight(): number {
    return this.world.head + this.inFlight.length + 1;
  }

  perform(step: Action): void {
    const { world } = this;
    if (step.type === 'add') this.#add(step);
    else if (step.type === 'order') {
      if (this.inFlight.length < WINDOW)
        this.#order(world.select({ height: this.nextHeight, countMax: step.countMax }), true);
    } else if (step.type === 'orderForeign') {
      if (this.inFlight.length >= WINDOW) return;
      const nonce = Number(world.pool.nextNonce(address(step.from))) + step.skip;
      this.#order([tx({ from: step.from, nonce })], false);
    } else if (step.type === 'drop') {
      const count = Math.min(step.back, this.inFlight.length);
      world.pool.dropOrdered(height(this.nextHeight - count));
      this.inFlight = this.inFlight.slice(0, this.inFlight.length - count);
      this.honest = this.honest.slice(0, this.inFlight.length);
    } else if (step.type === 'price') {
      world.parameters = { ...world.parameters, minimumGasPrice: BigInt(step.minimum) };
    } else this.#commit();
  }

  #add(step: Extract<Action, { type: 'add' }>): void {
    const { world } = this;
    const account = world.accounts.get(address(step.from));
    const nonce = Number(account?.nonce ?? 0n) + step.ahead;
    const lastHeight = step.lifetime === null ? undefined : height(world.head + step.lifetime);
    const fields = { value: BigInt(step.value), gasLimit: 21_000n, lastHeight, chainId: CHAIN_ID };
    const transaction = tx({ from: step.from, nonce, maxFeePerGas: BigInt(step.price), ...fields });
    const outcome = world.add(transaction, step.isOwn ? 'local' : 1);
    if (!outcome.startsWith('POOL_')) {
      this.known.push(transaction);
      if (step.isOwn) this.own.add(transaction);
    }
  }

  #order(transactions: readonly SignedTransaction[], isHonest: boolean): void {
    this.world.pool.markOrdered(height(this.nextHeight), transactions);
    this.inFlight.push(transactions);
    this.honest.push(isHonest && this.honest.every((each) => each));
  }

  #commit(): void {
    const transactions = this.inFlight.shift() ?? [];
    const wasHonest = this.honest.shift() ?? true;
    const facts = this.world.commit(transactions);
    if (wasHonest) expect(facts.leftOut, 'an honest proposer leaves out nothing').toEqual([]);
    for (const each of facts.executed) this.committed.add(each.hash);
    // What follows was chosen when this block was expected to execute whole.
    if (facts.leftOut.length > 0) this.honest = this.honest.map(() => false);
  }
}

function check({ world, known, own, committed, inFlight }: Node): void {
  const { pool } = world;
  const counts = pool.counts();
  expect(counts.pending + counts.queued + counts.ordered).toBeLessThanOrEqual(24);
  const { pending, queued } = pool.content();
  expect(pending.length + queued.length).toBe(counts.pending + counts.queued + counts.ordered);
  expect(pending.length).toBe(counts.pending + counts.ordered);
  expect(counts.sizeBytes).toBe([...pending, ...queued].reduce((sum, each) => sum + each.bytes.length, 0));
  expect(Math.min(counts.pending, counts.queued, counts.ordered)).toBeGreaterThanOrEqual(0);
  const ordered = new Set(inFlight.flat());
  for (const transaction of known) {
    const status = pool.status(transaction.hash);
    if (committed.has(transaction.hash)) expect(status.type).toBe('unknown');
    else if (ordered.has(transaction)) expect(status.type).toBe('ordered');
    else expect(status.type, 'an accepted transaction is never lost silently').not.toBe('unknown');
    if (own.has(transaction) && status.type === 'dropped here') {
      expect(['POOL_NONCE_TOO_LOW', 'POOL_ACCOUNT_LIMIT'], 'own ones are kept').toContain(status.code);
    }
  }
  const selected = world.select({ height: world.head + inFlight.length + 1 });
  expect(selected.some((each) => ordered.has(each))).toBe(false);
  expect(new Set(selected).size).toBe(selected.length);
  expect(selected.length > 0 || !pool.hasExecutable() || known.some((each) => each.lastHeight !== undefined)).toBe(
    true,
  );
  for (const each of selected) expect(pool.status(each.hash).type).toBe('pending');
}

test('whatever is added, ordered, dropped and committed: counts agree, nothing is lost silently, an honest proposal executes whole', () => {
  void fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (steps) => {
      const node = new Node();
      node.world.pool.addPeer(nodeId(1));
      for (const step of steps) {
        node.perform(step);
        check(node);
      }
    }),
    { numRuns: 300 },
  );
});

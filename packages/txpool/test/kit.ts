import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import { type ChainParameters, DEFAULT_CHAIN_PARAMETERS, type SignedTransaction } from '@hansa/protocol';
import { type AccountFacts, type ChainView, createTxPool, type PoolJournal, type TxPool } from '../src/index.ts';
import type { PoolLimits } from '../src/limits.ts';
import type { CommittedFacts, EndedTransaction } from '../src/ports.ts';

export const CHAIN_ID = 20200;

export const address = (n: number): AddressHex => (n + 1).toString(16).padStart(40, '0') as AddressHex;
export const nodeId = (n: number): NodeId => n.toString(16).padStart(128, '0') as NodeId;
export const height = (n: number): Height => n as Height;

export type TxFields = Partial<Omit<SignedTransaction, 'sender' | 'nonce'>> & {
  readonly from: number;
  readonly nonce: number;
  readonly sizeBytes?: number;
};

let uniqueCount = 0;

/** A transaction as the pool gets it: decoded, its sender recovered. Each call gives another hash. */
export function tx(fields: TxFields): SignedTransaction {
  const { from, nonce, sizeBytes, ...rest } = fields;
  const price = rest.maxFeePerGas ?? 0n;
  return {
    type: 0,
    bytes: new Uint8Array(sizeBytes ?? 110),
    hash: (++uniqueCount).toString(16).padStart(64, '0') as HashHex,
    chainId: CHAIN_ID,
    gasLimit: 21_000n,
    maxFeePerGas: price,
    maxPriorityFeePerGas: price,
    to: address(99),
    value: 0n,
    data: new Uint8Array(0),
    accessList: [],
    signingDigest: new Uint8Array(32),
    signature: new Uint8Array(64),
    recovery: 0,
    lastHeight: undefined,
    ...rest,
    nonce: BigInt(nonce),
    sender: address(from),
  };
}

/** A chain that the pool looks at, and a pool on it. The chain's state is kept by hand. */
export class World {
  readonly accounts: Map<AddressHex, AccountFacts> = new Map();
  parameters: ChainParameters = DEFAULT_CHAIN_PARAMETERS;
  /** Transactions to it need no price. */
  feeFreeTo: AddressHex | undefined;
  head = 0;
  timeMs = 0;
  readonly journal: Uint8Array[][] = [];
  rewriteCount = 0;
  readonly events: string[] = [];
  readonly dropped: EndedTransaction[] = [];
  readonly pool: TxPool;

  constructor(
    limits: Partial<PoolLimits> = {},
    start: { readonly head?: number; readonly parameters?: Partial<ChainParameters> } = {},
  ) {
    this.head = start.head ?? 0;
    this.parameters = { ...DEFAULT_CHAIN_PARAMETERS, ...start.parameters };
    const chain: ChainView = {
      height: () => height(this.head),
      account: (of) => this.accounts.get(of) ?? { nonce: 0n, balance: 0n, hasCode: false },
      parameters: () => this.parameters,
      isFeeFree: ({ to }) => to !== undefined && to === this.feeFreeTo,
    };
    const journal: PoolJournal = {
      append: (transactions) => {
        this.journal.push([...transactions]);
      },
      rewrite: (transactions) => {
        this.rewriteCount++;
        this.journal.length = 0;
        this.journal.push([...transactions]);
      },
    };
    this.pool = createTxPool(
      { chainId: CHAIN_ID, limits },
      {
        chain,
        now: () => this.timeMs,
        journal,
        listener: {
          onAdmitted: (admitted) => this.events.push(`admitted ${admitted.length}`),
          onReplaced: (replaced) => this.events.push(`replaced ${replaced.length}`),
          onDropped: (dropped) => {
            this.events.push(`dropped ${dropped.map((ended) => ended.type).join(', ')}`);
            this.dropped.push(...dropped);
          },
        },
      },
    );
  }

  fund(account: number, balance: bigint, nonce = 0n): void {
    this.accounts.set(address(account), { nonce, balance, hasCode: false });
  }

  /** Adds one transaction from a peer and returns the code of its refusal, or its state. */
  add(transaction: SignedTransaction, from: 'local' | number = 0): string {
    const origin =
      from === 'local' ? ({ type: 'local' } as const) : ({ type: 'peer', nodeId: nodeId(from), relay: false } as const);
    const outcome = this.pool.add([transaction], origin)[0];
    if (outcome === undefined) throw new Error('an outcome was expected');
    return outcome.ok ? outcome.value.state : outcome.error.code;
  }

  /** Executes transactions by the rules of nonce and balance, makes the next block final, and tells the pool. */
  commit(transactions: readonly SignedTransaction[]): CommittedFacts {
    this.head++;
    const executed: SignedTransaction[] = [];
    const leftOut: CommittedFacts['leftOut'][number][] = [];
    const changed = new Set<AddressHex>();
    transactions.forEach((transaction, position) => {
      const account = this.accounts.get(transaction.sender) ?? { nonce: 0n, balance: 0n, hasCode: false };
      const cost = transaction.gasLimit * transaction.maxFeePerGas + transaction.value;
      const reason =
        transaction.nonce < account.nonce
          ? 'nonce too low'
          : transaction.nonce > account.nonce
            ? 'nonce too high'
            : cost > account.balance
              ? 'insufficient funds for gas * price + value'
              : undefined;
      if (reason !== undefined) {
        leftOut.push({ position, hash: transaction.hash, reason });
        return;
      }
      this.accounts.set(transaction.sender, {
        nonce: account.nonce + 1n,
        balance: account.balance - cost,
        hasCode: false,
      });
      changed.add(transaction.sender);
      executed.push(transaction);
    });
    const facts: CommittedFacts = {
      height: height(this.head),
      executed,
      leftOut,
      accounts: [...changed].map((of) => ({ address: of, ...(this.accounts.get(of) as AccountFacts) })),
    };
    this.pool.onCommitted(facts);
    return facts;
  }

  select(
    limits: Partial<{ countMax: number; sizeBytesMax: number; gasMax: bigint; height: number }> = {},
  ): readonly SignedTransaction[] {
    return this.pool.select({
      height: height(limits.height ?? this.head + 1),
      countMax: limits.countMax ?? 1000,
      sizeBytesMax: limits.sizeBytesMax ?? 1_048_576,
      gasMax: limits.gasMax ?? 30_000_000n,
    });
  }
}

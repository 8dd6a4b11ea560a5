import type { Receipt } from './chain.ts';
import { RpcAnswerError, rpc } from './devnet.ts';
import { Wallet } from './wallet.ts';

/** EIP-7966: the transaction is in the pool, not yet final (4), or waits for another (5, 6). */
const IN_POOL = new Set([4, 5, 6]);
const WAIT_MS_MAX = 60_000;
/** The node, or the chain, has it already. */
const KNOWN = /already known|nonce too low/i;

export type LoadOptions = {
  /** JSON-RPC addresses that may be tried now. */
  readonly urls: () => readonly string[];
  /** Accounts that send, each waits for one transaction before its next. */
  readonly accounts: readonly number[];
  readonly chance: () => number;
  /** What each transfer moves, in wei: 1 by default, 0 for accounts without funds. */
  readonly value?: bigint;
  /** How long a node is asked to wait for the receipt. */
  readonly waitMs?: number;
};

/**
 * A closed loop: each account sends, waits until a node has answered, and sends the next. A transaction counts as
 * acknowledged when a node answered with its receipt, or that it has it. When a node dies in between, the same bytes go
 * to another: sending again is harmless.
 */
export class Load {
  readonly acknowledged: Set<string> = new Set();
  /** Those of them whose receipt a node has answered, with the block hash that it named. */
  readonly receipts: Map<string, string> = new Map();
  /** When a client last learned that something is final, and the longest time without it since `beginGap`. */
  #finalAtMs = performance.now();
  #gapMs = 0;
  /** Error answers of nodes that live, and how often; none is expected. */
  readonly refusals: Map<string, number> = new Map();
  #isStopped = false;
  #listeners: (() => void)[] = [];
  readonly #done: Promise<unknown>;
  readonly #options: LoadOptions;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#done = Promise.all(options.accounts.map((index) => this.#run(index)));
  }

  get finalCount(): number {
    return this.receipts.size;
  }

  /** Begins to look for the longest time without a final transaction. */
  beginGap(): void {
    this.#finalAtMs = performance.now();
    this.#gapMs = 0;
  }

  /** Longest time without a final transaction since `beginGap`, that until now included. */
  gapMs(): number {
    return Math.max(this.#gapMs, performance.now() - this.#finalAtMs);
  }

  /** Resolves when `count` more transactions have been acknowledged. */
  more(count: number): Promise<void> {
    return this.#wait(() => this.acknowledged.size, count, 'acknowledgements');
  }

  /** Resolves when `count` more transactions are final. */
  moreFinal(count: number): Promise<void> {
    return this.#wait(() => this.finalCount, count, 'receipts');
  }

  async #wait(reached: () => number, count: number, what: string): Promise<void> {
    const wanted = reached() + count;
    let isExpired = false;
    const timer = setTimeout(() => {
      isExpired = true;
      this.#wake();
    }, WAIT_MS_MAX);
    while (reached() < wanted && !isExpired) {
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
    clearTimeout(timer);
    if (reached() < wanted) {
      const refusals = JSON.stringify([...this.refusals]);
      throw new Error(`${wanted - reached()} of ${count} ${what} are missing after ${WAIT_MS_MAX} ms ${refusals}`);
    }
  }

  /** Ends the load; resolves when every account has its last answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(index: number): Promise<void> {
    const wallet = new Wallet(index);
    wallet.nonce = await this.#firstNonce(wallet);
    while (!this.#isStopped) {
      const { raw, hash } = await wallet.sign({ value: this.#options.value ?? 1n });
      const blockHash = await this.#submit(raw);
      if (blockHash !== undefined) this.#onFinal(hash, blockHash);
      this.acknowledged.add(hash);
      this.#wake();
    }
  }

  #onFinal(hash: string, blockHash: string): void {
    const nowMs = performance.now();
    this.#gapMs = Math.max(this.#gapMs, nowMs - this.#finalAtMs);
    this.#finalAtMs = nowMs;
    this.receipts.set(hash, blockHash);
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }

  async #firstNonce(wallet: Wallet): Promise<number> {
    for (;;) {
      try {
        return Number(await rpc<string>(this.#url(), 'eth_getTransactionCount', [wallet.address, 'pending']));
      } catch (error) {
        if (error instanceof RpcAnswerError) throw error;
        await pause();
      }
    }
  }

  /** Block hash of the receipt; undefined when a node only said that it has the transaction. */
  async #submit(raw: string): Promise<string | undefined> {
    for (;;) {
      try {
        const params = [raw, this.#options.waitMs ?? 1_000];
        return (await rpc<Receipt>(this.#url(), 'eth_sendRawTransactionSync', params)).blockHash;
      } catch (error) {
        if (error instanceof RpcAnswerError) {
          if (IN_POOL.has(error.code) || KNOWN.test(error.message)) return undefined;
          this.refusals.set(error.message, (this.refusals.get(error.message) ?? 0) + 1);
        }
        await pause();
      }
    }
  }

  #url(): string {
    const urls = this.#options.urls();
    return urls[Math.floor(this.#options.chance() * urls.length)] as string;
  }
}

/** Between two tries against nodes of which some are down. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** Chance that a seed gives again (mulberry32). */
export function createChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

import { expect } from 'vitest';
import { type Receipt, receiptOf, sendFinal } from './chain.ts';
import { heightOf, rpc, type TestDevnet, until } from './devnet.ts';
import { Wallet } from './wallet.ts';

/** Whatever a test did: the chain still commits, and nothing that was committed before is gone or changed. */
export class Witness {
  readonly #net: TestDevnet;
  readonly #wallet: Wallet;
  readonly #receipts: Receipt[] = [];
  #isReady = false;

  constructor(net: TestDevnet, account: number) {
    this.#net = net;
    this.#wallet = new Wallet(account);
  }

  /** One more transaction through the node `via`, then all earlier ones on every node of `nodes`. */
  async check({ via = 0, nodes = [0, 1, 2, 3] }: { via?: number; nodes?: readonly number[] } = {}): Promise<void> {
    const url = (index: number): string => this.#net.ready.nodes[index]?.rpc as string;
    if (!this.#isReady)
      this.#wallet.nonce = Number(await rpc(url(via), 'eth_getTransactionCount', [this.#wallet.address, 'pending']));
    this.#isReady = true;
    const receipt = await sendFinal(url(via), (await this.#wallet.sign()).raw);
    expect(receipt.status).toBe('0x1');
    this.#receipts.push(receipt);
    for (const index of nodes) {
      const height = Number(receipt.blockNumber);
      await until(async () => (await heightOf(url(index))) >= height, 10_000, `node ${index} has height ${height}`);
      const found = await Promise.all(this.#receipts.map((each) => receiptOf(url(index), each.transactionHash)));
      expect(found.map((each) => each?.blockHash)).toEqual(this.#receipts.map((each) => each.blockHash));
    }
  }
}

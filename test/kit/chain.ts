import { rpc } from './devnet.ts';

export type Receipt = { transactionHash: string; blockNumber: string; blockHash: string; status: string };
export type BlockView = { number: string; hash: string; parentHash: string; transactions: string[] };

/** Hands in a transaction and waits for its receipt (EIP-7966). */
export const sendFinal = (url: string, raw: string, timeoutMs = 20_000): Promise<Receipt> =>
  rpc<Receipt>(url, 'eth_sendRawTransactionSync', [raw, timeoutMs]);

export const receiptOf = (url: string, hash: string): Promise<Receipt | null> =>
  rpc<Receipt | null>(url, 'eth_getTransactionReceipt', [hash]);

const BATCH_SIZE = 200;

/** The whole chain of a node, from genesis to its head. */
export async function chainOf(url: string): Promise<BlockView[]> {
  const head = Number(await rpc<string>(url, 'eth_blockNumber'));
  const blocks: BlockView[] = [];
  for (let from = 0; from <= head; from += BATCH_SIZE) {
    const calls = Array.from({ length: Math.min(BATCH_SIZE, head + 1 - from) }, (_, i) => ({
      jsonrpc: '2.0',
      id: from + i,
      method: 'eth_getBlockByNumber',
      params: [`0x${(from + i).toString(16)}`, false],
    }));
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls),
      signal: AbortSignal.timeout(30_000),
    });
    const answers = (await response.json()) as { id: number; result: BlockView }[];
    blocks.push(...answers.sort((a, b) => a.id - b.id).map((answer) => answer.result));
  }
  return blocks;
}

/** How often each transaction is on a chain. */
export function countTransactions(chain: readonly BlockView[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const hash of chain.flatMap((block) => block.transactions)) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return counts;
}

export type ChainFault = { readonly what: string; readonly hash?: string; readonly height?: number };

/**
 * What is wrong with the chains of several nodes that should be one: a block that differs, a broken link, an
 * acknowledged transaction that is missing or there more than once.
 */
export function faultsOf(chains: readonly (readonly BlockView[])[], acknowledged: Iterable<string>): ChainFault[] {
  const faults: ChainFault[] = [];
  const first = chains[0] ?? [];
  chains.forEach((chain, node) => {
    if (chain.length !== first.length)
      faults.push({ what: `node ${node} has ${chain.length} blocks, node 0 ${first.length}` });
    chain.forEach((block, height) => {
      if (block.hash !== first[height]?.hash) faults.push({ what: `node ${node} has another block`, height });
      if (height > 0 && block.parentHash !== chain[height - 1]?.hash)
        faults.push({ what: `node ${node}: broken link`, height });
    });
  });
  const counts = countTransactions(first);
  for (const hash of acknowledged) {
    const count = counts.get(hash) ?? 0;
    if (count !== 1) faults.push({ what: `an acknowledged transaction is there ${count} times`, hash });
  }
  for (const [hash, count] of counts)
    if (count > 1) faults.push({ what: `a transaction is there ${count} times`, hash });
  return faults;
}

import WebSocket from 'ws';

/**
 * Follows new blocks of one node by subscription and notes, per transaction hash, the moment at which this client knew
 * that its block is final.
 */
export type HeadWatch = {
  readonly finalAt: ReadonlyMap<string, number>;
  readonly blocks: readonly BlockSample[];
  close(): void;
};
export type BlockSample = { readonly height: number; readonly atMs: number; readonly transactionCount: number };

type Message = {
  id?: number;
  method?: string;
  params?: { result: { number: string } };
  result?: { number: string; transactions: string[] };
};

export function watchHeads(httpUrl: string): Promise<HeadWatch> {
  const socket = new WebSocket(httpUrl.replace('http', 'ws'));
  const finalAt = new Map<string, number>();
  const blocks: BlockSample[] = [];
  const seenAt = new Map<number, number>();
  const send = (id: number, method: string, params: readonly unknown[]): void =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => send(0, 'eth_subscribe', ['newHeads']));
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      if (message.method === 'eth_subscription' && message.params !== undefined) {
        const height = Number(message.params.result.number);
        seenAt.set(height, performance.now());
        send(height, 'eth_getBlockByNumber', [message.params.result.number, false]);
      } else if (message.id === 0) {
        resolve({ finalAt, blocks, close: () => socket.close() });
      } else if (message.result !== undefined && message.id !== undefined) {
        // The client knows it with this answer, not with the head: that is the honest moment.
        const atMs = performance.now();
        for (const hash of message.result.transactions) finalAt.set(hash, atMs);
        blocks.push({
          height: message.id,
          atMs: seenAt.get(message.id) ?? atMs,
          transactionCount: message.result.transactions.length,
        });
      }
    });
  });
}

import { Agent, request } from 'node:http';

export type ReadsOptions = {
  readonly urls: readonly string[];
  readonly seconds: number;
  /** Addresses to ask for, each in turn. */
  readonly addresses: readonly string[];
  /** Readers; each asks again when it was answered. */
  readonly readerCount: number;
};

export type ReadsMeasured = {
  readonly perSecond: number;
  readonly failed: number;
  /** Milliseconds, sorted, by method. */
  readonly latenciesMs: ReadonlyMap<string, readonly number[]>;
};

/** Closed loop, `eth_getBalance` and `eth_call` by turns: how much is answered beside the writes. */
export async function measureReads(options: ReadsOptions): Promise<ReadsMeasured> {
  const { urls, seconds, addresses, readerCount } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: readerCount });
  const latencies = new Map<string, number[]>([
    ['eth_getBalance', []],
    ['eth_call', []],
  ]);
  let failed = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const readers = Array.from({ length: readerCount }, async (_, reader) => {
    for (let i = 0; performance.now() < endMs; i++) {
      const address = `0x${addresses[(reader + i * readerCount) % addresses.length]}`;
      const method = i % 2 === 0 ? 'eth_getBalance' : 'eth_call';
      const params = method === 'eth_getBalance' ? [address, 'latest'] : [{ to: address, data: '0x' }, 'latest'];
      const sentMs = performance.now();
      const isGood = await ask(urls[reader % urls.length] as string, { method, params, agent });
      if (isGood) latencies.get(method)?.push(performance.now() - sentMs);
      else failed++;
    }
  });
  await Promise.all(readers);
  const tookMs = performance.now() - startMs;
  agent.destroy();
  for (const list of latencies.values()) list.sort((a, b) => a - b);
  const count = [...latencies.values()].reduce((sum, list) => sum + list.length, 0);
  return { perSecond: (count * 1_000) / tookMs, failed, latenciesMs: latencies };
}

type Question = { readonly method: string; readonly params: readonly unknown[]; readonly agent: Agent };

function ask(url: string, { method, params, agent }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).includes('"result"')));
      },
    );
    call.on('error', () => resolve(false));
    call.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  });
}

import { Agent, request } from 'node:http';
import { bytesToHex, toAddressHex } from '@hansa/primitives';
import { encodeSignedTransaction } from '@hansa/protocol';

/** A transaction signed ahead of the run, so that signing costs nothing while the clock runs. */
export type PreparedTransaction = { readonly hash: string; readonly raw: string };

export type Sender = { readonly address: string; readonly key: Uint8Array; nonce: bigint };

export type TransferOptions = {
  readonly chainId: number;
  readonly count: number;
  readonly hashOf: (raw: Uint8Array) => string;
};

/** `count` transfers of 1 wei, senders in turn, each to the next sender. */
export function prepareTransfers(senders: readonly Sender[], options: TransferOptions): PreparedTransaction[] {
  const prepared: PreparedTransaction[] = [];
  for (let i = 0; i < options.count; i++) {
    const sender = senders[i % senders.length] as Sender;
    const to = senders[(i + 1) % senders.length] as Sender;
    const raw = encodeSignedTransaction(
      {
        type: 0,
        chainId: options.chainId,
        nonce: sender.nonce++,
        gasLimit: 21_000n,
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        to: toAddressHex(to.address),
        value: 1n,
        data: new Uint8Array(0),
        accessList: [],
      },
      sender.key,
    );
    prepared.push({ hash: options.hashOf(raw), raw: `0x${bytesToHex(raw)}` });
  }
  return prepared;
}

export type LoadReport = {
  readonly offered: number;
  readonly refused: number;
  readonly lost: number;
  readonly committed: number;
  readonly seconds: number;
  /** Committed per second between the first and the last commit of the measured time. */
  readonly rate: number;
  readonly latenciesMs: readonly number[];
  readonly refusals: ReadonlyMap<string, number>;
};

export type LoadOptions = {
  readonly urls: readonly string[];
  readonly perSecond: number;
  /** How often a batch leaves; each carries what was due since the last one. */
  readonly batchMs: number;
  /** How long to wait for what is still open after the last was sent. */
  readonly drainMsMax: number;
};

/**
 * Open loop: transaction i is due at i / rate, whatever became of those before it. Latency counts from that moment to
 * the one at which the client learns of the final block that holds it (no coordinated omission).
 */
export async function runOpenLoop(
  prepared: readonly PreparedTransaction[],
  options: LoadOptions,
  finalAt: ReadonlyMap<string, number>,
): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const refusals = new Map<string, number>();
  const refusedHashes = new Set<string>();
  const open: Promise<void>[] = [];
  const start = performance.now();
  let sent = 0;
  let turn = 0;
  while (sent < prepared.length) {
    const due = Math.min(prepared.length, Math.floor(((performance.now() - start) / 1000) * options.perSecond) + 1);
    if (due > sent) {
      const batch = prepared.slice(sent, due);
      sent = due;
      open.push(sendBatch(options.urls[turn++ % options.urls.length] as string, batch, agent, refusals, refusedHashes));
    }
    await new Promise((resolve) => setTimeout(resolve, options.batchMs));
  }
  await Promise.all(open);
  const drainUntil = performance.now() + options.drainMsMax;
  const isOpen = (entry: PreparedTransaction): boolean => !finalAt.has(entry.hash) && !refusedHashes.has(entry.hash);
  while (performance.now() < drainUntil && prepared.some(isOpen))
    await new Promise((resolve) => setTimeout(resolve, 50));
  agent.destroy();
  return summarise(prepared, { start, perSecond: options.perSecond, finalAt, refusedHashes, refusals });
}

type RunFacts = {
  readonly start: number;
  readonly perSecond: number;
  readonly finalAt: ReadonlyMap<string, number>;
  readonly refusedHashes: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, number>;
};

function summarise(prepared: readonly PreparedTransaction[], facts: RunFacts): LoadReport {
  const latencies: number[] = [];
  let last = facts.start;
  prepared.forEach((entry, index) => {
    const at = facts.finalAt.get(entry.hash);
    if (at === undefined) return;
    latencies.push(at - (facts.start + (index / facts.perSecond) * 1000));
    last = Math.max(last, at);
  });
  latencies.sort((a, b) => a - b);
  const seconds = (last - facts.start) / 1000;
  return {
    offered: prepared.length,
    refused: facts.refusedHashes.size,
    lost: prepared.length - latencies.length - facts.refusedHashes.size,
    committed: latencies.length,
    seconds,
    rate: seconds > 0 ? latencies.length / seconds : 0,
    latenciesMs: latencies,
    refusals: facts.refusals,
  };
}

function sendBatch(
  url: string,
  batch: readonly PreparedTransaction[],
  agent: Agent,
  refusals: Map<string, number>,
  refusedHashes: Set<string>,
): Promise<void> {
  const calls = batch.map(
    (entry, id) => `{"jsonrpc":"2.0","id":${id},"method":"eth_sendRawTransaction","params":["${entry.raw}"]}`,
  );
  return new Promise((resolve) => {
    const refuse = (reason: string, entries: readonly PreparedTransaction[]): void => {
      refusals.set(reason, (refusals.get(reason) ?? 0) + entries.length);
      for (const entry of entries) refusedHashes.add(entry.hash);
    };
    const call = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (text.includes('"error"')) {
            const answers = [JSON.parse(text)].flat() as { id?: number; error?: { message: string } }[];
            for (const answer of answers) {
              const entry = answer.id === undefined ? undefined : batch[answer.id];
              if (answer.error !== undefined) refuse(answer.error.message, entry === undefined ? batch : [entry]);
            }
          }
          resolve();
        });
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) => {
      refuse(error.code ?? error.message, batch);
      resolve();
    });
    call.end(`[${calls.join(',')}]`);
  });
}

export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

import { Agent, request } from 'node:http';
import type { Account } from './accounts.ts';

/** One moment at which a transaction was due, and what became of it. */
export type Slot = {
  /** When it was due, in milliseconds of `performance.now()`: latency counts from here, whenever it really left. */
  readonly dueMs: number;
  readonly hash: string;
  refusal?: string;
};

export type LoadOptions = {
  readonly urls: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  /** How often requests leave; each carries what was due since the last one. */
  readonly batchMs: number;
  /** How long to wait for what is still open after the last was sent. */
  readonly drainMsMax: number;
  /** A client is an account, and speaks to one node. */
  readonly accounts: readonly Account[];
};

/**
 * Open loop: slot i is due at i / rate, whatever became of those before it; there is no coordinated omission. A slot
 * goes to the account that has waited longest for one. An account sends its next transaction when the one before it was
 * answered, as a wallet does, or a refusal would leave a gap behind which everything waits; a refused slot is never
 * tried again, the account's next one carries the same nonce. A slot for which no account is free counts as refused.
 */
export async function runOpenLoop(
  options: LoadOptions,
  finalAt: ReadonlyMap<string, number>,
): Promise<readonly Slot[]> {
  const { accounts, urls, perSecond } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const slots: Slot[] = [];
  const answers: Promise<void>[] = [];
  const free = accounts.map((account, i): Client => ({ account, node: i % urls.length }));
  let freeFrom = 0;
  const count = Math.floor(perSecond * options.seconds);
  const start = performance.now();
  while (slots.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1000) * perSecond) + 1);
    const perNode = urls.map((): Outgoing[] => []);
    for (let i = slots.length; i < due; i++) {
      const dueMs = start + (i / perSecond) * 1000;
      const client = free[freeFrom];
      const transaction = client?.account.prepared[client.account.next];
      if (client === undefined || transaction === undefined) {
        slots.push({ dueMs, hash: '', refusal: 'no client of the bench was free: use more --accounts' });
        continue;
      }
      freeFrom++;
      const slot: Slot = { dueMs, hash: transaction.hash };
      slots.push(slot);
      (perNode[client.node] as Outgoing[]).push({ client, slot, raw: transaction.raw });
    }
    if (freeFrom > accounts.length) {
      free.splice(0, freeFrom);
      freeFrom = 0;
    }
    for (const [node, batch] of perNode.entries()) {
      if (batch.length === 0) continue;
      const answered = sendBatch(urls[node] as string, batch, agent).then(() => {
        for (const { client } of batch) free.push(client);
      });
      answers.push(answered);
    }
    await sleep(options.batchMs);
  }
  await Promise.all(answers);
  const drainUntil = performance.now() + options.drainMsMax;
  const isOpen = (slot: Slot): boolean => slot.refusal === undefined && !finalAt.has(slot.hash);
  while (performance.now() < drainUntil && slots.some(isOpen)) await sleep(50);
  agent.destroy();
  return slots;
}

export type Client = { readonly account: Account; readonly node: number };
export type Outgoing = { readonly client: Client; readonly slot: Slot; readonly raw: string };

/** What was due for one node, in one HTTP request; resolves when it is answered, refusals noted in the slots. */
export function sendBatch(url: string, batch: readonly Outgoing[], agent: Agent): Promise<void> {
  const calls = batch.map(
    (entry, id) => `{"jsonrpc":"2.0","id":${id},"method":"eth_sendRawTransaction","params":["${entry.raw}"]}`,
  );
  for (const { client } of batch) client.account.next++;
  return new Promise((resolve) => {
    const refuse = (reason: string, entries: readonly Outgoing[]): void => {
      for (const { slot, client } of entries) {
        slot.refusal = reason;
        client.account.next--;
      }
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
              if (answer.error === undefined) continue;
              const entry = answer.id === undefined ? undefined : batch[answer.id];
              // Numbers differ from answer to answer; the reason is what counts.
              refuse(answer.error.message.replace(/:.*\d.*$/, ''), entry === undefined ? batch : [entry]);
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

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

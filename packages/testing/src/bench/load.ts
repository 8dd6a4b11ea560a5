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
  /** Clients in turn: a client is an account and speaks to one node. */
  readonly accounts: readonly Account[];
};

/**
 * Open loop: slot i is due at i / rate, whatever became of those before it; there is no coordinated omission. Slots go
 * to the accounts in turn. A slot that a node refuses is counted as refused and never tried again; the account's next
 * slot carries the same nonce, as a wallet would do it, so that a refusal does not leave a gap behind which everything
 * waits for ever.
 */
export async function runOpenLoop(
  options: LoadOptions,
  finalAt: ReadonlyMap<string, number>,
): Promise<readonly Slot[]> {
  const { accounts, urls, perSecond } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const slots: Slot[] = [];
  const answers: Promise<void>[] = [];
  const count = Math.floor(perSecond * options.seconds);
  const start = performance.now();
  while (slots.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1000) * perSecond) + 1);
    const perNode = urls.map((): Outgoing[] => []);
    for (let i = slots.length; i < due; i++) {
      const account = accounts[i % accounts.length] as Account;
      while (account.accepted.has(account.next)) account.next++;
      const index = account.next++;
      const transaction = account.prepared[index];
      if (transaction === undefined) throw new Error('more slots than transactions were signed for this account');
      const slot: Slot = { dueMs: start + (i / perSecond) * 1000, hash: transaction.hash };
      slots.push(slot);
      (perNode[(i % accounts.length) % urls.length] as Outgoing[]).push({ account, index, slot, raw: transaction.raw });
    }
    for (const [node, batch] of perNode.entries())
      if (batch.length > 0) answers.push(sendBatch(urls[node] as string, batch, agent));
    await sleep(options.batchMs);
  }
  await Promise.all(answers);
  const drainUntil = performance.now() + options.drainMsMax;
  const isOpen = (slot: Slot): boolean => slot.refusal === undefined && !finalAt.has(slot.hash);
  while (performance.now() < drainUntil && slots.some(isOpen)) await sleep(50);
  agent.destroy();
  return slots;
}

type Outgoing = { readonly account: Account; readonly index: number; readonly slot: Slot; readonly raw: string };

/** What was due for one node, in one HTTP request. */
function sendBatch(url: string, batch: readonly Outgoing[], agent: Agent): Promise<void> {
  const calls = batch.map(
    (entry, id) => `{"jsonrpc":"2.0","id":${id},"method":"eth_sendRawTransaction","params":["${entry.raw}"]}`,
  );
  return new Promise((resolve) => {
    const refuse = (reason: string, entries: readonly Outgoing[]): void => {
      for (const { slot, account, index } of entries) {
        slot.refusal = reason;
        // Sent a second time because an earlier one of the account was refused: it is in the pool already.
        if (reason.startsWith('already known')) continue;
        account.accepted.delete(index);
        account.next = Math.min(account.next, index);
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
          for (const { account, index } of batch) account.accepted.add(index);
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

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

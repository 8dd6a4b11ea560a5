/** The line of questions for the query worker: its maximum, what is taken back, and a worker that fails. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Height } from '@hansa/primitives';
import { ZERO_ADDRESS } from '@hansa/primitives';
import { expect, onTestFinished, test } from 'vitest';
import type { QueryBody } from '../../src/query/messages.ts';
import { createQueryClient, type QueryClient } from '../../src/query/query-client.ts';

const question: Extract<QueryBody, { type: 'call' }> = {
  type: 'call',
  height: 0 as Height,
  request: {
    from: ZERO_ADDRESS,
    to: undefined,
    gas: undefined,
    gasPrice: undefined,
    maxFeePerGas: undefined,
    maxPriorityFeePerGas: undefined,
    value: 0n,
    data: new Uint8Array(0),
    accessList: [],
    overrides: [],
  },
};

/** There is no ledger: the worker ends when it opens it. */
function clientWithoutLedger(): QueryClient {
  const location = mkdtempSync(join(tmpdir(), 'hansa-query-'));
  const client = createQueryClient({ location, suite: 'standard', chainId: 20200 });
  onTestFinished(async () => {
    await client.stop();
    rmSync(location, { recursive: true, force: true });
  });
  return client;
}
const never = (): AbortSignal => new AbortController().signal;

test('a question whose asker is gone is taken out of the line; those before and behind it are answered', async () => {
  const client = clientWithoutLedger();
  const gone = new AbortController();
  const first = client.ask(question, never());
  const second = client.ask(question, gone.signal);
  const third = client.ask(question, never());
  gone.abort();
  expect(await second).toMatchObject({ ok: false, error: { code: 'QUERY_ABORTED' } });
  // Their worker fails, which is told to each in its turn.
  expect(await first).toMatchObject({ ok: false, error: { code: 'QUERY_FAILED' } });
  expect(await third).toMatchObject({ ok: false, error: { code: 'QUERY_FAILED' } });
});

test('the line has 256 places, and stopping answers all who wait', async () => {
  const client = clientWithoutLedger();
  const asked = Array.from({ length: 256 }, () => client.ask(question, never()));
  expect(await client.ask(question, never())).toMatchObject({ ok: false, error: { code: 'QUERY_BUSY' } });
  await client.stop();
  const codes = new Set((await Promise.all(asked)).map((answer) => (answer.ok ? 'ok' : answer.error.code)));
  expect([...codes]).toEqual(['QUERY_STOPPED']);
  expect(await client.ask(question, never())).toMatchObject({ ok: false, error: { code: 'QUERY_BUSY' } });
});

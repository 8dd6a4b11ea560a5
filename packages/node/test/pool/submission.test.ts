import { fail, type HashHex, ok } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createSubmission, type SubmissionDependencies } from '../../src/pool/submission.ts';

/** Counts what reaches the pool; decides by the first byte. The real pool has its own tests. */
function world(
  options: {
    readonly perSecond?: number;
    readonly pending?: number;
    readonly clock?: SubmissionDependencies['clock'];
  } = {},
) {
  const batches: number[] = [];
  let flushes = 0;
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const submission = createSubmission({
    pool: {
      add: (transactions: readonly SignedTransaction[]) =>
        transactions.map(({ hash }) => ok({ hash, state: 'pending' })),
      counts: () => ({ pending: options.pending ?? 0, queued: 0, ordered: 0 }),
    } as unknown as TxPool,
    verifier: {
      verifyTransactions: async (raw) => {
        batches.push(raw.length);
        return ok(
          raw.map((bytes) =>
            bytes[0] === 0
              ? fail({ code: 'PROTOCOL_TX_MALFORMED', message: 'it is no transaction' })
              : ok({ hash: String(bytes[0]).padStart(64, '0') as HashHex } as SignedTransaction),
          ),
        );
      },
    },
    commitRate: { perSecond: () => options.perSecond ?? 0 },
    flushJournal: async () => {
      flushes++;
      await gate;
    },
    onAdmitted: () => undefined,
    clock: options.clock ?? systemClock,
  });
  return { submission, batches, release, flushCount: () => flushes };
}

describe('submission', () => {
  test('one turn is one batch; the answer waits for the disk, a refusal is its own', async () => {
    const { submission, batches, release, flushCount } = world();
    const answers = [1, 0, 2].map((byte) => submission.submit(Uint8Array.of(byte)));
    let isAnswered = false;
    void answers[0]?.then(() => {
      isAnswered = true;
    });
    while (flushCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    release();
    expect(await Promise.all(answers)).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'PROTOCOL_TX_MALFORMED' } },
      { ok: true },
    ]);
    expect(batches).toEqual([3]);
    expect(submission.pendingCount()).toBe(0);
  });

  test('in a stream of them a batch waits for more, and nobody is forgotten', async () => {
    const timers: { readonly delayMs: number; readonly run: () => void }[] = [];
    let nowMs = 0;
    const { submission, batches, release } = world({
      clock: {
        defer: (run) => void setImmediate(run),
        monotonicMs: () => nowMs,
        after: (delayMs, run) => {
          timers.push({ delayMs, run });
          return () => undefined;
        },
      },
    });
    release();
    expect(await submission.submit(Uint8Array.of(1))).toMatchObject({ ok: true });
    nowMs += 4;
    const answers = [2, 3].map((byte) => submission.submit(Uint8Array.of(byte)));
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([6]);
    timers[0]?.run();
    expect(await Promise.all(answers)).toMatchObject([{ ok: true }, { ok: true }]);
    expect(batches).toEqual([1, 2]);
  });

  test('nobody is let in behind a submission that has waited for half a second', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const { submission, release, flushCount } = world({ clock });
    const first = submission.submit(Uint8Array.of(1));
    while (flushCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    nowMs = 501;
    expect(await submission.submit(Uint8Array.of(2))).toMatchObject({ ok: false, error: { code: 'POOL_BUSY' } });
    release();
    expect(await first).toMatchObject({ ok: true });
    expect(await submission.submit(Uint8Array.of(3))).toMatchObject({ ok: true });
  });

  test.each([
    ['a chain that has rested', 0, 1_535, true],
    ['a chain that has rested, one more', 0, 1_536, false],
    ['a fast chain', 5_000, 4_999, true],
    ['a fast chain, one more', 5_000, 5_000, false],
  ])('%s: %i/s, %i wait: taken %s', async (_name, perSecond, pending, isTaken) => {
    const { submission, release } = world({ perSecond, pending });
    release();
    const answer = await submission.submit(Uint8Array.of(1));
    expect(answer.ok).toBe(isTaken);
    if (!answer.ok) expect(answer.error).toMatchObject({ code: 'POOL_BUSY', message: 'txpool is full' });
    if (!answer.ok) expect(answer.error.remedy).toContain(`${pending} transactions wait`);
  });
});

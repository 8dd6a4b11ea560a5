import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { journalFile, openPoolJournal } from '../src/pool-journal.ts';

let directory: string;
let path: string;
const never = (error: Error): void => {
  throw error;
};
const bytes = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hansa-journal-'));
  path = join(directory, 'pool.journal');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function contentOf(): Promise<readonly number[]> {
  const { journal, transactions } = await openPoolJournal(journalFile(path), never);
  await journal.stop();
  return transactions.map((each) => each[0] as number);
}

describe('the journal of own transactions', () => {
  test('what was flushed is there after a start, without a clean stop', async () => {
    const first = await openPoolJournal(journalFile(path), never);
    expect(first.transactions).toEqual([]);
    first.journal.append([bytes(100, 1), bytes(5_000, 2)]);
    first.journal.append([bytes(1, 3)]);
    await first.journal.flush();
    const second = await openPoolJournal(journalFile(path), never);
    expect(second.transactions).toEqual([bytes(100, 1), bytes(5_000, 2), bytes(1, 3)]);
    expect(second.damagedSizeBytes).toBe(0);
    expect(statSync(path).mode & 0o077).toBe(0);
    await first.journal.stop();
    await second.journal.stop();
  });

  test('each caller of flush waits for what it has appended itself', async () => {
    const { journal } = await openPoolJournal(journalFile(path), never);
    const flushes: Promise<void>[] = [];
    for (let n = 1; n <= 20; n++) {
      journal.append([bytes(10, n)]);
      flushes.push(
        journal.flush().then(() => expect(readFileSync(path).includes(Buffer.from(bytes(10, n)))).toBe(true)),
      );
      await Promise.resolve();
    }
    await Promise.all(flushes);
    await journal.stop();
    expect(await contentOf()).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  test('a rewrite replaces the content, and what is appended after it follows', async () => {
    const { journal } = await openPoolJournal(journalFile(path), never);
    journal.append([bytes(10, 1), bytes(10, 2)]);
    await journal.flush();
    journal.append([bytes(10, 3)]);
    journal.rewrite([bytes(10, 2), bytes(10, 3)]);
    journal.append([bytes(10, 4)]);
    await journal.flush();
    expect(await contentOf()).toEqual([2, 3, 4]);
    journal.append([bytes(10, 5)]);
    await journal.stop();
    await journal.stop();
    expect(await contentOf()).toEqual([2, 3, 4, 5]);
  });

  test.each([1, 7, 8, 17])(
    'a last record of which %d bytes are missing is left out, and the next one follows the whole ones',
    async (missing) => {
      const { journal } = await openPoolJournal(journalFile(path), never);
      journal.append([bytes(10, 1), bytes(10, 2)]);
      await journal.stop();
      truncateSync(path, statSync(path).size - missing);
      const cut = await openPoolJournal(journalFile(path), never);
      expect(cut.transactions).toEqual([bytes(10, 1)]);
      expect(cut.damagedSizeBytes).toBe(18 - missing);
      cut.journal.append([bytes(10, 3)]);
      await cut.journal.stop();
      expect(await contentOf()).toEqual([1, 3]);
    },
  );

  test('a flipped bit, zeroes and other things in the file end the reading, not the start', async () => {
    const { journal } = await openPoolJournal(journalFile(path), never);
    journal.append([bytes(10, 1), bytes(10, 2)]);
    await journal.stop();
    const content = readFileSync(path);
    content[30] = (content[30] as number) ^ 1;
    writeFileSync(path, content);
    expect(await contentOf()).toEqual([1]);
    appendFileSync(path, new Uint8Array(100));
    expect(await contentOf()).toEqual([1]);
  });

  test('NODE_JOURNAL_FAILED: a path that cannot be opened, and a disk that refuses', async () => {
    await expect(openPoolJournal(journalFile(directory), never)).rejects.toMatchObject({ code: 'NODE_JOURNAL_FAILED' });
    const errors: Error[] = [];
    const { journal } = await openPoolJournal(journalFile(path), (error) => errors.push(error));
    rmSync(directory, { recursive: true });
    journal.rewrite([bytes(10, 1)]);
    await expect(journal.flush()).rejects.toMatchObject({ code: 'NODE_JOURNAL_FAILED' });
    await expect(journal.flush()).rejects.toMatchObject({ code: 'NODE_JOURNAL_FAILED' });
    expect(errors.length).toBe(1);
    await journal.stop();
  });
});

/** Processes that are killed, files that rot, a disk that is full, two writers: never a wrong ledger without a word. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { toHeight } from '@hansa/primitives';
import { accountKey } from '@hansa/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLedgerError, openLedger, openLedgerReader, verifyLedger } from '../src/index.ts';
import { levelStorage } from '../src/storage.ts';
import { openStore } from '../src/store.ts';
import {
  addressOf,
  byKey,
  ChainFixture,
  createChance,
  numberBytes,
  suite,
  temporaryDirectory,
} from './chain-fixture.ts';

const fixture = new ChainFixture();
const key = (number: number) => accountKey(addressOf(number));
const SOURCE = ['--import', 'tsx', '--conditions', 'source'];
const scriptPath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

function startWriter(location: string, mode: 'hold' | 'commit'): ChildProcess {
  const child = spawn(process.execPath, [...SOURCE, scriptPath('writer-process.ts'), location, mode]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Lines of the child until one fits. */
async function waitForLine(child: ChildProcess, fits: (line: string) => boolean): Promise<string> {
  let rest = '';
  for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) {
    const lines = (rest + new TextDecoder().decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    const found = lines.find(fits);
    if (found !== undefined) return found;
  }
  throw new Error('the child ended before the line came');
}

async function failureOf(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; remedy: string | undefined }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isLedgerError(error)) throw error ?? new Error('a failure was expected');
  return error;
}

describe('SIGKILL', () => {
  it('LED-3: at any moment of committing: the ledger opens at what was acknowledged or one above, and is right', async () => {
    const location = join(temporaryDirectory(onTestFinished), 'ledger');
    let before = 0;
    for (const blockCount of [3, 1, 8]) {
      const child = startWriter(location, 'commit');
      let acknowledged = 0;
      await waitForLine(child, (line) => {
        const [word, height] = line.split(' ');
        if (word === 'committed') acknowledged = Number(height);
        return acknowledged >= before + blockCount;
      });
      child.kill('SIGKILL');
      await once(child, 'exit');
      const ledger = await fixture.open(location, { stateHistoryBlocks: 20 });
      const { height } = ledger.head();
      expect(height).toBeGreaterThanOrEqual(acknowledged);
      await fixture.grow(ledger, 1, () => ({ changes: [{ key: key(1), value: numberBytes(height) }] }));
      before = ledger.head().height;
      await ledger.close();
      const report = await verifyLedger({ location, suite, expectedGenesisHash: fixture.genesisHash });
      expect(report).toMatchObject({ ok: true, height: before });
    }
  }, 60_000);
});

describe('LED-6: one writer', () => {
  it('LEDGER_LOCKED: a second process is refused with the pid of the first; after kill -9 it is let in', async () => {
    const location = join(temporaryDirectory(onTestFinished), 'ledger');
    const child = startWriter(location, 'hold');
    await waitForLine(child, (line) => line.startsWith('open'));
    for (const attempt of [() => fixture.open(location), () => openLedgerReader({ location, suite })]) {
      const failure = await failureOf(attempt());
      expect(failure).toMatchObject({
        code: 'LEDGER_LOCKED',
        message: expect.stringContaining(`process ${child.pid}`),
      });
      expect(failure.remedy).toContain(`${child.pid}`);
    }
    const second = startWriter(location, 'hold');
    const [exitCode] = (await once(second, 'exit')) as [number];
    expect(exitCode).toBe(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(join(location, 'hansa.lock'))).toBe(true);
    const ledger = await fixture.open(location);
    await ledger.close();
    expect(existsSync(join(location, 'hansa.lock'))).toBe(false);
  }, 60_000);

  it('LEDGER_LOCKED: a second writer in the same process is refused, and does not open the door to others', async () => {
    const location = join(temporaryDirectory(onTestFinished), 'ledger');
    const ledger = await fixture.open(location);
    expect((await failureOf(fixture.open(location))).code).toBe('LEDGER_LOCKED');
    const child = startWriter(location, 'hold');
    const [exitCode] = (await once(child, 'exit')) as [number];
    expect(exitCode).toBe(1);
    await fixture.grow(ledger, 1, () => ({ changes: [] }));
    await ledger.close();
    await (await fixture.open(location)).close();
  }, 60_000);

  it('takes over the lock of a process that is gone, of an earlier one with the same id, and a torn one', async () => {
    const location = join(temporaryDirectory(onTestFinished), 'ledger');
    mkdirSync(location);
    const locks = [
      { pid: 999_999_999, start: 'x', token: 'a' },
      { pid: process.pid, start: 'an earlier start', token: 'b' },
    ].map((holder) => JSON.stringify(holder));
    for (const text of [...locks, '', '{"pid":']) {
      writeFileSync(join(location, 'hansa.lock'), text);
      await (await fixture.open(location)).close();
    }
    expect(readdirSync(location).filter((name) => name.startsWith('hansa.lock'))).toEqual([]);
  });
});

describe('another thread', () => {
  it('reads what the writer has committed, each time', async () => {
    const location = temporaryDirectory(onTestFinished);
    const ledger = await fixture.open(location);
    onTestFinished(() => ledger.close());
    // No loader of this process reaches a thread on Node 20: it registers its own.
    const load = [import.meta.resolve('tsx/esm/api'), import.meta.resolve('./reader-thread.ts')].map((url) =>
      JSON.stringify(url),
    );
    const source = `import(${load[0]}).then(({ register }) => { register(); return import(${load[1]}); });`;
    const worker = new Worker(source, { eval: true, workerData: location, execArgv: ['--conditions', 'source'] });
    onTestFinished(async () => void (await worker.terminate()));
    await once(worker, 'message');
    for (let height = 1; height <= 5; height++) {
      await fixture.grow(ledger, 1, () => ({ changes: [{ key: key(1), value: numberBytes(height + 10) }] }));
      worker.postMessage('look');
      const [answer] = await once(worker, 'message');
      expect(answer).toEqual({ height, snapshotHeight: height, value: numberBytes(height + 10) });
    }
    worker.postMessage('close');
    await once(worker, 'exit');
    await fixture.grow(ledger, 1, () => ({ changes: [] }));
  }, 60_000);
});

describe('a full disk', () => {
  it('LED-8: LEDGER_WRITE_FAILED: nothing of the block is there, everything is refused after, a restart goes on', async () => {
    const location = temporaryDirectory(onTestFinished);
    let isFull = false;
    const ledger = await openLedger(
      { location, suite, genesis: fixture.genesis },
      {
        storageAt: (...parameters) => ({
          ...levelStorage(...parameters),
          open: async () => {
            const store = await openStore(location, { createIfMissing: true });
            const write = store.batch.bind(store);
            store.batch = () => {
              const batch = write();
              const inner = batch.write.bind(batch);
              batch.write = async (options) => {
                if (!isFull) return inner(options);
                await batch.discard();
                const { writingError } = await import('../src/store.ts');
                throw writingError(
                  Object.assign(new Error('IO error: No space left on device'), { code: 'LEVEL_IO_ERROR' }),
                );
              };
              return batch;
            };
            return store;
          },
        }),
      },
    );
    await fixture.grow(ledger, 2, (height) => ({ changes: [{ key: key(1), value: numberBytes(height + 10) }] }));
    const input = fixture.stageBlock(ledger, { changes: [{ key: key(1), value: numberBytes(99) }] });
    isFull = true;
    expect(await failureOf(ledger.commitBlock(input))).toMatchObject({
      code: 'LEDGER_WRITE_FAILED',
      message: expect.stringContaining('No space left'),
      remedy: expect.stringContaining('disk'),
    });
    isFull = false;
    expect((await failureOf(ledger.commitBlock(input))).code).toBe('LEDGER_WRITE_FAILED');
    expect(() => ledger.stage([])).toThrow(expect.objectContaining({ code: 'LEDGER_WRITE_FAILED' }));
    expect(ledger.head().height).toBe(2);
    await ledger.close();
    const again = await fixture.open(location);
    onTestFinished(() => again.close());
    expect(again.state.get(key(1))).toEqual(numberBytes(12));
    await again.commitBlock(fixture.stageBlock(again, { changes: [{ key: key(1), value: numberBytes(99) }] }));
  });
});

describe('files that rot', () => {
  /** A closed ledger of 40 blocks; its records are in the log and, after a compaction, in tables. */
  async function buildLedger(): Promise<string> {
    const location = temporaryDirectory(onTestFinished);
    const ledger = await fixture.open(location);
    const plan = (height: number) => ({
      changes: byKey(
        Array.from({ length: 20 }, (_, i) => ({ key: key((height * 13 + i) % 97), value: numberBytes(height) })).filter(
          (c, i, all) => all.findIndex((o) => o.key === c.key) === i,
        ),
      ),
      transactionCount: 2,
    });
    await fixture.grow(ledger, 20, plan);
    await ledger.compact();
    await fixture.grow(ledger, 20, plan);
    await ledger.close();
    return location;
  }

  /** What becomes of a damaged ledger: refused at opening, found by verify, or an older or equal one that is right. */
  async function judge(location: string): Promise<'refused' | 'found' | 'right'> {
    const genesis = fixture.genesisHash;
    const opened = await fixture.open(location).then(
      async (ledger) => {
        const { height } = ledger.head();
        await ledger.close();
        return height;
      },
      (error: unknown) => {
        if (!isLedgerError(error) || !['LEDGER_DAMAGED', 'LEDGER_UNREADABLE'].includes(error.code)) throw error;
        expect(error.remedy).toContain('--rebuild');
        return undefined;
      },
    );
    if (opened === undefined) return 'refused';
    const report = await verifyLedger({ location, suite, expectedGenesisHash: genesis }).catch((error: unknown) => {
      if (!isLedgerError(error)) throw error;
      return { ok: false };
    });
    return report.ok ? 'right' : 'found';
  }

  it('LED-1, LED-7: a flipped byte anywhere in the files is refused, found or harmless: never a wrong ledger', async () => {
    const location = await buildLedger();
    const chance = createChance(20_250_101);
    const files = readdirSync(location).filter(
      (name) => /\.(ldb|log)$/.test(name) && statSync(join(location, name)).size > 0,
    );
    expect(files.some((name) => name.endsWith('.ldb'))).toBe(true);
    const outcomes = { refused: 0, found: 0, right: 0 };
    for (let round = 0; round < 40; round++) {
      const copy = join(temporaryDirectory(onTestFinished), 'copy');
      cpSync(location, copy, { recursive: true });
      const file = join(copy, files[chance(files.length)] as string);
      const bytes = readFileSync(file);
      const at = chance(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << chance(8));
      writeFileSync(file, bytes);
      outcomes[await judge(copy)]++;
    }
    // Most bytes matter: of the others (padding, index blocks, an old version of a record) verify says that all is right.
    expect(outcomes.refused + outcomes.found).toBeGreaterThan(20);
  }, 60_000);

  it('a log cut at the end gives an older ledger that is right, or is refused', async () => {
    const location = await buildLedger();
    const [log] = readdirSync(location).filter(
      (name) => name.endsWith('.log') && statSync(join(location, name)).size > 0,
    );
    if (log === undefined) throw new Error('a log was expected');
    const { size } = statSync(join(location, log));
    const chance = createChance(7);
    for (const cut of [1, 300, Math.floor(size / 2), size - 1, size, chance(size)]) {
      const copy = join(temporaryDirectory(onTestFinished), 'copy');
      cpSync(location, copy, { recursive: true });
      truncateSync(join(copy, log), size - cut);
      expect(['right', 'refused']).toContain(await judge(copy));
    }
  }, 60_000);

  it('LED-6: an empty store where a ledger was is refused, not begun anew', async () => {
    const location = temporaryDirectory(onTestFinished);
    await (await fixture.open(location)).close();
    for (const name of readdirSync(location)) {
      if (name.endsWith('.log')) truncateSync(join(location, name), 0);
    }
    expect(await failureOf(fixture.open(location))).toMatchObject({
      code: 'LEDGER_DAMAGED',
      remedy: expect.stringContaining('--rebuild'),
    });
  });

  it('missing files are refused with the remedy', async () => {
    const location = await buildLedger();
    const copy = join(temporaryDirectory(onTestFinished), 'copy');
    cpSync(location, copy, { recursive: true, filter: (name) => !name.endsWith('.ldb') });
    expect(['refused', 'found']).toContain(await judge(copy));
  }, 60_000);

  it('LEDGER_WRONG_GENESIS: names both hashes', async () => {
    const location = temporaryDirectory(onTestFinished);
    await (await fixture.open(location)).close();
    const other = new ChainFixture({ firstKey: 50 });
    const failure = await failureOf(other.open(location));
    expect(failure).toMatchObject({ code: 'LEDGER_WRONG_GENESIS', remedy: expect.any(String) });
    expect(failure.message).toContain(fixture.genesisHash);
    expect(failure.message).toContain(other.genesisHash);
  });

  it('LED-7: a lost block in the middle is refused at opening', async () => {
    const location = temporaryDirectory(onTestFinished);
    const ledger = await fixture.open(location);
    await fixture.grow(ledger, 10, (height) => ({ changes: [{ key: key(1), value: numberBytes(height) }] }));
    await ledger.close();
    const { heightKey } = await import('../src/keys.ts');
    for (const table of ['undoFilter', 'header'] as const) {
      const store = await openStore(location, { createIfMissing: false });
      const batch = store.batch();
      batch.del(heightKey(table, toHeight(5)));
      await batch.write({ sync: true });
      await store.close();
      const failure = await failureOf(fixture.open(location));
      expect(failure).toMatchObject({ code: 'LEDGER_DAMAGED', message: expect.stringContaining('height 5') });
    }
  });
});

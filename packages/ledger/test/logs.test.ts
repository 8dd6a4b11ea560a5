import { type HashHex, type Height, toHeight } from '@hansa/primitives';
import type { Log } from '@hansa/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildFilter, filterMayHold, hashTerm } from '../src/filter.ts';
import type { Ledger, LogFilter } from '../src/index.ts';
import { addressOf, ChainFixture, createChance, numberBytes, temporaryDirectory } from './chain-fixture.ts';

const h = (height: number): Height => toHeight(height);
const topicOf = (number: number): HashHex => number.toString(16).padStart(64, '0') as HashHex;
const everything: LogFilter = { fromHeight: h(0), toHeight: h(1000), addresses: [], topics: [] };

async function buildLedger(blockCount: number, logsOf: (height: number) => readonly Log[]): Promise<Ledger> {
  const fixture = new ChainFixture();
  const ledger = await fixture.open(temporaryDirectory(onTestFinished));
  onTestFinished(() => ledger.close());
  await fixture.grow(ledger, blockCount, (height) => {
    const logs = logsOf(height);
    return { changes: [], transactionCount: logs.length === 0 ? 0 : 2, logs: (index) => (index === 1 ? logs : []) };
  });
  return ledger;
}

async function found(ledger: Ledger, filter: Partial<LogFilter>): Promise<readonly string[]> {
  const result = await ledger.logs({ ...everything, ...filter });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.map(({ height, logIndex }) => `${height}/${logIndex}`);
}

describe('logs', () => {
  it('LED-10: finds exactly what a look at every log would find', async () => {
    const chance = createChance(11);
    const all: { height: number; logIndex: number; log: Log }[] = [];
    const ledger = await buildLedger(30, (height) =>
      Array.from({ length: chance(4) }, (_, logIndex) => {
        const topics = Array.from({ length: chance(5) }, () => topicOf(chance(3)));
        const log = { address: addressOf(chance(4)), topics, data: numberBytes(logIndex) };
        all.push({ height, logIndex, log });
        return log;
      }),
    );
    for (let round = 0; round < 60; round++) {
      const fromHeight = chance(31);
      const toHeight_ = fromHeight + chance(31);
      const addresses = Array.from({ length: chance(3) }, () => addressOf(chance(6)));
      const topics = Array.from({ length: chance(4) }, () =>
        chance(3) === 0 ? undefined : Array.from({ length: chance(3) }, () => topicOf(chance(4))),
      );
      const expected = all.filter(
        ({ height, log }) =>
          height >= fromHeight &&
          height <= toHeight_ &&
          (addresses.length === 0 || addresses.includes(log.address)) &&
          log.topics.length >= topics.length &&
          topics.every((some, i) => some === undefined || some.length === 0 || some.includes(log.topics[i] as HashHex)),
      );
      const got = await found(ledger, { fromHeight: h(fromHeight), toHeight: h(toHeight_), addresses, topics });
      expect(got).toEqual(expected.map(({ height, logIndex }) => `${height}/${logIndex}`));
    }
  });

  it('says where each log stands', async () => {
    const log = { address: addressOf(5), topics: [topicOf(1)], data: numberBytes(3) };
    const ledger = await buildLedger(3, (height) => (height === 2 ? [log, log] : []));
    const result = await ledger.logs(everything);
    const header = ledger.headerAt(h(2));
    expect(result.ok && result.value[1]).toEqual({
      ...log,
      height: 2,
      blockHash: ledger.hashAt(h(2)),
      timestamp: header?.timestamp,
      transactionHash: ledger.receiptsAt(h(2))?.[1]?.transactionHash,
      transactionIndex: 1,
      logIndex: 1,
    });
  });

  it('LEDGER_TOO_MANY_LOGS: below, at and above the limit', async () => {
    const ledger = await buildLedger(3, () => [{ address: addressOf(5), topics: [], data: numberBytes(3) }]);
    for (const countMax of [4, 3]) expect((await ledger.logs({ ...everything, countMax })).ok).toBe(true);
    const result = await ledger.logs({ ...everything, countMax: 2 });
    expect(result.ok ? undefined : result.error).toMatchObject({
      code: 'LEDGER_TOO_MANY_LOGS',
      remedy: expect.any(String),
    });
  });

  it('stops when it is told to', async () => {
    const ledger = await buildLedger(1, () => []);
    await expect(ledger.logs({ ...everything, signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  });

  it('an empty or reversed range finds nothing', async () => {
    const ledger = await buildLedger(2, () => [{ address: addressOf(5), topics: [], data: numberBytes(3) }]);
    expect(await found(ledger, { fromHeight: h(2), toHeight: h(1) })).toEqual([]);
    expect(await found(ledger, { fromHeight: h(3), toHeight: h(9) })).toEqual([]);
    expect(await found(ledger, { fromHeight: h(2), toHeight: h(2) })).toEqual(['2/0']);
  });
});

describe('filter', () => {
  it('LED-2, LED-10: holds all that it was made of, and little else, at every size', () => {
    for (const size of [1, 5, 100, 3000]) {
      const terms = Array.from({ length: size }, (_, number) => `1${topicOf(number)}`);
      const filter = buildFilter(new Set(terms));
      expect(terms.every((term) => filterMayHold(filter, hashTerm(term)))).toBe(true);
      const others = Array.from({ length: 4000 }, (_, number) => `1${topicOf(1_000_000 + number)}`);
      const wrong = others.filter((term) => filterMayHold(filter, hashTerm(term))).length;
      expect(wrong).toBeLessThan(80);
    }
  });
});

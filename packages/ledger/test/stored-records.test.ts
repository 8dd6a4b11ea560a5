/** The bytes on disk as docs/spec/ledger.md has them, read by LevelDB itself, and pages that are whole but not the tree's. */
import { crc32 } from 'node:zlib';
import { type HashHex, type Height, toHeight } from '@hansa/primitives';
import { accountKey, encodeBody, encodeHeader, type StateKey } from '@hansa/protocol';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tableRange } from '../src/keys.ts';
import { openStore } from '../src/store.ts';
import { addressOf, byKey, ChainFixture, numberBytes, suite, temporaryDirectory } from './chain-fixture.ts';

const key = (number: number): StateKey => accountKey(addressOf(number));
const u64 = (value: number): string => value.toString(16).padStart(16, '0');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** All records of a closed store: key and value in hex, the checksum apart. */
async function rawRecords(
  location: string,
): Promise<Map<string, { value: string; checksum: number; isRight: boolean }>> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(location, { keyEncoding: 'view', valueEncoding: 'view' });
  const records = new Map<string, { value: string; checksum: number; isRight: boolean }>();
  for await (const [at, sealed] of database.iterator()) {
    const value = sealed.subarray(0, sealed.length - 4);
    const checksum = Buffer.from(sealed).readUInt32BE(sealed.length - 4);
    const isRight = crc32(Buffer.concat([at, value])) === checksum;
    records.set(hex(at), { value: hex(value), checksum, isRight });
  }
  await database.close();
  return records;
}

it('LED-1: one byte of table before each key, numbers big-endian, a CRC-32 over key and value behind each value', async () => {
  const fixture = new ChainFixture();
  const location = temporaryDirectory(onTestFinished);
  const ledger = await fixture.open(location);
  await fixture.grow(ledger, 3, (height) => ({
    changes: [{ key: key(5), value: numberBytes(height) }],
    transactionCount: 2,
    leftOut: height === 2 ? [{ position: 0, hash: 'ee'.repeat(32) as HashHex, reason: 'expired' }] : [],
    logs: () => [{ address: addressOf(1), topics: [], data: new Uint8Array(0) }],
  }));
  const head = ledger.head();
  const block = ledger.blockAt(toHeight(2));
  const hash = ledger.hashAt(toHeight(2)) as HashHex;
  await ledger.close();
  if (block === undefined) throw new Error('a block was expected');

  const records = await rawRecords(location);
  const recordAt = (at: string): string | undefined => records.get(at)?.value;
  expect([...records.values()].every(({ isRight }) => isRight)).toBe(true);
  const table = (letter: string): string => Buffer.from(letter).toString('hex');
  expect(new Set([...records.keys()].map((at) => Buffer.from(at.slice(0, 2), 'hex').toString()))).toEqual(
    new Set([...'mhbrcitfvsnuU']),
  );
  expect(recordAt(table('mchain'))).toBe(`00000001${fixture.genesisHash}${table(suite.name)}`);
  expect(recordAt(table('mhead'))).toBe(`${u64(3)}${head.hash}${head.header.stateRoot}${u64(0)}${u64(1)}`);
  expect(recordAt(`${table('h')}${u64(2)}`)).toBe(`${hash}${u64(1)}${hex(encodeHeader(block.header))}`);
  expect(recordAt(`${table('b')}${u64(2)}`)).toBe(hex(encodeBody(block.body)));
  expect(recordAt(`${table('i')}${hash}`)).toBe(u64(2));
  expect(recordAt(`${table('t')}${'ee'.repeat(32)}`)).toBe(`02${u64(2)}0000000008`);
  expect(recordAt(`${table('s')}${key(5)}`)).toBe(hex(numberBytes(3)));
  // The test's chain names a term of its own in block 1; nothing changes in it after that.
  expect([0, 1, 2, 3].map((height) => records.has(`${table('v')}${u64(height)}`))).toEqual([true, true, false, false]);
  expect(records.has(`${table('c')}${u64(0)}`)).toBe(false);
});

describe('LED-4: a page below the top that is whole, but not the one that the page above names,', () => {
  it('is refused when it is read', async () => {
    const fixture = new ChainFixture();
    const location = temporaryDirectory(onTestFinished);
    const ledger = await fixture.open(location);
    const many = (height: number) =>
      byKey(Array.from({ length: 200 }, (_, i) => ({ key: key(i), value: numberBytes(height) })));
    await fixture.grow(ledger, 2, (height) => ({ changes: many(height) }));
    await ledger.close();

    // Two pages of one depth change places, each with a checksum that is right.
    const store = await openStore(location, { createIfMissing: false });
    const pages = await store.iterate(tableRange('page')).next(1_000);
    const [one, two] = pages.filter((page) => page.key.length === 2);
    if (one?.value === undefined || two?.value === undefined) throw new Error('pages below the top were expected');
    const batch = store.batch();
    batch.put(one.key, two.value);
    batch.put(two.key, one.value);
    await batch.write({ sync: true });
    await store.close();

    const again = await fixture.open(location);
    onTestFinished(() => again.close());
    expect(again.head().height).toBe(2 as Height);
    expect(() => fixture.stageBlock(again, { changes: many(3) })).toThrow(
      expect.objectContaining({ code: 'LEDGER_DAMAGED', message: expect.stringMatching(/digest that the page above/) }),
    );
  });
});

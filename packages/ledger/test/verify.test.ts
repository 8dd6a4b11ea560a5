/** A ledger that was changed by somebody who can write the store (checksums included) is found out, with the place. */
import { type HashHex, type Height, type Term, toHeight } from '@hansa/primitives';
import {
  accountKey,
  encodeCertificate,
  encodeHeader,
  encodeTermInfo,
  type StateKey,
  type TermInfo,
} from '@hansa/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLedgerError, verifyLedger } from '../src/index.ts';
import { hashKey, heightKey, metaKey, pageKey, stateEntryKey } from '../src/keys.ts';
import { decodeHeaderRecord, encodeHeaderRecord, encodeHeadRecord, headerOf } from '../src/records.ts';
import { openStore, type Store } from '../src/store.ts';
import { addressOf, byKey, ChainFixture, numberBytes, suite, temporaryDirectory } from './chain-fixture.ts';

const h = (height: number): Height => toHeight(height);
const key = (number: number): StateKey => accountKey(addressOf(number));

/** 12 blocks with transactions, logs and something left out; from height 7 on without the fourth validator. */
async function buildChain(options: { readonly signers?: readonly number[]; readonly signersAt?: number } = {}) {
  const fixture = new ChainFixture();
  const location = temporaryDirectory(onTestFinished);
  const ledger = await fixture.open(location);
  const next: TermInfo = {
    ...fixture.termInfo,
    term: 1 as Term,
    baseHeight: h(6),
    validators: fixture.termInfo.validators.slice(0, 3),
    primaryOrder: fixture.termInfo.primaryOrder.slice(0, 3),
  };
  await fixture.grow(ledger, 12, (height) => ({
    changes: byKey([
      { key: key(height), value: numberBytes(height) },
      { key: key(100), value: numberBytes(height) },
    ]),
    transactionCount: height % 3,
    leftOut: height === 4 ? [{ position: 0, hash: 'ee'.repeat(32) as HashHex, reason: 'expired' }] : [],
    logs: (index) => [{ address: addressOf(index), topics: ['ab'.repeat(32) as HashHex], data: numberBytes(height) }],
    ...(height === 6 ? { nextTermInfo: next } : {}),
    ...(height === options.signersAt ? { signers: options.signers ?? [] } : {}),
  }));
  const head = ledger.head();
  await ledger.close();
  const verify = () => verifyLedger({ location, suite, expectedGenesisHash: fixture.genesisHash });
  return { fixture, location, head, verify };
}

async function change(
  location: string,
  run: (store: Store) => readonly [Uint8Array, Uint8Array | undefined],
): Promise<void> {
  const store = await openStore(location, { createIfMissing: false });
  const [at, value] = run(store);
  const batch = store.batch();
  if (value === undefined) batch.del(at);
  else batch.put(at, value);
  await batch.write({ sync: true });
  await store.close();
}

const flipped = (bytes: Uint8Array | undefined, at: number): Uint8Array => {
  const copy = new Uint8Array(bytes ?? new Uint8Array(0));
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] as number) ^ 1;
  return copy;
};

describe('verifyLedger', () => {
  it('accepts a right ledger, calling back for each block in order', async () => {
    const { fixture, location } = await buildChain();
    const heights: number[] = [];
    const stages = new Set<string>();
    const report = await verifyLedger({
      location,
      suite,
      expectedGenesisHash: fixture.genesisHash,
      onBlock: async ({ block, certificate, receipts, validators }) => {
        heights.push(block.header.height);
        expect(receipts).toHaveLength(block.body.transactions.length);
        expect(validators.length).toBe(block.header.height === 0 ? 0 : block.header.height <= 6 ? 4 : 3);
        expect(certificate === undefined).toBe(block.header.height === 0);
        return undefined;
      },
      onProgress: ({ stage, count, total }) => {
        stages.add(stage);
        expect(count).toBeLessThanOrEqual(total);
      },
    });
    expect(report).toEqual({ ok: true, height: 12, transactionCount: 12, stateEntryCount: 13 });
    expect(heights).toEqual(Array.from({ length: 13 }, (_, height) => height));
    expect([...stages]).toEqual(['blocks', 'state']);
  });

  it('reports what the callback finds', async () => {
    const { fixture, location } = await buildChain();
    const fault = { height: h(5), field: 'header.stateRoot', message: 'execution gives another one' };
    const report = await verifyLedger({
      location,
      suite,
      expectedGenesisHash: fixture.genesisHash,
      onBlock: async ({ block }) => (block.header.height === 5 ? fault : undefined),
    });
    expect(report).toEqual({ ok: false, fault });
  });

  const at5 = (table: 'header' | 'body' | 'receipts' | 'certificate') => heightKey(table, 5);
  const cases: readonly {
    readonly name: string;
    readonly height: number;
    readonly field: string | RegExp;
    readonly run: (store: Store) => readonly [Uint8Array, Uint8Array | undefined];
  }[] = [
    {
      name: 'a byte of a header',
      height: 5,
      field: 'header',
      run: (s) => [at5('header'), flipped(s.get(at5('header')), 200)],
    },
    {
      name: 'a header with its hash made to fit',
      height: 5,
      field: 'certificate',
      run: (s) => {
        const record = decodeHeaderRecord(s.get(at5('header')) as Uint8Array);
        const header = record === undefined ? undefined : headerOf(record);
        if (record === undefined || header === undefined) throw new Error('a header was expected');
        const other = { ...header, gasLimit: header.gasLimit + 1n };
        const hash = suite.taggedDigest('hansa/header/v1', encodeHeader(other));
        return [at5('header'), encodeHeaderRecord(hash, record.termHeight, other)];
      },
    },
    { name: 'a missing header', height: 5, field: 'header', run: () => [at5('header'), undefined] },
    {
      name: 'a signature',
      height: 5,
      field: 'certificate',
      run: (s) => [at5('certificate'), flipped(s.get(at5('certificate')), -5)],
    },
    { name: 'a missing certificate', height: 5, field: 'certificate', run: () => [at5('certificate'), undefined] },
    {
      name: 'a byte of a transaction',
      height: 5,
      field: /^body.transactions/,
      run: (s) => [at5('body'), flipped(s.get(at5('body')), 40)],
    },
    {
      name: 'the form of a transaction',
      height: 5,
      field: 'body.transactions[0]',
      run: (s) => [at5('body'), flipped(s.get(at5('body')), 8)],
    },
    { name: 'a missing body', height: 5, field: 'body', run: () => [at5('body'), undefined] },
    {
      name: 'what was left out',
      height: 4,
      field: 'header.proposalDigest',
      run: (s) => [heightKey('body', 4), flipped(s.get(heightKey('body', 4)), -3)],
    },
    {
      name: 'a byte of a receipt',
      height: 5,
      field: 'receipts',
      run: (s) => [at5('receipts'), flipped(s.get(at5('receipts')), -3)],
    },
    { name: 'missing receipts', height: 5, field: 'receipts', run: () => [at5('receipts'), undefined] },
    {
      name: 'a state entry',
      height: 12,
      field: `state ${key(7)}`,
      run: (s) => [stateEntryKey(key(7)), flipped(s.get(stateEntryKey(key(7))), 70)],
    },
    { name: 'a missing state entry', height: 12, field: 'state', run: () => [stateEntryKey(key(7)), undefined] },
    {
      name: 'a state entry too many',
      height: 12,
      field: `state ${key(77)}`,
      run: () => [stateEntryKey(key(77)), numberBytes(1)],
    },
    {
      name: 'a page of the state tree',
      height: 12,
      field: 'tree',
      run: (s) => [pageKey(''), flipped(s.get(pageKey('')), -1)],
    },
    {
      name: 'the log index',
      height: 5,
      field: 'logFilter',
      run: (s) => [heightKey('logFilter', 5), flipped(s.get(heightKey('logFilter', 5)), -1)],
    },
    {
      name: 'the transaction index',
      height: 5,
      field: 'transactionIndex',
      run: (s) => {
        const receipts = s.get(at5('receipts')) as Uint8Array;
        const hash = Array.from(receipts.subarray(8, 40), (byte) => byte.toString(16).padStart(2, '0')).join(
          '',
        ) as HashHex;
        return [hashKey('transactionIndex', hash), flipped(s.get(hashKey('transactionIndex', hash)), 12)];
      },
    },
    {
      name: 'the head pointer',
      height: 12,
      field: 'head',
      run: (s) => [metaKey('head'), flipped(s.get(metaKey('head')), 20)],
    },
    {
      name: 'the validators',
      height: 7,
      field: 'validators',
      run: (s) => {
        const record = s.get(heightKey('term', 0)) as Uint8Array;
        return [heightKey('term', 6), record];
      },
    },
  ];
  it.each(cases)('names the place of $name', async ({ height, field, run }) => {
    const { location, verify } = await buildChain();
    await change(location, run);
    const report = await verify();
    expect(report).toMatchObject({
      ok: false,
      fault: { height, field: typeof field === 'string' ? field : expect.stringMatching(field) },
    });
  });

  it('names a certificate with one signature too few', async () => {
    const { verify } = await buildChain({ signersAt: 5, signers: [0, 1] });
    expect(await verify()).toMatchObject({
      ok: false,
      fault: { height: 5, field: 'certificate', message: expect.stringMatching(/weight 2/) },
    });
  });

  it('names a certificate signed by a removed member', async () => {
    const { fixture, location, verify } = await buildChain();
    // Of four, the fourth was removed with term 1: it signs with the others who are left, as if it were still in.
    await change(location, (store) => {
      const record = decodeHeaderRecord(store.get(heightKey('header', 8)) as Uint8Array);
      const header = record === undefined ? undefined : headerOf(record);
      if (header === undefined) throw new Error('a header was expected');
      const forged = fixture.certify(header, fixture.termInfo.validators, [0, 1, 3]);
      return [heightKey('certificate', 8), encodeCertificate(forged)];
    });
    expect(await verify()).toMatchObject({ ok: false, fault: { height: 8, field: 'certificate' } });
    // Putting it back into the validators that are kept does not help.
    await change(location, () => [heightKey('term', 6), encodeTermInfo({ ...fixture.termInfo, term: 1 as Term })]);
    expect(await verify()).toMatchObject({ ok: false, fault: { height: 7, field: 'validators' } });
  });

  it('refuses the ledger of another chain', async () => {
    const { location } = await buildChain();
    const report = await verifyLedger({ location, suite, expectedGenesisHash: 'ab'.repeat(32) as HashHex });
    expect(report).toMatchObject({
      ok: false,
      fault: { height: 0, field: 'header', message: expect.stringContaining('abab') },
    });
  });

  it('throws when there is nothing to make a statement about', async () => {
    const location = temporaryDirectory(onTestFinished);
    const error = await verifyLedger({ location, suite, expectedGenesisHash: 'ab'.repeat(32) as HashHex }).catch(
      (e: unknown) => e,
    );
    expect(isLedgerError(error, 'LEDGER_MISSING')).toBe(true);
  });

  it('a head pointer that was moved back is found', async () => {
    const { location, verify } = await buildChain();
    await change(location, (store) => {
      const record = decodeHeaderRecord(store.get(heightKey('header', 11)) as Uint8Array);
      const header = record === undefined ? undefined : headerOf(record);
      if (record === undefined || header === undefined) throw new Error('a header was expected');
      const head = {
        height: h(11),
        hash: record.hash,
        stateRoot: header.stateRoot,
        historyFrom: h(0),
        termHeight: h(6),
      };
      return [metaKey('head'), encodeHeadRecord(head)];
    });
    expect(await verify()).toMatchObject({ ok: false, fault: { height: 11, field: 'tree' } });
  });
});

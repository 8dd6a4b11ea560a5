import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type HashHex, type Height, type Term, toHeight } from '@hansa/primitives';
import { accountKey, type BlockHeader, blockHash, type StateKey, verifyStateProof } from '@hansa/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedger, openLedgerReader } from '../src/index.ts';
import { addressOf, byKey, ChainFixture, numberBytes, suite, temporaryDirectory } from './chain-fixture.ts';

const fixture = new ChainFixture();
const key = (number: number): StateKey => accountKey(addressOf(number));
const h = (height: number): Height => toHeight(height);

async function openHere(chain: ChainFixture = fixture, options: Parameters<ChainFixture['open']>[1] = {}) {
  const location = temporaryDirectory(onTestFinished);
  const ledger = await chain.open(location, options);
  onTestFinished(() => ledger.close());
  return { ledger, location };
}

describe('a new ledger', () => {
  it('begins with genesis and its state', async () => {
    const { ledger } = await openHere();
    expect(ledger.head()).toEqual({ height: 0, hash: fixture.genesisHash, header: fixture.genesis.block.header });
    expect(ledger.genesisHash).toBe(fixture.genesisHash);
    expect(ledger.state.get(key(1))).toEqual(numberBytes(1));
    expect(ledger.state.get(key(2))).toBeUndefined();
    expect(ledger.blockAt(h(0))).toEqual(fixture.genesis.block);
    expect(ledger.certificateAt(h(0))).toBeUndefined();
    expect(ledger.receiptsAt(h(0))).toEqual([]);
    expect(ledger.termInfoAt(h(1))).toEqual({ ...fixture.termInfo, baseHash: fixture.genesisHash });
    expect(ledger.termInfoAt(h(0))).toBeUndefined();
    expect(ledger.termInfoAt(h(2))).toBeUndefined();
  });

  it('refuses a genesis whose state root is not that of its state', async () => {
    const location = temporaryDirectory(onTestFinished);
    const genesis = { ...fixture.genesis, changes: [] };
    await expect(openLedger({ location, suite, genesis })).rejects.toThrow(/state root/);
    // And leaves nothing behind that would be in the way of the right one.
    await (await fixture.open(location)).close();
  });
});

describe('commit', () => {
  it('keeps all of a block, found by every index, over a restart', async () => {
    const location = temporaryDirectory(onTestFinished);
    const ledger = await fixture.open(location);
    const leftOutHash = 'ee'.repeat(32) as HashHex;
    const alias = 'aa'.repeat(32) as HashHex;
    const input = fixture.stageBlock(ledger, {
      changes: byKey([
        { key: key(1), value: undefined },
        { key: key(2), value: numberBytes(22) },
      ]),
      transactionCount: 3,
      leftOut: [{ position: 1, hash: leftOutHash, reason: 'nonce too high' }],
    });
    const hash = blockHash(suite, input.header);
    expect(await ledger.commitBlock({ ...input, aliasHashes: [alias] })).toEqual({
      height: 1,
      hash,
      header: input.header,
    });
    await ledger.close();

    const again = await fixture.open(location);
    onTestFinished(() => again.close());
    expect(again.head()).toEqual({ height: 1, hash, header: input.header });
    expect(again.blockAt(h(1))).toEqual({ header: input.header, body: input.body });
    expect(again.certificateAt(h(1))).toEqual(input.certificate);
    expect(again.certifiedBlockAt(h(1))?.certificate).toEqual(input.certificate);
    expect(again.receiptsAt(h(1))).toEqual(input.receipts);
    expect([again.heightOfHash(hash), again.heightOfHash(alias), again.heightOfHash(leftOutHash)]).toEqual([
      1,
      1,
      undefined,
    ]);
    const third = input.receipts[2]?.transactionHash as HashHex;
    expect(again.transactionLocation(third)).toEqual({ height: 1, index: 2 });
    expect(again.receiptAt({ height: h(1), index: 2 })).toEqual(input.receipts[2]);
    expect(again.receiptAt({ height: h(1), index: 3 })).toBeUndefined();
    expect(again.transactionAt({ height: h(1), index: 2 })).toEqual(input.body.transactions[2]);
    expect(again.leftOutLocation(leftOutHash)).toEqual({ height: 1, position: 1, reason: 'nonce too high' });
    expect(again.leftOutLocation(third)).toBeUndefined();
    expect(again.state.get(key(1))).toBeUndefined();
    expect(again.state.get(key(2))).toEqual(numberBytes(22));
    expect([again.headerAt(h(2)), again.hashAt(h(2)), again.blockAt(h(2)), again.receiptsAt(h(2))]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('LED-5: a transaction left out and committed later is committed; one committed stays it when it is ordered again', async () => {
    const { ledger } = await openHere();
    const first = fixture.stageBlock(ledger, { changes: [], transactionCount: 1 });
    const hash = first.receipts[0]?.transactionHash as HashHex;
    ledger.discardAbove(h(0));
    await fixture.grow(ledger, 1, () => ({ changes: [], leftOut: [{ position: 0, hash, reason: 'nonce too high' }] }));
    expect(ledger.leftOutLocation(hash)?.height).toBe(1);
    // The same transaction in a block of height 2.
    const { root } = ledger.stage([]);
    const built = fixture.buildBlock(ledger, { changes: [] }, root);
    const header: BlockHeader = { ...built.header, txRoot: first.header.txRoot, receiptRoot: first.header.receiptRoot };
    const certificate = fixture.certify(header, fixture.termInfo.validators);
    await ledger.commitBlock({ ...built, header, body: first.body, receipts: first.receipts, certificate });
    expect(ledger.leftOutLocation(hash)).toBeUndefined();
    expect(ledger.transactionLocation(hash)).toEqual({ height: 2, index: 0 });
    await fixture.grow(ledger, 1, () => ({
      changes: [],
      leftOut: [{ position: 0, hash, reason: 'already on chain' }],
    }));
    expect(ledger.transactionLocation(hash)).toEqual({ height: 2, index: 0 });
    expect(ledger.leftOutLocation(hash)).toBeUndefined();
  });

  it('refuses what does not stand on the head, and takes the right block afterwards', async () => {
    const { ledger } = await openHere();
    const input = fixture.stageBlock(ledger, {
      changes: [{ key: key(5), value: numberBytes(5) }],
      transactionCount: 1,
    });
    const other = 'cd'.repeat(32) as HashHex;
    const wrong = [
      { ...input, header: { ...input.header, height: h(2) } },
      { ...input, header: { ...input.header, parentHash: other } },
      { ...input, header: { ...input.header, stateRoot: other } },
      { ...input, receipts: [] },
      { ...input, certificate: { ...input.certificate, blockHash: other } },
      { ...input, certificate: { ...input.certificate, height: h(2) } },
    ];
    for (const each of wrong) await expect(ledger.commitBlock(each)).rejects.toThrow(/expected|staged/);
    expect(ledger.head().height).toBe(0);
    await ledger.commitBlock(input);
    expect(ledger.head().height).toBe(1);
    await expect(ledger.commitBlock(input)).rejects.toThrow(/staged/);
  });

  it('remembers the term of each height, once for all heights with the same one', async () => {
    const { ledger } = await openHere();
    const next = {
      ...fixture.termInfo,
      term: 1 as Term,
      baseHeight: h(3),
      endHeight: h(300),
      validators: fixture.termInfo.validators.slice(0, 3),
      primaryOrder: fixture.termInfo.primaryOrder.slice(0, 3),
    };
    await fixture.grow(ledger, 5, (height) => ({ changes: [], ...(height === 3 ? { nextTermInfo: next } : {}) }));
    expect([1, 2, 3, 4, 5, 6, 7].map((height) => ledger.termInfoAt(h(height))?.term)).toEqual([
      0,
      0,
      0,
      1,
      1,
      1,
      undefined,
    ]);
    expect(ledger.termInfoAt(h(5))?.baseHash).toBe(ledger.hashAt(h(3)));
    expect(ledger.validatorsAt(h(3))).toHaveLength(4);
    expect(ledger.validatorsAt(h(4))).toHaveLength(3);
    expect(ledger.currentTermInfo()).toEqual(ledger.termInfoAt(h(6)));
  });
});

describe('staging', () => {
  it('shows several heights at once, takes them back, and commits from below', async () => {
    const { ledger } = await openHere();
    const first = fixture.stageBlock(ledger, { changes: [{ key: key(1), value: numberBytes(10) }] });
    const second = ledger.stage([{ key: key(1), value: undefined }]);
    const third = ledger.stage([{ key: key(1), value: numberBytes(30) }]);
    expect([ledger.stagedHeight(), second.height, third.height]).toEqual([3, 2, 3]);
    expect([0, 1, 2, 3, 4].map((height) => ledger.stagedStateAt(h(height))?.get(key(1)))).toEqual([
      numberBytes(1),
      numberBytes(10),
      undefined,
      numberBytes(30),
      undefined,
    ]);
    expect(ledger.state.get(key(1))).toEqual(numberBytes(30));
    ledger.discardAbove(h(2));
    expect(ledger.state.get(key(1))).toBeUndefined();
    expect(ledger.stage([{ key: key(1), value: numberBytes(30) }]).root).toBe(third.root);
    // What a reader of the committed side sees is not moved by any of it.
    const snapshot = ledger.snapshot();
    await ledger.commitBlock(first);
    expect(snapshot.get(key(1))).toEqual(numberBytes(1));
    await snapshot.close();
    expect(ledger.stagedHeight()).toBe(3);
    expect(ledger.state.get(key(1))).toEqual(numberBytes(30));
    ledger.discardAbove(h(0));
    expect(ledger.stagedHeight()).toBe(1);
    expect(ledger.state.get(key(1))).toEqual(numberBytes(10));
    expect(ledger.stage([{ key: key(1), value: undefined }]).root).toBe(second.root);
  });

  it('gives the same root however much of the state is in memory', async () => {
    const roots: string[][] = [];
    for (const hotStateBytesMax of [1, 20_000, 10_000_000]) {
      const { ledger } = await openHere(fixture, { hotStateBytesMax });
      const mine: string[] = [];
      for (let height = 1; height <= 6; height++) {
        const changes = byKey(
          Array.from({ length: 60 }, (_, i) => {
            const number = (i * 37 * height) % 211;
            return { key: key(number), value: i % 4 === 0 ? undefined : numberBytes(height * 1000 + i) };
          }).filter((change, index, all) => all.findIndex((other) => other.key === change.key) === index),
        );
        await ledger.commitBlock(fixture.stageBlock(ledger, { changes }));
        mine.push(ledger.head().header.stateRoot);
      }
      roots.push(mine);
      const stats = ledger.stats();
      expect(stats.hotStateBytes).toBeLessThanOrEqual(hotStateBytesMax * 2);
      if (hotStateBytesMax === 1) expect(stats.hotStateDropped).toBeGreaterThan(0);
    }
    expect(roots[0]).toEqual(roots[1]);
    expect(roots[0]).toEqual(roots[2]);
  });

  it('refuses changes out of order or with a key twice', async () => {
    const { ledger } = await openHere();
    const a = { key: key(1), value: numberBytes(1) };
    const b = { key: key(2), value: numberBytes(2) };
    expect(() => ledger.stage([b, a])).toThrow(/order/);
    expect(() => ledger.stage([a, a])).toThrow(/order/);
  });
});

describe('LED-9: state of past heights', () => {
  it('is read exactly, until it is pruned, and says so', async () => {
    const { ledger } = await openHere(fixture, { stateHistoryBlocks: 5 });
    // Key 1 changes at each height, key 2 at even ones, where it is deleted every second time.
    await fixture.grow(ledger, 12, (height) => ({
      changes: byKey([
        { key: key(1), value: numberBytes(height) },
        ...(height % 2 === 0 ? [{ key: key(2), value: height % 4 === 0 ? undefined : numberBytes(height) }] : []),
      ]),
    }));
    expect(ledger.stateHistoryFrom()).toBe(7);
    for (let height = 7; height <= 12; height++) {
      const state = ledger.stateAt(h(height));
      if (!state.ok) throw new Error(state.error.message);
      expect(state.value.get(key(1))).toEqual(numberBytes(height));
      const even = height - (height % 2);
      expect(state.value.get(key(2))).toEqual(even % 4 === 0 ? undefined : numberBytes(even));
      expect(state.value.get(key(3))).toBeUndefined();
      expect(state.value.header).toEqual(ledger.headerAt(h(height)));
      await state.value.close();
      expect(() => state.value.get(key(1))).toThrow(/open/);
    }
    const pruned = ledger.stateAt(h(6));
    expect(pruned.ok ? undefined : pruned.error).toMatchObject({
      code: 'LEDGER_STATE_PRUNED',
      remedy: expect.any(String),
    });
    const unknown = ledger.stateAt(h(13));
    expect(unknown.ok ? undefined : unknown.error.code).toBe('LEDGER_HEIGHT_UNKNOWN');
  });

  it('survives a change of the setting', async () => {
    const location = temporaryDirectory(onTestFinished);
    const wide = await fixture.open(location, { stateHistoryBlocks: 100 });
    await fixture.grow(wide, 30, (height) => ({ changes: [{ key: key(1), value: numberBytes(height + 100) }] }));
    await wide.close();
    const narrow = await fixture.open(location, { stateHistoryBlocks: 3 });
    onTestFinished(() => narrow.close());
    await fixture.grow(narrow, 4, (height) => ({ changes: [{ key: key(1), value: numberBytes(height + 100) }] }));
    expect(narrow.stateHistoryFrom()).toBe(31);
    const state = narrow.stateAt(h(31));
    expect(state.ok && state.value.get(key(1))).toEqual(numberBytes(131));
    if (state.ok) await state.value.close();
  });
});

describe('proofs of the state', () => {
  it('STATE-7: verify against the state root of the head', async () => {
    const { ledger } = await openHere();
    await fixture.grow(ledger, 3, (height) => ({
      changes: byKey(Array.from({ length: 40 }, (_, i) => ({ key: key(height * 40 + i), value: numberBytes(i) }))),
    }));
    for (const number of [1, 45, 100, 159, 1000]) {
      const { header, value, proof } = ledger.stateProof(key(number));
      expect(value).toEqual(ledger.state.get(key(number)));
      expect(verifyStateProof(suite, { root: header.stateRoot, key: key(number), value, proof })).toBe(true);
    }
  });
});

describe('a reader beside the writer', () => {
  it('sees each commit, and outlives nothing', async () => {
    const { ledger, location } = await openHere();
    const reader = await openLedgerReader({ location, suite });
    await fixture.grow(ledger, 2, (height) => ({
      changes: [{ key: key(1), value: numberBytes(height + 50) }],
      transactionCount: 1,
    }));
    expect(reader.head()).toEqual(ledger.head());
    const snapshot = reader.snapshot();
    expect(snapshot.get(key(1))).toEqual(numberBytes(52));
    await snapshot.close();
    await reader.close();
    expect(() => reader.head()).toThrow(expect.objectContaining({ code: 'LEDGER_CLOSED' }));
    expect(ledger.head().height).toBe(2);
  });

  it('LEDGER_MISSING: says that there is no ledger, and makes none', async () => {
    const location = join(temporaryDirectory(onTestFinished), 'none');
    await expect(openLedgerReader({ location, suite })).rejects.toMatchObject({
      code: 'LEDGER_MISSING',
      remedy: expect.any(String),
    });
    expect(existsSync(location)).toBe(false);
  });
});

describe('LED-11: copy', () => {
  it('is a consistent ledger while blocks are committed', async () => {
    const { ledger } = await openHere();
    const plan = (height: number) => ({
      changes: byKey(Array.from({ length: 30 }, (_, i) => ({ key: key(i), value: numberBytes(height * 100 + i) }))),
      transactionCount: 2,
    });
    await fixture.grow(ledger, 10, plan);
    const destination = join(temporaryDirectory(onTestFinished), 'copy');
    const [report] = await Promise.all([ledger.copyTo(destination), fixture.grow(ledger, 5, plan)]);
    expect(report.height).toBe(10);
    const copy = await fixture.open(destination);
    onTestFinished(() => copy.close());
    expect(copy.head().height).toBe(10);
    expect(copy.state.get(key(3))).toEqual(numberBytes(1003));
    await fixture.grow(copy, 1, plan);
    await expect(ledger.copyTo(destination)).rejects.toMatchObject({ code: 'LEDGER_DESTINATION_EXISTS' });
    await ledger.compact();
    expect(await ledger.diskBytes()).toBeGreaterThan(0);
  });

  it('that was interrupted is refused at opening, by a writer and by a reader', async () => {
    const { ledger } = await openHere();
    // Some megabytes: a copy is written in pieces of one.
    await fixture.grow(ledger, 40, (height) => ({
      changes: byKey(Array.from({ length: 300 }, (_, i) => ({ key: key(i), value: numberBytes(height + i) }))),
    }));
    const location = join(temporaryDirectory(onTestFinished), 'copy');
    const interrupted = ledger.copyTo(location, () => {
      throw new Error('the power goes');
    });
    await expect(interrupted).rejects.toThrow('the power goes');
    const refusal = { code: 'LEDGER_DAMAGED', message: expect.stringContaining('a copy that was not finished') };
    await expect(fixture.open(location)).rejects.toMatchObject(refusal);
    await expect(openLedgerReader({ location, suite })).rejects.toMatchObject(refusal);
  });
});

/** `hansa verify` on a ledger of 1,000 blocks: accepted as it is, refused with the place for each kind of damage. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standardSuite as suite } from '@hansa/crypto';
import { type NodeId, toAddressHex, toHeight } from '@hansa/primitives';
import { accountKey, encodeCertificate, encodeHeader } from '@hansa/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heightKey, stateEntryKey } from '../packages/ledger/src/keys.ts';
import { decodeHeaderRecord, encodeHeaderRecord, headerOf } from '../packages/ledger/src/records.ts';
import { openStore, type Store } from '../packages/ledger/src/store.ts';
import { runHansa } from './kit/devnet.ts';
import { buildLongChain, certify, type LongChain } from './kit/long-chain.ts';

const HEIGHT = 1_000;
const REMOVAL_AT = 300;
const root = mkdtempSync(join(tmpdir(), 'hansa-verify-'));
let chain: LongChain;
let copyCount = 0;

type Failure = { readonly code: string; readonly message: string };
type Change = (store: Store) => readonly [Uint8Array, Uint8Array];

const verify = (ledger: string, ...extra: string[]) =>
  runHansa(['verify', '--ledger', ledger, '--genesis', chain.genesisFile, '--json', ...extra], 120_000);

/** A copy of the ledger that somebody changed who can write the store, its checksums included. */
async function changed(change: Change): Promise<string> {
  const copy = join(root, `copy${copyCount++}`);
  cpSync(chain.ledger, copy, { recursive: true });
  const store = await openStore(copy, { createIfMissing: false });
  const batch = store.batch();
  batch.put(...change(store));
  await batch.write({ sync: true });
  await store.close();
  return copy;
}

async function failureOf(ledger: string): Promise<Failure> {
  const { code, stdout, stderr } = await verify(ledger);
  rmSync(ledger, { recursive: true });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return (JSON.parse(stderr) as { error: Failure }).error;
}

function flipped(store: Store, key: Uint8Array, at: number): readonly [Uint8Array, Uint8Array] {
  const value = Uint8Array.from(store.get(key) as Uint8Array);
  const index = at < 0 ? value.length + at : at;
  value[index] = (value[index] as number) ^ 1;
  return [key, value];
}

/** Another certificate for a block, by whom the test wants. */
function recertified(height: number, signers: readonly NodeId[], substitute?: Uint8Array): Change {
  return (store) => {
    const record = decodeHeaderRecord(store.get(heightKey('header', height)) as Uint8Array);
    const header = record === undefined ? undefined : headerOf(record);
    if (record === undefined || header === undefined) throw new Error(`a header was expected at ${height}`);
    const keys = new Map(signers.map((nodeId) => [nodeId, chain.keys.get(nodeId) as Uint8Array]));
    const last = signers.at(-1);
    if (substitute !== undefined && last !== undefined) keys.set(last, substitute);
    const facts = {
      genesisHash: chain.genesisHash,
      term: header.term,
      height: toHeight(height),
      blockHash: record.hash,
    };
    return [heightKey('certificate', height), encodeCertificate(certify(facts, chain.validators, keys))];
  };
}

beforeAll(async () => {
  chain = await buildLongChain({ directory: root, height: HEIGHT, removalAt: REMOVAL_AT });
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('hansa verify', () => {
  it('accepts 1,000 blocks with a change of validators, also with --execute', async () => {
    expect(chain.lastVoteOfRemoved).toBeGreaterThan(REMOVAL_AT);
    expect(chain.lastVoteOfRemoved).toBeLessThan(REMOVAL_AT + 20);
    for (const executed of [false, true]) {
      const report = await verify(chain.ledger, ...(executed ? ['--execute'] : []));
      expect(report).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(report.stdout)).toEqual({
        ok: true,
        genesisHash: `0x${chain.genesisHash}`,
        height: HEIGHT,
        transactionCount: HEIGHT + HEIGHT / 10 + 1,
        executed,
      });
    }
  });

  const cases: readonly { readonly name: string; readonly place: RegExp; readonly change: Change }[] = [
    {
      name: 'a byte of a header',
      place: /^block 517, header: /,
      change: (store) => flipped(store, heightKey('header', 517), 300),
    },
    {
      name: 'a header with its hash made to fit',
      place: /^block 517, certificate: /,
      change: (store) => {
        const record = decodeHeaderRecord(store.get(heightKey('header', 517)) as Uint8Array);
        const header = record === undefined ? undefined : headerOf(record);
        if (record === undefined || header === undefined) throw new Error('a header was expected');
        const other = { ...header, gasLimit: header.gasLimit + 1n };
        const hash = suite.taggedDigest('hansa/header/v1', encodeHeader(other));
        return [heightKey('header', 517), encodeHeaderRecord(hash, record.termHeight, other)];
      },
    },
    {
      name: 'a byte of a certificate',
      place: /^block 250, certificate: /,
      change: (store) => flipped(store, heightKey('certificate', 250), -20),
    },
    {
      name: 'a byte of a transaction',
      place: /^block 777, body\.transactions\[0\]: /,
      change: (store) => flipped(store, heightKey('body', 777), -40),
    },
    {
      name: 'a byte of a receipt',
      place: /^block 640, receipts(\[\d\][.a-zA-Z]*)?: /,
      change: (store) => flipped(store, heightKey('receipts', 640), -10),
    },
    {
      name: 'a byte of a state entry',
      place: /^block 1000, state 01[0-9a-f]*0200: /,
      change: (store) => flipped(store, stateEntryKey(accountKey(toAddressHex('0200'.padStart(40, '0')))), 20),
    },
    {
      name: 'a certificate with one signature too few',
      place: /^block 900, certificate: .*weight 2/,
      change: (store) =>
        recertified(
          900,
          chain.validators.slice(0, 2).map(({ nodeId }) => nodeId),
        )(store),
    },
    {
      name: 'a certificate with the signature of a removed member in place of another',
      place: /^block 900, certificate: /,
      change: (store) =>
        recertified(
          900,
          chain.validators.slice(0, 3).map(({ nodeId }) => nodeId),
          chain.removedKey,
        )(store),
    },
  ];

  it.each(cases)('names the place of $name', async ({ place, change }) => {
    const failure = await failureOf(await changed(change));
    expect(failure.code).toBe('CLI_VERIFY_FAILED');
    expect(failure.message).toMatch(place);
  });

  it('accepts a certificate of exactly a quorum, so that the cases above fail for what they say', async () => {
    const signers = chain.validators.slice(0, 3).map(({ nodeId }) => nodeId);
    const copy = await changed(recertified(900, signers));
    expect(await verify(copy)).toMatchObject({ code: 0, stderr: '' });
  });

  it('names the certificate in which only members of the old set have signed', async () => {
    const height = chain.lastVoteOfRemoved + 1;
    const place = new RegExp(`^block ${height}, certificate: `);
    const failure = await failureOf(
      await changed(
        recertified(
          height,
          chain.validators.slice(0, 3).map(({ nodeId }) => nodeId),
          chain.removedKey,
        ),
      ),
    );
    expect(failure.message).toMatch(place);
  });

  it('finds a byte that the disk lost', async () => {
    const copy = join(root, `copy${copyCount++}`);
    cpSync(chain.ledger, copy, { recursive: true });
    const table = readdirSync(copy).find((name) => name.endsWith('.ldb') || name.endsWith('.log')) as string;
    const bytes = readFileSync(join(copy, table));
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    writeFileSync(join(copy, table), bytes);
    const { code, stderr } = await verify(copy);
    expect(code).toBe(1);
    expect((JSON.parse(stderr) as { error: Failure }).error.code).toMatch(/^(CLI_VERIFY_FAILED|LEDGER_)/);
  });

  it('says when the genesis file is that of another chain', async () => {
    const other = join(root, 'other.json');
    const genesis = JSON.parse(readFileSync(chain.genesisFile, 'utf8')) as { chainId: number };
    writeFileSync(other, JSON.stringify({ ...genesis, chainId: 7 }));
    const { code, stderr } = await runHansa(['verify', '--ledger', chain.ledger, '--genesis', other, '--json']);
    expect(code).toBe(1);
    expect((JSON.parse(stderr) as { error: Failure }).error.message).toMatch(/^block 0, header: .*genesis/);
  });
});

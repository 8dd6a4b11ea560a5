import type { DurableRecord } from '@hansa/consensus';
import {
  type HashHex,
  type Height,
  InvariantError,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import type { Proposal, VoteCertificate } from '@hansa/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeStoreRecord, encodeStoreRecord, type StoreRecord } from '../../src/consensus/vote-record.ts';

const natural = <T>(): fc.Arbitrary<T> => fc.nat({ max: 2 ** 31 }).map((value) => (value * 1_000_003) as T);
const hash = (): fc.Arbitrary<HashHex> =>
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex') as HashHex);
const signature = (): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: 64, maxLength: 64 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const term = natural<Term>();
const view = natural<View>();
const height = natural<Height>();
const index = natural<ValidatorIndex>();

const claim = fc.record({ view, height, digest: hash() });
const certificate: fc.Arbitrary<VoteCertificate> = fc
  .record({ term, claim, signatures: fc.array(fc.record({ index, signature: signature() }), { maxLength: 5 }) })
  .map(({ term: t, claim: c, signatures }) => ({ term: t, ...c, signatures }));
const proposal: fc.Arbitrary<Proposal> = fc.record({
  chainId: natural<number>(),
  groupId: fc.stringMatching(/^[a-z0-9]{0,32}$/),
  term,
  height,
  view,
  parentDigest: hash(),
  timestamp: natural<number>(),
  proposer: index,
  transactionHashes: fc.array(hash(), { maxLength: 4 }),
});
const viewRecord = fc
  .record({
    term,
    view,
    changing: fc.boolean(),
    previousView: maybe(view),
    newView: maybe(
      fc.record({
        sender: index,
        view,
        signature: maybe(signature()),
        claims: fc.array(fc.record({ sender: index, view, claim: maybe(claim), signature: signature() }), {
          maxLength: 4,
        }),
        certificate: maybe(certificate),
      }),
    ),
  })
  .map(
    (record): DurableRecord => ({
      type: 'view',
      ...record,
      newView: record.newView && {
        type: 'new-view',
        term: record.term,
        ...record.newView,
        claims: record.newView.claims.map((c) => ({ term: record.term, ...c })),
      },
    }),
  );
const nodeId = fc.tuple(hash(), hash()).map(([a, b]) => (a + b) as NodeId);

const record: fc.Arbitrary<StoreRecord> = fc.oneof(
  fc.record({ type: fc.constant('term' as const), term }),
  viewRecord,
  fc.record({ type: fc.constant('proposal' as const), term, view, height, digest: hash() }),
  fc.record({
    type: fc.constant('vote' as const),
    kind: fc.constantFrom('prepare' as const, 'commit' as const),
    term,
    view,
    height,
    digest: hash(),
  }),
  fc.record({ type: fc.constant('result' as const), term, height, blockHash: hash() }),
  fc.record({ type: fc.constant('prepared-certificate' as const), term, certificate }),
  fc.record({ type: fc.constant('body' as const), term, height, digest: hash(), proposal }),
  fc.record({ type: fc.constant('final' as const), term, height }),
  fc.constantFrom<StoreRecord>(
    { type: 'vote-store', state: { type: 'intact' } },
    { type: 'vote-store', state: { type: 'lost' } },
    { type: 'vote-store', state: { type: 'barrier', baseAbove: 77 as Height } },
  ),
  fc.record({ type: fc.constant('incarnation' as const), incarnation: natural<number>() }),
  fc
    .record({
      nodeId,
      incarnation: natural<number>(),
      instance: hash().map((h) => h.slice(0, 32)),
      signature: signature(),
    })
    .map((statement): StoreRecord => ({ type: 'peer-incarnation', statement: { type: 'incarnation', ...statement } })),
  fc.record({
    type: fc.constant('transactions' as const),
    term,
    height,
    digest: hash(),
    raw: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
  }),
);

test('VS-4: every record comes back as it was written, and ends where it ends', () => {
  fc.assert(
    fc.property(record, (written) => {
      const bytes = encodeStoreRecord(written);
      expect(decodeStoreRecord(bytes)).toEqual(written);
      expect(() => decodeStoreRecord(bytes.subarray(0, bytes.length - 1))).toThrow();
      expect(() => decodeStoreRecord(new Uint8Array([...bytes, 0]))).toThrow();
    }),
    { numRuns: 300 },
  );
});

test('VS-4: a text that this program cannot have written is a broken invariant, however long it is', () => {
  const record: StoreRecord = {
    type: 'body',
    term: 1 as Term,
    height: 2 as Height,
    digest: '11'.repeat(32) as HashHex,
    proposal: {
      chainId: 3,
      groupId: 'zzzz',
      term: 1 as Term,
      height: 2 as Height,
      view: 0 as View,
      parentDigest: '22'.repeat(32) as HashHex,
      timestamp: 4,
      proposer: 0 as ValidatorIndex,
      transactionHashes: [],
    },
  };
  const bytes = encodeStoreRecord(record);
  const at = bytes.findIndex((byte, i) => byte === 0x7a && bytes[i + 3] === 0x7a);
  const foreign = new Uint8Array(bytes);
  foreign[at] = 0xff;
  expect(() => decodeStoreRecord(foreign)).toThrow(InvariantError);
  const long = new Uint8Array(at + 500_000).fill(0x7a);
  long.set(bytes.subarray(0, at));
  new DataView(long.buffer).setUint32(at - 4, 400_000);
  expect(() => decodeStoreRecord(long)).toThrow(InvariantError);
});

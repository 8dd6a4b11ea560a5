/** What a node reads from its peers' packets, and from its own disk after anything may have happened to it. */
import { crc32 } from 'node:zlib';
import { standardSuite } from '@hansa/crypto';
import {
  type ConsensusPacket,
  createVoteStore,
  decodePackets,
  decodePoolJournal,
  decodeStoreRecord,
  encodePackets,
  encodeStoreRecord,
  openVoteStore,
  parseMisbehaviour,
  parseSettings,
  type StoreRecord,
  type VoteFile,
  VoteStore,
  type VoteStoreOptions,
} from '@hansa/node';
import {
  bytesToHex,
  ChainError,
  concatBytes,
  equalBytes,
  type HashHex,
  InvariantError,
  type Term,
} from '@hansa/primitives';
import { encodeUtf8 } from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { claims, incarnation, pbftMessage, voteCertificate } from '../pbft-values.ts';
import { createTarget, type FuzzTarget, stableTarget } from '../target.ts';
import * as values from '../values.ts';
import { jsonOf, textOf } from './text-targets.ts';

export function nodeTargets(): FuzzTarget[] {
  return [
    stableTarget<readonly ConsensusPacket[]>({
      name: 'consensus-packets',
      about: 'packets of consensus as the driver gets them',
      value: (prng) => values.list(prng, 5, packet),
      encode: (packets) => encodePackets(packets)[0] as Uint8Array,
      decode: (input) => decodePackets(standardSuite, input),
    }),
    createTarget({
      name: 'vote-record',
      about: 'record of the vote store',
      generate: (prng) => encodeStoreRecord(storeRecord(prng)),
      decode: (input) => orInvariant(() => decodeStoreRecord(input)),
      check: (record, input) => {
        const again = encodeStoreRecord(record);
        const isStateRecord = record.type === 'vote-store' && record.state.type !== 'barrier';
        // The height of a state without one is not kept.
        return isStateRecord || equalBytes(again, input) ? undefined : `encoded again it is ${bytesToHex(again)}`;
      },
    }),
    voteStoreFiles(),
    poolJournal(),
    createTarget({
      name: 'settings',
      about: 'hansa.toml',
      // Of a person, once at the start: the parser is a library, and may take its time with a large file.
      budget: { timeMs: 100, memoryBase: 4 * 1024 * 1024, memoryPerByte: 1_024 },
      generate: (prng) => encodeUtf8(prng.pick(SETTINGS)),
      decode: (input) => orChainError(() => parseSettings(textOf(input), 'hansa.toml')),
      check: (settings) => (settings.rpc.port >= 0 && settings.rpc.port < 65_536 ? undefined : 'a port out of range'),
    }),
    createTarget({
      name: 'misbehaviour-json',
      about: 'file with a proof of misbehaviour',
      // JSON.parse alone may take longer with 64 KiB of brackets.
      budget: { timeMs: 20 },
      generate: (prng) =>
        encodeUtf8(
          JSON.stringify({
            genesisHash: `0x${values.hash(prng)}`,
            nodeId: prng.pick(values.NODE_IDS),
            first: `0x${bytesToHex(values.bytes(prng))}`,
            second: `0x${bytesToHex(values.bytes(prng))}`,
          }),
        ),
      decode: (input) => parseMisbehaviour(jsonOf(input)),
    }),
  ];
}

const SETTINGS: readonly string[] = [
  '',
  '[node]\nname = "bank-1"\n\n[p2p]\nlisten = ["/ip4/0.0.0.0/tcp/30300"]\n\n[rpc]\nport = 8545\ncors_origins = []\n',
  '[rpc]\nenabled = true\nhost = "127.0.0.1"\nbody_bytes_max = 5_242_880\n[log]\nlevel = "debug"\nformat = "json"\n',
  "[pool]\ntransactions_max = 50000\nsize_mb_max = 0x40\n[ledger]\nhot_state_mb = 64\n[admin]\nhost = 'localhost'\n",
  'rpc = { port = 1, hosts = ["a", "b"] }\nconsensus.block_gather_ms = 80\n',
];

/** Own data behind a checksum: what is no record is a broken invariant, said by exactly this error. */
function orInvariant<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvariantError) return undefined;
    throw error;
  }
}

/** A mistake of a person is told by code, cause and remedy. */
function orChainError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ChainError && error.message !== '' && error.remedy !== undefined) return undefined;
    throw error;
  }
}

function packet(prng: Prng): ConsensusPacket {
  switch (prng.below(8)) {
    case 0:
      return { type: 'incarnation', statement: incarnation(prng) };
    case 1:
      return { type: 'incarnation-stored', incarnation: values.natural(prng), instance: prng.hex(16) };
    case 2:
      return { type: 'final-height-request', nonce: prng.hex(16) };
    case 3: {
      const certificate = values.maybe(prng, values.certificate);
      return { type: 'final-height', nonce: prng.hex(16), height: values.height(prng), certificate };
    }
    case 4:
      return { type: 'proposal-request', digest: values.hash(prng), heightMin: values.height(prng) };
    case 5:
      return { type: 'proposals', proposals: values.list(prng, 3, values.proposal) };
    case 6:
      return { type: 'transactions', raw: [values.bytes(prng), values.bytes(prng)] };
    default:
      return { type: 'pbft', message: pbftMessage(prng) };
  }
}

function storeRecord(prng: Prng): StoreRecord {
  const term = values.term(prng);
  const at = { term, view: values.view(prng), height: values.height(prng), digest: values.hash(prng) };
  switch (prng.below(10)) {
    case 0:
      return { type: 'term', term };
    case 1:
      return {
        type: 'view',
        term,
        view: at.view,
        changing: prng.chance(0.5),
        previousView: undefined,
        newView: newView(prng, term),
      };
    case 2:
      return { type: 'proposal', ...at };
    case 3:
      return { type: 'vote', kind: prng.pick(['prepare', 'commit']), ...at };
    case 4:
      return { type: 'result', term, height: at.height, blockHash: values.hash(prng) };
    case 5:
      return { type: 'prepared-certificate', term, certificate: voteCertificate(prng) };
    case 6:
      return { type: 'body', term, height: at.height, digest: at.digest, proposal: values.proposal(prng) };
    case 7:
      return { type: 'incarnation', incarnation: values.natural(prng) };
    case 8:
      return { type: 'peer-incarnation', statement: incarnation(prng) };
    default:
      return {
        type: 'transactions',
        term,
        height: at.height,
        digest: at.digest,
        raw: values.list(prng, 3, (p) => values.bytes(p)),
      };
  }
}

type NewView = Extract<StoreRecord, { readonly type: 'view' }>['newView'];

const newView = (prng: Prng, term: Term): NewView =>
  values.maybe(prng, () => ({
    type: 'new-view' as const,
    term,
    sender: values.index(prng),
    view: values.view(prng),
    signature: values.maybe(prng, values.signature),
    claims: claims(prng),
    certificate: values.maybe(prng, voteCertificate),
  }));

class MemoryFile implements VoteFile {
  readonly name: string;
  content: Uint8Array | undefined;

  constructor(name: string, content: Uint8Array | undefined) {
    this.name = name;
    this.content = content;
  }
  read(): Uint8Array | undefined {
    return this.content;
  }
  append(bytes: Uint8Array): undefined {
    this.content = concatBytes(this.content ?? new Uint8Array(0), bytes);
  }
  sync(): undefined {}
  replace(bytes: Uint8Array): undefined {
    this.content = new Uint8Array(bytes);
  }
  close(): undefined {}
}

const STORE: VoteStoreOptions = { owner: 'cd'.repeat(32) as HashHex, random: () => 0x1234_5678 };
/** magic 10, owner 32, salt 4, checksum 4; then of each batch mark 4, size 4, sequence 8, checksum 4. */
const HEADER_SIZE = 50;
const BATCH_HEAD_SIZE = 20;

/**
 * First byte: whether the checksums are made right after the change, and whether the second copy is whole, the same or
 * missing. What opens is healed by `begin` and says the same when it is opened again (VS-5 to VS-7).
 */
function voteStoreFiles(): FuzzTarget {
  const open = (input: Uint8Array): MemoryFile[] | undefined => {
    const mode = input[0] ?? 0;
    const first = new Uint8Array(input.subarray(1));
    if ((mode & 1) === 1) repairChecksums(first);
    const second = (mode & 2) === 0 ? first : (mode & 4) === 0 ? undefined : new Uint8Array(input.subarray(1));
    const files = [new MemoryFile('a', first), new MemoryFile('b', second)];
    const opened = openVoteStore(files, STORE);
    if (opened.state === 'lost') {
      if (opened.loss.detail === '') throw new Error('lost without a reason');
      return undefined;
    }
    opened.store.begin();
    return files;
  };
  return createTarget({
    name: 'vote-store',
    about: 'files of the vote store, damaged or not',
    // Once at a start. Two copies, searched for whole batches behind each damage.
    budget: { timeMs: 30 },
    generate: (prng) => {
      const files = [new MemoryFile('a', undefined), new MemoryFile('b', undefined)];
      createVoteStore(files, STORE);
      const opened = openVoteStore(files, STORE);
      if (opened.state === 'lost' || !(opened.store instanceof VoteStore)) throw new Error('a new store is lost');
      opened.store.begin();
      for (let i = prng.below(4); i > 0; i--) {
        // The number of the start is written by `begin` alone.
        opened.store.append(values.list(prng, 3, storeRecord).filter(({ type }) => type !== 'incarnation'));
      }
      return concatBytes(Uint8Array.of(prng.below(8)), files[0]?.content as Uint8Array);
    },
    decode: (input) => orInvariant(() => open(input)),
    check: (files) => {
      const [a, b] = files.map((file) => bytesToHex(file.content ?? new Uint8Array(0)));
      if (a !== b) return 'the copies differ after they were healed';
      const again = openVoteStore(files, STORE);
      return again.state === 'intact' && again.notes.length === 0 ? undefined : 'a healed store does not open as whole';
    },
  });
}

/** So that the fuzzer gets behind the checksums; by an own reading of docs/spec/vote-store.md. */
function repairChecksums(bytes: Uint8Array): void {
  if (bytes.length < HEADER_SIZE) return;
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER_SIZE - 4, crc32(bytes.subarray(0, HEADER_SIZE - 4)));
  const salt = view.getUint32(HEADER_SIZE - 8);
  for (let at = HEADER_SIZE; at + BATCH_HEAD_SIZE <= bytes.length; ) {
    const end = at + BATCH_HEAD_SIZE + view.getUint32(at + 4);
    if (end > bytes.length) return;
    const head = crc32(bytes.subarray(at + 4, at + 16), salt);
    view.setUint32(at + 16, crc32(bytes.subarray(at + BATCH_HEAD_SIZE, end), head));
    at = end;
  }
}

/** u32 length, u32 checksum, transaction; again and again. */
function poolJournal(): FuzzTarget {
  const record = (bytes: Uint8Array): Uint8Array => {
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, bytes.length);
    new DataView(head.buffer).setUint32(4, crc32(bytes));
    return concatBytes(head, bytes);
  };
  return createTarget({
    name: 'pool-journal',
    about: 'journal of own transactions',
    generate: (prng) =>
      concatBytes(
        ...values
          .list(prng, 4, () => values.bytes(prng))
          .filter((tx) => tx.length > 0)
          .map(record),
      ),
    decode: (input) => decodePoolJournal(input),
    check: ({ transactions, sizeBytes }, input) =>
      equalBytes(concatBytes(...transactions.map(record)), input.subarray(0, sizeBytes))
        ? undefined
        : 'what was read is not what stands there',
  });
}

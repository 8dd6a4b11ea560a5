/**
 * The durable store of votes (docs/spec/vote-store.md): what this key has sent, so that it never sends the contrary.
 * Bounded: live records are what consensus bounds (window, views, one NEW-VIEW) plus one statement per peer; dead ones
 * are dropped when the log has grown to several times the live part.
 */
import {
  type DurableRecord,
  type DurableState,
  durableStateFrom,
  EMPTY_DURABLE_STATE,
  isObsoleteRecord,
  recordKey,
} from '@hansa/consensus';
import { assert, type HashHex } from '@hansa/primitives';
import type { IncarnationMessage } from '@hansa/protocol';
import type { Pending, VoteFile } from './vote-file.ts';
import { createVoteLog, openVoteLog, replaceVoteLog, type VoteLog, type VoteLogLoss } from './vote-log.ts';
import { decodeStoreRecord, encodeStoreRecord, type SignerMark, type StoreRecord } from './vote-record.ts';

export type VoteStoreOptions = {
  /** Digest of genesis hash and node id. */
  readonly owner: HashHex;
  /** u32 from chance, for the salt of the checksums. */
  readonly random: () => number;
  /** The log is rewritten when it is larger than this and than four times its live part. Default 1 MiB. */
  readonly compactBytesMin?: number;
};

export type RestoredVotes = {
  readonly durable: DurableState;
  /** Transactions of the proposals that are kept. */
  readonly transactions: readonly (readonly Uint8Array[])[];
  /** Highest acknowledged statement of each peer. */
  readonly peerStatements: readonly IncarnationMessage[];
};

export type OpenedVoteStore =
  | { readonly state: 'intact'; readonly store: VoteStore; readonly notes: readonly string[] }
  | { readonly state: 'lost'; readonly loss: VoteLogLoss };

type Entry = { readonly record: StoreRecord; readonly bytes: Uint8Array };

const COMPACT_BYTES_MIN = 1024 * 1024;
/** Per record in the file, beside its bytes. */
const RECORD_HEAD_SIZE = 4;

/** Opened by `openVoteStore` at each start; `begin` comes before everything else. */
export class VoteStore {
  readonly #log: VoteLog;
  readonly #compactBytesMin: number;
  readonly #entries: Map<string, Entry> = new Map();
  /** Only term, view and final height count: they decide which records are dead. */
  #position: DurableState = EMPTY_DURABLE_STATE;
  #incarnation = 0;
  #compactAt = 0;

  constructor(log: VoteLog, records: readonly StoreRecord[], options: VoteStoreOptions) {
    this.#log = log;
    this.#compactBytesMin = options.compactBytesMin ?? COMPACT_BYTES_MIN;
    for (const record of records) this.#take(record, encodeStoreRecord(record));
  }

  /** Counts the starts; at least 1 after `begin`. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /**
   * Writes the next incarnation number and heals what `open` found torn or damaged (VS-7). MUST be completed before
   * anything is signed. `above`: a number that a peer holds, when the store is known to be lost.
   */
  begin(above = 0): Pending {
    const record: StoreRecord = { type: 'incarnation', incarnation: Math.max(this.#incarnation, above) + 1 };
    this.#dropDead();
    this.#take(record, encodeStoreRecord(record));
    return this.#rewrite();
  }

  /**
   * One synced write of all records, in order; completed = durable in both copies (VS-3).
   * @throws VoteStoreError (or the promise fails with it): nothing that depends on these records may be sent, ever
   */
  append(records: readonly StoreRecord[]): Pending {
    assert(this.#incarnation > 0, 'begin() was expected before the first append');
    if (records.length === 0) return undefined;
    const isDue = this.#log.size > this.#compactAt;
    // Before the new records are taken, so that a vote is written even if this very batch makes it obsolete (VS-3).
    if (isDue) this.#dropDead();
    const encoded = records.map(encodeStoreRecord);
    records.forEach((record, index) => {
      this.#take(record, encoded[index] as Uint8Array);
    });
    return isDue ? this.#rewrite() : this.#log.append(encoded);
  }

  /** What counts of the content: for a replica that starts from it. */
  restored(): RestoredVotes {
    const durable: DurableRecord[] = [];
    const transactions: (readonly Uint8Array[])[] = [];
    const peerStatements: IncarnationMessage[] = [];
    for (const { record } of this.#entries.values()) {
      if (record.type === 'transactions') {
        if (!this.#isDead(record)) transactions.push(record.raw);
      } else if (record.type === 'peer-incarnation') peerStatements.push(record.statement);
      else if (record.type !== 'incarnation' && record.type !== 'signer') durable.push(record);
    }
    return { durable: durableStateFrom(durable), transactions, peerStatements };
  }

  /** spec SGN-10: how far the record of this node's signer had come when a batch was last written here. */
  get signerMark(): SignerMark | undefined {
    const record = this.#entries.get('signer')?.record;
    return record?.type === 'signer' ? { id: record.id, sequence: record.sequence } : undefined;
  }

  close(): void {
    this.#log.close();
  }

  #dropDead(): void {
    for (const [key, { record }] of this.#entries) if (this.#isDead(record)) this.#entries.delete(key);
  }

  #rewrite(): Pending {
    const content: Uint8Array[] = [];
    let liveSize = 0;
    for (const { bytes } of this.#entries.values()) {
      content.push(bytes);
      liveSize += bytes.length + RECORD_HEAD_SIZE;
    }
    this.#compactAt = Math.max(this.#compactBytesMin, 4 * liveSize);
    return this.#log.rewrite(content);
  }

  #take(record: StoreRecord, bytes: Uint8Array): void {
    this.#entries.set(keyOf(record), { record, bytes });
    if (record.type === 'incarnation') this.#incarnation = record.incarnation;
    if (record.type !== 'term' && record.type !== 'view' && record.type !== 'final') return;
    // Records of one key replace each other, so a compacted log may hold an old term's view behind the new term's record.
    const { term } = this.#position;
    if (term !== undefined && record.term < term) return;
    if (record.term !== term) this.#position = { ...EMPTY_DURABLE_STATE, term: record.term };
    if (record.type === 'view') this.#position = { ...this.#position, view: record };
    if (record.type === 'final') this.#position = { ...this.#position, finalHeight: record.height };
  }

  #isDead(record: StoreRecord): boolean {
    if (record.type === 'incarnation' || record.type === 'peer-incarnation' || record.type === 'signer') return false;
    if (record.type !== 'transactions') return isObsoleteRecord(this.#position, record);
    const { term, finalHeight } = this.#position;
    if (term === undefined) return false;
    return record.term < term || (record.term === term && record.height <= (finalHeight ?? -1));
  }
}

/** Reads the copies. `lost` tells why nothing that was sent with this key can be vouched for (VS-6). */
export function openVoteStore(files: readonly VoteFile[], options: VoteStoreOptions): OpenedVoteStore {
  const opened = openVoteLog(files, options);
  if (opened.state === 'lost') return opened;
  const records = opened.records.map(decodeStoreRecord);
  return { state: 'intact', store: new VoteStore(opened.log, records, options), notes: opened.notes };
}

/**
 * The empty store of a new member (`hansa init`, `join`): nothing was ever sent with its key. Durable when completed.
 * @throws VoteStoreError VOTE_STORE_EXISTS when there is one
 */
export function createVoteStore(files: readonly VoteFile[], options: VoteStoreOptions): Pending {
  return createVoteLog(files, options).rewrite([encodeStoreRecord({ type: 'vote-store', state: { type: 'intact' } })]);
}

/**
 * A store in the place of one that is lost (`--rebuild`): it votes on nothing until a quorum has told how far the chain
 * had come (spec PBFT-T3). `begin` makes it durable.
 */
export function replaceLostVoteStore(files: readonly VoteFile[], options: VoteStoreOptions): VoteStore {
  const log = replaceVoteLog(files, options);
  return new VoteStore(log, [{ type: 'vote-store', state: { type: 'lost' } }], options);
}

function keyOf(record: StoreRecord): string {
  switch (record.type) {
    case 'incarnation':
    case 'signer':
      return record.type;
    case 'peer-incarnation':
      return `peer-incarnation/${record.statement.nodeId}`;
    case 'transactions':
      return `transactions/${record.term}/${record.height}/${record.digest}`;
    default:
      return recordKey(record);
  }
}

import type { CryptoSuite } from '@hansa/crypto';
import {
  equalBytes,
  fail,
  fromHex,
  type HashHex,
  type Height,
  ok,
  type Result,
  toHeight,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type Block,
  type BlockBody,
  type BlockHeader,
  type Certificate,
  type CertifiedBlock,
  decodeBody,
  decodeCertificate,
  decodeReceipt,
  decodeTermInfo,
  type Receipt,
  type StateChange,
  type StateKey,
  type TermInfo,
  type ValidatorSet,
} from '@hansa/protocol';
import { copyStore } from './copy.ts';
import { damaged, type LedgerFailure, ledgerError } from './errors.ts';
import { changedKeys, openStateSnapshot } from './history.ts';
import { hashKey, heightKey, metaKey, stateEntryKey } from './keys.ts';
import { queryLogs } from './log-query.ts';
import { storedPages } from './page-source.ts';
import {
  type ChainRecord,
  decodeChainRecord,
  decodeHeaderRecord,
  decodeHeadRecord,
  decodeHeight,
  decodeReceipts,
  decodeTransactionRecord,
  type HeaderRecord,
  type HeadRecord,
  headerOf,
  splitReceipts,
  type TransactionRecord,
} from './records.ts';
import { META_CHAIN, META_HEAD, SCHEMA_VERSION } from './schema.ts';
import { pageDigest } from './state-tree/hash-pages.ts';
import { decodePage } from './state-tree/page.ts';
import { proveKey } from './state-tree/prove.ts';
import { type LedgerDependencies, levelStorage } from './storage.ts';
import { directorySize, type Store, type StoreSnapshot } from './store.ts';
import type {
  CopyReport,
  LedgerHead,
  LedgerReader,
  LedgerReaderOptions,
  LeftOutLocation,
  LogEntry,
  LogFilter,
  StateProofAt,
  StateSnapshot,
  TransactionLocation,
} from './types.ts';

/**
 * Opens committed data for reading, in any thread of the process that writes it, or offline.
 * @throws ChainError LEDGER_MISSING, LEDGER_LOCKED, LEDGER_WRONG_SCHEMA, LEDGER_DAMAGED or LEDGER_UNREADABLE
 */
export async function openLedgerReader(
  options: LedgerReaderOptions,
  dependencies: LedgerDependencies = { storageAt: levelStorage },
): Promise<LedgerReader> {
  const store = await dependencies.storageAt(options.location).openExisting();
  try {
    return new StoredLedger({ ...options, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @throws ChainError LEDGER_DAMAGED or LEDGER_WRONG_SCHEMA */
export function readChainRecord(store: Store, location: string): ChainRecord {
  const bytes = store.get(metaKey(META_CHAIN));
  if (bytes === undefined)
    throw damaged(`${location} has no record of its chain: it is a copy that was not finished, or not a ledger`);
  const record = decodeChainRecord(bytes);
  if (record === undefined) throw damaged('the record of its chain is malformed');
  if (record.schemaVersion !== SCHEMA_VERSION) {
    throw ledgerError({
      code: 'LEDGER_WRONG_SCHEMA',
      message: `${location} was written with schema ${record.schemaVersion}, this program has schema ${SCHEMA_VERSION}`,
      remedy: 'use the program that wrote it, or run `hansa start --rebuild`',
    });
  }
  return record;
}

/** The reading side. The writer extends it; other threads use it as it is. */
export class StoredLedger implements LedgerReader {
  readonly genesisHash: HashHex;
  protected readonly store: Store;
  protected readonly suite: CryptoSuite;
  protected readonly location: string;

  constructor(options: { readonly store: Store; readonly suite: CryptoSuite; readonly location: string }) {
    this.store = options.store;
    this.suite = options.suite;
    this.location = options.location;
    this.genesisHash = readChainRecord(options.store, options.location).genesisHash;
  }

  head(): LedgerHead {
    const { height, hash } = this.headRecord();
    return { height, hash, header: this.#headerOf(height, this.#headerRecordOf(height)) };
  }

  hashAt(height: Height): HashHex | undefined {
    return this.headerRecordAt(height)?.hash;
  }

  headerAt(height: Height): BlockHeader | undefined {
    const record = this.headerRecordAt(height);
    return record === undefined ? undefined : this.#headerOf(height, record);
  }

  bodyAt(height: Height): BlockBody | undefined {
    const bytes = this.store.get(heightKey('body', height));
    if (bytes === undefined) return undefined;
    const body = decodeBody(bytes);
    if (!body.ok) throw damaged(`the body of height ${height} is malformed: ${body.error.message}`);
    return body.value;
  }

  blockAt(height: Height): Block | undefined {
    const header = this.headerAt(height);
    if (header === undefined) return undefined;
    const body = this.bodyAt(height);
    if (body === undefined) throw damaged(`the body of height ${height} is missing`);
    return { header, body };
  }

  certificateAt(height: Height): Certificate | undefined {
    const bytes = this.store.get(heightKey('certificate', height));
    if (bytes === undefined) return undefined;
    const certificate = decodeCertificate(bytes);
    if (!certificate.ok)
      throw damaged(`the certificate of height ${height} is malformed: ${certificate.error.message}`);
    return certificate.value;
  }

  certifiedBlockAt(height: Height): CertifiedBlock | undefined {
    const block = this.blockAt(height);
    const certificate = this.certificateAt(height);
    return block === undefined || certificate === undefined ? undefined : { block, certificate };
  }

  receiptsAt(height: Height): readonly Receipt[] | undefined {
    const bytes = this.store.get(heightKey('receipts', height));
    if (bytes === undefined) return undefined;
    const receipts = decodeReceipts(bytes);
    if (receipts === undefined) throw damaged(`the receipts of height ${height} are malformed`);
    return receipts;
  }

  receiptAt({ height, index }: TransactionLocation): Receipt | undefined {
    const bytes = this.store.get(heightKey('receipts', height));
    const part = bytes === undefined ? undefined : splitReceipts(bytes)?.[index];
    if (part === undefined) return undefined;
    const receipt = decodeReceipt(part);
    if (!receipt.ok) throw damaged(`receipt ${index} of height ${height} is malformed: ${receipt.error.message}`);
    return receipt.value;
  }

  transactionAt({ height, index }: TransactionLocation): Uint8Array | undefined {
    return this.bodyAt(height)?.transactions[index];
  }

  heightOfHash(hash: HashHex): Height | undefined {
    const bytes = this.store.get(hashKey('blockIndex', hash));
    if (bytes === undefined) return undefined;
    const height = decodeHeight(bytes);
    if (height === undefined) throw damaged(`the index record of block hash ${hash} is malformed`);
    return height;
  }

  transactionLocation(hash: HashHex): TransactionLocation | undefined {
    const record = this.transactionRecord(hash);
    return record?.type === 'committed' ? { height: record.height, index: record.index } : undefined;
  }

  leftOutLocation(hash: HashHex): LeftOutLocation | undefined {
    const record = this.transactionRecord(hash);
    if (record?.type !== 'left out') return undefined;
    return { height: record.height, position: record.position, reason: record.reason };
  }

  termInfoAt(height: Height): TermInfo | undefined {
    const head = this.headRecord();
    if (height < 1 || height > head.height + 1) return undefined;
    if (height === head.height + 1) return this.#termInfo(head.termHeight);
    return this.#termInfo(this.#headerRecordOf(height).termHeight);
  }

  currentTermInfo(): TermInfo {
    return this.#termInfo(this.headRecord().termHeight);
  }

  validatorsAt(height: Height): ValidatorSet | undefined {
    return this.termInfoAt(height)?.validators;
  }

  snapshot(): StateSnapshot {
    const snapshot = this.store.snapshot();
    return this.#orClose(snapshot, () => this.#stateThrough(snapshot, this.headRecord(snapshot)));
  }

  stateAt(height: Height): Result<StateSnapshot, LedgerFailure> {
    const snapshot = this.store.snapshot();
    return this.#orClose(snapshot, () => {
      const head = this.headRecord(snapshot);
      const failure = stateFailure(height, head);
      if (failure === undefined) return ok(this.#stateThrough(snapshot, head, height));
      void snapshot.close();
      return fail(failure);
    });
  }

  changesAt(height: Height): Result<readonly StateChange[], LedgerFailure> {
    const snapshot = this.store.snapshot();
    try {
      const head = this.headRecord(snapshot);
      const failure =
        stateFailure(height, head) ?? (height > 0 ? stateFailure((height - 1) as Height, head) : undefined);
      if (failure !== undefined || height === 0) return fail(failure ?? GENESIS_HAS_NO_UNDO);
      const after = this.#stateThrough(snapshot, head, height);
      return ok(changedKeys(this.store, snapshot, height).map((key) => ({ key, value: after.get(key) })));
    } finally {
      void snapshot.close();
    }
  }

  stateHistoryFrom(): Height {
    return this.headRecord().historyFrom;
  }

  stateProof(key: StateKey): StateProofAt {
    const snapshot = this.store.snapshot();
    try {
      const head = this.headRecord(snapshot);
      const pages = storedPages(this.suite, this.store, { snapshot });
      const top = decodePage(pages.get('', undefined) ?? new Uint8Array(0));
      if (top === undefined || !equalBytes(pageDigest(this.suite, top), fromHex(head.stateRoot))) {
        throw damaged(`the state tree does not have the root of height ${head.height}`);
      }
      return {
        height: head.height,
        header: this.#headerOf(head.height, this.#headerRecordOf(head.height)),
        value: this.store.get(stateEntryKey(key), snapshot),
        proof: proveKey(this.suite, pages, key),
      };
    } finally {
      void snapshot.close();
    }
  }

  logs(filter: LogFilter): Promise<Result<readonly LogEntry[], LedgerFailure>> {
    return queryLogs(this.store, this, filter);
  }

  diskBytes(): Promise<number> {
    return directorySize(this.location);
  }

  async copyTo(destination: string, onProgress?: (entryCount: number) => void): Promise<CopyReport> {
    const snapshot = this.store.snapshot();
    try {
      const copied = await copyStore(this.store, snapshot, destination, onProgress);
      return { height: this.headRecord(snapshot).height, ...copied };
    } finally {
      await snapshot.close();
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }

  protected headRecord(snapshot?: StoreSnapshot): HeadRecord {
    const bytes = this.store.get(metaKey(META_HEAD), snapshot);
    if (bytes === undefined) throw damaged('the head pointer is missing');
    const head = decodeHeadRecord(bytes);
    if (head === undefined) throw damaged('the head pointer is malformed');
    return head;
  }

  protected headerRecordAt(height: Height): HeaderRecord | undefined {
    const bytes = this.store.get(heightKey('header', height));
    if (bytes === undefined) return undefined;
    const record = decodeHeaderRecord(bytes);
    if (record === undefined) throw damaged(`the header record of height ${height} is malformed`);
    return record;
  }

  protected transactionRecord(hash: HashHex): TransactionRecord | undefined {
    const bytes = this.store.get(hashKey('transactionIndex', hash));
    if (bytes === undefined) return undefined;
    const record = decodeTransactionRecord(bytes);
    if (record === undefined) throw damaged(`the index record of transaction ${hash} is malformed`);
    return record;
  }

  #headerRecordOf(height: Height): HeaderRecord {
    const record = this.headerRecordAt(height);
    if (record === undefined) throw damaged(`the header of height ${height} is missing`);
    return record;
  }

  #headerOf(height: Height, record: HeaderRecord): BlockHeader {
    const header = headerOf(record);
    if (header === undefined || header.height !== height) throw damaged(`the header of height ${height} is malformed`);
    return header;
  }

  #termInfo(termHeight: Height): TermInfo {
    const bytes = this.store.get(heightKey('term', termHeight));
    const decoded = bytes === undefined ? undefined : decodeTermInfo(bytes);
    if (!decoded?.ok) throw damaged(`the term record of height ${termHeight} is missing or malformed`);
    const info = decoded.value;
    if (info.baseHash !== ZERO_HASH) return info;
    const baseHash = this.hashAt(info.baseHeight);
    if (baseHash === undefined) throw damaged(`the header of height ${info.baseHeight} is missing`);
    return { ...info, baseHash };
  }

  #stateThrough(snapshot: StoreSnapshot, head: HeadRecord, height: Height = head.height): StateSnapshot {
    const header = this.#headerOf(height, this.#headerRecordOf(height));
    return openStateSnapshot({ suite: this.suite, store: this.store, snapshot }, header, head.height);
  }

  #orClose<T>(snapshot: StoreSnapshot, run: () => T): T {
    try {
      return run();
    } catch (error) {
      void snapshot.close();
      throw error;
    }
  }
}

const GENESIS_HAS_NO_UNDO: LedgerFailure = {
  code: 'LEDGER_STATE_PRUNED',
  message: 'there is no state before genesis',
  remedy: 'read the state of genesis itself',
};

function stateFailure(height: Height, head: HeadRecord): LedgerFailure | undefined {
  if (height > head.height) {
    return { code: 'LEDGER_HEIGHT_UNKNOWN', message: `height ${height} is above the head, ${head.height}` };
  }
  if (height >= head.historyFrom) return undefined;
  return {
    code: 'LEDGER_STATE_PRUNED',
    message: `the state of height ${toHeight(height)} is no longer kept, the oldest is that of ${head.historyFrom}`,
    remedy: 'ask for a newer height, or a node that keeps more (`stateHistoryBlocks`)',
  };
}

import type { CryptoSuite } from '@hansa/crypto';
import { equalBytes, fromHex, type HashHex, type Height, ZERO_HASH } from '@hansa/primitives';
import {
  blockHash,
  decodeBody,
  decodeCertificate,
  decodeTermInfo,
  TAGS,
  validatorsHash,
  verifyCertificate,
} from '@hansa/protocol';
import { damaged } from './errors.ts';
import { heightKey, heightOfKey, heightRange, metaKey, pageKey } from './keys.ts';
import { decodeHeaderRecord, decodeHeadRecord, decodeReceipts, type HeadRecord, headerOf } from './records.ts';
import { META_HEAD } from './schema.ts';
import { pageDigest } from './state-tree/hash-pages.ts';
import { decodePage } from './state-tree/page.ts';
import { type Store, WRITE_BUFFER_SIZE } from './store.ts';

/**
 * Blocks whose links are checked at opening. A log that was cut or flipped loses whole batches silently; logs hold at
 * most two write buffers of 4 MiB, and a block takes 1 KiB of them at the least.
 */
export const LINK_CHECK_COUNT: number = (2 * WRITE_BUFFER_SIZE) / 1024;

/**
 * Refuses a store that lost or changed data where it matters at once (spec LED-7): head pointer, header, certificate, links to
 * earlier blocks, body, receipts, undo records, top of the state tree. Its cost does not grow with the ledger; the
 * whole of it is checked by `verifyLedger`, and each record by its checksum when it is read.
 * @throws ChainError LEDGER_DAMAGED
 */
export async function checkStore(store: Store, suite: CryptoSuite, genesisHash: HashHex): Promise<HeadRecord> {
  const headBytes = store.get(metaKey(META_HEAD));
  const head = headBytes === undefined ? undefined : decodeHeadRecord(headBytes);
  if (head === undefined) throw damaged('the head pointer is missing or malformed');
  await checkLinks(store, suite, head, genesisHash);
  checkHeadBlock(store, suite, head, genesisHash);
  await checkUndo(store, head);
  checkTree(store, suite, head);
  return head;
}

async function checkLinks(store: Store, suite: CryptoSuite, head: HeadRecord, genesisHash: HashHex): Promise<void> {
  const from = Math.max(0, head.height - LINK_CHECK_COUNT);
  const iterator = store.iterate(heightRange('header', from, head.height + LINK_CHECK_COUNT));
  let expected = from;
  let parent: HashHex | undefined = from === 0 ? ZERO_HASH : undefined;
  try {
    for (;;) {
      const entries = await iterator.next(256);
      if (entries.length === 0) break;
      for (const { key, value } of entries) {
        const height = heightOfKey(key);
        if (height !== expected) throw damaged(`the header of height ${expected} is missing`);
        if (height > head.height) throw damaged(`a header of height ${height} is there, the head is ${head.height}`);
        const record = value === undefined ? undefined : decodeHeaderRecord(value);
        const header = record === undefined ? undefined : headerOf(record);
        if (record === undefined || header === undefined || header.height !== height) {
          throw damaged(`the header of height ${height} is malformed or does not have its checksum`);
        }
        if (suite.taggedDigest(TAGS.header, record.headerBytes) !== record.hash) {
          throw damaged(`the header of height ${height} does not have its hash`);
        }
        if (parent !== undefined && header.parentHash !== parent) {
          throw damaged(`the header of height ${height} does not name its parent`);
        }
        parent = record.hash;
        expected++;
      }
    }
  } finally {
    await iterator.close();
  }
  if (expected !== head.height + 1) throw damaged(`the header of height ${expected} is missing`);
  if (parent !== head.hash) throw damaged(`the header of height ${head.height} is not the one of the head pointer`);
  if (from === 0) checkGenesis(store, genesisHash);
}

function checkGenesis(store: Store, genesisHash: HashHex): void {
  const bytes = store.get(heightKey('header', 0));
  const record = bytes === undefined ? undefined : decodeHeaderRecord(bytes);
  if (record?.hash !== genesisHash) throw damaged('block 0 is not the genesis block');
}

function checkHeadBlock(store: Store, suite: CryptoSuite, head: HeadRecord, genesisHash: HashHex): void {
  const { height } = head;
  const bytes = store.get(heightKey('header', height));
  const record = bytes === undefined ? undefined : decodeHeaderRecord(bytes);
  const header = record === undefined ? undefined : headerOf(record);
  if (record === undefined || header === undefined) throw damaged(`the header of height ${height} is missing`);
  if (header.stateRoot !== head.stateRoot) throw damaged(`the header of height ${height} has another state root`);
  if (blockHash(suite, header) !== head.hash) throw damaged(`the header of height ${height} does not have its hash`);
  const body = store.get(heightKey('body', height));
  const decodedBody = body === undefined ? undefined : decodeBody(body);
  if (!decodedBody?.ok) throw damaged(`the body of height ${height} is missing or malformed`);
  const receipts = store.get(heightKey('receipts', height));
  const decodedReceipts = receipts === undefined ? undefined : decodeReceipts(receipts);
  if (decodedReceipts?.length !== decodedBody.value.transactions.length) {
    throw damaged(`the receipts of height ${height} are missing or malformed`);
  }
  const next = termValidatorsHash(store, suite, head.termHeight);
  if (next.hash !== header.nextValidatorsHash) {
    throw damaged(
      `the term record of height ${head.termHeight} does not have the validators that block ${height} names`,
    );
  }
  if (height === 0) return;
  const { validators, hash } = termValidatorsHash(store, suite, record.termHeight);
  if (hash !== header.validatorsHash) {
    throw damaged(`the term record of height ${record.termHeight} does not have the validators of block ${height}`);
  }
  const certificateBytes = store.get(heightKey('certificate', height));
  const certificate = certificateBytes === undefined ? undefined : decodeCertificate(certificateBytes);
  if (!certificate?.ok || certificate.value.blockHash !== head.hash || certificate.value.height !== height) {
    throw damaged(`the certificate of height ${height} is missing, malformed or of another block`);
  }
  const verified = verifyCertificate(suite, {
    genesisHash,
    term: header.term,
    validators,
    certificate: certificate.value,
  });
  if (!verified.ok) throw damaged(`the certificate of height ${height} is wrong: ${verified.error.message}`);
}

function termValidatorsHash(
  store: Store,
  suite: CryptoSuite,
  termHeight: Height,
): { hash: HashHex; validators: Parameters<typeof validatorsHash>[1] } {
  const bytes = store.get(heightKey('term', termHeight));
  const info = bytes === undefined ? undefined : decodeTermInfo(bytes);
  if (!info?.ok) throw damaged(`the term record of height ${termHeight} is missing or malformed`);
  return { hash: validatorsHash(suite, info.value.validators), validators: info.value.validators };
}

/** A gap means that a batch was lost, and with it changes of the state. */
async function checkUndo(store: Store, head: HeadRecord): Promise<void> {
  const iterator = store.iterate(heightRange('undoFilter', head.historyFrom + 1, head.height));
  let expected = head.historyFrom + 1;
  try {
    for (;;) {
      const entries = await iterator.next(1024);
      if (entries.length === 0) break;
      for (const { key } of entries) {
        if (heightOfKey(key) !== expected) break;
        expected++;
      }
    }
  } finally {
    await iterator.close();
  }
  if (expected !== head.height + 1) throw damaged(`the undo record of height ${expected} is missing`);
}

function checkTree(store: Store, suite: CryptoSuite, head: HeadRecord): void {
  const bytes = store.get(pageKey(''));
  const page = bytes === undefined ? undefined : decodePage(bytes);
  if (page === undefined) throw damaged('the top of the state tree is missing or malformed');
  if (!equalBytes(pageDigest(suite, page), fromHex(head.stateRoot))) {
    throw damaged(`the state tree does not have the root of height ${head.height}`);
  }
}

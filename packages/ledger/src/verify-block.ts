import type { CryptoSuite } from '@hansa/crypto';
import { equalBytes, type HashHex, type Height, toValidatorIndex, ZERO_HASH } from '@hansa/primitives';
import {
  type BlockBody,
  type BlockHeader,
  type Certificate,
  decodeBody,
  decodeCertificate,
  decodeReceipt,
  decodeTermInfo,
  decodeTransaction,
  proposalDigest,
  proposalTransactionHashes,
  type Receipt,
  receiptDigest,
  receiptRoot,
  TAGS,
  type TermInfo,
  txRoot,
  validatorsHash,
  verifyCertificate,
} from '@hansa/protocol';
import { isLedgerError } from './errors.ts';
import { hashKey, heightKey } from './keys.ts';
import { buildLogFilter } from './log-query.ts';
import {
  decodeHeaderRecord,
  decodeHeight,
  decodeTransactionRecord,
  type HeaderRecord,
  type HeadRecord,
  headerOf,
  splitReceipts,
} from './records.ts';
import type { Store } from './store.ts';
import type { VerifiedBlock, VerifyFault } from './verify-types.ts';

/** Carries a fault to the caller of the whole check; never leaves this package. */
export class FaultFound extends Error {
  override readonly name: string = 'FaultFound';
  readonly fault: VerifyFault;

  constructor(fault: VerifyFault) {
    super(fault.message);
    this.fault = fault;
  }
}

type Verified = { readonly record: HeaderRecord; readonly header: BlockHeader };

/** Checks blocks one after the other, from genesis. What it trusts is the genesis hash and what it has checked. */
export class BlockVerifier {
  readonly #store: Store;
  readonly #suite: CryptoSuite;
  readonly #genesisHash: HashHex;
  #genesis: BlockHeader | undefined;
  #parent: Verified | undefined;
  #height = 0 as Height;

  constructor(store: Store, suite: CryptoSuite, genesisHash: HashHex) {
    this.#store = store;
    this.#suite = suite;
    this.#genesisHash = genesisHash;
  }

  /** @throws FaultFound */
  verify(height: Height): VerifiedBlock {
    this.#height = height;
    const verified = this.#verifyHeader();
    const { header, record } = verified;
    const termInfo = height === 0 ? undefined : this.#verifyTerm(record.termHeight, header.validatorsHash);
    if (termInfo !== undefined && termInfo.term !== header.term) {
      this.#fail('header.term', `term ${header.term}, the term in force is ${termInfo.term}`);
    }
    const certificate = termInfo === undefined ? undefined : this.#verifyCertificate(verified, termInfo);
    const body = this.#verifyBody(header);
    const hashes = this.#transactionHashes(body);
    const receipts = this.#verifyReceipts(header, hashes);
    if (txRoot(this.#suite, hashes) !== header.txRoot) {
      this.#fail('body.transactions', 'the transactions are not those of the header’s txRoot');
    }
    if (termInfo !== undefined) this.#verifyProposal(header, body, hashes, termInfo);
    this.#verifyIndices(record.hash, hashes, receipts);
    this.#parent = verified;
    this.#genesis ??= header;
    return { block: { header, body }, certificate, receipts, validators: termInfo?.validators ?? [], termInfo };
  }

  /** After the last block: the head pointer and the validators of the next height. */
  verifyHead(head: HeadRecord): void {
    const last = this.#parent;
    if (last === undefined || last.record.hash !== head.hash)
      this.#fail('head', 'the head pointer names another block');
    if (last.header.stateRoot !== head.stateRoot) this.#fail('head', 'the head pointer has another state root');
    this.#verifyTerm(head.termHeight, last.header.nextValidatorsHash);
  }

  #verifyHeader(): Verified {
    const bytes = this.#read('header', heightKey('header', this.#height));
    const record = decodeHeaderRecord(bytes) ?? this.#fail('header', 'the record is malformed');
    const header = headerOf(record) ?? this.#fail('header', 'the header is malformed');
    if (this.#suite.taggedDigest(TAGS.header, record.headerBytes) !== record.hash) {
      this.#fail('header', `the header does not have its hash, ${record.hash}`);
    }
    if (header.height !== this.#height) this.#fail('header.height', `the header says height ${header.height}`);
    const parent = this.#parent;
    if (this.#height === 0 || parent === undefined) {
      if (record.hash !== this.#genesisHash) {
        this.#fail('header', `block 0 is ${record.hash}, genesis ${this.#genesisHash} was expected`);
      }
      if (header.parentHash !== ZERO_HASH) this.#fail('header.parentHash', 'genesis has a parent');
      return { record, header };
    }
    if (header.parentHash !== parent.record.hash) {
      this.#fail('header.parentHash', `${header.parentHash} is not the block before, ${parent.record.hash}`);
    }
    if (header.timestamp <= parent.header.timestamp) this.#fail('header.timestamp', 'not after the block before');
    if (header.term < parent.header.term) this.#fail('header.term', 'below the term of the block before');
    if (header.validatorsHash !== parent.header.nextValidatorsHash) {
      this.#fail('header.validatorsHash', 'not the validators that the block before names');
    }
    if (header.chainId !== this.#genesis?.chainId || header.groupId !== this.#genesis.groupId) {
      this.#fail('header.chainId', `chain ${header.chainId} ${header.groupId} is not that of genesis`);
    }
    return { record, header };
  }

  #verifyTerm(termHeight: Height, expectedHash: HashHex): TermInfo {
    const info = decodeTermInfo(this.#read('validators', heightKey('term', termHeight)));
    if (!info.ok) return this.#fail('validators', info.error.message);
    if (validatorsHash(this.#suite, info.value.validators) !== expectedHash) {
      this.#fail('validators', `the validators kept are not those of the headers (${expectedHash})`);
    }
    return info.value;
  }

  #verifyCertificate({ record, header }: Verified, termInfo: TermInfo): Certificate {
    const decoded = decodeCertificate(this.#read('certificate', heightKey('certificate', this.#height)));
    if (!decoded.ok) return this.#fail('certificate', decoded.error.message);
    const certificate = decoded.value;
    if (certificate.height !== header.height || certificate.blockHash !== record.hash) {
      this.#fail('certificate', `it is for block ${certificate.blockHash} of height ${certificate.height}`);
    }
    const { term } = header;
    const { validators } = termInfo;
    const result = verifyCertificate(this.#suite, { genesisHash: this.#genesisHash, term, validators, certificate });
    if (!result.ok) this.#fail('certificate', result.error.message);
    return certificate;
  }

  #verifyBody(header: BlockHeader): BlockBody {
    const body = decodeBody(this.#read('body', heightKey('body', this.#height)));
    if (!body.ok) return this.#fail('body', body.error.message);
    const isEmpty = body.value.transactions.length === 0 && body.value.leftOut.length === 0;
    if (header.height === 0 && !isEmpty) this.#fail('body', 'genesis has transactions');
    return body.value;
  }

  #transactionHashes(body: BlockBody): readonly HashHex[] {
    return body.transactions.map((bytes, index) => {
      const decoded = decodeTransaction(bytes);
      return decoded.ok ? decoded.value.hash : this.#fail(`body.transactions[${index}]`, decoded.error.message);
    });
  }

  #verifyReceipts(header: BlockHeader, hashes: readonly HashHex[]): readonly Receipt[] {
    const parts = splitReceipts(this.#read('receipts', heightKey('receipts', this.#height)));
    if (parts === undefined) return this.#fail('receipts', 'the record is malformed');
    const receipts = parts.map((part, index) => {
      const receipt = decodeReceipt(part);
      return receipt.ok ? receipt.value : this.#fail(`receipts[${index}]`, receipt.error.message);
    });
    if (receipts.length !== hashes.length) {
      this.#fail('receipts', `${receipts.length} receipts for ${hashes.length} transactions`);
    }
    const digests = receipts.map((receipt) => receiptDigest(this.#suite, receipt));
    if (receiptRoot(this.#suite, digests) !== header.receiptRoot) {
      this.#fail('receipts', 'the receipts are not those of the header’s receiptRoot');
    }
    let gasUsed = 0n;
    receipts.forEach((receipt, index) => {
      gasUsed += receipt.gasUsed;
      if (receipt.transactionHash !== hashes[index]) {
        this.#fail(
          `body.transactions[${index}]`,
          `the receipt is that of ${receipt.transactionHash}, the transaction is ${hashes[index]}`,
        );
      }
      if (receipt.index !== index) this.#fail(`receipts[${index}].index`, `it says ${receipt.index}`);
      if (receipt.cumulativeGasUsed !== gasUsed)
        this.#fail(`receipts[${index}].cumulativeGasUsed`, `${gasUsed} was expected`);
    });
    if (header.gasUsed !== gasUsed) this.#fail('header.gasUsed', `the receipts add up to ${gasUsed}`);
    return receipts;
  }

  #verifyProposal(header: BlockHeader, body: BlockBody, hashes: readonly HashHex[], termInfo: TermInfo): void {
    const position = termInfo.validators.findIndex(({ nodeId }) => nodeId === header.proposer);
    if (position < 0) this.#fail('header.proposer', 'not a validator of the term');
    const transactionHashes = proposalTransactionHashes(hashes, body.leftOut);
    if (transactionHashes === undefined) this.#fail('body.leftOut', 'the positions do not fit');
    const { chainId, groupId, term, height, view, timestamp } = header;
    const parentDigest = this.#parent?.header.proposalDigest ?? ZERO_HASH;
    const proposer = toValidatorIndex(position);
    const proposal = { chainId, groupId, term, height, view, parentDigest, timestamp, proposer, transactionHashes };
    if (proposalDigest(this.#suite, proposal) !== header.proposalDigest) {
      this.#fail('header.proposalDigest', 'what was executed and left out is not the proposal that was decided');
    }
  }

  #verifyIndices(hash: HashHex, hashes: readonly HashHex[], receipts: readonly Receipt[]): void {
    const height = decodeHeight(this.#read('blockIndex', hashKey('blockIndex', hash)));
    if (height !== this.#height) this.#fail('blockIndex', `the index says height ${height}`);
    hashes.forEach((transactionHash, index) => {
      const bytes = this.#read('transactionIndex', hashKey('transactionIndex', transactionHash));
      const record = decodeTransactionRecord(bytes);
      if (record?.type !== 'committed' || record.height !== this.#height || record.index !== index) {
        this.#fail('transactionIndex', `the index has transaction ${transactionHash} elsewhere`);
      }
    });
    const expected = buildLogFilter(receipts);
    const stored = this.#readMaybe('logFilter', heightKey('logFilter', this.#height));
    const isRight = expected === undefined || stored === undefined ? expected === stored : equalBytes(expected, stored);
    if (!isRight) this.#fail('logFilter', 'the index of logs is not that of the receipts');
  }

  #read(field: string, key: Uint8Array): Uint8Array {
    return this.#readMaybe(field, key) ?? this.#fail(field, 'the record is missing');
  }

  #readMaybe(field: string, key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#store.get(key);
    } catch (error) {
      if (isLedgerError(error, 'LEDGER_DAMAGED')) return this.#fail(field, error.message);
      throw error;
    }
  }

  #fail(field: string, message: string): never {
    throw new FaultFound({ height: this.#height, field, message });
  }
}

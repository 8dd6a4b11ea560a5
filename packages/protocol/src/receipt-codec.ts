import { type CryptoSuite, merkleRoot } from '@hansa/crypto';
import type { HashHex, Result } from '@hansa/primitives';
import type { Log, Receipt } from './block.ts';
import type { ProtocolFailure } from './errors.ts';
import { LOG_DATA_SIZE_MAX, LOG_TOPIC_COUNT_MAX, RECEIPT_LOG_COUNT_MAX, RECEIPT_OUTPUT_SIZE_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { Writer } from './writer.ts';

/** Bytes of a receipt without output, logs and the address of a contract; of a log without topics and data. */
const FIXED_SIZE = 97;
const ADDRESS_SIZE = 20;
const TOPIC_SIZE = 32;
const LOG_SIZE = 28;

/** spec FMT-33. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return new Writer(sizeOf(receipt))
    .hex(receipt.transactionHash, 32)
    .u32(receipt.index)
    .u8(receipt.status)
    .u64Bigint(receipt.gasUsed)
    .u64Bigint(receipt.cumulativeGasUsed)
    .u256(receipt.effectiveGasPrice)
    .maybe(receipt.contractAddress, (w, address) => w.hex(address, 20))
    .bytes(receipt.output)
    .list(receipt.logs, writeLog)
    .finish();
}

/** Exact, so that nothing is copied. */
function sizeOf({ contractAddress, output, logs }: Receipt): number {
  let size = FIXED_SIZE + output.length + (contractAddress === undefined ? 0 : ADDRESS_SIZE);
  for (const { topics, data } of logs) size += LOG_SIZE + TOPIC_SIZE * topics.length + data.length;
  return size;
}

export function decodeReceipt(bytes: Uint8Array): Result<Receipt, ProtocolFailure> {
  const reader = new Reader(bytes, 'receipt');
  return reader.finish({
    transactionHash: reader.hash(),
    index: reader.u32(),
    status: reader.boolean() ? 1 : 0,
    gasUsed: reader.u64Bigint(),
    cumulativeGasUsed: reader.u64Bigint(),
    effectiveGasPrice: reader.u256(),
    contractAddress: reader.maybe((r) => r.address()),
    output: reader.bytes(RECEIPT_OUTPUT_SIZE_MAX),
    logs: reader.list(RECEIPT_LOG_COUNT_MAX, readLog),
  });
}

/** Leaf of the receipt tree. */
export function receiptDigest(suite: CryptoSuite, receipt: Receipt): HashHex {
  return suite.taggedDigest(TAGS.receipt, encodeReceipt(receipt));
}

/** Root over the digests of the receipts, in the order of the transactions (spec FMT-34). */
export function receiptRoot(suite: CryptoSuite, receiptDigests: readonly HashHex[]): HashHex {
  return merkleRoot(suite, TAGS.receiptTree, receiptDigests);
}

function writeLog(writer: Writer, log: Log): void {
  writer
    .hex(log.address, 20)
    .list(log.topics, (w, topic) => w.hex(topic, 32))
    .bytes(log.data);
}

function readLog(reader: Reader): Log {
  return {
    address: reader.address(),
    topics: reader.list(LOG_TOPIC_COUNT_MAX, (r) => r.hash()),
    data: reader.bytes(LOG_DATA_SIZE_MAX),
  };
}

import { addressToHex, assert, writeHex } from '@hansa/primitives';
import { decodeTransaction, type SignedTransaction, withSender } from '@hansa/protocol';

const ADDRESS_SIZE = 20;
const LENGTH_SIZE = 4;

/**
 * Transactions with their senders in one buffer, so that a block crosses to a worker by transfer and not by a clone of
 * thousands of objects: for each u32 length ‖ 20-byte sender ‖ original bytes.
 */
export function packTransactions(transactions: readonly SignedTransaction[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const transaction of transactions) size += LENGTH_SIZE + ADDRESS_SIZE + transaction.bytes.length;
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const transaction of transactions) {
    view.setUint32(at, transaction.bytes.length);
    writeHex(packed, at + LENGTH_SIZE, transaction.sender);
    packed.set(transaction.bytes, at + LENGTH_SIZE + ADDRESS_SIZE);
    at += LENGTH_SIZE + ADDRESS_SIZE + transaction.bytes.length;
  }
  return packed;
}

/** The transactions again. They were checked before they were packed: a failure here is a broken invariant. */
export function unpackTransactions(packed: Uint8Array): SignedTransaction[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const transactions: SignedTransaction[] = [];
  let at = 0;
  while (at < packed.length) {
    const length = view.getUint32(at);
    const sender = addressToHex(packed.subarray(at + LENGTH_SIZE, at + LENGTH_SIZE + ADDRESS_SIZE));
    const start = at + LENGTH_SIZE + ADDRESS_SIZE;
    const decoded = decodeTransaction(packed.slice(start, start + length));
    assert(decoded.ok, 'a transaction that crosses to a worker was decoded before');
    transactions.push(withSender(decoded.value, sender));
    at = start + length;
  }
  return transactions;
}

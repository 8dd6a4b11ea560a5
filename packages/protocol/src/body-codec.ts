import { type CryptoSuite, merkleRoot } from '@hansa/crypto';
import type { HashHex, Result } from '@hansa/primitives';
import { type BlockBody, LEFT_OUT_REASONS, type LeftOut, type LeftOutReason } from './block.ts';
import type { ProtocolFailure } from './errors.ts';
import { BLOCK_TX_SIZE_MAX, PROPOSAL_TX_COUNT_MAX, TX_SIZE_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { Writer } from './writer.ts';

/** spec FMT-32. */
export function encodeBody(body: BlockBody): Uint8Array {
  let size = 8 + 37 * body.leftOut.length;
  for (const tx of body.transactions) size += 4 + tx.length;
  return new Writer(size)
    .list(body.transactions, (w, tx) => w.bytes(tx))
    .list(body.leftOut, (w, entry) =>
      w.u32(entry.position).hex(entry.hash, 32).u8(LEFT_OUT_REASONS.indexOf(entry.reason)),
    )
    .finish();
}

/** Transactions are copied out and not decoded. */
export function decodeBody(bytes: Uint8Array): Result<BlockBody, ProtocolFailure> {
  const reader = new Reader(bytes, 'body');
  let size = 0;
  const transactions = reader.list(PROPOSAL_TX_COUNT_MAX, (r) => {
    const tx = r.bytes(TX_SIZE_MAX);
    size += tx.length;
    if (size > BLOCK_TX_SIZE_MAX)
      r.fail('PROTOCOL_LIMIT_EXCEEDED', `transactions of more than ${BLOCK_TX_SIZE_MAX} bytes`);
    return tx;
  });
  let previous = -1;
  const leftOut = reader.list(PROPOSAL_TX_COUNT_MAX - transactions.length, (r) => {
    const entry = readLeftOut(r);
    if (entry.position <= previous) r.fail('PROTOCOL_NOT_CANONICAL', 'positions of what was left out must ascend');
    previous = entry.position;
    return entry;
  });
  if (previous >= transactions.length + leftOut.length) {
    reader.fail('PROTOCOL_OUT_OF_RANGE', `position ${previous} is behind the end of the proposal`);
  }
  return reader.finish({ transactions, leftOut });
}

function readLeftOut(reader: Reader): LeftOut {
  const position = reader.u32();
  const hash = reader.hash();
  const code = reader.u8();
  const reason = LEFT_OUT_REASONS[code];
  if (reason === undefined) reader.fail('PROTOCOL_UNKNOWN_KIND', `reason ${code} for leaving out is unknown`);
  return { position, hash, reason: reason ?? (LEFT_OUT_REASONS[0] as LeftOutReason) };
}

/** Root over the hashes of the executed transactions (spec FMT-34). */
export function txRoot(suite: CryptoSuite, transactionHashes: readonly HashHex[]): HashHex {
  return merkleRoot(suite, TAGS.transactionTree, transactionHashes);
}

/** Thread that decodes transactions, recovers their senders and checks validators' signatures. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type CryptoSuite, initCrypto, suiteByName } from '@hansa/crypto';
import { type AddressHex, assert, type Failure, type HashHex, type Result } from '@hansa/primitives';
import { decodeTransaction, recoverSender, type SignedTransaction, withSender } from '@hansa/protocol';
import { describeThread } from './thread.ts';
import { RecordWriter } from './transaction-record.ts';
import type {
  TransactionAnswer,
  TransactionBatch,
  VerifyReady,
  VerifyWorkerData,
  VoteAnswer,
  VoteBatch,
} from './verify-messages.ts';

/** Between so many transactions (about 0.3 ms) the votes that came meanwhile are checked. */
const TRANSACTIONS_BETWEEN_VOTES = 4;
/** Bytes of a record beside the transaction's own, roughly. */
const RECORD_OVERHEAD = 320;
/** Senders that are remembered: a transaction may come from a client, by gossip, with a proposal and in a block. */
const SENDER_COUNT_MAX = 16_384;

assert(parentPort !== null, 'the verify worker runs as a worker thread');
describeThread({ name: 'hansa-verify', isBackground: false });
const port = parentPort;
const { suite: suiteName, votePort } = workerData as VerifyWorkerData;
await initCrypto();
const chosen = suiteByName(suiteName);
assert(chosen !== undefined, `a suite that this program has was expected, got ${suiteName}`);
const suite: CryptoSuite = chosen;
const senders = new Map<HashHex, AddressHex>();

votePort.on('message', (batch: VoteBatch) => answerVotes(batch));
port.on('message', (batch: TransactionBatch) => {
  const records = checkTransactions(batch.packed);
  port.postMessage({ id: batch.id, records } satisfies TransactionAnswer, [records.buffer]);
});
port.postMessage({ type: 'ready' } satisfies VerifyReady);

function checkTransactions(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const writer = new RecordWriter(packed.length + 64 * RECORD_OVERHEAD);
  let count = 0;
  for (let at = 0; at < packed.length; ) {
    const size = view.getUint32(at);
    writer.add(checkTransaction(packed.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
    if (++count % TRANSACTIONS_BETWEEN_VOTES === 0) answerWaitingVotes();
  }
  return writer.finish();
}

function checkTransaction(bytes: Uint8Array): Result<SignedTransaction, Failure> {
  const decoded = decodeTransaction(bytes);
  if (!decoded.ok) return decoded;
  const { hash } = decoded.value;
  // The hash covers the signature: equal hashes have one sender.
  const known = senders.get(hash);
  if (known !== undefined) return { ok: true, value: withSender(decoded.value, known) };
  const recovered = recoverSender(decoded.value);
  if (recovered.ok) {
    senders.set(hash, recovered.value.sender);
    const [oldest] = senders.keys();
    if (senders.size > SENDER_COUNT_MAX && oldest !== undefined) senders.delete(oldest);
  }
  return recovered;
}

/** Votes do not wait for the end of a batch of transactions: the port is read in the middle of it. */
function answerWaitingVotes(): void {
  for (;;) {
    const waiting = receiveMessageOnPort(votePort) as { readonly message: VoteBatch } | undefined;
    if (waiting === undefined) return;
    answerVotes(waiting.message);
  }
}

function answerVotes({ id, digests, nodeIds, signatures }: VoteBatch): void {
  const valid = new Uint8Array(digests.length);
  for (const [i, digest] of digests.entries()) {
    const nodeId = nodeIds[i];
    assert(nodeId !== undefined, 'a node id for each digest was expected');
    valid[i] = suite.verify(digest, signatures.subarray(64 * i, 64 * i + 64), nodeId) ? 1 : 0;
  }
  votePort.postMessage({ id, valid } satisfies VoteAnswer, [valid.buffer]);
}

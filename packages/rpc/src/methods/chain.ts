import type { Height } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { CachedBlock } from '../block-cache.ts';
import { toBlockJson, toLogJson, toReceiptJson, toTransactionJson } from '../block-json.ts';
import { heightOfReference, heightOfTag } from '../block-reference.ts';
import { logPatternOf, logRangeOf } from '../log-filter.ts';
import { type MethodCall, type MethodTable, quick, slow } from '../method.ts';
import { booleanOf, hashOf, integerOf, isAbsent } from '../params.ts';
import { data, quantity } from '../values.ts';
import { feeHistory } from './fee-history.ts';
import { readLogs } from './read-logs.ts';

const blockAt = (call: MethodCall, height: Height | undefined): CachedBlock | undefined =>
  height === undefined ? undefined : call.blocks.get(height);
const blockByHash = (call: MethodCall, hash: unknown): CachedBlock | undefined =>
  blockAt(call, call.backend.heightOfHash(hashOf(hash, 'hash')));
const blockByTag = (call: MethodCall, tag: unknown): CachedBlock | undefined =>
  blockAt(call, heightOfTag(tag, call.backend));

/** Senders may have to be recovered, 70 µs each: other work comes in between. */
async function transactionsOf(
  { backend, pacer, signal }: MethodCall,
  block: CachedBlock,
): Promise<SignedTransaction[]> {
  const transactions: SignedTransaction[] = [];
  for (const raw of block.facts.body.transactions) {
    const pause = pacer.wait();
    if (pause !== undefined) await pause;
    signal.throwIfAborted();
    transactions.push(backend.committedTransaction(raw));
  }
  return transactions;
}

async function serveBlock(call: MethodCall, block: CachedBlock | undefined, full: unknown): Promise<unknown> {
  const isFull = !isAbsent(full) && booleanOf(full, 'full');
  if (block === undefined) return null;
  return toBlockJson(block, isFull ? await transactionsOf(call, block) : undefined);
}

function serveTransactionAt(call: MethodCall, block: CachedBlock | undefined, position: unknown): unknown {
  const index = integerOf(position, 'index');
  const raw = block?.facts.body.transactions[index];
  if (block === undefined || raw === undefined) return null;
  return toTransactionJson(call.backend.committedTransaction(raw), { block, index });
}

const count = (block: CachedBlock | undefined): string | null =>
  block === undefined ? null : quantity(block.receipts.length);
const uncles = (block: CachedBlock | undefined): string | null => (block === undefined ? null : '0x0');

function serveTransaction(call: MethodCall, hash: unknown): unknown {
  const found = call.backend.transaction(hashOf(hash, 'transactionHash'));
  if (found === undefined) return null;
  const block = blockAt(call, found.location?.height);
  if (found.location === undefined || block === undefined) return toTransactionJson(found.transaction, undefined);
  return toTransactionJson(found.transaction, { block, index: found.location.index });
}

/** Null while the transaction is not committed. */
export function serveReceipt(call: MethodCall, hash: unknown): unknown {
  const found = call.backend.transaction(hashOf(hash, 'transactionHash'));
  const block = blockAt(call, found?.location?.height);
  if (found?.location === undefined || block === undefined) return null;
  return toReceiptJson({ block, index: found.location.index }, found.transaction);
}

/**
 * As serveReceipt, but a transaction that this node expects to become final in a moment is waited for. Without it
 * clients that keep a null answer for a while and look again only with the next block (ethers keeps it for 250 ms) would
 * wait for a block that an idle chain does not make.
 */
async function waitForReceipt(call: MethodCall, hash: unknown): Promise<unknown> {
  const { backend, hub, limits, connection } = call;
  const receipt = serveReceipt(call, hash);
  if (receipt !== null || hub.waiterCount() >= limits.syncWaiterCountMax) return receipt;
  const wanted = hashOf(hash, 'transactionHash');
  const status = backend.transactionStatus(wanted);
  const isNear = status.type === 'ordered' || (status.type === 'pending' && status.reason === undefined);
  if (!isNear) return null;
  await hub.waitForCommit(wanted, limits.receiptWaitMs, connection.signal);
  return serveReceipt(call, hash);
}

async function serveBlockReceipts(call: MethodCall, reference: unknown): Promise<unknown> {
  const block = blockAt(call, heightOfReference(reference, call.backend));
  if (block === undefined) return null;
  const transactions = await transactionsOf(call, block);
  return transactions.map((transaction, index) => toReceiptJson({ block, index }, transaction));
}

async function serveLogs(call: MethodCall, filter: unknown): Promise<unknown> {
  const pattern = logPatternOf(filter);
  const range = logRangeOf(filter, call.backend);
  return range === undefined ? [] : (await readLogs(call, pattern, range)).map(toLogJson);
}

function syncing({ backend }: MethodCall): unknown {
  const state = backend.syncing();
  if (state === undefined) return false;
  return {
    startingBlock: quantity(state.starting),
    currentBlock: quantity(state.current),
    highestBlock: quantity(state.highest),
  };
}

export const CHAIN_METHODS: MethodTable = {
  eth_chainId: quick((_, { backend }) => quantity(backend.chain.chainId)),
  eth_syncing: quick((_, call) => syncing(call)),
  eth_blockNumber: quick((_, { backend }) => quantity(backend.head().height)),
  eth_gasPrice: quick((_, { backend }) => quantity(backend.gasPrice())),
  // The order in a block is by price, yet none is needed above the minimum: wallets add what they like.
  eth_maxPriorityFeePerGas: quick(() => '0x0'),
  eth_feeHistory: slow((params, call) => feeHistory(params, call)),
  eth_accounts: quick(() => []),
  eth_getBlockByHash: slow(([hash, full], call) => serveBlock(call, blockByHash(call, hash), full)),
  eth_getBlockByNumber: slow(([tag, full], call) => serveBlock(call, blockByTag(call, tag), full)),
  eth_getBlockReceipts: slow(([reference], call) => serveBlockReceipts(call, reference)),
  eth_getBlockTransactionCountByHash: quick(([hash], call) => count(blockByHash(call, hash))),
  eth_getBlockTransactionCountByNumber: quick(([tag], call) => count(blockByTag(call, tag))),
  eth_getUncleCountByBlockHash: quick(([hash], call) => uncles(blockByHash(call, hash))),
  eth_getUncleCountByBlockNumber: quick(([tag], call) => uncles(blockByTag(call, tag))),
  eth_getTransactionByHash: quick(([hash], call) => serveTransaction(call, hash)),
  eth_getTransactionByBlockHashAndIndex: quick(([hash, index], call) =>
    serveTransactionAt(call, blockByHash(call, hash), index),
  ),
  eth_getTransactionByBlockNumberAndIndex: quick(([tag, index], call) =>
    serveTransactionAt(call, blockByTag(call, tag), index),
  ),
  eth_getRawTransactionByHash: quick(([hash], { backend }) => {
    const found = backend.transaction(hashOf(hash, 'transactionHash'));
    return found === undefined ? null : data(found.transaction.bytes);
  }),
  eth_getTransactionReceipt: quick(([hash], call) => waitForReceipt(call, hash)),
  eth_getLogs: slow(([filter], call) => serveLogs(call, filter)),
};

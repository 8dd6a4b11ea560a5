/** Blocks, transactions, receipts and logs as Ethereum's JSON-RPC writes them. */
import { bytesToBigint, type HashHex } from '@hansa/primitives';
import type { Log, SignedTransaction } from '@hansa/protocol';
import type { LogFacts } from './backend.ts';
import type { CachedBlock } from './block-cache.ts';
import { logsBloom } from './ethereum-header.ts';
import { data, prefixed, quantity } from './values.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function toHeaderJson({ facts, header }: CachedBlock): JsonRecord {
  return {
    number: quantity(header.number),
    hash: prefixed(facts.hash),
    parentHash: prefixed(header.parentHash),
    nonce: data(header.nonce),
    sha3Uncles: prefixed(header.sha3Uncles),
    logsBloom: data(header.logsBloom),
    transactionsRoot: prefixed(header.transactionsRoot),
    stateRoot: prefixed(header.stateRoot),
    receiptsRoot: prefixed(header.receiptsRoot),
    miner: prefixed(header.miner),
    difficulty: quantity(header.difficulty),
    extraData: data(header.extraData),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    baseFeePerGas: quantity(header.baseFeePerGas),
    mixHash: prefixed(header.mixHash),
  };
}

/** `transactions`: all of them, or undefined for their hashes only. */
export function toBlockJson(block: CachedBlock, transactions: readonly SignedTransaction[] | undefined): JsonRecord {
  return {
    ...toHeaderJson(block),
    totalDifficulty: '0x0',
    size: quantity(block.sizeBytes),
    uncles: [],
    transactions:
      transactions === undefined
        ? block.receipts.map((receipt) => prefixed(receipt.transactionHash))
        : transactions.map((transaction, index) => toTransactionJson(transaction, { block, index })),
  };
}

export type TransactionPlace = { readonly block: CachedBlock; readonly index: number };

/** `place` undefined: it is in the pool. */
export function toTransactionJson(transaction: SignedTransaction, place: TransactionPlace | undefined): JsonRecord {
  const { type, signature, recovery } = transaction;
  const receipt = place?.block.receipts[place.index];
  const v = type === 0 ? transaction.chainId * 2 + 35 + recovery : recovery;
  return {
    type: quantity(type),
    hash: prefixed(transaction.hash),
    blockHash: place === undefined ? null : prefixed(place.block.facts.hash),
    blockNumber: place === undefined ? null : quantity(place.block.facts.height),
    ...(place === undefined ? {} : { blockTimestamp: quantity(place.block.header.timestamp) }),
    transactionIndex: place === undefined ? null : quantity(place.index),
    from: prefixed(transaction.sender),
    to: transaction.to === undefined ? null : prefixed(transaction.to),
    nonce: quantity(transaction.nonce),
    value: quantity(transaction.value),
    gas: quantity(transaction.gasLimit),
    gasPrice: quantity(receipt?.effectiveGasPrice ?? transaction.maxFeePerGas),
    ...(type === 2
      ? {
          maxFeePerGas: quantity(transaction.maxFeePerGas),
          maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
        }
      : {}),
    input: data(transaction.data),
    ...(type === 0 ? {} : { accessList: toAccessListJson(transaction.accessList), yParity: quantity(recovery) }),
    chainId: quantity(transaction.chainId),
    v: quantity(v),
    r: quantity(bytesToBigint(signature.subarray(0, 32))),
    s: quantity(bytesToBigint(signature.subarray(32, 64))),
  };
}

export function toAccessListJson(accessList: SignedTransaction['accessList']): readonly JsonRecord[] {
  return accessList.map(({ address, storageKeys }) => ({
    address: prefixed(address),
    storageKeys: storageKeys.map(prefixed),
  }));
}

export function toReceiptJson(
  { block, index }: TransactionPlace,
  transaction: Pick<SignedTransaction, 'type' | 'sender' | 'to'>,
): JsonRecord {
  const receipt = block.receipts[index] as CachedBlock['receipts'][number];
  const first = block.firstLogIndex[index] as number;
  return {
    type: quantity(transaction.type),
    status: quantity(receipt.status),
    transactionHash: prefixed(receipt.transactionHash),
    transactionIndex: quantity(index),
    blockHash: prefixed(block.facts.hash),
    blockNumber: quantity(block.facts.height),
    from: prefixed(transaction.sender),
    to: transaction.to === undefined ? null : prefixed(transaction.to),
    contractAddress: receipt.contractAddress === undefined ? null : prefixed(receipt.contractAddress),
    gasUsed: quantity(receipt.gasUsed),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    logs: receipt.logs.map((log, position) =>
      toLogJson(logFactsOf(block, { index, hash: receipt.transactionHash, log, logIndex: first + position })),
    ),
    logsBloom: data(logsBloom([receipt])),
  };
}

type LogPlace = { readonly index: number; readonly hash: HashHex; readonly log: Log; readonly logIndex: number };

function logFactsOf({ facts }: CachedBlock, { index, hash, log, logIndex }: LogPlace): LogFacts {
  return {
    ...log,
    height: facts.height,
    blockHash: facts.hash,
    timestamp: facts.header.timestamp,
    transactionHash: hash,
    transactionIndex: index,
    logIndex,
  };
}

export function blockLogs(block: CachedBlock): LogFacts[] {
  return block.receipts.flatMap(({ logs, transactionHash: hash }, index) =>
    logs.map((log, position) =>
      logFactsOf(block, { index, hash, log, logIndex: (block.firstLogIndex[index] as number) + position }),
    ),
  );
}

export function toLogJson(log: LogFacts): JsonRecord {
  return {
    address: prefixed(log.address),
    topics: log.topics.map(prefixed),
    data: data(log.data),
    blockNumber: quantity(log.height),
    blockHash: prefixed(log.blockHash),
    blockTimestamp: quantity(Math.floor(log.timestamp / 1000)),
    transactionHash: prefixed(log.transactionHash),
    transactionIndex: quantity(log.transactionIndex),
    logIndex: quantity(log.logIndex),
    removed: false,
  };
}

import type { CryptoSuite } from '@hansa/crypto';
import type { LedgerReader } from '@hansa/ledger';
import { type AddressHex, assert, type Failure, type HashHex, type Height, type Result } from '@hansa/primitives';
import { decodeTransaction, recoverSender, type SignedTransaction, type TermInfo, withSender } from '@hansa/protocol';
import type { BlockFacts, ChainFacts, ChainReads, TransactionFacts } from '@hansa/rpc';
import type { TxPool } from '@hansa/txpool';
import type { HeadView } from '../head-view.ts';

/** Recovered senders; recovering one costs 70 µs. The transactions themselves would take memory without bound. */
const SENDER_COUNT_MAX = 20_000;

export type ChainReadsDependencies = {
  readonly chain: ChainFacts;
  readonly reader: LedgerReader;
  readonly headView: HeadView;
  readonly pool: TxPool;
  readonly suite: CryptoSuite;
};

export type SenderCache = {
  /** Remembers what consensus has checked already. */
  add(transactions: readonly SignedTransaction[]): void;
  of(raw: Uint8Array): SignedTransaction;
};

export function createSenderCache(): SenderCache {
  const known = new Map<HashHex, AddressHex>();
  const add = (transactions: readonly SignedTransaction[]): void => {
    for (const { hash, sender } of transactions) known.set(hash, sender);
    for (const hash of known.keys()) {
      if (known.size <= SENDER_COUNT_MAX) break;
      known.delete(hash);
    }
  };
  return {
    add,
    of: (raw) => {
      const decoded = decodeTransaction(raw);
      assert(decoded.ok, 'a committed transaction decodes');
      const sender = known.get(decoded.value.hash);
      if (sender !== undefined) return withSender(decoded.value, sender);
      const signed = recoverSender(decoded.value);
      assert(signed.ok, 'a committed transaction has a sender');
      add([signed.value]);
      return signed.value;
    },
  };
}

/** The ledger as the RPC reads it. Never shows a block before the pool and the gate know of it. */
export function createChainReads(dependencies: ChainReadsDependencies, senders: SenderCache): ChainReads {
  const { reader, headView, pool } = dependencies;
  const isShown = (height: Height): boolean => height <= headView.height();
  const termOf = (height: Height): TermInfo =>
    reader.termInfoAt(Math.max(1, height) as Height) ?? reader.currentTermInfo();

  function blockAt(height: Height): BlockFacts | undefined {
    const block = isShown(height) ? reader.blockAt(height) : undefined;
    const hash = reader.hashAt(height);
    if (block === undefined || hash === undefined) return undefined;
    const { feeRecipient, minimumGasPrice } = termOf(height).parameters;
    return { height, hash, header: block.header, body: block.body, feeRecipient, minimumGasPrice };
  }

  function transaction(hash: HashHex): TransactionFacts | undefined {
    const location = reader.transactionLocation(hash);
    if (location === undefined || !isShown(location.height)) {
      const waiting = pool.get(hash);
      return waiting === undefined ? undefined : { transaction: waiting, location: undefined };
    }
    const raw = reader.transactionAt(location);
    return raw === undefined ? undefined : { transaction: senders.of(raw), location };
  }

  return {
    chain: dependencies.chain,
    head: () => ({ height: headView.height(), hash: headView.headHash(), header: headView.header() }),
    heightOfHash: (hash) => {
      const height = reader.heightOfHash(hash);
      return height !== undefined && isShown(height) ? height : undefined;
    },
    headerAt: (height) => (isShown(height) ? reader.headerAt(height) : undefined),
    hashAt: (height) => (isShown(height) ? reader.hashAt(height) : undefined),
    minimumGasPriceAt: (height) => termOf(height).parameters.minimumGasPrice,
    blockAt,
    receiptsAt: (height) => (isShown(height) ? reader.receiptsAt(height) : undefined),
    receiptAt: (location) => (isShown(location.height) ? reader.receiptAt(location) : undefined),
    certificateAt: (height) => (isShown(height) ? reader.certificateAt(height) : undefined),
    validatorsAt: (height) => reader.validatorsAt(height),
    transaction,
    committedTransaction: (raw) => senders.of(raw),
    logs: (query) =>
      reader.logs({ ...query, toHeight: Math.min(query.toHeight, headView.height()) as Height }) as Promise<
        Result<never, Failure>
      >,
  };
}

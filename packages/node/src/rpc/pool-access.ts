import type { LedgerReader } from '@hansa/ledger';
import type { HashHex } from '@hansa/primitives';
import type { PoolAccess, TransactionStatusFacts } from '@hansa/rpc';
import type { TxPool } from '@hansa/txpool';
import type { HeadView } from '../head-view.ts';
import type { Submission } from '../pool/submission.ts';

export type PoolAccessDependencies = {
  readonly reader: LedgerReader;
  readonly headView: HeadView;
  readonly pool: TxPool;
  readonly submission: Submission;
};

const LEFT_OUT_REMEDY = 'it had no effect and is on no block; mend the reason and send it again';

/** Pool and ledger together know what became of a transaction. */
export function createPoolAccess(dependencies: PoolAccessDependencies): PoolAccess {
  const { reader, headView, pool, submission } = dependencies;

  function transactionStatus(hash: HashHex): TransactionStatusFacts {
    const location = reader.transactionLocation(hash);
    if (location !== undefined && location.height <= headView.height()) return { type: 'committed', ...location };
    const status = pool.status(hash);
    switch (status.type) {
      case 'pending':
        return {
          type: 'pending',
          reason:
            status.leftOut === undefined
              ? undefined
              : `left out of block ${status.leftOut.height}: ${status.leftOut.reason}`,
          remedy: undefined,
        };
      case 'queued':
        return { type: 'pending', reason: status.reason, remedy: status.remedy };
      case 'ordered':
        return status;
      case 'replaced':
        return { type: 'replaced', by: status.by };
      case 'expired':
        return { type: 'expired', lastHeight: status.lastHeight, reason: status.message, remedy: status.remedy };
      case 'left out':
        return { type: 'left out', height: status.height, reason: status.reason, remedy: status.remedy };
      case 'dropped here':
        return { type: 'dropped here', code: status.code, reason: status.message, remedy: status.remedy };
      case 'unknown': {
        const leftOut = reader.leftOutLocation(hash);
        return leftOut === undefined
          ? { type: 'unknown' }
          : { type: 'left out', height: leftOut.height, reason: leftOut.reason, remedy: LEFT_OUT_REMEDY };
      }
    }
  }

  return {
    submit: (raw) => submission.submit(raw),
    transactionStatus,
    poolCounts: () => pool.counts(),
    poolContent: (address) => pool.content(address),
    pendingNonce: (address) => pool.nextNonce(address),
    gasPrice: () => headView.parameters().minimumGasPrice,
  };
}

import type { HashHex, Height } from '@hansa/primitives';
import type { CertifiedBlock, SignedTransaction } from '@hansa/protocol';
import type { BlockCommitter, BlockExecutor } from './consensus/ports.ts';
import type { ExecutionClient } from './execution/execution-client.ts';
import type { CommittedBlock, ImportOutcome } from './execution/messages.ts';
import type { HeadView } from './head-view.ts';
import type { ProposalTransactionStore } from './pool/proposal-transactions.ts';

export type BlockPipelineDependencies = {
  readonly execution: ExecutionClient;
  readonly headView: HeadView;
  readonly transactions: ProposalTransactionStore;
  readonly validatorsAt: BlockCommitter['validatorsAt'];
  /**
   * Called for each block that became durable, in height order, from consensus and from sync alike, before anybody else
   * learns of it. The order of what it does is written in node-core.ts.
   */
  readonly onCommitted: (block: CommittedBlock) => void;
  /** Called after it for a block that came by sync: consensus has not asked for it and must be told. */
  readonly onImported: (block: CommittedBlock) => void;
};

export type BlockPipeline = {
  readonly executor: BlockExecutor;
  readonly committer: BlockCommitter;
  /** A verified block of a peer: executed here, compared, made durable. */
  importBlock(
    block: CertifiedBlock,
    blockHash: HashHex,
    transactions: readonly SignedTransaction[],
  ): Promise<ImportOutcome>;
};

/**
 * The way of a block through the execution worker. A failure of the worker is fatal to the process and reported by the
 * client itself, so the promises here are only ever left open, never answered with an error.
 */
export function createBlockPipeline(dependencies: BlockPipelineDependencies): BlockPipeline {
  const { execution, headView, transactions, onCommitted } = dependencies;

  function settle<T>(promise: Promise<T>, done: (value: T) => void): void {
    promise.then(done, () => {
      // The execution client has reported it as fatal: the process is about to stop.
    });
  }

  function take(block: CommittedBlock): void {
    headView.onCommitted(block);
    onCommitted(block);
  }

  return {
    executor: {
      execute: ({ height, proposal, digest }, done) => {
        if (height <= headView.height()) return done(undefined);
        settle(execution.execute({ proposal, digest, transactions: transactions.transactionsOf(proposal) }), done);
      },
    },
    committer: {
      commit: ({ height, blockHash, certificate }, done) => {
        if (height <= headView.height()) return done(undefined);
        settle(execution.commit({ blockHash, certificate }), (block) => {
          if (block !== undefined) take(block);
          done(block?.head);
        });
      },
      finalHead: () => ({ height: headView.height() as Height, certificate: headView.certificate() }),
      validatorsAt: dependencies.validatorsAt,
    },
    importBlock: async (block, blockHash, signed) => {
      if (block.block.header.height <= headView.height()) return { type: 'stale' };
      const outcome = await new Promise<ImportOutcome>((resolve) =>
        settle(execution.importBlock(block, blockHash, signed), resolve),
      );
      if (outcome.type === 'committed') {
        take(outcome.block);
        dependencies.onImported(outcome.block);
      }
      return outcome;
    },
  };
}

import type { AddressHex } from '@hansa/primitives';
import type { LeftOut, Receipt, SignedTransaction, TermInfo } from '@hansa/protocol';
import type { BlockInput } from './block-input.ts';
import { blockEnvironment } from './environment.ts';
import { executeAtOnce, executeTransaction, executeTransfer } from './execute-transaction.ts';
import { loadEngine } from './load-engine.ts';
import type { EngineName } from './machine.ts';
import { preparePairings } from './pairing-modules.ts';
import type { StateOverlay } from './state-overlay.ts';

export type Executed = {
  readonly executed: SignedTransaction[];
  readonly receipts: Receipt[];
  readonly leftOut: LeftOut[];
  readonly gasUsed: bigint;
};

type Context = { readonly overlay: StateOverlay; readonly info: TermInfo; readonly engine: EngineName };

/** Executes the transactions of a proposal one after another on the overlay (EXE-3). */
export async function executeAll(input: BlockInput, { overlay, info, engine }: Context): Promise<Executed> {
  const { suite, proposal, parent, transactions, blockHashAt } = input;
  const environment = blockEnvironment({
    suite,
    parent,
    info,
    blockHashAt,
    chainId: proposal.chainId,
    height: proposal.height,
    timestampMs: proposal.timestamp,
  });
  const createMachine = await loadEngine(engine);
  const machine = createMachine({ suite, environment, overlay });
  const executed: SignedTransaction[] = [];
  const receipts: Receipt[] = [];
  const leftOut: LeftOut[] = [...(input.leftOut ?? [])];
  let gasUsed = 0n;
  for (const [position, transaction] of transactions.entries()) {
    // The first use has been slow; all others are to be quick.
    const pairings = preparePairings();
    if (pairings !== undefined) await pairings;
    const rules = {
      height: proposal.height,
      txGasLimit: info.parameters.txGasLimit,
      baseFee: info.parameters.minimumGasPrice,
      coinbase: info.parameters.feeRecipient as AddressHex,
      gasLeft: info.parameters.blockGasLimit - gasUsed,
    };
    const outcome =
      executeAtOnce(transaction, rules, { overlay, machine }) ??
      executeTransfer(transaction, rules, overlay) ??
      (await executeTransaction(transaction, rules, { overlay, machine: () => machine }));
    if (outcome.type === 'left out') {
      leftOut.push({ position, hash: transaction.hash, reason: outcome.reason });
      continue;
    }
    gasUsed += outcome.gasUsed;
    const { status, effectiveGasPrice, contractAddress, output, logs } = outcome;
    receipts.push({
      transactionHash: transaction.hash,
      index: executed.length,
      status,
      gasUsed: outcome.gasUsed,
      cumulativeGasUsed: gasUsed,
      effectiveGasPrice,
      contractAddress,
      output,
      logs,
    });
    executed.push(transaction);
  }
  machine.settle?.();
  return { executed, receipts, leftOut, gasUsed };
}

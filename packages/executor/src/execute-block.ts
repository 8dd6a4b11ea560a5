import { advanceTerm, encodeTermState, TERM_KEY, type TermState } from '@hansa/membership';
import { assert, type NodeId } from '@hansa/primitives';
import {
  type BlockBody,
  type BlockHeader,
  HEADER_VERSION,
  proposalDigest,
  receiptDigest,
  receiptRoot,
  type TermInfo,
  txRoot,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import type { BlockInput, ExecutedBlock } from './block-input.ts';
import { assertSameOutcome } from './engine-difference.ts';
import { type Executed, executeAll } from './execute-all.ts';
import { applyBlockRules, recordGenesisHash } from './governance.ts';
import type { EngineName } from './machine.ts';
import { parametersOf, registryOf, rootOf, termStateOf, validatorsOf } from './membership-cache.ts';
import { StateOverlay } from './state-overlay.ts';

/**
 * Executes an ordered proposal on the state of its parent. Total: it gives a block for every proposal, and the same one
 * on every node, whatever the transactions hold (docs/spec/execution.md, EXE-2 to EXE-8).
 */
export async function executeBlock(input: BlockInput): Promise<ExecutedBlock> {
  const { suite, proposal, transactions } = input;
  const orderedCount = transactions.length + (input.leftOut?.length ?? 0);
  assert(
    orderedCount === proposal.transactionHashes.length,
    `${proposal.transactionHashes.length} transactions were expected, got ${orderedCount}`,
  );
  const overlay = new StateOverlay(input.state);
  const term = termStateOf(overlay);
  recordGenesisHash(overlay, input.parent);
  const { executed, receipts, leftOut, gasUsed } = await executeIn(input, overlay, term.info);

  const digest = proposalDigest(suite, proposal);
  const facts = {
    height: proposal.height,
    view: proposal.view,
    proposer: proposal.proposer,
    proposalDigest: digest,
    timestamp: proposal.timestamp,
  };
  applyBlockRules(overlay, term, facts);
  const registry = registryOf(overlay);
  const advanced = advanceTerm(term, facts, {
    validators: validatorsOf(registry),
    parameters: parametersOf(overlay),
  });
  if (!isSameTerm(advanced.state, term)) overlay.set(TERM_KEY, encodeTermState(advanced.state));
  const changes = overlay.changes();
  const nextSet: ValidatorSet = advanced.isTermEnd ? advanced.state.info.validators : term.info.validators;
  const ownHash = validatorsHash(suite, term.info.validators);
  const header: BlockHeader = {
    version: HEADER_VERSION,
    chainId: proposal.chainId,
    groupId: proposal.groupId,
    height: proposal.height,
    term: proposal.term,
    view: proposal.view,
    proposer: (term.info.validators[proposal.proposer] as { nodeId: NodeId }).nodeId,
    parentHash: input.parent.hash,
    timestamp: proposal.timestamp,
    proposalDigest: digest,
    txRoot: txRoot(
      suite,
      executed.map((transaction) => transaction.hash),
    ),
    receiptRoot: receiptRoot(
      suite,
      receipts.map((receipt) => receiptDigest(suite, receipt)),
    ),
    stateRoot: input.stateRootAfter(changes),
    gasUsed,
    gasLimit: term.info.parameters.blockGasLimit,
    validatorsHash: ownHash,
    nextValidatorsHash: nextSet === term.info.validators ? ownHash : validatorsHash(suite, nextSet),
    registryRoot: rootOf(registry, suite),
    extensions: [],
  };
  const body: BlockBody = { transactions: executed.map((transaction) => transaction.bytes), leftOut };
  return { header, body, receipts, changes, termInfo: advanced.state.info, registry, executed };
}

/** In one engine, or in several: then what they leave behind must be the same. */
async function executeIn(input: BlockInput, overlay: StateOverlay, info: TermInfo): Promise<Executed> {
  const { engine = 'wasm' } = input;
  if (engine !== 'both' && engine !== 'all') return executeAll(input, { overlay, info, engine });
  const own = await executeAll(input, { overlay, info, engine: 'wasm' });
  const others: readonly EngineName[] = engine === 'both' ? ['ethereumjs'] : ['compiled at once', 'ethereumjs'];
  for (const name of others) {
    const otherOverlay = new StateOverlay(input.state);
    recordGenesisHash(otherOverlay, input.parent);
    const other = await executeAll(input, { overlay: otherOverlay, info, engine: name });
    assertSameOutcome(
      input.proposal.height,
      { ...own, changes: overlay.changes() },
      { ...other, changes: otherOverlay.changes() },
    );
  }
  return own;
}

/** Whether the record of the term stays as it is: parts that did not change are the same objects. */
function isSameTerm(a: TermState, b: TermState): boolean {
  return (
    a === b ||
    (a.info === b.info &&
      a.proposers === b.proposers &&
      a.highestView === b.highestView &&
      a.starter === b.starter &&
      a.absent === b.absent)
  );
}

import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, addressToHex, fromHex } from '@hansa/primitives';
import {
  EMPTY_CODE_HASH,
  encodeRlp,
  type LeftOutReason,
  type Log,
  rlpUint,
  type SignedTransaction,
} from '@hansa/protocol';
import { effectiveGasPrice, INIT_CODE_SIZE_MAX, type IntrinsicGas, intrinsicGas } from './gas.ts';
import { isFeeFree } from './governance.ts';
import type { Machine, MessageResult } from './machine.ts';
import {
  type AppliedMessage,
  applyMessage,
  applyTransfer,
  isPlainTransfer,
  type MessageTools,
  messageDenial,
  NOBODY,
} from './message.ts';
import type { StateOverlay } from './state-overlay.ts';

const NOTHING = new Uint8Array(0);
const NONCE_MAX = 2n ** 64n - 1n;

export type TransactionRules = {
  readonly height: number;
  readonly txGasLimit: bigint;
  readonly baseFee: bigint;
  readonly coinbase: AddressHex;
  /** Gas that the block has left. */
  readonly gasLeft: bigint;
};

export type TransactionOutcome =
  | { readonly type: 'left out'; readonly reason: LeftOutReason }
  | {
      readonly type: 'executed';
      readonly status: 0 | 1;
      readonly gasUsed: bigint;
      readonly effectiveGasPrice: bigint;
      readonly contractAddress: AddressHex | undefined;
      readonly output: Uint8Array;
      /** As `output`, of a creation too: the code, or why there is none. */
      readonly evmOutput: Uint8Array;
      readonly logs: readonly Log[];
      /** The EVM's word for a failure. */
      readonly error: string | undefined;
    };

/**
 * Executes one transaction on the overlay, or says why it is left out (then nothing has changed). Never throws because
 * of what a transaction holds (docs/spec/execution.md, EXE-10 to EXE-16).
 */
export async function executeTransaction(
  transaction: SignedTransaction,
  rules: TransactionRules,
  dependencies: Omit<MessageTools, 'coinbase'>,
): Promise<TransactionOutcome> {
  const intrinsic = intrinsicGas(transaction);
  const reason = leftOutReason(transaction, { rules, intrinsic, overlay: dependencies.overlay });
  if (reason !== undefined) return { type: 'left out', reason };
  const price = effectiveGasPrice(transaction, baseFeeOf(transaction, rules, dependencies.overlay));
  const tools = { ...dependencies, coinbase: rules.coinbase };
  return outcomeOf(transaction, price, await applyMessage({ ...transaction, price }, intrinsic, tools));
}

/**
 * The same, at once, in an engine that keeps what it changes in a table of its own; undefined for a plain transfer, for
 * what such an engine leaves to `executeTransaction`, and when there is none. Then the overlay is up to date.
 */
export function executeAtOnce(
  transaction: SignedTransaction,
  rules: TransactionRules,
  { overlay, machine }: { readonly overlay: StateOverlay; readonly machine: Machine },
): TransactionOutcome | undefined {
  if (machine.transact === undefined) return undefined;
  // What the overlay holds as a contract is one; what it does not may have been created in the engine.
  const price = isPlainTransfer(transaction.to, overlay) ? undefined : priceAtOnce(transaction, rules, overlay);
  if (price === undefined) {
    machine.settle?.();
    return undefined;
  }
  const reason = reasonOfBlock(transaction, rules);
  if (reason !== undefined) return { type: 'left out', reason };
  const result = machine.transact(transaction, price);
  if (typeof result === 'string') return { type: 'left out', reason: result };
  return outcomeOf(transaction, price, { gasUsed: result.gasUsed, result });
}

/** Undefined for what is rare: a price below the minimum, or a sender who is denied. */
function priceAtOnce(
  transaction: SignedTransaction,
  rules: TransactionRules,
  overlay: StateOverlay,
): bigint | undefined {
  const baseFee = baseFeeOf(transaction, rules, overlay);
  if (transaction.maxFeePerGas < baseFee || messageDenial(transaction, overlay) !== undefined) return undefined;
  return effectiveGasPrice(transaction, baseFee);
}

/**
 * The same, at once, for a transaction that runs nobody's code; undefined when it might. Most blocks hold little else, and
 * waiting costs more than all of a transfer.
 */
export function executeTransfer(
  transaction: SignedTransaction,
  rules: TransactionRules,
  overlay: StateOverlay,
): TransactionOutcome | undefined {
  if (!isPlainTransfer(transaction.to, overlay) || messageDenial(transaction, overlay) !== undefined) return undefined;
  const intrinsic = intrinsicGas(transaction);
  const reason = leftOutReason(transaction, { rules, intrinsic, overlay });
  if (reason !== undefined) return { type: 'left out', reason };
  const price = effectiveGasPrice(transaction, rules.baseFee);
  const { sender, to, value, data, accessList, gasLimit } = transaction;
  const message = { sender, to, value, data, accessList, gasLimit, price };
  return outcomeOf(transaction, price, applyTransfer(message, intrinsic, { overlay, coinbase: rules.coinbase }));
}

function outcomeOf(
  transaction: SignedTransaction,
  effectiveGasPrice: bigint,
  { gasUsed, result }: AppliedMessage,
): TransactionOutcome {
  return {
    type: 'executed',
    status: result.error === undefined ? 1 : 0,
    gasUsed,
    effectiveGasPrice,
    contractAddress:
      transaction.to === undefined
        ? (result.createdAddress ?? createdAddress(transaction.sender, transaction.nonce))
        : undefined,
    output: receiptOutput(transaction, result),
    evmOutput: result.output,
    logs: result.logs,
    error: result.error,
  };
}

/** spec EXE-15: neither deployed code nor what an engine leaves behind after a failure. */
function receiptOutput({ to }: SignedTransaction, { error, output }: MessageResult): Uint8Array {
  if (error === undefined) return to === undefined ? NOTHING : output;
  return error === 'revert' ? output : NOTHING;
}

/** spec EXE-18: who governs need not pay for it, so that no price can lock the chain. */
function baseFeeOf(transaction: SignedTransaction, { baseFee }: TransactionRules, overlay: StateOverlay): bigint {
  return baseFee > 0n && isFeeFree(overlay, transaction) ? 0n : baseFee;
}

type Candidate = {
  readonly rules: TransactionRules;
  readonly intrinsic: IntrinsicGas;
  readonly overlay: StateOverlay;
};

/** The first reasons of EXE-11: they do not depend on state. */
function reasonOfBlock(transaction: SignedTransaction, rules: TransactionRules): LeftOutReason | undefined {
  if (transaction.lastHeight !== undefined && transaction.lastHeight < rules.height) return 'expired';
  if (transaction.gasLimit > rules.txGasLimit) return 'gas limit above maximum';
  if (transaction.gasLimit > rules.gasLeft) return 'block gas limit';
  return undefined;
}

/** First reason in a fixed order (EXE-11): all nodes must name the same one. */
function leftOutReason(
  transaction: SignedTransaction,
  { rules, intrinsic, overlay }: Candidate,
): LeftOutReason | undefined {
  const ofBlock = reasonOfBlock(transaction, rules);
  if (ofBlock !== undefined) return ofBlock;
  const sender = overlay.account(transaction.sender) ?? NOBODY;
  if (transaction.nonce < sender.nonce) return 'nonce too low';
  if (transaction.nonce > sender.nonce || transaction.nonce >= NONCE_MAX) return 'nonce too high';
  if (sender.codeHash !== EMPTY_CODE_HASH) return 'sender is a contract';
  if (transaction.maxFeePerGas < baseFeeOf(transaction, rules, overlay)) return 'gas price below minimum';
  if (transaction.to === undefined && transaction.data.length > INIT_CODE_SIZE_MAX) return 'init code too large';
  if (transaction.gasLimit < intrinsic.charged || transaction.gasLimit < intrinsic.floor)
    return 'intrinsic gas too low';
  if (sender.balance < transaction.gasLimit * transaction.maxFeePerGas + transaction.value)
    return 'insufficient funds for gas * price + value';
  return undefined;
}

/** Address of a contract that an account creates (Yellow Paper, section 7). */
export function createdAddress(sender: AddressHex, nonce: bigint): AddressHex {
  return addressToHex(ethereumCrypto.keccak256(encodeRlp([fromHex(sender), rlpUint(nonce)])).subarray(12));
}

import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, addressToHex, fromHex } from '@hansa/primitives';
import {
  type AccountRecord,
  EMPTY_CODE_HASH,
  encodeRlp,
  type LeftOutReason,
  type Log,
  rlpUint,
  type SignedTransaction,
} from '@hansa/protocol';
import type { EvmMachine, MessageResult } from './evm.ts';
import { effectiveGasPrice, INIT_CODE_SIZE_MAX, type IntrinsicGas, intrinsicGas, paidGas } from './gas.ts';
import type { StateOverlay } from './state-overlay.ts';
import { isSystemAddress } from './system/index.ts';

const NOBODY: AccountRecord = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
const NOTHING = new Uint8Array(0);
const PRECOMPILE_MAX = 0x11;
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
  dependencies: { readonly overlay: StateOverlay; readonly machine: () => EvmMachine },
): Promise<TransactionOutcome> {
  const { overlay } = dependencies;
  const intrinsic = intrinsicGas(transaction);
  const sender = overlay.account(transaction.sender) ?? NOBODY;
  const reason = leftOutReason(transaction, { sender, rules, intrinsic });
  if (reason !== undefined) return { type: 'left out', reason };

  const price = effectiveGasPrice(transaction, rules.baseFee);
  overlay.setAccount(transaction.sender, {
    ...sender,
    nonce: sender.nonce + 1n,
    balance: sender.balance - transaction.gasLimit * price,
  });
  const gasLimit = transaction.gasLimit - intrinsic.charged;
  const result = isPlainTransfer(transaction, overlay)
    ? transfer(transaction, overlay)
    : await runMessage(transaction, { gasLimit, price }, dependencies.machine());
  const gasUsed = paidGas(intrinsic.charged + result.gasUsed, result.gasRefund, intrinsic.floor);
  credit(overlay, transaction.sender, (transaction.gasLimit - gasUsed) * price);
  // The whole price goes to the fee recipient: nothing is burnt on a chain whose price is a rule of its members.
  credit(overlay, rules.coinbase, gasUsed * price);
  overlay.endTransaction();
  return {
    type: 'executed',
    status: result.error === undefined ? 1 : 0,
    gasUsed,
    effectiveGasPrice: price,
    contractAddress: transaction.to === undefined ? createdAddress(transaction.sender, transaction.nonce) : undefined,
    output: transaction.to === undefined && result.error === undefined ? NOTHING : result.output,
    logs: result.logs,
    error: result.error,
  };
}

type Candidate = { readonly sender: AccountRecord; readonly rules: TransactionRules; readonly intrinsic: IntrinsicGas };

/** First reason in a fixed order (EXE-11): all nodes must name the same one. */
function leftOutReason(
  transaction: SignedTransaction,
  { sender, rules, intrinsic }: Candidate,
): LeftOutReason | undefined {
  if (transaction.lastHeight !== undefined && transaction.lastHeight < rules.height) return 'expired';
  if (transaction.gasLimit > rules.txGasLimit) return 'gas limit above maximum';
  if (transaction.gasLimit > rules.gasLeft) return 'block gas limit';
  if (transaction.nonce < sender.nonce) return 'nonce too low';
  if (transaction.nonce > sender.nonce || transaction.nonce >= NONCE_MAX) return 'nonce too high';
  if (sender.codeHash !== EMPTY_CODE_HASH) return 'sender is a contract';
  if (transaction.maxFeePerGas < rules.baseFee) return 'gas price below minimum';
  if (transaction.to === undefined && transaction.data.length > INIT_CODE_SIZE_MAX) return 'init code too large';
  if (transaction.gasLimit < intrinsic.charged || transaction.gasLimit < intrinsic.floor)
    return 'intrinsic gas too low';
  if (sender.balance < transaction.gasLimit * transaction.maxFeePerGas + transaction.value)
    return 'insufficient funds for gas * price + value';
  return undefined;
}

/** Nobody's code would run: the target has none and is neither a precompile nor a system contract. */
function isPlainTransfer(transaction: SignedTransaction, overlay: StateOverlay): boolean {
  const { to } = transaction;
  if (to === undefined || isSystemAddress(to) || isPrecompile(to)) return false;
  const target = overlay.account(to);
  return target === undefined || target.codeHash === EMPTY_CODE_HASH;
}

function isPrecompile(address: AddressHex): boolean {
  return (
    address.startsWith('0'.repeat(38)) &&
    Number.parseInt(address.slice(38), 16) <= PRECOMPILE_MAX &&
    address !== '0'.repeat(40)
  );
}

function transfer({ sender, to, value }: SignedTransaction, overlay: StateOverlay): MessageResult {
  if (value > 0n) {
    const from = overlay.account(sender) as AccountRecord;
    overlay.setAccount(sender, { ...from, balance: from.balance - value });
    credit(overlay, to as AddressHex, value);
  } else if (isEmpty(overlay.account(to as AddressHex))) {
    // EIP-161: an account that a message touched and that is empty does not exist afterwards.
    overlay.setAccount(to as AddressHex, undefined);
  }
  return { gasUsed: 0n, gasRefund: 0n, output: NOTHING, error: undefined, logs: [], createdAddress: undefined };
}

function isEmpty(account: AccountRecord | undefined): boolean {
  return (
    account !== undefined && account.nonce === 0n && account.balance === 0n && account.codeHash === EMPTY_CODE_HASH
  );
}

function runMessage(
  transaction: SignedTransaction,
  { gasLimit, price }: { gasLimit: bigint; price: bigint },
  machine: EvmMachine,
): Promise<MessageResult> {
  const { sender, to, value, data, accessList } = transaction;
  return machine.run({ caller: sender, to, value, data, gasLimit, gasPrice: price, accessList });
}

function credit(overlay: StateOverlay, address: AddressHex, amount: bigint): void {
  if (amount === 0n) return;
  const account = overlay.account(address) ?? NOBODY;
  overlay.setAccount(address, { ...account, balance: account.balance + amount });
}

/** Address of a contract that an account creates (Yellow Paper, section 7). */
export function createdAddress(sender: AddressHex, nonce: bigint): AddressHex {
  return addressToHex(ethereumCrypto.keccak256(encodeRlp([fromHex(sender), rlpUint(nonce)])).subarray(12));
}

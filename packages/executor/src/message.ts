import { deployDenial, originDenial } from '@hansa/membership';
import type { AddressHex, HashHex } from '@hansa/primitives';
import { type AccountRecord, EMPTY_CODE_HASH, type SignedTransaction } from '@hansa/protocol';
import { type IntrinsicGas, paidGas } from './gas.ts';
import type { Machine, MessageResult } from './machine.ts';
import { isPrecompile } from './precompiles.ts';
import type { StateOverlay } from './state-overlay.ts';
import { encodeRevert, isSystemAddress } from './system/index.ts';

export const NOBODY: AccountRecord = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
const NOTHING = new Uint8Array(0);

/** A transaction, or what would be one, after all that can refuse it was checked. */
export type TopMessage = Pick<SignedTransaction, 'sender' | 'to' | 'value' | 'data' | 'accessList' | 'gasLimit'> & {
  /** Paid per gas. */
  readonly price: bigint;
  /** Absent in a call that is no transaction. */
  readonly hash?: HashHex;
};

export type AppliedMessage = {
  /** What the sender pays for. */
  readonly gasUsed: bigint;
  readonly result: MessageResult;
};

export type MessageTools = {
  readonly overlay: StateOverlay;
  readonly machine: () => Machine;
  readonly coinbase: AddressHex;
  /** Every message goes through the EVM, so that its hooks see it. */
  readonly isTraced?: boolean;
};

/**
 * Buys gas, raises the nonce, runs the message, gives gas back and pays the fee recipient (EXE-12 to EXE-14). The
 * caller has made sure that the sender can pay.
 */
export async function applyMessage(
  message: TopMessage,
  intrinsic: IntrinsicGas,
  { overlay, machine, coinbase, isTraced }: MessageTools,
): Promise<AppliedMessage> {
  const denial = messageDenial(message, overlay);
  if (denial !== undefined) return applyDenied(message, intrinsic, { overlay, coinbase, denial });
  if (isTraced !== true && isPlainTransfer(message.to, overlay))
    return applyTransfer(message, intrinsic, { overlay, coinbase });
  const { sender, to, value, data, accessList, price } = message;
  const payer = overlay.account(sender) ?? NOBODY;
  overlay.setAccount(sender, {
    nonce: payer.nonce + 1n,
    balance: payer.balance - message.gasLimit * price,
    codeHash: payer.codeHash,
  });
  const gasLimit = message.gasLimit - intrinsic.charged;
  const result = await machine().run({
    caller: sender,
    to,
    value,
    data,
    gasLimit,
    gasPrice: price,
    accessList,
    transactionHash: message.hash,
  });
  const gasUsed = paidGas(intrinsic.charged + result.gasUsed, result.gasRefund, intrinsic.floor);
  credit(overlay, sender, (message.gasLimit - gasUsed) * price);
  // EXE-14: the whole price goes to the fee recipient; nothing is burnt on a chain whose price is a rule of its members.
  credit(overlay, coinbase, gasUsed * price);
  overlay.endTransaction();
  return { gasUsed, result };
}

/** Why a transaction does nothing but pay (spec EXE-19, GOV-62, GOV-63); undefined: it may run. */
export function messageDenial(
  { sender, to }: Pick<TopMessage, 'sender' | 'to'>,
  overlay: StateOverlay,
): string | undefined {
  return originDenial(overlay, sender) ?? (to === undefined ? deployDenial(overlay, sender) : undefined);
}

function applyDenied(
  { sender, price }: TopMessage,
  { charged, floor }: IntrinsicGas,
  { overlay, coinbase, denial }: Pick<MessageTools, 'overlay' | 'coinbase'> & { readonly denial: string },
): AppliedMessage {
  const gasUsed = charged > floor ? charged : floor;
  const { nonce, balance, codeHash } = overlay.account(sender) ?? NOBODY;
  overlay.setAccount(sender, { nonce: nonce + 1n, balance: balance - gasUsed * price, codeHash });
  credit(overlay, coinbase, gasUsed * price);
  overlay.endTransaction();
  return { gasUsed, result: { ...TRANSFERRED, output: encodeRevert(denial), error: 'revert' } };
}

/** Nobody's code would run: the target has none and is neither a precompile nor a system contract (EXE-13). */
export function isPlainTransfer(to: AddressHex | undefined, overlay: StateOverlay): boolean {
  if (to === undefined || isSystemAddress(to) || isPrecompile(to)) return false;
  const target = overlay.account(to);
  return target === undefined || target.codeHash === EMPTY_CODE_HASH;
}

const TRANSFERRED: MessageResult = {
  gasUsed: 0n,
  gasRefund: 0n,
  output: NOTHING,
  error: undefined,
  logs: [],
  createdAddress: undefined,
};

/**
 * What `applyMessage` does for a plain transfer, at once and without the EVM: it cannot fail, so that all it moves is
 * known beforehand.
 */
export function applyTransfer(
  { sender, to, value, price }: TopMessage,
  { charged, floor }: IntrinsicGas,
  { overlay, coinbase }: Pick<MessageTools, 'overlay' | 'coinbase'>,
): AppliedMessage {
  const gasUsed = charged > floor ? charged : floor;
  const fee = price === 0n ? 0n : gasUsed * price;
  const { nonce, balance, codeHash } = overlay.account(sender) ?? NOBODY;
  overlay.setAccount(sender, { nonce: nonce + 1n, balance: balance - fee - value, codeHash });
  if (value > 0n) credit(overlay, to as AddressHex, value);
  // EXE-24, EIP-161: an account that a message touched and that is empty does not exist afterwards.
  else if (isEmpty(overlay.account(to as AddressHex))) overlay.setAccount(to as AddressHex, undefined);
  credit(overlay, coinbase, fee);
  overlay.endTransaction();
  return { gasUsed, result: TRANSFERRED };
}

function isEmpty(account: AccountRecord | undefined): boolean {
  return (
    account !== undefined && account.nonce === 0n && account.balance === 0n && account.codeHash === EMPTY_CODE_HASH
  );
}

function credit(overlay: StateOverlay, address: AddressHex, amount: bigint): void {
  if (amount === 0n) return;
  const { nonce, balance, codeHash } = overlay.account(address) ?? NOBODY;
  overlay.setAccount(address, { nonce, balance: balance + amount, codeHash });
}

/** A whole transaction, from intrinsic gas to the fee, on what the host has written to `MESSAGE` and `ENV`. */
import { hasCode } from './state';
import {
  INIT_CODE_MAX, INIT_CODE_WORD, REFUND_QUOTIENT, TX_BASE, TX_BYTE, TX_CREATE, TX_FLOOR_TOKEN, TX_LIST_ADDRESS,
  TX_LIST_KEY, TX_ZERO_BYTE, fork, wordsOf,
} from './gas';
import {
  CREATE, beginCall, beginCreate, createdAddress, createdWord, isWarm, lastGas, lastStatus, refund, returnData, returnSize, setRefund,
  clearReturn, ENTER, STAY,
} from './frame';
import { INIT_CODE_TOO_LARGE, INSUFFICIENT_BALANCE, OK } from './errors';
import { run } from './interpreter';
import { setBalance, setNonce, settle } from './journal';
import { beginLogs, logCount, logsAt } from './logs';
import {
  ENV_COINBASE, ENV_GAS_PRICE, ENV_ORIGIN, MESSAGE_DATA, MESSAGE_DATA_SIZE, MESSAGE_FEE_CAP, MESSAGE_GAS, MESSAGE_IS_CREATE,
  MESSAGE_LIST, MESSAGE_LIST_COUNT, MESSAGE_NONCE, MESSAGE_SENDER, MESSAGE_TO, MESSAGE_VALUE, RESULT_CREATED,
  RESULT_GAS_USED, RESULT_LOGS, RESULT_LOG_COUNT, RESULT_OUTPUT, RESULT_OUTPUT_SIZE, RESULT_REFUND, RESULT_STATUS, SCRATCH, STACKS,
} from './layout';
import {
  A_BALANCE, A_NONCE, A_WARM, S_WARM, accountOf, addSlot, epoch, findSlot, idOf, isEmptyAccount, nextEpoch,
} from './state';
import { top } from './memory';
import { addWords, copyWord, isBelow, isZero, multiplyWords, setWord, subtractWords, swapWord } from './words';

/** Why a transaction is not executed; then nothing has changed. 0: it is. In the order of the rules. */
export const NONCE_TOO_LOW: u32 = 1;
export const NONCE_TOO_HIGH: u32 = 2;
export const SENDER_IS_CONTRACT: u32 = 3;
export const INIT_CODE_TOO_LARGE_TX: u32 = 4;
export const INTRINSIC_GAS_TOO_LOW: u32 = 5;
export const INSUFFICIENT_FUNDS: u32 = 6;

const AMOUNT: usize = SCRATCH + 0x600;
const TOTAL: usize = SCRATCH + 0x620;
const WIDE_CHECK: usize = SCRATCH + 0x640;

let floorGas: i64 = 0;

/** Gas charged before execution; the least that is paid is then in `floorGas`. */
function intrinsicGas(): i64 {
  const data = <usize>load<u32>(MESSAGE_DATA);
  const size = load<u32>(MESSAGE_DATA_SIZE);
  const zeros = countZeros(data, size);
  const others = <i64>size - zeros;
  let gas = TX_BASE + TX_ZERO_BYTE * zeros + TX_BYTE * others;
  if (load<u32>(MESSAGE_IS_CREATE)) gas += TX_CREATE + INIT_CODE_WORD * wordsOf(size);
  let at = <usize>load<u32>(MESSAGE_LIST);
  for (let i = load<u32>(MESSAGE_LIST_COUNT); i > 0; i--) {
    const keys = load<u32>(at, 32);
    gas += TX_LIST_ADDRESS + TX_LIST_KEY * <i64>keys;
    at += 64 + (<usize>keys << 5);
  }
  floorGas = fork >= 1 ? TX_BASE + TX_FLOOR_TOKEN * (zeros + 4 * others) : 0;
  return gas;
}

function countZeros(data: usize, size: u32): i64 {
  let zeros: i64 = 0;
  let at = data;
  const end = data + size;
  const zero = i8x16.splat(0);
  while (at + 16 <= end) {
    zeros += <i64>popcnt(i8x16.bitmask(i8x16.eq(v128.load(at), zero)));
    at += 16;
  }
  for (; at < end; at++) zeros += <i64>(load<u8>(at) == 0);
  return zeros;
}

/** gas · price, at `to`; false if it does not fit a word. */
function priceOf(to: usize, gas: u64, price: usize): bool {
  setWord(to, gas);
  multiplyWords(to, to, price);
  // gas is below 2^64: only a price of more than 192 bits can go beyond a word.
  return load<u64>(price, 24) == 0;
}

/** Executes the transaction in `MESSAGE`. 0, or why it is left out. */
export function runTransaction(): u32 {
  nextEpoch();
  const sender = accountOf(MESSAGE_SENDER);
  const gasLimit = load<u64>(MESSAGE_GAS);
  const nonce = load<u64>(MESSAGE_NONCE);
  const known = load<u64>(sender, A_NONCE);
  if (nonce < known) return NONCE_TOO_LOW;
  if (nonce > known || nonce == u64.MAX_VALUE) return NONCE_TOO_HIGH;
  if (hasCode(sender)) return SENDER_IS_CONTRACT;
  if (load<u32>(MESSAGE_IS_CREATE) && load<u32>(MESSAGE_DATA_SIZE) > INIT_CODE_MAX) return INIT_CODE_TOO_LARGE_TX;
  const intrinsic = intrinsicGas();
  if (gasLimit < <u64>intrinsic || gasLimit < <u64>floorGas) return INTRINSIC_GAS_TOO_LOW;
  if (!priceOf(AMOUNT, gasLimit, MESSAGE_FEE_CAP)) return INSUFFICIENT_FUNDS;
  addWords(TOTAL, AMOUNT, MESSAGE_VALUE);
  if (isBelow(TOTAL, AMOUNT) || isBelow(sender + A_BALANCE, TOTAL)) return INSUFFICIENT_FUNDS;
  priceOf(AMOUNT, gasLimit, ENV_GAS_PRICE);
  subtractWords(AMOUNT, sender + A_BALANCE, AMOUNT);
  setBalance(sender, AMOUNT);
  setNonce(sender, nonce + 1);
  runMessage(sender, <i64>gasLimit - intrinsic);
  pay(sender, gasLimit);
  settle();
  return 0;
}

/** Refunds and fee, once the message has ended (EIP-3529, EIP-7623). */
function pay(sender: usize, gasLimit: u64): void {
  const used = gasLimit - <u64>lastGas;
  const refunds = lastStatus == OK ? <u64>refund : 0;
  let paid = used - min(refunds, used / REFUND_QUOTIENT);
  if (paid < <u64>floorGas) paid = <u64>floorGas;
  store<u64>(RESULT_GAS_USED, paid);
  store<u64>(RESULT_REFUND, refunds);
  if (isZero(ENV_GAS_PRICE)) return;
  priceOf(AMOUNT, gasLimit - paid, ENV_GAS_PRICE);
  addWords(AMOUNT, sender + A_BALANCE, AMOUNT);
  setBalance(sender, AMOUNT);
  const coinbase = accountOf(ENV_COINBASE);
  priceOf(AMOUNT, paid, ENV_GAS_PRICE);
  addWords(AMOUNT, coinbase + A_BALANCE, AMOUNT);
  setBalance(coinbase, AMOUNT);
}

/**
 * Runs the message in `MESSAGE` alone, with its gas: nonce and fee are the host's business, and the nonce of the sender has
 * been raised already. `finish` follows.
 */
export function runAlone(): void {
  nextEpoch();
  const sender = accountOf(MESSAGE_SENDER);
  const gas = load<u64>(MESSAGE_GAS);
  if (isBelow(sender + A_BALANCE, MESSAGE_VALUE)) return refuse(INSUFFICIENT_BALANCE, 0);
  if (load<u32>(MESSAGE_IS_CREATE) && load<u32>(MESSAGE_DATA_SIZE) > INIT_CODE_MAX) return refuse(INIT_CODE_TOO_LARGE, gas);
  runMessage(sender, <i64>gas);
  store<u64>(RESULT_GAS_USED, gas - <u64>lastGas);
  store<u64>(RESULT_REFUND, lastStatus == OK ? <u64>refund : 0);
  settle();
}

/** Of a message that did not even begin. */
function refuse(status: u32, gasUsed: u64): void {
  beginResult();
  store<u64>(RESULT_GAS_USED, gasUsed);
  store<u32>(RESULT_STATUS, status);
}

function beginResult(): void {
  setRefund(0);
  beginLogs();
  clearReturn();
  store<u64>(RESULT_REFUND, 0);
  store<u32>(RESULT_OUTPUT_SIZE, 0);
  store<u32>(RESULT_LOG_COUNT, 0);
}

function runMessage(sender: usize, gas: i64): void {
  beginResult();
  copyWord(ENV_ORIGIN, MESSAGE_SENDER);
  warm(sender);
  warm(accountOf(ENV_COINBASE));
  warmList();
  const data = <usize>load<u32>(MESSAGE_DATA);
  const size = load<u32>(MESSAGE_DATA_SIZE);
  // The access list, which may lie there, is read by now.
  const free = max(top, data + size);
  let next: u32;
  if (load<u32>(MESSAGE_IS_CREATE)) {
    createdAddress(sender, load<u64>(sender, A_NONCE) - 1);
    next = beginCreate(0, CREATE, sender, MESSAGE_VALUE, gas, data, size, STACKS, free);
    copyWord(RESULT_CREATED, createdWord());
  } else {
    const target = accountOf(MESSAGE_TO);
    warm(target);
    next = beginCall(sender, target, MESSAGE_VALUE, gas, data, size, STACKS, free);
  }
  if (next == ENTER) run();
  store<u32>(RESULT_OUTPUT, <u32>returnData);
  store<u32>(RESULT_OUTPUT_SIZE, returnSize);
  store<u32>(RESULT_LOGS, <u32>logsAt());
  store<u32>(RESULT_LOG_COUNT, logCount);
  store<u32>(RESULT_STATUS, lastStatus);
}

/** Before anything can be taken back. */
function warm(account: usize): void {
  store<u32>(account, epoch, A_WARM);
}

function warmList(): void {
  let at = <usize>load<u32>(MESSAGE_LIST);
  for (let i = load<u32>(MESSAGE_LIST_COUNT); i > 0; i--) {
    const account = accountOf(at);
    warm(account);
    const keys = load<u32>(at, 32);
    at += 64;
    for (let key: u32 = 0; key < keys; key++) {
      let slot = findSlot(idOf(account), at);
      if (slot == 0) slot = addSlot(account, at);
      store<u32>(slot, epoch, S_WARM);
      at += 32;
    }
  }
}

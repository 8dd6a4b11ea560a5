/**
 * Opcodes that do more than arithmetic. Each is given its frame, the top of the stack and the gas that is left after the
 * price in the table, writes its result where it belongs, and answers the gas left: negative when it does not reach.
 */
import { CODE_BYTES, CODE_SIZE, codeOf } from './code';
import { ENV_NUMBER, SCRATCH } from './layout';
import {
  F_CODE, F_DATA, F_DATA_SIZE, F_MEMORY, F_MEMORY_SIZE, F_SELF, access, accessGas, expand, rangeEnd, refund, returnData,
  returnSize, setRefund, setReturn,
} from './frame';
import {
  COLD_SLOT, COPY_WORD, EXP_BYTE, KECCAK_WORD, LOG_BYTE, NEW_ACCOUNT, SSTORE_CLEAR_REFUND, SSTORE_RESET, SSTORE_SENTRY,
  SSTORE_SET, WARM, wordsOf,
} from './gas';
import { hostBlockHash } from './host';
import { markDestroyed, setBalance, setSlot, setTransient, touch, transfer, warmSlot } from './journal';
import { keccak } from './keccak';
import { addLog } from './logs';
import {
  A_BALANCE, A_CODE_HASH, A_CREATED, S_VALUE, S_WARM, addSlot, addTransient, epoch, findSlot, findTransient, idOf,
  isEmptyAccount, originalOf,
} from './state';
import { byteSize, copyWord, isEqual, isZero, powerOf, setWord, swapWord, toU64 } from './words';

export function power(sp: usize, gas: i64): i64 {
  const left = gas - EXP_BYTE * <i64>byteSize(sp - 32);
  if (left >= 0) powerOf(sp - 32, sp, sp - 32);
  return left;
}

export function hash(fp: usize, sp: usize, gas: i64): i64 {
  let left = expand(fp, rangeEnd(sp, sp - 32), gas);
  if (left < 0) return left;
  const size = load<u32>(sp - 32);
  left -= KECCAK_WORD * wordsOf(size);
  if (left < 0) return left;
  keccak(sp - 32, <usize>load<u32>(fp, F_MEMORY) + (size == 0 ? 0 : load<u32>(sp)), size);
  return left;
}

export function callDataLoad(fp: usize, sp: usize): void {
  const offset = toU64(sp);
  const size = load<u32>(fp, F_DATA_SIZE);
  if (offset >= <u64>size) return setWord(sp, 0);
  const from = <usize>load<u32>(fp, F_DATA) + <usize>offset;
  const rest = size - <u32>offset;
  if (rest >= 32) return swapWord(sp, from);
  setWord(SCRATCH, 0);
  memory.copy(SCRATCH, from, rest);
  swapWord(sp, SCRATCH);
}

/** Copies to memory from `size` bytes at `source`, which end in zeros without end: the stack has offset, source, size. */
function copy(fp: usize, sp: usize, gas: i64, source: usize, size: u32): i64 {
  let left = expand(fp, rangeEnd(sp, sp - 64), gas);
  if (left < 0) return left;
  const count = load<u32>(sp - 64);
  left -= COPY_WORD * wordsOf(count);
  if (left < 0 || count == 0) return left;
  const to = <usize>load<u32>(fp, F_MEMORY) + load<u32>(sp);
  const offset = toU64(sp - 32);
  const there = offset >= <u64>size ? 0 : min(count, size - <u32>offset);
  if (there > 0) memory.copy(to, source + <usize>offset, there);
  memory.fill(to + there, 0, count - there);
  return left;
}

export function callDataCopy(fp: usize, sp: usize, gas: i64): i64 {
  return copy(fp, sp, gas, load<u32>(fp, F_DATA), load<u32>(fp, F_DATA_SIZE));
}

export function codeCopy(fp: usize, sp: usize, gas: i64): i64 {
  const code = <usize>load<u32>(fp, F_CODE);
  return copy(fp, sp, gas, code + CODE_BYTES, load<u32>(code, CODE_SIZE));
}

/** Reading beyond the end is a failure here alone (EIP-211). */
export function returnDataCopy(fp: usize, sp: usize, gas: i64): i64 {
  const offset = toU64(sp - 32);
  const size = toU64(sp - 64);
  if (offset > <u64>returnSize || size > <u64>returnSize - offset) return -1;
  return copy(fp, sp, gas, returnData, returnSize);
}

// @ts-ignore: decorator
@inline
function spareOf(fp: usize): usize {
  return (<usize>load<u32>(fp, F_MEMORY) + load<u32>(fp, F_MEMORY_SIZE) + 63) & ~(<usize>63);
}

export function extCodeCopy(fp: usize, sp: usize, gas: i64): i64 {
  const account = access(sp, gas);
  if (account == 0) return -1;
  let left = gas - accessGas;
  // What is not paid for is not fetched.
  left = expand(fp, rangeEnd(sp - 32, sp - 96), left);
  if (left < 0) return left;
  const code = codeOf(account, spareOf(fp));
  return code == 0 ? copy(fp, sp - 32, left, 0, 0) : copy(fp, sp - 32, left, code + CODE_BYTES, load<u32>(code, CODE_SIZE));
}

export function extCodeSize(fp: usize, sp: usize, gas: i64): i64 {
  const account = access(sp, gas);
  if (account == 0) return -1;
  const code = codeOf(account, spareOf(fp));
  setWord(sp, code == 0 ? 0 : <u64>load<u32>(code, CODE_SIZE));
  return gas - accessGas;
}

/** EIP-1052: zero for an account that does not exist or is empty. */
export function extCodeHash(sp: usize, gas: i64): i64 {
  const account = access(sp, gas);
  if (account == 0) return -1;
  if (isEmptyAccount(account)) setWord(sp, 0);
  else swapWord(sp, account + A_CODE_HASH);
  return gas - accessGas;
}

export function balance(sp: usize, gas: i64): i64 {
  const account = access(sp, gas);
  if (account == 0) return -1;
  copyWord(sp, account + A_BALANCE);
  return gas - accessGas;
}

export function blockHash(sp: usize): void {
  const asked = toU64(sp);
  const height = toU64(ENV_NUMBER);
  if (asked >= height || height - asked > 256) return setWord(sp, 0);
  hostBlockHash(asked, sp);
}

export function storageLoad(fp: usize, sp: usize, gas: i64): i64 {
  const account = <usize>load<u32>(fp, F_SELF);
  let slot = findSlot(idOf(account), sp);
  let left = gas;
  if (slot == 0 || load<u32>(slot, S_WARM) != epoch) {
    left -= COLD_SLOT - WARM;
    if (left < 0) return left;
    if (slot == 0) slot = addSlot(account, sp);
    warmSlot(slot);
  }
  copyWord(sp, slot + S_VALUE);
  return left;
}

/** EIP-2200 with the figures of EIP-2929 and EIP-3529. The price in the table is 0. */
export function storageStore(fp: usize, sp: usize, gas: i64): i64 {
  if (gas <= SSTORE_SENTRY) return -1;
  const account = <usize>load<u32>(fp, F_SELF);
  let slot = findSlot(idOf(account), sp);
  let left = gas;
  let isCold = slot == 0;
  if (slot == 0) slot = addSlot(account, sp);
  else isCold = load<u32>(slot, S_WARM) != epoch;
  if (isCold) left -= COLD_SLOT;
  const value = sp - 32;
  const current = slot + S_VALUE;
  const original = originalOf(slot);
  if (isEqual(value, current)) {
    left -= WARM;
    if (left < 0) return left;
    if (isCold) warmSlot(slot);
    return left;
  }
  let refunds: i64 = 0;
  if (isEqual(current, original)) {
    if (isZero(original)) left -= SSTORE_SET;
    else {
      left -= SSTORE_RESET;
      if (isZero(value)) refunds += SSTORE_CLEAR_REFUND;
    }
  } else {
    left -= WARM;
    if (!isZero(original)) {
      if (isZero(current)) refunds -= SSTORE_CLEAR_REFUND;
      else if (isZero(value)) refunds += SSTORE_CLEAR_REFUND;
    }
    if (isEqual(original, value)) refunds += isZero(original) ? SSTORE_SET - WARM : SSTORE_RESET - WARM;
  }
  if (left < 0) return left;
  setRefund(refund + refunds);
  if (isCold) warmSlot(slot);
  setSlot(slot, value);
  return left;
}

export function transientLoad(fp: usize, sp: usize): void {
  const entry = findTransient(idOf(load<u32>(fp, F_SELF)), sp);
  if (entry == 0) setWord(sp, 0);
  else copyWord(sp, entry + S_VALUE);
}

export function transientStore(fp: usize, sp: usize): void {
  const id = idOf(load<u32>(fp, F_SELF));
  let entry = findTransient(id, sp);
  if (entry == 0) entry = addTransient(id, sp);
  setTransient(entry, sp - 32);
}

/** EIP-5656. */
export function memoryCopy(fp: usize, sp: usize, gas: i64): i64 {
  let left = expand(fp, max(rangeEnd(sp, sp - 64), rangeEnd(sp - 32, sp - 64)), gas);
  if (left < 0) return left;
  const count = load<u32>(sp - 64);
  left -= COPY_WORD * wordsOf(count);
  if (left < 0 || count == 0) return left;
  const base = <usize>load<u32>(fp, F_MEMORY);
  memory.copy(base + load<u32>(sp), base + load<u32>(sp - 32), count);
  return left;
}

export function log(fp: usize, sp: usize, gas: i64, topics: u32): i64 {
  let left = expand(fp, rangeEnd(sp, sp - 32), gas);
  if (left < 0) return left;
  const size = load<u32>(sp - 32);
  left -= LOG_BYTE * <i64>size;
  if (left < 0) return left;
  const to = addLog(load<u32>(fp, F_SELF), topics, size);
  for (let i: usize = 0; i < <usize>topics; i++) copyWord(to + (i << 5), sp - 64 - (i << 5));
  const data = to + (<usize>topics << 5);
  memory.copy(data, <usize>load<u32>(fp, F_MEMORY) + (size == 0 ? 0 : load<u32>(sp)), size);
  return left;
}

/** RETURN and REVERT. */
export function output(fp: usize, sp: usize, gas: i64): i64 {
  const left = expand(fp, rangeEnd(sp, sp - 32), gas);
  if (left < 0) return left;
  const size = load<u32>(sp - 32);
  setReturn(<usize>load<u32>(fp, F_MEMORY) + (size == 0 ? 0 : load<u32>(sp)), size);
  return left;
}

/** EIP-6780. */
export function selfDestruct(fp: usize, sp: usize, gas: i64): i64 {
  const heir = access(sp, gas);
  if (heir == 0) return -1;
  // The table has the price without access; a cold one costs all of it, a warm one nothing.
  let left = gas - (accessGas == 0 ? 0 : accessGas + WARM);
  const self = <usize>load<u32>(fp, F_SELF);
  const hasBalance = !isZero(self + A_BALANCE);
  if (hasBalance && isEmptyAccount(heir)) left -= NEW_ACCOUNT;
  if (left < 0) return left;
  const isNew = load<u32>(self, A_CREATED) == epoch;
  touch(heir);
  touch(self);
  if (hasBalance && heir != self) {
    copyWord(SCRATCH, self + A_BALANCE);
    transfer(self, heir, SCRATCH);
  } else if (hasBalance && isNew) {
    setWord(SCRATCH, 0);
    setBalance(self, SCRATCH);
  }
  if (isNew) markDestroyed(self);
  return left;
}

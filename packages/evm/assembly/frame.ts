/**
 * Call frames in linear memory: never the host's stack, whose depth differs between machines. The memory of a frame begins
 * where that of the frame below ends.
 */
import { DEPTH_MAX, FRAMES, FRAME_SIZE, NATIVE_ADDRESS, NATIVE_CALLER, NATIVE_DEPTH, NATIVE_GAS_USED,
  NATIVE_IS_DELEGATED, NATIVE_IS_STATIC, NATIVE_SELF, NATIVE_VALUE, SCRATCH } from './layout';
import { BLAKE2F_INPUT, blake2F, blake2Rounds } from './blake2';
import { CODE_BYTES, CODE_BITMAP, CODE_SIZE, addCode, codeOf, codeRoom, generation, placeInitCode } from './code';
import {
  CODE_INVALID, CODE_STORE_OUT_OF_GAS, CODE_TOO_LARGE, CREATE_COLLISION, FAULT_CAPACITY, INIT_CODE_TOO_LARGE, NATIVE_FAILURE, OK, OUT_OF_GAS, REVERT, STATIC_STATE_CHANGE, fail,
} from './errors';
import {
  CALL_STIPEND, CALL_VALUE, CODE_BYTE, CODE_MAX, COLD_ACCOUNT_MORE, INIT_CODE_MAX, INIT_CODE_WORD,
  KECCAK_WORD, NEW_ACCOUNT, WARM, memoryGas, wordsOf,
} from './gas';
import { hostCreated, hostDeny, hostNative, hostStoreCode } from './host';
import {
  changeRules, journalTop, markCreated, noteHost, revertTo, rules, setCodeOf, setNonce, touch, transfer, warmAccount,
} from './journal';
import { keccak, keccakBytes } from './keccak';
import { logCount, logTop, resetLogs } from './logs';
import { allocate, ensure } from './memory';
import {
  ALWAYS_WARM, A_BALANCE, A_FLAGS, A_FREE, A_NONCE, A_WARM, NATIVE_MASK, NATIVE_SHIFT, accountOf, addressWord, epoch,
  findAccount, hasCode, isEmptyAccount,
} from './state';
import { hostEnter, hostLeave, isTracing } from './trace';
import { copyWord, isBelow, isZero, setWord, swapWord, toU64 } from './words';

/** Saved while another frame runs: next opcode, top of the stack, one word below its first. */
export const F_PC: usize = 0;
export const F_SP: usize = 4;
export const F_BASE: usize = 8;
export const F_MEMORY: usize = 12;
export const F_MEMORY_SIZE: usize = 16;
/** Header of the code. */
export const F_CODE: usize = 20;
export const F_DATA: usize = 24;
export const F_DATA_SIZE: usize = 28;
/** Entries of accounts. */
export const F_SELF: usize = 32;
export const F_CALLER: usize = 36;
export const F_IS_STATIC: usize = 40;
export const F_DEPTH: usize = 44;
export const F_KIND: usize = 48;
/** What is restored when it fails. */
export const F_JOURNAL: usize = 52;
export const F_LOGS: usize = 56;
export const F_LOG_COUNT: usize = 60;
export const F_REFUND: usize = 64;
export const F_GAS: usize = 72;
/** Where in its caller's memory the output goes. */
export const F_OUT: usize = 80;
export const F_OUT_SIZE: usize = 84;
export const F_VALUE: usize = 96;

/** Kinds are the opcodes; the frame of a transaction has the one it would be called by. */
export const CREATE: u32 = 0xf0;
export const CALL: u32 = 0xf1;
export const CALLCODE: u32 = 0xf2;
export const DELEGATECALL: u32 = 0xf4;
export const CREATE2: u32 = 0xf5;
export const STATICCALL: u32 = 0xfa;

/** What the interpreter does after an opcode that may open a frame. */
export const STAY: u32 = 0;
export const ENTER: u32 = 1;
/** Exceptional halts are `HALT` + their status. */
export const HALT: u32 = 256;

/** The running frame, 0 when there is none. */
export let frame: usize = 0;
export let refund: i64 = 0;
/** Output of the last call. */
export let returnData: usize = 0;
export let returnSize: u32 = 0;
let returnMax: usize = 0;

const CREATE_INPUT: usize = SCRATCH + 0x400;
const CREATED_WORD: usize = SCRATCH + 0x480;
const HASH: usize = SCRATCH + 0x4a0;
const DELEGATE: usize = SCRATCH + 0x4c0;
const VALUE: usize = SCRATCH + 0x4e0;

export function reserveReturn(size: usize): void {
  if (size <= returnMax) return;
  returnMax = size;
  returnData = allocate(size);
}

export function setRefund(value: i64): void {
  refund = value;
}

export function setReturn(from: usize, size: u32): void {
  if (<usize>size > returnMax) fail(FAULT_CAPACITY);
  memory.copy(returnData, from, size);
  returnSize = size;
}

export function clearReturn(): void {
  returnSize = 0;
}

/** Given by the host while it runs a native contract: where to write `size` bytes of output. */
export function nativeOutput(size: u32): usize {
  if (<usize>size > returnMax) fail(FAULT_CAPACITY);
  returnSize = size;
  return returnData;
}

// @ts-ignore: decorator
@inline
export function isWarm(account: usize): bool {
  return load<u32>(account, A_WARM) == epoch || (load<u32>(account, A_FLAGS) & ALWAYS_WARM) != 0;
}

/**
 * Entry of an account, and what it costs beyond a warm one at `accessGas`. 0 when it is cold and the gas does not reach:
 * what nobody pays for is not fetched.
 */
export let accessGas: i64 = 0;
export function access(address: usize, gas: i64): usize {
  let account = findAccount(address);
  accessGas = 0;
  if (account != 0 && isWarm(account)) return account;
  if (account == 0) {
    if (gas < COLD_ACCOUNT_MORE && !isLow(address)) return 0;
    account = accountOf(address);
    if (isWarm(account)) return account;
  }
  if (gas < COLD_ACCOUNT_MORE) return 0;
  accessGas = COLD_ACCOUNT_MORE;
  warmAccount(account);
  return account;
}

/** Precompiled and native contracts are always warm, and lie below this: the host gives no others (src/host.ts). */
const NATIVE_END: u64 = 0x20000;

function isLow(address: usize): bool {
  return load<u64>(address) < NATIVE_END && load<u64>(address, 8) == 0 && load<u32>(address, 16) == 0;
}

/** Bytes of memory that a range needs, 2^64 - 1 for more than can ever be paid. */
export function rangeEnd(offset: usize, size: usize): u64 {
  const length = toU64(size);
  if (length == 0) return 0;
  const start = toU64(offset);
  if (length > 0xffffffff || start > 0xffffffff) return u64.MAX_VALUE;
  return start + length;
}

/** Grows the memory of the frame to hold `end` bytes; what gas is left, negative if it does not reach. */
export function expand(fp: usize, end: u64, gas: i64): i64 {
  const size = load<u32>(fp, F_MEMORY_SIZE);
  if (end <= <u64>size) return gas;
  if (end > 0xffffffe0) return -1;
  const next = (<u32>end + 31) & ~31;
  const left = gas - (memoryGas(next) - memoryGas(size));
  if (left < 0) return left;
  const memory_ = <usize>load<u32>(fp, F_MEMORY);
  ensure(<u64>memory_ + <u64>next + 64);
  memory.fill(memory_ + size, 0, next - size);
  store<u32>(fp, next, F_MEMORY_SIZE);
  return left;
}

/** Whether code is 0xef0100 and an address (EIP-7702). Such accounts come from genesis alone. */
function isDelegation(code: usize): bool {
  return load<u32>(code, CODE_SIZE) == 23 && (load<u32>(code, CODE_BYTES) & 0xffffff) == 0x0001ef;
}

/** The address in a delegation, as a word. */
function delegateOf(code: usize): usize {
  swapWord(DELEGATE, code + CODE_BYTES + 23 - 32);
  toAddress(DELEGATE);
  return DELEGATE;
}

/** Opens a frame above `parent`, which may be 0. The caller fills in what differs. */
function push(parent: usize, kind: u32, self: usize, caller: usize, gas: i64): usize {
  const fp = parent == 0 ? FRAMES : parent + FRAME_SIZE;
  store<u32>(fp, kind, F_KIND);
  store<u32>(fp, <u32>self, F_SELF);
  store<u32>(fp, <u32>caller, F_CALLER);
  store<i64>(fp, gas, F_GAS);
  store<i64>(fp, refund, F_REFUND);
  store<u32>(fp, <u32>logTop, F_LOGS);
  store<u32>(fp, logCount, F_LOG_COUNT);
  store<u32>(fp, 0, F_MEMORY_SIZE);
  store<u32>(fp, parent == 0 ? 0 : load<u32>(parent, F_DEPTH) + 1, F_DEPTH);
  return fp;
}

/** Sets the code and what follows from it: first opcode, stack, memory behind `free`. */
function start(fp: usize, code: usize, stack: usize, free: usize): void {
  store<u32>(fp, <u32>code, F_CODE);
  store<u32>(fp, <u32>(code + CODE_BYTES), F_PC);
  store<u32>(fp, <u32>stack, F_SP);
  store<u32>(fp, <u32>stack, F_BASE);
  const begin = (free + 31) & ~(<usize>31);
  ensure(<u64>begin + 4096);
  store<u32>(fp, <u32>begin, F_MEMORY);
  frame = fp;
}

/** CALL, CALLCODE, DELEGATECALL, STATICCALL, from the frame `fp` with its stack and gas saved. */
export function call(fp: usize, kind: u32): u32 {
  const sp = <usize>load<u32>(fp, F_SP);
  let gas = load<i64>(fp, F_GAS);
  const hasValue = kind == CALL || kind == CALLCODE;
  const address = sp - 32;
  const value = sp - 64;
  const input = hasValue ? sp - 96 : sp - 64;
  const output = input - 64;
  const rest = output - 32;
  const sendsValue = hasValue && !isZero(value);
  const isStatic = load<u32>(fp, F_IS_STATIC);
  if (kind == CALL && sendsValue && isStatic) return HALT + STATIC_STATE_CHANGE;
  gas = expand(fp, max(rangeEnd(input, input - 32), rangeEnd(output, output - 32)), gas);
  if (gas < 0) return HALT + OUT_OF_GAS;
  const target = access(address, gas);
  if (target == 0) return HALT + OUT_OF_GAS;
  gas -= accessGas;
  if (sendsValue) {
    gas -= CALL_VALUE;
    if (kind == CALL && isEmptyAccount(target)) gas -= NEW_ACCOUNT;
  }
  if (gas < 0) return HALT + OUT_OF_GAS;
  const native = load<u32>(target, A_FLAGS) & NATIVE_MASK;
  const spare = (<usize>load<u32>(fp, F_MEMORY) + load<u32>(fp, F_MEMORY_SIZE) + 63) & ~(<usize>63);
  let free = spare;
  let code: usize = native ? 0 : codeOf(target, free);
  if (code != 0 && isDelegation(code)) {
    const to = delegateOf(code);
    const other = access(to, gas - WARM);
    if (other == 0) return HALT + OUT_OF_GAS;
    gas -= WARM + accessGas;
    if (gas < 0) return HALT + OUT_OF_GAS;
    code = load<u32>(other, A_FLAGS) & NATIVE_MASK ? <usize>0 : codeOf(other, free);
  }
  if (code == spare) free = spare + codeRoom(load<u32>(code, CODE_SIZE));
  const wanted = toU64(sp);
  let given = gas - (gas >> 6);
  if (wanted < <u64>given) given = <i64>wanted;
  gas -= given;
  if (sendsValue) given += CALL_STIPEND;
  store<u32>(fp, <u32>rest, F_SP);
  clearReturn();
  const self = <usize>load<u32>(fp, F_SELF);
  if (load<u32>(fp, F_DEPTH) >= DEPTH_MAX || (sendsValue && isBelow(self + A_BALANCE, value))) {
    store<i64>(fp, gas + given, F_GAS);
    setWord(rest, 0);
    store<u32>(fp, <u32>rest, F_SP);
    return STAY;
  }
  store<i64>(fp, gas, F_GAS);
  const isOwn = kind == CALLCODE || kind == DELEGATECALL;
  const child = push(fp, kind, isOwn ? self : target, kind == DELEGATECALL ? <usize>load<u32>(fp, F_CALLER) : self, given);
  store<u32>(child, <u32>journalTop, F_JOURNAL);
  store<u32>(child, isStatic | u32(kind == STATICCALL), F_IS_STATIC);
  const memory_ = load<u32>(fp, F_MEMORY);
  const dataSize = load<u32>(input - 32);
  const outSize = load<u32>(output - 32);
  // The offset of nothing may be anything: even a copy of no bytes from there would trap.
  store<u32>(child, memory_ + (dataSize == 0 ? 0 : load<u32>(input)), F_DATA);
  store<u32>(child, dataSize, F_DATA_SIZE);
  store<u32>(child, memory_ + (outSize == 0 ? 0 : load<u32>(output)), F_OUT);
  store<u32>(child, outSize, F_OUT_SIZE);
  if (kind == DELEGATECALL) copyWord(child + F_VALUE, fp + F_VALUE);
  else if (hasValue) copyWord(child + F_VALUE, value);
  else setWord(child + F_VALUE, 0);
  if (isTracing()) hostEnter(child, target, load<u32>(child, F_DATA), dataSize);
  if (hasRules && !native && isDenied(child, target)) {
    endFrame(child, REVERT);
    return STAY;
  }
  if (kind == CALL && sendsValue) transfer(self, target, value);
  else if (!isOwn) touch(target);
  if (native) {
    endFrame(child, runNative(child, target, native >> NATIVE_SHIFT));
    return STAY;
  }
  start(child, code, rest, free);
  if (code != 0) return ENTER;
  endFrame(child, OK);
  return STAY;
}

let hasRules: bool = false;
/** Answers of the host about a message. */
const DENIED: u32 = 1;
/** This one may run, and so may all others to the same code while the rules stay as they are. */
const FREE: u32 = 2;

export function setRules(present: bool): void {
  hasRules = present;
}

/** Tells the host of the message of a frame: who calls, and whose code at `target`. */
function describe(fp: usize, target: usize): void {
  addressWord(NATIVE_CALLER, load<u32>(fp, F_CALLER));
  addressWord(NATIVE_ADDRESS, target);
  store<u32>(NATIVE_IS_STATIC, load<u32>(fp, F_IS_STATIC));
}

/** Whether the host refuses the message, before anything has moved. Its output is in the return data then. */
function isDenied(fp: usize, target: usize): bool {
  if (load<u32>(target, A_FREE) == rules) return false;
  describe(fp, target);
  addressWord(NATIVE_SELF, load<u32>(fp, F_SELF));
  const answer = hostDeny(load<u32>(fp, F_DATA), load<u32>(fp, F_DATA_SIZE));
  if (answer == FREE) store<u32>(target, rules, A_FREE);
  return answer == DENIED;
}

/** A contract of the host: it may change the rules. */
const HOST_CONTRACT: u32 = 2;

/**
 * Given by the host while it runs a native contract: makes an account a contract with this code and nonce 1, whatever balance
 * it has. 0, and nothing has changed, when it has a nonce or code already. It stays as warm or cold as it was.
 */
export function nativeCreate(address: usize, bytes: usize, size: u32): u32 {
  const account = accountOf(address);
  if (load<u64>(account, A_NONCE) != 0 || hasCode(account)) return 0;
  setNonce(account, 1);
  storeCode(account, bytes, size);
  return 1;
}

/** Runs what is not code, leaves the output in the return data and the gas in the frame. */
export function runNative(fp: usize, target: usize, kind: u32): u32 {
  const gas = load<i64>(fp, F_GAS);
  describe(fp, target);
  copyWord(NATIVE_VALUE, fp + F_VALUE);
  store<u32>(NATIVE_DEPTH, load<u32>(fp, F_DEPTH));
  const frameKind = load<u32>(fp, F_KIND);
  store<u32>(NATIVE_IS_DELEGATED, u32(frameKind == DELEGATECALL || frameKind == CALLCODE));
  store<u64>(NATIVE_GAS_USED, 0);
  returnSize = 0;
  const id = load<u32>(target);
  if (kind == 1 && id == 4) {
    const size = load<u32>(fp, F_DATA_SIZE);
    const cost = 15 + 3 * wordsOf(size);
    if (cost > gas) return OUT_OF_GAS;
    setReturn(load<u32>(fp, F_DATA), size);
    store<i64>(fp, gas - cost, F_GAS);
    return OK;
  }
  if (kind == 1 && id == 9) {
    const data = <usize>load<u32>(fp, F_DATA);
    if (load<u32>(fp, F_DATA_SIZE) != BLAKE2F_INPUT || load<u8>(data, 212) > 1) return NATIVE_FAILURE;
    const cost = <i64>blake2Rounds(data);
    if (cost > gas) return OUT_OF_GAS;
    blake2F(nativeOutput(64), data);
    store<i64>(fp, gas - cost, F_GAS);
    return OK;
  }
  const status = hostNative(kind, load<u32>(fp, F_DATA), load<u32>(fp, F_DATA_SIZE), <u64>gas);
  if (kind == HOST_CONTRACT) changeRules();
  if (status > REVERT) returnSize = 0;
  const left = gas - load<i64>(NATIVE_GAS_USED);
  if (left < 0) return OUT_OF_GAS;
  store<i64>(fp, left, F_GAS);
  return status;
}

/** CREATE and CREATE2, from the frame `fp` with its stack and gas saved. */
export function create(fp: usize, kind: u32): u32 {
  if (load<u32>(fp, F_IS_STATIC)) return HALT + STATIC_STATE_CHANGE;
  const sp = <usize>load<u32>(fp, F_SP);
  let gas = load<i64>(fp, F_GAS);
  const value = sp;
  const offset = sp - 32;
  const length = toU64(sp - 64);
  const rest = kind == CREATE2 ? sp - 96 : sp - 64;
  if (length > INIT_CODE_MAX) return HALT + INIT_CODE_TOO_LARGE;
  gas = expand(fp, rangeEnd(offset, sp - 64), gas);
  if (gas < 0) return HALT + OUT_OF_GAS;
  const size = <u32>length;
  gas -= (kind == CREATE2 ? INIT_CODE_WORD + KECCAK_WORD : INIT_CODE_WORD) * wordsOf(size);
  if (gas < 0) return HALT + OUT_OF_GAS;
  clearReturn();
  const self = <usize>load<u32>(fp, F_SELF);
  const nonce = load<u64>(self, A_NONCE);
  if (load<u32>(fp, F_DEPTH) >= DEPTH_MAX || isBelow(self + A_BALANCE, value) || nonce == u64.MAX_VALUE) {
    setWord(rest, 0);
    store<u32>(fp, <u32>rest, F_SP);
    store<i64>(fp, gas, F_GAS);
    return STAY;
  }
  const given = gas - (gas >> 6);
  gas -= given;
  const memory_ = <usize>load<u32>(fp, F_MEMORY);
  const bytes = memory_ + (size == 0 ? 0 : load<u32>(offset));
  if (kind == CREATE2) saltedAddress(self, sp - 96, bytes, size);
  else createdAddress(self, nonce);
  setNonce(self, nonce + 1);
  // The stack of the child begins where the result of this opcode will lie; the value was taken from there.
  copyWord(VALUE, value);
  store<u32>(fp, <u32>rest, F_SP);
  store<i64>(fp, gas, F_GAS);
  const free = memory_ + load<u32>(fp, F_MEMORY_SIZE);
  return beginCreate(fp, kind, self, VALUE, given, bytes, size, rest, free);
}

/** A creation at the address in `CREATED_WORD`, from a frame or, with `parent` 0, from a transaction. */
export function beginCreate(
  parent: usize, kind: u32, caller: usize, value: usize, gas: i64, bytes: usize, size: u32, stack: usize, free: usize,
): u32 {
  const account = accountOf(CREATED_WORD);
  if (!isWarm(account)) warmAccount(account);
  const child = push(parent, kind, account, caller, gas);
  store<u32>(child, <u32>journalTop, F_JOURNAL);
  store<u32>(child, 0, F_IS_STATIC);
  store<u32>(child, 0, F_DATA_SIZE);
  store<u32>(child, 0, F_OUT_SIZE);
  copyWord(child + F_VALUE, value);
  if (isTracing()) hostEnter(child, 0, bytes, size);
  if (load<u64>(account, A_NONCE) != 0 || hasCode(account)) {
    endFrame(child, CREATE_COLLISION);
    return STAY;
  }
  markCreated(account);
  setNonce(account, 1);
  if (!isZero(value)) transfer(caller, account, value);
  const code = (free + 63) & ~(<usize>63);
  placeInitCode(code, bytes, size);
  start(child, code, stack, code + codeRoom(size));
  return ENTER;
}

/** Last 20 bytes of keccak(RLP(creator, nonce)), at `CREATED_WORD` (Yellow Paper, section 7). */
export function createdAddress(creator: usize, nonce: u64): void {
  const bytes = nonce < 0x80 ? 0 : 8 - <i32>(clz(nonce) >> 3);
  store<u8>(CREATE_INPUT, <u8>(0xc0 + 21 + 1 + bytes));
  store<u8>(CREATE_INPUT, 0x94, 1);
  writeAddress(CREATE_INPUT + 2, creator);
  if (bytes == 0) store<u8>(CREATE_INPUT, nonce == 0 ? 0x80 : <u8>nonce, 22);
  else {
    store<u8>(CREATE_INPUT, <u8>(0x80 + bytes), 22);
    for (let i = 0; i < bytes; i++) store<u8>(CREATE_INPUT + 23 + i, <u8>(nonce >> <u64>((bytes - 1 - i) << 3)));
  }
  keccak(CREATED_WORD, CREATE_INPUT, 23 + bytes);
  toAddress(CREATED_WORD);
}

/** EIP-1014. */
function saltedAddress(creator: usize, salt: usize, bytes: usize, size: u32): void {
  keccakBytes(HASH, bytes, size);
  store<u8>(CREATE_INPUT, 0xff);
  writeAddress(CREATE_INPUT + 1, creator);
  swapWord(CREATE_INPUT + 21, salt);
  copyWord(CREATE_INPUT + 53, HASH);
  keccak(CREATED_WORD, CREATE_INPUT, 85);
  toAddress(CREATED_WORD);
}

function toAddress(word: usize): void {
  store<u64>(word, <u64>load<u32>(word, 16), 16);
  store<u64>(word, 0, 24);
}

/** The 20 bytes of an address, most significant first. */
export function writeAddress(to: usize, word: usize): void {
  for (let i: usize = 0; i < 20; i++) store<u8>(to + i, load<u8>(word + 19 - i));
}

/** Of a transaction that creates: where the contract will be. */
export function createdWord(): usize {
  return CREATED_WORD;
}

/** The message of a transaction to an account: as `call`, without a frame below. */
export function beginCall(caller: usize, target: usize, value: usize, gas: i64, data: usize, size: u32, stack: usize, free: usize): u32 {
  const child = push(0, CALL, target, caller, gas);
  store<u32>(child, <u32>journalTop, F_JOURNAL);
  store<u32>(child, 0, F_IS_STATIC);
  store<u32>(child, <u32>data, F_DATA);
  store<u32>(child, size, F_DATA_SIZE);
  store<u32>(child, 0, F_OUT_SIZE);
  copyWord(child + F_VALUE, value);
  if (isTracing()) hostEnter(child, target, data, size);
  const native = load<u32>(target, A_FLAGS) & NATIVE_MASK;
  if (hasRules && !native && isDenied(child, target)) {
    endFrame(child, REVERT);
    return STAY;
  }
  if (isZero(value)) touch(target);
  else transfer(caller, target, value);
  if (native) {
    endFrame(child, runNative(child, target, native >> NATIVE_SHIFT));
    return STAY;
  }
  const spare = (free + 63) & ~(<usize>63);
  let code = codeOf(target, spare);
  if (code != 0 && isDelegation(code)) {
    const other = accountOf(delegateOf(code));
    if (!isWarm(other)) warmAccount(other);
    code = load<u32>(other, A_FLAGS) & NATIVE_MASK ? <usize>0 : codeOf(other, spare);
  }
  start(child, code, stack, code == spare ? spare + codeRoom(load<u32>(code, CODE_SIZE)) : spare);
  if (code != 0) return ENTER;
  endFrame(child, OK);
  return STAY;
}

/** How the last frame of a transaction ended, and its gas. */
export let lastStatus: u32 = 0;
export let lastGas: i64 = 0;

/** Ends a frame whose output is in the return data and whose gas is saved; the one below goes on, or none does. */
export function endFrame(fp: usize, ended: u32): void {
  let status = ended;
  const gasOfCode = load<i64>(fp, F_GAS);
  const kind = load<u32>(fp, F_KIND);
  const isCreate = kind == CREATE || kind == CREATE2;
  if (isCreate && status == OK) {
    status = deposit(fp);
    if (status == OK && hasRules) hostCreated(load<u32>(fp, F_SELF));
  }
  let gas = load<i64>(fp, F_GAS);
  if (status != OK) {
    revertTo(load<u32>(fp, F_JOURNAL));
    resetLogs(load<u32>(fp, F_LOGS), load<u32>(fp, F_LOG_COUNT));
    refund = load<i64>(fp, F_REFUND);
    if (status != REVERT) {
      gas = 0;
      returnSize = 0;
    }
  }
  if (isTracing()) hostLeave(fp, status, gasOfCode, gas, refund, logCount, returnData, returnSize);
  if (load<u32>(fp, F_DEPTH) == 0) {
    lastStatus = status;
    lastGas = gas;
    frame = 0;
    return;
  }
  const parent = fp - FRAME_SIZE;
  frame = parent;
  store<i64>(parent, load<i64>(parent, F_GAS) + gas, F_GAS);
  const result = <usize>load<u32>(parent, F_SP);
  if (isCreate) {
    if (status == OK) {
      addressWord(result, load<u32>(fp, F_SELF));
      returnSize = 0;
    } else setWord(result, 0);
    return;
  }
  setWord(result, status == OK ? 1 : 0);
  memory.copy(load<u32>(fp, F_OUT), returnData, min(returnSize, load<u32>(fp, F_OUT_SIZE)));
}

/** Makes what init code has returned the code of the contract. */
function deposit(fp: usize): u32 {
  const size = returnSize;
  if (size > CODE_MAX) return CODE_TOO_LARGE;
  // EIP-3541
  if (size > 0 && load<u8>(returnData) == 0xef) return CODE_INVALID;
  const gas = load<i64>(fp, F_GAS) - CODE_BYTE * <i64>size;
  if (gas < 0) return CODE_STORE_OUT_OF_GAS;
  store<i64>(fp, gas, F_GAS);
  if (size == 0) return OK;
  storeCode(load<u32>(fp, F_SELF), returnData, size);
  return OK;
}

/** Gives an account without code the code at `bytes`. */
function storeCode(account: usize, bytes: usize, size: u32): void {
  keccakBytes(HASH, bytes, size);
  noteHost(hostStoreCode(HASH, bytes, size));
  const code = addCode(HASH, bytes, size);
  setCodeOf(account, HASH, code, code == 0 ? 0 : generation);
}

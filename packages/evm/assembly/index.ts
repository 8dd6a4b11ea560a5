/** What the host sees of the engine. Addresses of fields are exported, so that no layout is written down twice. */
import { setupCodes, trimCodes } from './code';
import { setupBlake2 } from './blake2';
import { fault } from './errors';
import { reserveReturn, setRules } from './frame';
import { setupOps } from './gas';
import { reserveJournal } from './journal';
import { setupKeccak } from './keccak';
import { addLog, reserveLogs } from './logs';
import { loadAccount, loadSlot } from './host';
import { INPUT, MESSAGE_DATA, MESSAGE_GAS, NATIVE_SELF } from './layout';
import { ensure, top } from './memory';
import { findAccount, findSlot, idOf, reserveState, resetState, setNoCode, setSeed } from './state';
import { runAlone, runTransaction } from './transaction';

export {
  ENV, INPUT, INPUT_SIZE, MESSAGE, NATIVE, OPS, RESULT, RESULT_BLOOM, WARM_FRAME,
} from './layout';
export { expand, nativeCreate, nativeOutput } from './frame';
export { noteHost } from './journal';
export { bloom } from './logs';
export {
  accountOf, accountsInTable, cleanState, findAccount, listDirty, resetState, slotsInTable,
} from './state';
export { attachCompiled, returnDataSize, setHotCalls } from './tier';
// The runtime of compiled code.
export {
  balance, blockHash, callDataCopy, callDataLoad, codeCopy, extCodeCopy, extCodeHash, extCodeSize, hash, log, memoryCopy,
  power, returnDataCopy, storageLoad, storageStore, transientLoad, transientStore,
} from './ops';
export {
  addModulo, byteAt, divideSigned, divideWords, extendSign, moduloSigned, moduloWords, multiplyModulo, multiplyWords,
  shiftLeft, shiftRight, shiftRightSigned,
} from './words';

/** Room for a log of a native contract, of the address in `NATIVE_SELF`: topics and data are written from the answer on. */
export function nativeLog(topics: u32, size: u32): usize {
  return addLog(NATIVE_SELF, topics, size);
}

/** The host has changed an account itself. */
export function refreshAccount(address: usize): void {
  const account = findAccount(address);
  if (account == 0) return;
  setNoCode(account);
  loadAccount(account);
}

/** The host has changed a slot itself. */
export function refreshSlot(address: usize, key: usize): void {
  const account = findAccount(address);
  if (account == 0) return;
  const slot = findSlot(idOf(account), key);
  if (slot != 0) loadSlot(account, slot);
}

/** The entry of a slot with its current value, 0 when it is not in the table. */
export function slotOf(account: usize, key: usize): usize {
  return findSlot(idOf(account), key);
}

/** Once, before anything else. The seed is secret and differs between processes; no result depends on it. */
export function setup(fork: u32, hasRules: u32, codeBytes: u32, seedLow: u64, seedHigh: u64): void {
  ensure(<u64>top);
  setupOps(fork);
  setRules(hasRules != 0);
  setupKeccak();
  setupBlake2();
  setSeed(seedLow, seedHigh);
  setupCodes(codeBytes);
}

/** Least gas for one thing of a kind, which says how many of them a transaction can have. */
const GAS_PER_ACCOUNT: u64 = 2400;
const GAS_PER_SLOT: u64 = 1900;
const GAS_PER_TRANSIENT: u64 = 100;
/** Calls and writes cost 100 and note at most two things. */
const GAS_PER_RECORD: u64 = 50;
/** A log of no data costs 375 and takes 64 bytes; a byte of data costs 8; a topic 375 for 32 bytes. */
const GAS_PER_LOG_BYTE: u64 = 4;
/** Gas beyond this is not spent in any block; one that is stops the engine. */
const GAS_RESERVED_MAX: u64 = 120_000_000;

/** As `reserve`, for a message whose data lie in `INPUT`. */
function makeRoom(): void {
  const gas = min(load<u64>(MESSAGE_GAS), GAS_RESERVED_MAX);
  trimCodes();
  reserveState(<u32>(gas / GAS_PER_ACCOUNT) + 64, <u32>(gas / GAS_PER_SLOT) + 64, <u32>(gas / GAS_PER_TRANSIENT) + 64);
  reserveJournal(<u32>(gas / GAS_PER_RECORD) + 1024);
  reserveLogs(<usize>(gas / GAS_PER_LOG_BYTE) + 4096);
  reserveReturn(memoryFor(gas));
}

/**
 * Makes room for a transaction with the gas in `MESSAGE` and `inputSize` bytes of data and access list, and answers where the
 * host may write them. Nothing but this moves entries. What fits `INPUT` needs no such call: a crossing costs more than this.
 */
export function reserve(inputSize: u32): usize {
  makeRoom();
  ensure(<u64>top + <u64>inputSize + 64);
  return top;
}

/** Executes the transaction in `MESSAGE`: 0, or why it is left out (transaction.ts). */
export function transact(): u32 {
  if (isInInput()) makeRoom();
  return runTransaction();
}

/** Runs the message in `MESSAGE` alone. */
export function message(): void {
  if (isInInput()) makeRoom();
  runAlone();
}

function isInInput(): bool {
  return <usize>load<u32>(MESSAGE_DATA) == INPUT;
}

/** Bytes of memory that this much gas buys: 3 per word and the square of words by 512. */
function memoryFor(gas: u64): usize {
  let words: u64 = 0;
  for (let bit: u64 = 1 << 24; bit > 0; bit >>= 1) {
    const more = words + bit;
    if (more * 3 + ((more * more) >> 9) <= gas) words = more;
  }
  return (<usize>words << 5) + 4096;
}

/** Forgets accounts and slots. Codes stay: a hash is one code in every state. */
export function forget(): void {
  resetState();
}

export function faultKind(): u32 {
  return fault;
}

/**
 * Logs of a transaction, one behind the other: word of the address, u32 count of topics, u32 size of the data, 24 bytes free,
 * topics (words), data (a multiple of 32 bytes of room).
 */
import { FAULT_CAPACITY, fail } from './errors';
import { RESULT_BLOOM, SCRATCH } from './layout';
import { allocate } from './memory';
import { keccakBytes } from './keccak';
import { addressWord } from './state';
import { copyWord, swapWord } from './words';

const HEADER: usize = 64;
export const LOG_TOPICS: usize = 32;
export const LOG_SIZE: usize = 36;

let logs: usize = 0;
let logsEnd: usize = 0;
export let logTop: usize = 0;
export let logCount: u32 = 0;

export function reserveLogs(size: usize): void {
  if (logsEnd - logs >= size) return;
  logs = allocate(size);
  logsEnd = logs + size;
  logTop = logs;
}

export function resetLogs(to: usize, count: u32): void {
  logTop = to;
  logCount = count;
}

export function beginLogs(): void {
  resetLogs(logs, 0);
}

export function logsAt(): usize {
  return logs;
}

/** Room for a log of the account at `account`, whose address comes first there; topics and data are the caller's to write, from the answer on. */
export function addLog(account: usize, topics: u32, size: u32): usize {
  const entry = logTop;
  const end = entry + HEADER + (<usize>topics << 5) + ((<usize>size + 31) & ~(<usize>31));
  if (end > logsEnd) fail(FAULT_CAPACITY);
  addressWord(entry, account);
  store<u32>(entry, topics, LOG_TOPICS);
  store<u32>(entry, size, LOG_SIZE);
  logTop = end;
  logCount++;
  return entry + HEADER;
}

const INPUT: usize = SCRATCH + 0x500;
const DIGEST: usize = SCRATCH + 0x520;

/** Bloom filter of all logs, 256 bytes at `RESULT_BLOOM` (Yellow Paper, section 4.3.1). */
export function bloom(): void {
  memory.fill(RESULT_BLOOM, 0, 256);
  let at = logs;
  for (let i: u32 = 0; i < logCount; i++) {
    const topics = load<u32>(at, LOG_TOPICS);
    const size = load<u32>(at, LOG_SIZE);
    swapWord(INPUT, at);
    addToBloom(INPUT + 12, 20);
    for (let topic: u32 = 0; topic < topics; topic++) {
      swapWord(INPUT, at + HEADER + (<usize>topic << 5));
      addToBloom(INPUT, 32);
    }
    at += HEADER + (<usize>topics << 5) + ((<usize>size + 31) & ~(<usize>31));
  }
}

function addToBloom(bytes: usize, size: u32): void {
  keccakBytes(DIGEST, bytes, size);
  for (let i: usize = 0; i < 6; i += 2) {
    const bit = (<u32>load<u8>(DIGEST + i) << 8 | <u32>load<u8>(DIGEST + i + 1)) & 2047;
    const byte = RESULT_BLOOM + 255 - (bit >> 3);
    store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(bit & 7)));
  }
}

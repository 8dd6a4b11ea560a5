/**
 * The table of state: accounts and storage slots that were touched since the table was last emptied, each in an entry of 128
 * bytes that never moves within a transaction. An index by keyed hash (SipHash with a secret of the process) finds them; its
 * order reaches no result. What is missing is asked of the host.
 *
 * A transaction is an epoch: an entry whose epoch is another one is cold and its original value is the current one, so that
 * nothing needs to be cleared when a transaction begins.
 */
import { FAULT_CAPACITY, fail } from './errors';
import { loadAccount, loadSlot } from './host';
import { RESULT_DIRTY } from './layout';
import { allocate } from './memory';
import { copyWord, isEqual, isZero } from './words';

export const ENTRY: usize = 128;

/** Account: word of the address. */
export const A_ADDRESS: usize = 0;
export const A_BALANCE: usize = 32;
/** 32 bytes as they are hashed; of no code: `EMPTY_CODE_HASH`. */
export const A_CODE_HASH: usize = 64;
export const A_NONCE: usize = 96;
/** Generation of rules in which every message to its code may run. */
export const A_FREE: usize = 20;
/** Whether state has a record of it. */
export const A_FLAGS: usize = 28;
/** Epochs. */
export const A_WARM: usize = 104;
export const A_CREATED: usize = 108;
export const A_TOUCHED: usize = 112;
export const A_DESTROYED: usize = 116;
/** Header of the code (code.ts), valid in its generation. */
export const A_CODE: usize = 120;
export const A_CODE_GENERATION: usize = 124;

export const EXISTS: u32 = 1;
/** Written in this block. */
export const DIRTY: u32 = 2;
export const ALWAYS_WARM: u32 = 4;
/** A precompiled contract (1) or one of the host (2), in the bits from here. */
export const NATIVE_SHIFT: u32 = 8;
export const NATIVE_MASK: u32 = 0x300;

/** Slot: id of its account, dirty flag, epoch in which it is warm, epoch of the original. */
export const S_ACCOUNT: usize = 0;
export const S_FLAGS: usize = 4;
export const S_WARM: usize = 8;
export const S_EPOCH: usize = 12;
export const S_KEY: usize = 32;
export const S_VALUE: usize = 64;
export const S_ORIGINAL: usize = 96;

/** Transient storage: as a slot without an original. */
const T_EPOCH: usize = 12;

export let epoch: u32 = 1;

let seed0: u64 = 0;
let seed1: u64 = 0;

let accounts: usize = 0;
let accountCount: u32 = 0;
let accountMax: u32 = 0;
let accountIndex: usize = 0;
let accountMask: u32 = 0;

let slots: usize = 0;
let slotCount: u32 = 0;
let slotMax: u32 = 0;
let slotIndex: usize = 0;
let slotMask: u32 = 0;

let transients: usize = 0;
let transientCount: u32 = 0;
let transientMax: u32 = 0;
let transientIndex: usize = 0;
let transientMask: u32 = 0;

/** Entries written in this block: u32 ids, accounts and slots apart. */
let dirtyAccounts: usize = 0;
let dirtyAccountCount: u32 = 0;
let dirtySlots: usize = 0;
let dirtySlotCount: u32 = 0;

export function setSeed(low: u64, high: u64): void {
  seed0 = low;
  seed1 = high;
}

export function accountsInTable(): u32 {
  return accountCount;
}

export function slotsInTable(): u32 {
  return slotCount;
}

export function nextEpoch(): void {
  epoch++;
  // Never in practice: after 2^32 transactions the host begins with a new instance.
  if (epoch == 0) fail(FAULT_CAPACITY);
  transientCount = 0;
}

/** SipHash-1-3, with the secret of the process, of the bytes from `from` to `end`, which are words of 8, and of `last`. */
// @ts-ignore: decorator
@inline
function mix(from: usize, end: usize, last: u64): u64 {
  let v0 = seed0 ^ 0x736f6d6570736575;
  let v1 = seed1 ^ 0x646f72616e646f6d;
  let v2 = seed0 ^ 0x6c7967656e657261;
  let v3 = seed1 ^ 0x7465646279746573;
  for (let at = from; at <= end; at += 8) {
    const m = at == end ? last : load<u64>(at);
    v3 ^= m;
    v0 += v1; v1 = rotl<u64>(v1, 13); v1 ^= v0; v0 = rotl<u64>(v0, 32);
    v2 += v3; v3 = rotl<u64>(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl<u64>(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl<u64>(v1, 17); v1 ^= v2; v2 = rotl<u64>(v2, 32);
    v0 ^= m;
  }
  v2 ^= 0xff;
  for (let i = 0; i < 3; i++) {
    v0 += v1; v1 = rotl<u64>(v1, 13); v1 ^= v0; v0 = rotl<u64>(v0, 32);
    v2 += v3; v3 = rotl<u64>(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl<u64>(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl<u64>(v1, 17); v1 ^= v2; v2 = rotl<u64>(v2, 32);
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

function hashOf(account: u32, key: usize): u64 {
  return mix(key, key + 32, <u64>account);
}

/** An index is full at half its size. */
function indexSize(entryMax: u32): u32 {
  let size: u32 = 1024;
  while (size < entryMax * 2) size <<= 1;
  return size;
}

function putIndex(index: usize, mask: u32, hash: u64, id: u32): void {
  let at = <u32>hash & mask;
  while (load<u64>(index + (<usize>at << 3)) != 0) at = (at + 1) & mask;
  store<u64>(index + (<usize>at << 3), (hash & 0xffffffff00000000) | <u64>(id + 1));
}

/** Makes room for what one transaction can touch with this much gas (gas.ts has the prices). Between transactions only. */
export function reserveState(accountsMore: u32, slotsMore: u32, transientsMore: u32): void {
  if (accountCount + accountsMore > accountMax) growAccounts(accountCount + accountsMore);
  if (slotCount + slotsMore > slotMax) growSlots(slotCount + slotsMore);
  if (transientsMore > transientMax) {
    transientMax = transientsMore;
    transients = allocate(<usize>transientMax * ENTRY);
    const size = indexSize(transientMax);
    transientIndex = allocate(<usize>size << 3);
    transientMask = size - 1;
  }
}

function growAccounts(need: u32): void {
  const before = accounts;
  accountMax = max(need, accountMax * 2);
  accounts = allocate(<usize>accountMax * ENTRY);
  memory.copy(accounts, before, <usize>accountCount * ENTRY);
  const dirty = allocate(<usize>accountMax << 2);
  memory.copy(dirty, dirtyAccounts, <usize>dirtyAccountCount << 2);
  dirtyAccounts = dirty;
  const size = indexSize(accountMax);
  accountIndex = allocate(<usize>size << 3);
  accountMask = size - 1;
  for (let id: u32 = 0; id < accountCount; id++)
    putIndex(accountIndex, accountMask, hashAddress(accounts + <usize>id * ENTRY), id);
}

function growSlots(need: u32): void {
  const before = slots;
  slotMax = max(need, slotMax * 2);
  slots = allocate(<usize>slotMax * ENTRY);
  memory.copy(slots, before, <usize>slotCount * ENTRY);
  const dirty = allocate(<usize>slotMax << 2);
  memory.copy(dirty, dirtySlots, <usize>dirtySlotCount << 2);
  dirtySlots = dirty;
  const size = indexSize(slotMax);
  slotIndex = allocate(<usize>size << 3);
  slotMask = size - 1;
  for (let id: u32 = 0; id < slotCount; id++) {
    const entry = slots + <usize>id * ENTRY;
    putIndex(slotIndex, slotMask, hashOf(load<u32>(entry, S_ACCOUNT), entry + S_KEY), id);
  }
}

/** Forgets everything. What was written must have been taken out before. */
export function resetState(): void {
  memory.fill(accountIndex, 0, (<usize>accountMask + 1) << 3);
  memory.fill(slotIndex, 0, (<usize>slotMask + 1) << 3);
  accountCount = 0;
  slotCount = 0;
  dirtyAccountCount = 0;
  dirtySlotCount = 0;
}

/** Only the address itself: what lies behind it in the entry is not hashed. */
function hashAddress(address: usize): u64 {
  return mix(address, address + 16, <u64>load<u32>(address, 16));
}

/** Entry of the account, 0 if it is not in the table. */
export function findAccount(address: usize): usize {
  const a0 = load<u64>(address);
  const a1 = load<u64>(address, 8);
  const a2 = load<u32>(address, 16);
  const hash = hashAddress(address);
  let at = <u32>hash & accountMask;
  while (true) {
    const line = load<u64>(accountIndex + (<usize>at << 3));
    if (line == 0) return 0;
    if (((line ^ hash) >> 32) == 0) {
      const entry = accounts + <usize>(<u32>line - 1) * ENTRY;
      if (load<u64>(entry) == a0 && load<u64>(entry, 8) == a1 && load<u32>(entry, 16) == a2) return entry;
    }
    at = (at + 1) & accountMask;
  }
}

/** Entry of the account with the address in the lower 160 bits of the word. */
export function accountOf(address: usize): usize {
  const known = findAccount(address);
  if (known != 0) return known;
  if (accountCount == accountMax) fail(FAULT_CAPACITY);
  const id = accountCount++;
  const entry = accounts + <usize>id * ENTRY;
  memory.fill(entry, 0, ENTRY);
  store<u64>(entry, load<u64>(address));
  store<u64>(entry, load<u64>(address, 8), 8);
  store<u32>(entry, load<u32>(address, 16), 16);
  putIndex(accountIndex, accountMask, hashAddress(entry), id);
  setNoCode(entry);
  loadAccount(entry);
  return entry;
}

// @ts-ignore: decorator
@inline
export function idOf(account: usize): u32 {
  return <u32>((account - accounts) / ENTRY);
}

export function accountById(id: u32): usize {
  return accounts + <usize>id * ENTRY;
}

function slotById(id: u32): usize {
  return slots + <usize>id * ENTRY;
}

/** Entry of the slot, 0 if it is not in the table. */
export function findSlot(account: u32, key: usize): usize {
  const hash = hashOf(account, key);
  let at = <u32>hash & slotMask;
  while (true) {
    const line = load<u64>(slotIndex + (<usize>at << 3));
    if (line == 0) return 0;
    if (((line ^ hash) >> 32) == 0) {
      const entry = slots + <usize>(<u32>line - 1) * ENTRY;
      if (load<u32>(entry, S_ACCOUNT) == account && isEqual(entry + S_KEY, key)) return entry;
    }
    at = (at + 1) & slotMask;
  }
}

/** Entry of a slot that is not in the table yet. */
export function addSlot(account: usize, key: usize): usize {
  if (slotCount == slotMax) fail(FAULT_CAPACITY);
  const id = slotCount++;
  const entry = slots + <usize>id * ENTRY;
  memory.fill(entry, 0, ENTRY);
  const accountId = idOf(account);
  store<u32>(entry, accountId, S_ACCOUNT);
  copyWord(entry + S_KEY, key);
  putIndex(slotIndex, slotMask, hashOf(accountId, key), id);
  loadSlot(account, entry);
  return entry;
}

/** The value of a slot when this transaction began is kept from its first write on. */
// @ts-ignore: decorator
@inline
export function originalOf(slot: usize): usize {
  return load<u32>(slot, S_EPOCH) == epoch ? slot + S_ORIGINAL : slot + S_VALUE;
}

/** Entry of transient storage, 0 if nothing was stored there in this transaction. */
export function findTransient(account: u32, key: usize): usize {
  const hash = hashOf(account, key);
  let at = <u32>hash & transientMask;
  while (true) {
    const line = load<u64>(transientIndex + (<usize>at << 3));
    if (line == 0) return 0;
    // A line of an earlier transaction ends the search no less: lines are written from the front of a chain.
    const entry = transients + <usize>(<u32>line - 1) * ENTRY;
    if (<u32>(line >> 32) != epoch) return 0;
    if (load<u32>(entry, S_ACCOUNT) == account && isEqual(entry + S_KEY, key)) return entry;
    at = (at + 1) & transientMask;
  }
}

export function addTransient(account: u32, key: usize): usize {
  if (transientCount == transientMax) fail(FAULT_CAPACITY);
  const id = transientCount++;
  const entry = transients + <usize>id * ENTRY;
  store<u32>(entry, account, S_ACCOUNT);
  store<u32>(entry, epoch, T_EPOCH);
  copyWord(entry + S_KEY, key);
  v128.store(entry + S_VALUE, i64x2(0, 0));
  v128.store(entry + S_VALUE, i64x2(0, 0), 16);
  let at = <u32>hashOf(account, key) & transientMask;
  while (<u32>(load<u64>(transientIndex + (<usize>at << 3)) >> 32) == epoch) at = (at + 1) & transientMask;
  store<u64>(transientIndex + (<usize>at << 3), (<u64>epoch << 32) | <u64>(id + 1));
  return entry;
}

/** EIP-161: without nonce, balance and code. */
export function isEmptyAccount(account: usize): bool {
  return load<u64>(account, A_NONCE) == 0 && isZero(account + A_BALANCE) && !hasCode(account);
}

/** keccak256 of nothing, as four little-endian limbs of its bytes. */
const EMPTY_HASH_0: u64 = 0x3c23f7860146d2c5;
const EMPTY_HASH_1: u64 = 0xc003c7dcb27d7e92;
const EMPTY_HASH_2: u64 = 0x3b2782ca53b600e5;
const EMPTY_HASH_3: u64 = 0x70a4855d04d8fa7b;

// @ts-ignore: decorator
@inline
export function addressWord(to: usize, account: usize): void {
  store<u64>(to, load<u64>(account));
  store<u64>(to, load<u64>(account, 8), 8);
  store<u64>(to, <u64>load<u32>(account, 16), 16);
  store<u64>(to, 0, 24);
}

// @ts-ignore: decorator
@inline
export function hasCode(account: usize): bool {
  return load<u64>(account, A_CODE_HASH) != EMPTY_HASH_0 || load<u64>(account, A_CODE_HASH + 8) != EMPTY_HASH_1;
}

export function setNoCode(account: usize): void {
  store<u64>(account, EMPTY_HASH_0, A_CODE_HASH);
  store<u64>(account, EMPTY_HASH_1, A_CODE_HASH + 8);
  store<u64>(account, EMPTY_HASH_2, A_CODE_HASH + 16);
  store<u64>(account, EMPTY_HASH_3, A_CODE_HASH + 24);
  store<u32>(account, 0, A_CODE_GENERATION);
}

export function markAccountDirty(account: usize): void {
  const flags = load<u32>(account, A_FLAGS);
  if (flags & DIRTY) return;
  store<u32>(account, flags | DIRTY, A_FLAGS);
  store<u32>(dirtyAccounts + (<usize>dirtyAccountCount << 2), idOf(account));
  dirtyAccountCount++;
}

export function markSlotDirty(slot: usize): void {
  if (load<u32>(slot, S_FLAGS) & DIRTY) return;
  store<u32>(slot, DIRTY, S_FLAGS);
  store<u32>(dirtySlots + (<usize>dirtySlotCount << 2), <u32>((slot - slots) / ENTRY));
  dirtySlotCount++;
}

/** Tells the host where the dirty entries are. */
export function listDirty(): void {
  store<u32>(RESULT_DIRTY, <u32>accounts);
  store<u32>(RESULT_DIRTY, <u32>dirtyAccounts, 4);
  store<u32>(RESULT_DIRTY, dirtyAccountCount, 8);
  store<u32>(RESULT_DIRTY, <u32>slots, 12);
  store<u32>(RESULT_DIRTY, <u32>dirtySlots, 16);
  store<u32>(RESULT_DIRTY, dirtySlotCount, 20);
}

/** The host has taken what was written: all entries are as in its state now. */
export function cleanState(): void {
  for (let i: u32 = 0; i < dirtyAccountCount; i++) {
    const account = accountById(load<u32>(dirtyAccounts + (<usize>i << 2)));
    store<u32>(account, load<u32>(account, A_FLAGS) & ~DIRTY, A_FLAGS);
  }
  for (let i: u32 = 0; i < dirtySlotCount; i++) store<u32>(slotById(load<u32>(dirtySlots + (<usize>i << 2))), 0, S_FLAGS);
  dirtyAccountCount = 0;
  dirtySlotCount = 0;
}

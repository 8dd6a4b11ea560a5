/**
 * What a transaction has changed, with the values before: a frame that fails walks back to its mark. At the end of the
 * transaction the journal says which entries are dirty, which accounts are empty now and which are gone.
 */
import { FAULT_CAPACITY, fail } from './errors';
import { hostRevertTo } from './host';
import { allocate } from './memory';
import {
  A_ADDRESS, A_BALANCE, A_CODE, A_CODE_GENERATION, A_CODE_HASH, A_CREATED, A_DESTROYED, A_FLAGS, A_NONCE, A_TOUCHED, A_WARM,
  EXISTS, S_ACCOUNT, S_EPOCH, S_ORIGINAL, S_VALUE, S_WARM, accountById, epoch, idOf, isEmptyAccount, markAccountDirty,
  markSlotDirty, setNoCode,
} from './state';
import { hostAccess, isTracing } from './trace';
import { addWords, copyWord, setWord, subtractWords } from './words';

/** u32 kind, u32 entry, 8 bytes free, 32 bytes before. */
const RECORD: usize = 48;
const OLD: usize = 16;

const BALANCE: u32 = 1;
const NONCE: u32 = 2;
const SLOT: u32 = 3;
const WARM_ACCOUNT: u32 = 4;
const WARM_SLOT: u32 = 5;
const TRANSIENT: u32 = 6;
const CODE: u32 = 7;
const CREATED: u32 = 8;
const TOUCHED: u32 = 9;
const DESTROYED: u32 = 10;
const HOST: u32 = 11;

let journal: usize = 0;
let journalEnd: usize = 0;
/** Next record: marks are values of it. */
export let journalTop: usize = 0;

export function reserveJournal(records: u32): void {
  const size = <usize>records * RECORD;
  if (journalEnd - journal >= size) return;
  journal = allocate(size);
  journalEnd = journal + size;
  journalTop = journal;
}

// @ts-ignore: decorator
@inline
function push(kind: u32, entry: usize): usize {
  const record = journalTop;
  if (record >= journalEnd) fail(FAULT_CAPACITY);
  store<u32>(record, kind);
  store<u32>(record, <u32>entry, 4);
  journalTop = record + RECORD;
  return record + OLD;
}

export function touch(account: usize): void {
  if (load<u32>(account, A_TOUCHED) == epoch) return;
  store<u32>(push(TOUCHED, account), load<u32>(account, A_TOUCHED));
  store<u32>(account, epoch, A_TOUCHED);
}

export function warmAccount(account: usize): void {
  if (isTracing()) hostAccess(account, 0);
  store<u32>(push(WARM_ACCOUNT, account), load<u32>(account, A_WARM));
  store<u32>(account, epoch, A_WARM);
}

export function warmSlot(slot: usize): void {
  if (isTracing()) hostAccess(accountById(load<u32>(slot, S_ACCOUNT)), slot);
  store<u32>(push(WARM_SLOT, slot), load<u32>(slot, S_WARM));
  store<u32>(slot, epoch, S_WARM);
}

export function setBalance(account: usize, value: usize): void {
  copyWord(push(BALANCE, account), account + A_BALANCE);
  copyWord(account + A_BALANCE, value);
  touch(account);
}

/** Moves value; the payer has it. */
export function transfer(from: usize, to: usize, value: usize): void {
  copyWord(push(BALANCE, from), from + A_BALANCE);
  subtractWords(from + A_BALANCE, from + A_BALANCE, value);
  copyWord(push(BALANCE, to), to + A_BALANCE);
  addWords(to + A_BALANCE, to + A_BALANCE, value);
  touch(from);
  touch(to);
}

export function setNonce(account: usize, nonce: u64): void {
  store<u64>(push(NONCE, account), load<u64>(account, A_NONCE));
  store<u64>(account, nonce, A_NONCE);
  touch(account);
}

export function setSlot(slot: usize, value: usize): void {
  copyWord(push(SLOT, slot), slot + S_VALUE);
  if (load<u32>(slot, S_EPOCH) != epoch) {
    copyWord(slot + S_ORIGINAL, slot + S_VALUE);
    store<u32>(slot, epoch, S_EPOCH);
  }
  copyWord(slot + S_VALUE, value);
}

export function setTransient(entry: usize, value: usize): void {
  copyWord(push(TRANSIENT, entry), entry + S_VALUE);
  copyWord(entry + S_VALUE, value);
}

/** Of an account that has no code. */
export function setCodeOf(account: usize, hash: usize, code: usize, generation: u32): void {
  push(CODE, account);
  copyWord(account + A_CODE_HASH, hash);
  store<u32>(account, <u32>code, A_CODE);
  store<u32>(account, generation, A_CODE_GENERATION);
  touch(account);
}

export function markCreated(account: usize): void {
  store<u32>(push(CREATED, account), load<u32>(account, A_CREATED));
  store<u32>(account, epoch, A_CREATED);
  touch(account);
}

export function markDestroyed(account: usize): void {
  if (load<u32>(account, A_DESTROYED) == epoch) return;
  store<u32>(push(DESTROYED, account), load<u32>(account, A_DESTROYED));
  store<u32>(account, epoch, A_DESTROYED);
}

/** Generation of the rules of the host: what it has said of a code (`A_FREE`) holds until it writes or takes back something. */
export let rules: u32 = 1;

export function changeRules(): void {
  rules++;
  if (rules == 0) fail(FAULT_CAPACITY);
}

/** The host's own journal stood there before it changed something. */
export function noteHost(mark: u32): void {
  store<u32>(push(HOST, 0), mark);
}

/**
 * The account 0x03 stays touched even by a call that failed: a fault of an early client that became a rule (EIP-161,
 * the block in which it was left empty).
 */
function isRipemd(account: usize): bool {
  return load<u64>(account, A_ADDRESS) == 3 && load<u64>(account, A_ADDRESS + 8) == 0 && load<u32>(account, A_ADDRESS + 16) == 0;
}

export function revertTo(mark: usize): void {
  let keptTouch: usize = 0;
  while (journalTop > mark) {
    journalTop -= RECORD;
    const kind = load<u32>(journalTop);
    const entry = <usize>load<u32>(journalTop, 4);
    const old = journalTop + OLD;
    switch (kind) {
      case BALANCE: copyWord(entry + A_BALANCE, old); break;
      case NONCE: store<u64>(entry, load<u64>(old), A_NONCE); break;
      case SLOT: copyWord(entry + S_VALUE, old); break;
      case WARM_ACCOUNT: store<u32>(entry, load<u32>(old), A_WARM); break;
      case WARM_SLOT: store<u32>(entry, load<u32>(old), S_WARM); break;
      case TRANSIENT: copyWord(entry + S_VALUE, old); break;
      case CODE: setNoCode(entry); break;
      case CREATED: store<u32>(entry, load<u32>(old), A_CREATED); break;
      case TOUCHED:
        store<u32>(entry, load<u32>(old), A_TOUCHED);
        if (isRipemd(entry)) keptTouch = entry;
        break;
      case DESTROYED: store<u32>(entry, load<u32>(old), A_DESTROYED); break;
      case HOST:
        hostRevertTo(load<u32>(old));
        changeRules();
        break;
    }
  }
  if (keptTouch != 0) touch(keptTouch);
}

/** Ends the transaction: nothing of it can be taken back any more. */
export function settle(): void {
  const end = journalTop;
  for (let record = journal; record < end; record += RECORD) {
    if (load<u32>(record) == DESTROYED) destroy(<usize>load<u32>(record, 4), end);
  }
  for (let record = journal; record < end; record += RECORD) {
    const kind = load<u32>(record);
    const entry = <usize>load<u32>(record, 4);
    if (kind == SLOT) markSlotDirty(entry);
    else if (kind == TOUCHED) settleAccount(entry);
  }
  journalTop = journal;
}

/** EIP-161: what was touched and is empty does not exist. */
function settleAccount(account: usize): void {
  const flags = load<u32>(account, A_FLAGS);
  if (!isEmptyAccount(account)) store<u32>(account, flags | EXISTS, A_FLAGS);
  else if (flags & EXISTS) store<u32>(account, flags & ~EXISTS, A_FLAGS);
  else return;
  markAccountDirty(account);
}

/** EIP-6780: only what was created in this transaction can be destroyed, so that all its slots are in the journal. */
function destroy(account: usize, end: usize): void {
  setWord(account + A_BALANCE, 0);
  store<u64>(account, 0, A_NONCE);
  setNoCode(account);
  store<u32>(account, 0, A_CODE);
  const id = idOf(account);
  for (let record = journal; record < end; record += RECORD) {
    if (load<u32>(record) != SLOT) continue;
    const slot = <usize>load<u32>(record, 4);
    if (load<u32>(slot, S_ACCOUNT) == id) setWord(slot + S_VALUE, 0);
  }
}

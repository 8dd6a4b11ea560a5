/**
 * Code by hash, with what its analysis found: where a jump may go. Codes lie one behind the other in a region of their own,
 * which is emptied between transactions when it is nearly full; what does not fit within a transaction is put beside the
 * memory of its frame instead, and analysed each time.
 *
 * A code at its header: u32 size, u32 bitmap, u32 calls, u32 function of the compiler tier, hash (32 bytes), then at `CODE_BYTES` the bytes, `PADDING` zeros (STOP, and
 * operands of a last PUSH), and one bit per byte: a JUMPDEST that is not an operand.
 */
import { hostCodeSize, hostCopyCode } from './host';
import { allocate, ensure } from './memory';
import { A_CODE, A_CODE_GENERATION, A_CODE_HASH, hasCode } from './state';
import { copyWord, isEqual } from './words';

export const CODE_SIZE: usize = 0;
export const CODE_BITMAP: usize = 4;
/** Calls of it since it was placed, as far as they are counted (tier.ts). */
export const CODE_CALLS: usize = 8;
/** Its function in the table of the module; 0 when it is not compiled (tier.ts). */
export const CODE_TIER: usize = 12;
const CODE_HASH: usize = 32;
/** Operands are read as the 32 bytes that end with them. */
export const CODE_BYTES: usize = 64;
const PADDING: usize = 64;

let region: usize = 0;
let regionEnd: usize = 0;
let next: usize = 0;
let index: usize = 0;
let indexMask: u32 = 0;
let count: u32 = 0;
/** Pointers of accounts to codes hold in one generation. Never 0. */
export let generation: u32 = 1;

/** `size` bytes for codes; a code takes about 1.2 times its size. */
export function setupCodes(size: usize): void {
  region = allocate(size);
  regionEnd = region + size;
  let lines: u32 = 1024;
  // Of codes of some 256 bytes and more; smaller ones empty the region a little earlier.
  while (<usize>lines * 512 < size) lines <<= 1;
  index = allocate(<usize>lines << 2);
  indexMask = lines - 1;
  next = region;
}

/** Between transactions: begins anew when less than a quarter is free. */
export function trimCodes(): void {
  const size = regionEnd - region;
  if (next - region > size - (size >> 2) || count > (indexMask >> 1)) resetCodes();
}

export function resetCodes(): void {
  memory.fill(index, 0, (<usize>indexMask + 1) << 2);
  next = region;
  count = 0;
  generation++;
}

// @ts-ignore: decorator
@inline
export function codeRoom(size: u32): usize {
  return (CODE_BYTES + <usize>size + PADDING + (<usize>size >> 3) + 8 + 63) & ~(<usize>63);
}

/**
 * Header of the code of an account, 0 if it has none. One that does not fit any more is put at `spare`, an address without
 * use behind the memory of the running frame. Holds until the end of the transaction (at `spare`: as long as that is free).
 */
export function codeOf(account: usize, spare: usize): usize {
  if (load<u32>(account, A_CODE_GENERATION) == generation) return load<u32>(account, A_CODE);
  if (!hasCode(account)) return 0;
  const hash = account + A_CODE_HASH;
  const known = keptCode(hash);
  if (known != 0) return remember(account, known);
  const size = hostCodeSize(hash);
  const code = placeFor(size, spare);
  hostCopyCode(hash, code + CODE_BYTES);
  analyse(code, size);
  copyWord(code + CODE_HASH, hash);
  if (code == spare) return code;
  putIndex(code);
  return remember(account, code);
}

/** Room for a code: in the region, or at `spare`. */
function placeFor(size: u32, spare: usize): usize {
  const room = codeRoom(size);
  if (next + room > regionEnd || count >= indexMask - 1) {
    ensure(<u64>spare + <u64>room);
    return spare;
  }
  const code = next;
  next += room;
  return code;
}

/** Code that a creation has made, already at `bytes`; 0 if it is to be asked of the host when it is needed. */
export function addCode(hash: usize, bytes: usize, size: u32): usize {
  const code = placeFor(size, 0);
  if (code == 0) return 0;
  memory.copy(code + CODE_BYTES, bytes, size);
  analyse(code, size);
  copyWord(code + CODE_HASH, hash);
  putIndex(code);
  return code;
}

/** Code that runs once, at `code`: the bytes are copied there. */
export function placeInitCode(code: usize, bytes: usize, size: u32): void {
  ensure(<u64>code + <u64>codeRoom(size));
  memory.copy(code + CODE_BYTES, bytes, size);
  analyse(code, size);
}

/** Marks every JUMPDEST that is not the operand of a PUSH. */
function analyse(code: usize, size: u32): void {
  const bytes = code + CODE_BYTES;
  const end = bytes + size;
  memory.fill(code + 8, 0, 24);
  memory.fill(end, 0, PADDING);
  const bitmap = end + PADDING;
  memory.fill(bitmap, 0, (<usize>size >> 3) + 8);
  store<u32>(code, size, CODE_SIZE);
  store<u32>(code, <u32>bitmap, CODE_BITMAP);
  let at = bytes;
  while (at < end) {
    const op = <u32>load<u8>(at);
    if (op == 0x5b) {
      const bit = at - bytes;
      const byte = bitmap + (bit >> 3);
      store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(bit & 7)));
    } else if (op - 0x60 < 32) at += op - 0x5f;
    at++;
  }
}

/** Header of the code with this hash where it is kept until the region is emptied, else 0. */
export function keptCode(hash: usize): usize {
  let at = load<u32>(hash) & indexMask;
  while (true) {
    const known = <usize>load<u32>(index + (<usize>at << 2));
    if (known == 0 || isEqual(known + CODE_HASH, hash)) return known;
    at = (at + 1) & indexMask;
  }
}

/** Whether it lies in the region: one that is placed elsewhere has no hash and is gone after its frame. */
export function isKept(code: usize): bool {
  return code >= region && code < next;
}

function putIndex(code: usize): void {
  let at = load<u32>(code, CODE_HASH) & indexMask;
  while (load<u32>(index + (<usize>at << 2)) != 0) at = (at + 1) & indexMask;
  store<u32>(index + (<usize>at << 2), <u32>code);
  count++;
}

function remember(account: usize, code: usize): usize {
  store<u32>(account, <u32>code, A_CODE);
  store<u32>(account, generation, A_CODE_GENERATION);
  return code;
}

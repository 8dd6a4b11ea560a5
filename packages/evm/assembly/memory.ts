/**
 * The parts of linear memory that grow: a region that needs more room gets a new place behind all others, twice as large, so
 * that what is left behind is never more than what is used. Only between transactions; within one, nothing but the memory of
 * the frames grows, which lies behind everything.
 */
import { DYNAMIC } from './layout';
import { FAULT_MEMORY, fail } from './errors';

/** First byte behind the regions: memory of the frames begins here. */
export let top: usize = DYNAMIC;
let linearEnd: usize = 0;
/** No byte from here on was ever written: what the machine gives is zero. */
let usedEnd: usize = DYNAMIC;

const PAGE: usize = 65536;
/** Grows in steps, since each costs a call to the machine. */
const STEP: usize = 4 * 1024 * 1024;
const LINEAR_MAX: u64 = 0xffff0000;

/** Makes sure that bytes below `end` exist. A machine that cannot give them cannot take part any more. */
// @ts-ignore: decorator
@inline
export function ensure(end: u64): void {
  if (end > <u64>usedEnd) use(end);
}

function use(end: u64): void {
  if (end > <u64>linearEnd) grow(end);
  usedEnd = <usize>end;
}

function grow(end: u64): void {
  linearEnd = <usize>memory.size() * PAGE;
  if (end <= <u64>linearEnd) return;
  if (end > LINEAR_MAX) fail(FAULT_MEMORY);
  let pages = <i32>((end - <u64>linearEnd + PAGE - 1) / PAGE);
  const step = <i32>min<u64>(STEP / PAGE, (LINEAR_MAX - <u64>linearEnd) / PAGE);
  if (pages < step) pages = step;
  if (memory.grow(pages) < 0) fail(FAULT_MEMORY);
  linearEnd = <usize>memory.size() * PAGE;
}

/** A region of `size` bytes, all zero. */
export function allocate(size: usize): usize {
  const at = top;
  const used = usedEnd;
  ensure(<u64>at + <u64>size + 64);
  top = (at + size + 63) & ~(<usize>63);
  // Memory of earlier frames may have lain here; the rest is not touched, so that it takes no memory of the machine yet.
  if (used > at) memory.fill(at, 0, min(size, used - at));
  return at;
}

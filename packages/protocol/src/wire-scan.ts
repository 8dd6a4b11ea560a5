/**
 * Counts the fields of a protobuf message before it is decoded. A frame of empty items costs its sender two bytes an
 * item and the receiver an object each; with this, work and memory are bounded by the limits of the frame (spec FMT-91).
 * Fields that nobody knows are walked over like the others: a later version may add some (spec FMT-93).
 */

const WIRE_VARINT = 0;
const WIRE_64_BIT = 1;
const WIRE_BYTES = 2;
const WIRE_32_BIT = 5;
const VARINT_SIZE_MAX = 10;

/**
 * True when the message has at most `countMax` fields, those within the fields `nested` (one level deep) included, and
 * can be walked to its end.
 */
export function isWithinFieldCount(
  bytes: Uint8Array,
  countMax: number,
  { nested = [] }: { readonly nested?: readonly number[] } = {},
): boolean {
  const scan = { bytes, left: countMax };
  return walk(scan, 0, bytes.length, nested);
}

type Scan = { readonly bytes: Uint8Array; left: number };

function walk(scan: Scan, start: number, end: number, nested: readonly number[]): boolean {
  let at = start;
  while (at < end) {
    if (scan.left-- <= 0) return false;
    const tagEnd = varintEnd(scan.bytes, at, end);
    if (tagEnd < 0) return false;
    const tag = varintValue(scan.bytes, at, tagEnd);
    at = tagEnd;
    const wireType = tag % 8;
    let size = wireType === WIRE_64_BIT ? 8 : wireType === WIRE_32_BIT ? 4 : 0;
    if (wireType === WIRE_VARINT || wireType === WIRE_BYTES) {
      const valueEnd = varintEnd(scan.bytes, at, end);
      if (valueEnd < 0) return false;
      if (wireType === WIRE_BYTES) size = varintValue(scan.bytes, at, valueEnd);
      at = valueEnd;
    } else if (size === 0) {
      // Groups and unknown types are in no frame of ours.
      return false;
    }
    if (size > end - at) return false;
    if (wireType === WIRE_BYTES && nested.includes(Math.floor(tag / 8)) && !walk(scan, at, at + size, [])) return false;
    at += size;
  }
  return true;
}

/** Position behind the varint at `at`, or -1. */
function varintEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end && i < at + VARINT_SIZE_MAX; i++) if ((bytes[i] as number) < 0x80) return i + 1;
  return -1;
}

/** As a number; above 2^53 not exact, which is larger than any size or tag anyhow. */
function varintValue(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= at; i--) value = value * 128 + ((bytes[i] as number) & 0x7f);
  return value;
}

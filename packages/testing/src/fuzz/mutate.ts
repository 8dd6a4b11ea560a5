/** Changes of bytes that decoders get wrong: lengths, counts, ends, repetitions. All chance comes from the caller. */
import { concatBytes } from '@hansa/primitives';
import type { Prng } from '../simulator/prng.ts';

/** Inputs are cut here: decoders are asked about their budgets by announced sizes, not by sent ones. */
export const INPUT_SIZE_MAX: number = 64 * 1024;

const EXTREMES: readonly number[] = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
/** Words of the text formats among ours; a mutation of random bytes would not find them. */
const WORDS: readonly string[] = [
  'null',
  'true',
  '-1',
  '1e999',
  '1e21',
  '9007199254740993',
  '"__proto__"',
  '"constructor"',
  '[]',
  '{}',
  '[[[[[[[[[[[[[[[[',
  '"0x"',
  '"0x00"',
  '"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"',
  '"latest"',
  '"\\ud800"',
  '\u0000',
  '\u202e',
  '\n',
  ',',
  ':',
  '"',
];
const WORD_BYTES: readonly Uint8Array[] = WORDS.map((word) => new TextEncoder().encode(word));

type Mutation = (prng: Prng, input: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

/** The kinds, by name; each is equally likely. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBit: (prng, input) => changed(input, (bytes) => flip(prng, bytes)),
  setByte: (prng, input) => changed(input, (bytes) => set(bytes, at(prng, bytes), prng.below(256))),
  stepByte: (prng, input) =>
    changed(input, (bytes) => {
      const position = at(prng, bytes);
      set(bytes, position, (bytes[position] ?? 0) + (prng.chance(0.5) ? 1 : -1));
    }),
  extremeNumber: (prng, input) => changed(input, (bytes) => writeExtreme(prng, bytes)),
  lengthField: (prng, input) => changed(input, (bytes) => shiftLength(prng, bytes)),
  varint: rewriteVarint,
  insertBytes: (prng, input) => insert(input, prng.below(input.length + 1), randomBytes(prng, 1 + prng.below(8))),
  deleteBytes: (prng, input) => {
    const from = prng.below(input.length + 1);
    return concatBytes(input.subarray(0, from), input.subarray(from + 1 + prng.below(8)));
  },
  duplicateRange: (prng, input) => {
    const [from, to] = range(prng, input);
    return insert(input, to, input.subarray(from, to));
  },
  moveRange: (prng, input) => {
    const [from, to] = range(prng, input);
    const rest = concatBytes(input.subarray(0, from), input.subarray(to));
    return insert(rest, prng.below(rest.length + 1), input.subarray(from, to));
  },
  truncate: (prng, input) => input.slice(0, prng.below(input.length + 1)),
  extend: (prng, input) =>
    concatBytes(input, prng.chance(0.5) ? new Uint8Array(1 + prng.below(32)) : randomBytes(prng, 4)),
  repeat: repeatRange,
  splice: (prng, input, others) => {
    const other = others.length === 0 ? input : prng.pick(others);
    return concatBytes(input.subarray(0, prng.below(input.length + 1)), other.subarray(prng.below(other.length + 1)));
  },
  graft: (prng, input, others) => {
    const other = others.length === 0 ? input : prng.pick(others);
    const [from, to] = range(prng, other);
    return insert(input, prng.below(input.length + 1), other.subarray(from, to));
  },
  word: (prng, input) => {
    const from = prng.below(input.length + 1);
    const size = prng.chance(0.5) ? 0 : prng.below(6);
    return concatBytes(input.subarray(0, from), prng.pick(WORD_BYTES), input.subarray(from + size));
  },
  nothingLeft: () => new Uint8Array(0),
};
const KINDS: readonly Mutation[] = Object.values(MUTATIONS);

/** One to a few mutations in a row; the input stays as it is. */
export function mutate(prng: Prng, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes = input;
  // Mostly one: two faults at once hide each other behind the first check.
  const count = prng.chance(0.7) ? 1 : prng.between(2, 6);
  for (let i = 0; i < count; i++) bytes = prng.pick(KINDS)(prng, bytes, others).slice(0, INPUT_SIZE_MAX);
  return bytes;
}

export function randomBytes(prng: Prng, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = prng.u32();
  return bytes;
}

function changed(input: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(input);
  if (bytes.length > 0) change(bytes);
  return bytes;
}

const at = (prng: Prng, bytes: Uint8Array): number => prng.below(bytes.length);

function set(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value;
}

function flip(prng: Prng, bytes: Uint8Array): void {
  const position = at(prng, bytes);
  set(bytes, position, (bytes[position] as number) ^ (1 << prng.below(8)));
}

function range(prng: Prng, bytes: Uint8Array): readonly [number, number] {
  const from = prng.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + prng.below(prng.chance(0.7) ? 40 : bytes.length + 1))];
}

function insert(input: Uint8Array, position: number, added: Uint8Array): Uint8Array {
  return concatBytes(input.subarray(0, position), added, input.subarray(position));
}

/** A number at the edge of its width, big- or little-endian, anywhere. */
function writeExtreme(prng: Prng, bytes: Uint8Array): void {
  const width = prng.pick([1, 2, 4, 8]);
  if (bytes.length < width) return;
  const view = new DataView(bytes.buffer);
  const position = prng.below(bytes.length - width + 1);
  const value = prng.pick(EXTREMES);
  const isLittle = prng.chance(0.25);
  if (width === 1) view.setUint8(position, value);
  else if (width === 2) view.setUint16(position, value, isLittle);
  else if (width === 4) view.setUint32(position, value, isLittle);
  else view.setBigUint64(position, prng.chance(0.5) ? BigInt(value) : (BigInt(value) << 32n) | 0xffff_ffffn, isLittle);
}

/** Looks for a u32 that could be the length or count of what follows, and moves it. */
function shiftLength(prng: Prng, bytes: Uint8Array): void {
  if (bytes.length < 4) return;
  const view = new DataView(bytes.buffer);
  const start = prng.below(bytes.length - 3);
  for (let i = 0; i < bytes.length - 3; i++) {
    const position = (start + i) % (bytes.length - 3);
    const value = view.getUint32(position);
    if (value > bytes.length) continue;
    const step = prng.pick([1, -1, 2, 0xff, 0x10000, bytes.length, 0x7fff_ffff]);
    view.setUint32(position, value + step);
    return;
  }
}

/** Protobuf's numbers: an overlong, an extreme or an unfinished one in the place of another. */
function rewriteVarint(prng: Prng, input: Uint8Array): Uint8Array {
  const from = prng.below(input.length + 1);
  let to = from;
  while (to < input.length && (input[to] as number) >= 0x80) to++;
  to = Math.min(input.length, to + 1);
  const replacement = prng.pick([
    Uint8Array.of(((input[from] ?? 0) & 0x7f) | 0x80, 0x80, 0x00),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0x80),
    Uint8Array.of(0),
    Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10),
  ]);
  return concatBytes(input.subarray(0, from), replacement, input.subarray(to));
}

function repeatRange(prng: Prng, input: Uint8Array): Uint8Array {
  const [from, to] = range(prng, input);
  const unit = input.subarray(from, to);
  if (unit.length === 0) return input;
  const count = Math.min(prng.pick([2, 16, 300, 20_000]), Math.floor(INPUT_SIZE_MAX / unit.length));
  const repeated = new Uint8Array(unit.length * count);
  for (let i = 0; i < count; i++) repeated.set(unit, i * unit.length);
  return insert(input, to, repeated);
}

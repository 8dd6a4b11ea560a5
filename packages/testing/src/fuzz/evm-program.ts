/** Programs for the EVM that do something: operands that fit, memory that is cheap, calls that find somebody. */
import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import type { Prng } from '../simulator/prng.ts';

export const addressOfNumber = (number: number): AddressHex => number.toString(16).padStart(40, '0') as AddressHex;
export const codeHashOf = (code: Uint8Array): HashHex => hashToHex(ethereumCrypto.keccak256(code));

const STEPS_MAX = 40;
const WORDS: readonly string[] = [
  '00',
  '01',
  '02',
  '03',
  '1f',
  '20',
  '40',
  '60',
  '7f',
  '80',
  'ff',
  '0100',
  'ffff',
  '010000',
  'ffffffff',
  '0100000000',
  '7fffffffffffffff',
  'ffffffffffffffff',
  '010000000000000000',
  'ffffffffffffffffffffffffffffffff',
  `80${'00'.repeat(31)}`,
  `7f${'ff'.repeat(31)}`,
  'ff'.repeat(32),
  `${'ff'.repeat(31)}fe`,
];
const BINARY = [
  1, 2, 3, 4, 5, 6, 7, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d,
];
const UNARY = [0x15, 0x19];
const TERNARY = [0x08, 0x09];
const NULLARY = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58, 0x59,
  0x5a, 0x5f,
];
const CALLS = [0xf1, 0xf1, 0xf2, 0xf4, 0xfa];

const byte = (value: number): string => value.toString(16).padStart(2, '0');
const push = (hex: string): string => `${byte(0x5f + hex.length / 2)}${hex}`;

/** Mostly runs to its end; a mutated one need not. */
export function generateProgram(prng: Prng): Uint8Array {
  const steps = Array.from({ length: 1 + prng.below(STEPS_MAX) }, () => step(prng));
  return fromHex(steps.join('') + ending(prng));
}

/** As `generateProgram`, with loops and functions. Too long for traces. */
export function generateLoopingProgram(prng: Prng): Uint8Array {
  let program = '';
  for (let count = 1 + prng.below(STEPS_MAX); count > 0; count--)
    program += prng.chance(0.12) ? structuredStep(prng, program.length / 2) : step(prng);
  return fromHex(program + ending(prng));
}

const push16 = (value: number): string => push(value.toString(16).padStart(4, '0'));

/** Mostly leaves the stack as it was. `counter` is the opcode that copies a word that differs each time. */
function loopBody(prng: Prng, counter: string): string {
  const one = (): string => {
    switch (prng.below(8)) {
      case 0:
        return `${counter}${word(prng)}${byte(prng.pick(BINARY))}${offset(prng)}52`;
      case 1:
        return `${counter}${slot(prng)}55`;
      case 2:
        return `${slot(prng)}54${counter}${byte(prng.pick(BINARY))}${slot(prng)}55`;
      case 3:
        return `${size(prng)}${offset(prng)}20${offset(prng)}51${byte(prng.pick(BINARY))}${offset(prng)}52`;
      case 4:
        return `${counter}${counter}${word(prng)}${byte(prng.pick(TERNARY))}${counter}52`;
      case 5:
        return `${counter}${offset(prng)}53`;
      case 6:
        return `${byte(prng.pick(NULLARY))}${counter}${byte(prng.pick(BINARY))}50`;
      default:
        return prng.chance(0.1) ? step(prng) : `5a${offset(prng)}52`;
    }
  };
  return Array.from({ length: 1 + prng.below(4) }, one).join('');
}

/** A loop, one within another, or a function that is called and returns, at the place `at`. */
function structuredStep(prng: Prng, at: number): string {
  if (prng.chance(0.4)) {
    // Return address, function, JUMP; the function; where it returns to.
    const body = loopBody(prng, '80');
    return `${push16(at + 9 + body.length / 2)}${push16(at + 7)}565b${body}565b`;
  }
  const count = push(byte(1 + prng.below(20)));
  const inner = prng.chance(0.3) ? structuredStep(prng, at + 3) : '';
  const body = `${inner}${loopBody(prng, '80')}`;
  return `${count}5b${body}6001900380${push16(at + 2)}57${prng.pick(['', '50'])}`;
}

/** Stores the upper words of the stack one behind the other and returns them: what nobody sees may be wrong. */
function stackAsOutput(count: number): string {
  const stores = Array.from({ length: count }, (_, i) => `${push(byte(32 * i))}52`);
  return `${stores.join('')}${push((32 * count).toString(16).padStart(4, '0'))}5ff3`;
}

function ending(prng: Prng): string {
  if (prng.chance(0.6)) return stackAsOutput(prng.pick([1, 2, 4, 8, 12]));
  return prng.pick(['', '00', '60205ff3', '60405ff3', '60205ffd', '5f5ffd', 'fe', '5f5ff3', '33ff', '60c2ff', '5fff']);
}

function word(prng: Prng): string {
  if (prng.chance(0.15)) return push(prng.hex(prng.between(1, 32)));
  return push(prng.pick(WORDS));
}

/** Small: below 300, so that memory stays cheap. */
const offset = (prng: Prng): string => push(byte(prng.below(256)));
const size = (prng: Prng): string => push(byte(prng.pick([0, 1, 4, 31, 32, 33, 64, 96, 200])));
/** Few, so that slots meet again. */
const slot = (prng: Prng): string => push(byte(prng.below(4)));

function address(prng: Prng): string {
  const pick = prng.below(10);
  if (pick < 6) return push(byte(0xc1 + prng.below(3)));
  if (pick < 8) return push(byte(1 + prng.below(0x11)));
  return prng.pick(['30', '33', push('1000'), push('0fee'), push('dead'), push('aa'.repeat(20))]);
}

function step(prng: Prng): string {
  switch (prng.below(25)) {
    case 0:
    case 1:
    case 2:
      return `${word(prng)}${word(prng)}${byte(prng.pick(BINARY))}`;
    case 3:
      return `${word(prng)}${byte(prng.pick(UNARY))}`;
    case 4:
      return `${word(prng)}${word(prng)}${word(prng)}${byte(prng.pick(TERNARY))}`;
    case 5:
      return byte(prng.pick(NULLARY));
    case 6:
      return `${word(prng)}${offset(prng)}${prng.pick(['52', '53'])}`;
    case 7:
      return `${offset(prng)}51`;
    case 8:
      return `${size(prng)}${offset(prng)}20`;
    case 9:
      return `${prng.pick([word(prng), slot(prng), push('00')])}${slot(prng)}55`;
    case 10:
      return `${slot(prng)}54`;
    case 11:
      return prng.chance(0.5) ? `${word(prng)}${slot(prng)}5d` : `${slot(prng)}5c`;
    case 12:
      return `${size(prng)}${offset(prng)}${offset(prng)}${prng.pick(['37', '39', '3e', '5e'])}`;
    case 13:
      return `${address(prng)}${prng.pick(['31', '3b', '3f'])}`;
    case 14:
      return `${size(prng)}${offset(prng)}${offset(prng)}${address(prng)}3c`;
    case 15: {
      const topics = prng.below(5);
      return `${Array.from({ length: topics }, () => word(prng)).join('')}${size(prng)}${offset(prng)}${byte(0xa0 + topics)}`;
    }
    case 16:
    case 17:
      return callStep(prng);
    case 18:
      return createStep(prng);
    case 19:
      return prng.pick([`${offset(prng)}35`, `${word(prng)}40`, `${word(prng)}49`]);
    case 20:
      return byte(prng.pick([0x50, 0x80, 0x81, 0x83, 0x8f, 0x90, 0x91, 0x9f]));
    case 21:
      return jumpStep(prng);
    case 22:
      return `80${slot(prng)}55`;
    default:
      return `${word(prng)}${word(prng)}${byte(prng.pick(BINARY))}${push(byte(32 * prng.below(4)))}52`;
  }
}

/** Output and input in memory, sometimes value, sometimes all gas, sometimes next to none. */
function callStep(prng: Prng): string {
  const opcode = prng.pick(CALLS);
  const hasValue = opcode === 0xf1 || opcode === 0xf2;
  const value = hasValue ? push(byte(prng.pick([0, 0, 1, 255]))) : '';
  const gas = prng.pick(['5a', push('ffff'), push('08fc'), push('00'), push('1000'), push('ff'.repeat(32))]);
  return `${size(prng)}${offset(prng)}${size(prng)}${offset(prng)}${value}${address(prng)}${gas}${byte(opcode)}`;
}

/** Init code that returns a little code, or what lies in memory. */
function createStep(prng: Prng): string {
  const code = prng.pick([
    '600160005260206000f3',
    '60ff5f5360015ff3',
    '60ef5f5360015ff3',
    '5f5ffd',
    '33ff',
    '60015f5560045ff3',
    '615fff5ff3',
    '',
  ]);
  const salt = prng.chance(0.5) ? slot(prng) : '';
  const value = push(byte(prng.pick([0, 0, 1])));
  if (code === '') return `${salt}${size(prng)}${offset(prng)}${value}${salt === '' ? 'f0' : 'f5'}`;
  const bytes = code.length / 2;
  return `${push(code)}5f52${salt}${push(byte(bytes))}${push(byte(32 - bytes))}${value}${salt === '' ? 'f0' : 'f5'}`;
}

/** Forward over a few bytes by a distance from here, or to nowhere. */
function jumpStep(prng: Prng): string {
  const skipped = prng.below(4);
  const filler = '5b'.repeat(skipped);
  if (prng.chance(0.15)) return `${word(prng)}56`;
  // PC, distance, ADD, then JUMP; or the condition below and JUMPI.
  if (prng.chance(0.5)) return `58${push(byte(5 + skipped))}0156${filler}5b`;
  return `${prng.pick([push('00'), push('01')])}58${push(byte(5 + skipped))}0157${filler}5b`;
}

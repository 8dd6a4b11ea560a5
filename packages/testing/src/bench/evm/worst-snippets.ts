/** Code that does one thing as expensively as it can, and leaves the stack as it was. */
import { fromHex } from '@hansa/primitives';
import { addressOf } from './world.ts';

export type Snippet = {
  readonly name: string;
  /** Hex of the code that is repeated. */
  readonly body: string;
  /** Call data, which lies in memory from 0 on. */
  readonly data?: Uint8Array;
  /** Codes have never been seen before. */
  readonly isCold?: boolean;
};

const byte = (value: number): string => value.toString(16).padStart(2, '0');
export const push = (value: number | string): string => {
  const digits = typeof value === 'string' ? value : value === 0 ? '' : value.toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  return `${byte(0x5f + hex.length / 2)}${hex}`;
};
const POP = '50';
const MAX = 'ff'.repeat(32);
const HIGH = `80${'00'.repeat(30)}01`;
const MIDDLE = `01${'00'.repeat(15)}03`;
/** A counter in memory at 0xffe0: its next value on the stack. */
const NEXT = `${push(0xffe0)}51600101${`80${push(0xffe0)}52`}`;
const LARGE_CODE = push(addressOf(0x100));

const names: readonly (readonly [number, string])[] = [
  [0x01, 'ADD'],
  [0x02, 'MUL'],
  [0x03, 'SUB'],
  [0x04, 'DIV'],
  [0x05, 'SDIV'],
  [0x06, 'MOD'],
  [0x07, 'SMOD'],
  [0x0b, 'SIGNEXTEND'],
  [0x10, 'LT'],
  [0x12, 'SLT'],
  [0x14, 'EQ'],
  [0x16, 'AND'],
  [0x1a, 'BYTE'],
  [0x1b, 'SHL'],
  [0x1d, 'SAR'],
];
const arithmetic: readonly Snippet[] = names.flatMap(([op, name]) =>
  [HIGH, MIDDLE, '03', '1f'].map((right) => ({
    name: `${name} by 0x${right.replace(/^(..).{20,}(..)$/, '$1…$2')}`,
    body: `${push(right)}${push(MAX)}${byte(op)}${POP}`,
  })),
);
const modular: readonly Snippet[] = [[0x08, 'ADDMOD'] as const, [0x09, 'MULMOD'] as const].flatMap(([op, name]) =>
  [HIGH, MIDDLE, '03'].map((modulus) => ({
    name: `${name} by 0x${modulus.slice(0, 2)}…`,
    body: `${push(modulus)}${push(MAX)}${push(MAX)}${byte(op)}${POP}`,
  })),
);
const powers: readonly Snippet[] = ['03', 'ff', 'ffff', MAX].map((exponent) => ({
  name: `EXP of ${exponent.length / 2} bytes`,
  body: `${push(exponent)}${push(MAX)}0a${POP}`,
}));
const NULLARY = [
  0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58, 0x59,
  0x5a, 0x5f,
];
const nullary: readonly Snippet[] = NULLARY.map((op) => ({ name: `opcode 0x${byte(op)}`, body: `${byte(op)}${POP}` }));

const sized: readonly Snippet[] = [0, 1, 32, 33, 1_000, 32_000].flatMap((size) => [
  { name: `CALLDATACOPY ${size}`, body: `${push(size)}${push(7)}${push(3)}37` },
  { name: `CODECOPY ${size}`, body: `${push(size)}${push(7)}${push(3)}39` },
  { name: `MCOPY ${size}`, body: `${push(size)}${push(7)}${push(3)}5e` },
  { name: `EXTCODECOPY ${size}`, body: `${push(size)}${push(7)}${push(3)}${LARGE_CODE}3c` },
  // What is hashed is another each time.
  { name: `KECCAK256 ${size}`, body: `${push(size)}5f205f52` },
  { name: `LOG0 ${size}`, body: `${push(size)}5fa0` },
  { name: `CREATE with init code of ${size}`, body: `${push(size)}${push(64)}5ff0${POP}` },
  { name: `CREATE2 with init code of ${size}`, body: `${NEXT}${push(size)}${push(64)}5ff5${POP}` },
  { name: `CALL with ${size} of data and output`, body: `${push(size)}5f${push(size)}5f5f${push('dead')}5af1${POP}` },
]);

/** Those that nothing was paid for yet, one after the other. */
const cold: readonly Snippet[] = [
  { name: 'SLOAD of another slot', body: `${NEXT}54${POP}` },
  { name: 'SSTORE to another slot', body: `6001${NEXT}55` },
  { name: 'TSTORE to another slot', body: `6001${NEXT}5d` },
  { name: 'TLOAD of another slot', body: `${NEXT}5c${POP}` },
  { name: 'BALANCE of another account', body: `${NEXT}31${POP}` },
  { name: 'CALL of another account', body: `5f5f5f5f5f${NEXT}5af1${POP}` },
];
const unseen: readonly Snippet[] = [
  ['EXTCODESIZE', `3b${POP}`],
  ['EXTCODEHASH', `3f${POP}`],
].map(
  ([name, rest]): Snippet => ({
    name: `${name} of another code of 24 KB`,
    body: `${push(addressOf(0x1_0000))}${NEXT}01${rest}`,
    isCold: true,
  }),
);

const others: readonly Snippet[] = [
  { name: 'JUMPDEST', body: '5b' },
  { name: 'JUMP', body: '58600401565b' },
  { name: 'JUMPI, not taken', body: '5f5f57' },
  { name: 'JUMPI, taken', body: '600158600401575b' },
  { name: 'DUP1', body: `5f80${POP}${POP}` },
  { name: 'SWAP16', body: `${'5f'.repeat(17)}${'9f'.repeat(20)}${POP.repeat(17)}` },
  { name: 'PUSH32', body: `${push(MAX)}${POP}` },
  { name: 'ISZERO, NOT', body: `5f15191519${POP}` },
  { name: 'MLOAD', body: `600151${POP}` },
  { name: 'MSTORE', body: `${push(MAX)}600152` },
  { name: 'MSTORE8', body: `${push(MAX)}600153` },
  { name: 'CALLDATALOAD', body: `600135${POP}` },
  { name: 'BLOCKHASH of the block before', body: `6001430340${POP}` },
  { name: 'BLOCKHASH of nothing', body: `4340${POP}` },
  { name: 'SLOAD, warm', body: `5f54${POP}` },
  { name: 'SSTORE, warm', body: '60015f555f5f55' },
  { name: 'TLOAD', body: `5f5c${POP}` },
  { name: 'TSTORE', body: '60015f5d' },
  { name: 'BALANCE, warm', body: `3031${POP}` },
  { name: 'EXTCODEHASH, warm', body: `303f${POP}` },
  { name: 'LOG4', body: '5f5f5f5f5f5fa4' },
  { name: 'CALL of itself', body: `5f5f5f5f5f305af1${POP}` },
  { name: 'DELEGATECALL of itself', body: `5f5f5f5f305af4${POP}` },
  { name: 'STATICCALL of nobody', body: `5f5f5f5f${push('dead')}5afa${POP}` },
  { name: 'CALL of nobody with value', body: `5f5f5f5f6001${push('dead')}5af1${POP}` },
  { name: 'CALL of a code of 24 KB', body: `5f5f5f5f5f${LARGE_CODE}61ffff${'f1'}${POP}` },
];

export const OPCODE_SNIPPETS: readonly Snippet[] = [
  ...arithmetic,
  ...modular,
  ...powers,
  ...nullary,
  ...sized,
  ...cold,
  ...unseen,
  ...others,
];

/** Copies the call data to memory, then repeats the bodies for ever. */
export function programOf(snippets: readonly Snippet[], sizeMax: number): Uint8Array {
  const start = `365f5f37`;
  const body = snippets.map((snippet) => snippet.body).join('');
  const count = Math.max(1, Math.floor((sizeMax - 16) / (body.length / 2)));
  return fromHex(`${start}5b${body.repeat(Math.min(count, 256))}${push(start.length / 2)}56`);
}

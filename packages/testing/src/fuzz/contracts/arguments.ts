/** Arguments of calls by their types: what fits, what lies at the edge, and what no compiler would write. */
import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, bytesToHex, concatBytes, fromHex } from '@hansa/primitives';

const MAX = 2n ** 256n - 1n;
const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  5n,
  7n,
  31n,
  32n,
  100n,
  997n,
  1_000n,
  1_001n,
  30_000n,
  100_000n,
  10n ** 9n,
  10n ** 15n,
  10n ** 18n,
  10n ** 18n + 1n,
  10n ** 20n,
  10n ** 24n,
  2n ** 32n,
  2n ** 64n - 1n,
  2n ** 112n - 1n,
  2n ** 112n,
  2n ** 128n,
  2n ** 255n - 1n,
  2n ** 255n,
  MAX - 1n,
  MAX,
];
const SIZES = [0, 0, 1, 4, 31, 32, 33, 64, 68, 100, 200];
/** Draws of an argument at and above this come from a hash: nobody has thought of them. */
const RANDOM_FROM = 224;

/** What a call is made of: a byte an argument, from which all its bits follow. */
export type Drawn = {
  readonly addresses: readonly AddressHex[];
  readonly words: readonly string[];
  /** Call data for somebody who passes them on. */
  readonly innerCall: (byte: number) => Uint8Array;
};

/** Data of a call: selector, then arguments of these types, each chosen by a byte. */
export function encodeArguments(
  { selector, types }: { readonly selector: string; readonly types: readonly string[] },
  bytes: readonly number[],
  drawn: Drawn,
): Uint8Array {
  const heads: string[] = [];
  const tails: string[] = [];
  let tailAt = 32 * types.length;
  types.forEach((type, index) => {
    const byte = bytes[index] ?? 0;
    const content = dynamicContent(type, byte, drawn);
    if (content === undefined) {
      heads.push(staticWord(type, byte, drawn));
      return;
    }
    heads.push(wordHex(BigInt(tailAt)));
    tails.push(content);
    tailAt += content.length / 2;
  });
  return fromHex([selector, ...heads, ...tails].join(''));
}

function dynamicContent(type: string, byte: number, { words, innerCall }: Drawn): string | undefined {
  if (type === 'bytes') return sized(byte > 0 && byte < 96 ? innerCall(byte) : randomBytes(byte));
  if (type === 'string') return sized(byte < 32 ? new Uint8Array(byte).fill(0x61) : randomBytes(byte));
  if (type !== 'bytes32[]') return undefined;
  const items = Array.from({ length: byte % 5 }, (_, i) => words[(byte + i) % words.length] as string);
  return wordHex(BigInt(items.length)) + items.join('');
}

function staticWord(type: string, byte: number, { addresses, words }: Drawn): string {
  if (byte >= RANDOM_FROM) return randomWord(byte);
  switch (type) {
    case 'address':
    case 'address payable':
      return (addresses[byte % addresses.length] as string).padStart(64, '0');
    case 'bool':
      return wordHex(BigInt(byte % 2));
    case 'uint8':
      return wordHex(BigInt([27, 28, 0, 1, 255][byte % 5] as number));
    case 'bytes32':
      return words[byte % words.length] as string;
    case 'bytes4':
      return randomWord(byte).slice(0, 8).padEnd(64, '0');
    default:
      return wordHex(NUMBERS[byte % NUMBERS.length] as bigint);
  }
}

const wordHex = (value: bigint): string => value.toString(16).padStart(64, '0');
const randomWord = (byte: number): string => bytesToHex(ethereumCrypto.keccak256(Uint8Array.of(byte)));

function randomBytes(byte: number): Uint8Array {
  const size = SIZES[byte % SIZES.length] as number;
  const words = Array.from({ length: Math.ceil(size / 32) }, (_, i) =>
    ethereumCrypto.keccak256(Uint8Array.of(byte, i)),
  );
  return concatBytes(...words).subarray(0, size);
}

/** `bytes` or `string`: size and content, filled up to whole words. */
function sized(content: Uint8Array): string {
  const hex = bytesToHex(content);
  return wordHex(BigInt(content.length)) + hex.padEnd(Math.ceil(content.length / 32) * 64, '0');
}

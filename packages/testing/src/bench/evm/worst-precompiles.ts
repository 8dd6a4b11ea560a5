import { standardSuite } from '@hansa/crypto';
import { concatBytes, fromHex } from '@hansa/primitives';
import { push, type Snippet } from './worst-snippets.ts';

const filled = (size: number, value = 0xff): Uint8Array => new Uint8Array(size).fill(value);
const word = (value: number): string => value.toString(16).padStart(64, '0');
const repeated = (hex: string, count: number): Uint8Array => fromHex(hex.repeat(count));

/** Generators of the groups of alt_bn128 (EIP-197) and BLS12-381 (EIP-2537). */
const BN1 = `${word(1)}${word(2)}`;
const BN2 =
  '198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa';
const field = (...numbers: readonly string[]): string => numbers.map((number) => number.padStart(128, '0')).join('');
const BLS1 = field(
  '17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  '08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1',
);
const BLS2 = field(
  '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
  '13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e',
  '0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801',
  '0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be',
);
const SCALAR = `73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000`;
const BN_SCALAR = `30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000`;

const modexp = (size: number, exponentSize: number): Uint8Array =>
  concatBytes(fromHex(`${word(size)}${word(exponentSize)}${word(size)}`), filled(2 * size + exponentSize));
const blake = (rounds: number): Uint8Array =>
  concatBytes(fromHex(rounds.toString(16).padStart(8, '0')), filled(208), Uint8Array.of(1));

function signature(): Uint8Array {
  const digest = standardSuite.taggedDigest('hansa/bench/v1', new Uint8Array(32));
  return concatBytes(fromHex(`${digest}${word(27)}`), standardSuite.sign(digest, filled(32, 7)));
}

/** A right proof, of go-ethereum's tests. */
const POINT_PROOF =
  '01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a';

const snippet = (id: number, what: string, data: Uint8Array): Snippet => ({
  name: `0x${id.toString(16).padStart(2, '0')} ${what}`,
  // All gas, so that one that runs out of it ends the program.
  body: `${push(256)}${push(0x8000)}${push(data.length)}5f${push(id.toString(16).padStart(2, '0'))}5afa50`,
  data,
});

/** By their address and input; an input that a contract refuses would cost gas alone. */
export function precompileSnippets(): readonly Snippet[] {
  return [
    snippet(0x01, 'recovery', signature()),
    ...[0, 32, 10_000].flatMap((size) => [
      snippet(0x02, `of ${size}`, filled(size)),
      snippet(0x03, `of ${size}`, filled(size)),
      snippet(0x04, `of ${size}`, filled(size)),
    ]),
    ...([1, 8, 32, 64, 128, 256, 1_024] as const).flatMap((size) => [
      snippet(0x05, `${size} to the power of 1 byte`, modexp(size, 1)),
      snippet(0x05, `${size} to the power of 32 bytes`, modexp(size, 32)),
      snippet(0x05, `${size} to the power of 300 bytes`, modexp(size, 300)),
    ]),
    snippet(0x06, 'addition', repeated(BN1, 2)),
    snippet(0x07, 'multiplication', fromHex(BN1 + BN_SCALAR)),
    ...[1, 2, 6].map((count) => snippet(0x08, `${count} pairs`, repeated(BN1 + BN2, count))),
    snippet(0x09, '1 round', blake(1)),
    snippet(0x09, '1,000 rounds', blake(1_000)),
    snippet(0x0a, 'point evaluation', fromHex(POINT_PROOF)),
    snippet(0x0b, 'addition', repeated(BLS1, 2)),
    ...[1, 16].map((count) => snippet(0x0c, `${count} products`, repeated(BLS1 + SCALAR, count))),
    snippet(0x0d, 'addition', repeated(BLS2, 2)),
    ...[1, 16].map((count) => snippet(0x0e, `${count} products`, repeated(BLS2 + SCALAR, count))),
    ...[1, 4].map((count) => snippet(0x0f, `${count} pairs`, repeated(BLS1 + BLS2, count))),
    snippet(0x10, 'to the curve', concatBytes(filled(16, 0), filled(48, 0x11))),
    snippet(0x11, 'to the curve', concatBytes(filled(16, 0), filled(48, 0x11), filled(16, 0), filled(48, 0x12))),
  ];
}

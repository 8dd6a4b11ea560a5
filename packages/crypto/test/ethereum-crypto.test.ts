import { ethereumCrypto, initCrypto } from '@hansa/crypto';
import { bytesToHex, concatBytes, fromHex, InvariantError } from '@hansa/primitives';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, expect, it } from 'vitest';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** First account of the mnemonic of Hardhat and Anvil. */
const KEY_HEX = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const key = fromHex(KEY_HEX);
const digest = ethereumCrypto.keccak256(Uint8Array.of(1, 2, 3));

beforeAll(initCrypto);

it('finds the account of a key as wallets do', () => {
  expect(ethereumCrypto.addressOfKey(key)).toBe('f39fd6e51aad88f6f4ce6ab8827279cfffb92266');
});

it('signs as viem does, and recovers the signer', async () => {
  const account = privateKeyToAccount(`0x${KEY_HEX}`);
  const theirs = await account.sign({ hash: `0x${bytesToHex(digest)}` });
  const { signature, recovery } = ethereumCrypto.signDigest(digest, key);
  expect(theirs).toBe(`0x${bytesToHex(signature)}${(27 + recovery).toString(16)}`);
  expect(`0x${ethereumCrypto.recoverAddress(digest, signature, recovery)}`).toBe(account.address.toLowerCase());
  expect(ethereumCrypto.recoverAddress(digest, signature, (1 - recovery) as 0 | 1)).not.toBe(
    account.address.toLowerCase().slice(2),
  );
});

it('EIP-2: high-s recovers no address, while the precompile sees its key', () => {
  const { signature, recovery } = ethereumCrypto.signDigest(digest, key);
  const s = BigInt(`0x${bytesToHex(signature.subarray(32))}`);
  const high = concatBytes(signature.subarray(0, 32), fromHex((ORDER - s).toString(16).padStart(64, '0')));
  const flipped = (1 - recovery) as 0 | 1;
  expect(ethereumCrypto.recoverAddress(digest, high, flipped)).toBeUndefined();
  expect(ethereumCrypto.recoverPublicKey(digest, high, flipped)).toEqual(
    ethereumCrypto.recoverPublicKey(digest, signature, recovery),
  );
});

it('gives undefined for what recovers to nothing, never a throw', () => {
  const zero = new Uint8Array(64);
  const large = new Uint8Array(64).fill(0xff);
  for (const bad of [zero, large, new Uint8Array(0), new Uint8Array(65).fill(1)]) {
    expect(ethereumCrypto.recoverAddress(digest, bad, 0)).toBeUndefined();
    expect(ethereumCrypto.recoverPublicKey(digest, bad, 1)).toBeUndefined();
  }
  expect(ethereumCrypto.recoverAddress(new Uint8Array(31), new Uint8Array(64).fill(1), 0)).toBeUndefined();
  // x = 5 is on no point of the curve.
  const noPoint = concatBytes(fromHex('5'.padStart(64, '0')), fromHex('1'.padStart(64, '0')));
  expect(ethereumCrypto.recoverAddress(digest, noPoint, 0)).toBeUndefined();
});

it('own mistakes stop', () => {
  expect(() => ethereumCrypto.signDigest(new Uint8Array(31), key)).toThrow(InvariantError);
  expect(() => ethereumCrypto.signDigest(digest, new Uint8Array(32))).toThrow(InvariantError);
  expect(() => ethereumCrypto.addressOfKey(new Uint8Array(32))).toThrow(InvariantError);
  expect(() => ethereumCrypto.addressOfPublicKey(new Uint8Array(65))).toThrow(InvariantError);
});

/** Encrypted private keys (spec FMT-8): Web3 Secret Storage, version 3, as geth, Besu and wallets write and read it. */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { ethereumCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import { bytesToHex, concatBytes, type Failure, fail, fromHex, ok, type Result } from '@hansa/primitives';
import { z } from 'zod';
import type { NodeErrorCode } from '../errors.ts';

/** What a guess costs: 128 · n · r bytes of memory, 128 MiB, and some tenths of a second. */
export type ScryptCost = { readonly n: number; readonly r: number; readonly p: number };
export const SCRYPT_COST: ScryptCost = { n: 131_072, r: 8, p: 1 };
/** A file may not ask for more than this of the machine that reads it. */
const SCRYPT_MEMORY_MAX = 512 * 1024 * 1024;
const SCRYPT_ROUNDS_MAX = 16;
const KEY_SIZE = 32;

const hex = (size: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-fA-F]{${2 * size}}$`));
/** Members that are not named here are allowed: other programs write some. */
const keystoreSchema = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hex(16) }),
    ciphertext: hex(KEY_SIZE),
    kdf: z.literal('scrypt'),
    kdfparams: z.object({
      dklen: z.literal(32),
      n: z.int().min(2),
      r: z.int().min(1),
      p: z.int().min(1).max(SCRYPT_ROUNDS_MAX),
      salt: z.string().regex(/^([0-9a-fA-F]{2}){8,64}$/),
    }),
    mac: hex(32),
  }),
});

export type KeystoreFailure = Failure<Extract<NodeErrorCode, 'NODE_KEY_INVALID' | 'NODE_KEY_PASSPHRASE_WRONG'>>;

/** An encrypted key file is an object of JSON, a plain one is not. */
export const isKeystore = (text: string): boolean => text.trimStart().startsWith('{');

/**
 * Text of an encrypted key file. `publicKey` (the node id) is a member of ours; readers of the format skip it.
 * @param cost for tests: less than `SCRYPT_COST` protects nothing
 */
export function encryptKey(key: PrivateKey, passphrase: string, cost: ScryptCost = SCRYPT_COST): string {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const derived = derive(passphrase, salt, cost);
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv);
  const ciphertext = concatBytes(cipher.update(key), cipher.final());
  const keystore = {
    version: 3,
    id: randomUUID(),
    address: ethereumCrypto.addressOfKey(key),
    publicKey: standardSuite.nodeIdOf(key),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: bytesToHex(iv) },
      ciphertext: bytesToHex(ciphertext),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, ...cost, salt: bytesToHex(salt) },
      mac: bytesToHex(macOf(derived, ciphertext)),
    },
  };
  return `${JSON.stringify(keystore, undefined, 2)}\n`;
}

/** The key, when passphrase and file belong together. The failure repeats nothing of either. */
export function decryptKey(text: string, passphrase: string): Result<PrivateKey, KeystoreFailure> {
  const parsed = keystoreSchema.safeParse(withLowerCase(parseJson(text)));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'top level').join(', ');
    return malformed(`it is no Web3 key file of version 3 with scrypt and aes-128-ctr: see ${where}`);
  }
  const { ciphertext, cipherparams, kdfparams, mac } = parsed.data.crypto;
  const { n, r, p, salt } = kdfparams;
  // RFC 7914, section 2: n below 2^(128 · r / 8).
  if (!Number.isInteger(Math.log2(n)) || Math.log2(n) >= 16 * r || 128 * n * r > SCRYPT_MEMORY_MAX) {
    return malformed(
      `its scrypt asks for n ${n} and r ${r}; n is a power of two below 2^(16 · r), and 128 · n · r at most 512 MiB`,
    );
  }
  const derived = derive(passphrase, fromHex(salt.toLowerCase()), { n, r, p });
  const encrypted = fromHex(ciphertext.toLowerCase());
  if (!timingSafeEqual(macOf(derived, encrypted), fromHex(mac.toLowerCase()))) {
    return fail({
      code: 'NODE_KEY_PASSPHRASE_WRONG',
      message: 'the passphrase does not open it',
      remedy: 'give the one with which it was encrypted; nobody can open the file without it',
    });
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), fromHex(cipherparams.iv.toLowerCase()));
  const key = concatBytes(decipher.update(encrypted), decipher.final());
  return standardSuite.isValidPrivateKey(key) ? ok(key) : malformed('what it holds is no private key');
}

/** The node id that an encrypted key file names beside the secret; `undefined` when another program wrote it. */
export function keystoreNodeId(text: string): string | undefined {
  const parsed = z.object({ publicKey: hex(64) }).safeParse(parseJson(text));
  return parsed.success ? parsed.data.publicKey : undefined;
}

function derive(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptCost): Uint8Array {
  return scryptSync(passphrase, salt, 32, { N: n, r, p, maxmem: 128 * r * (n + p + 2) + 1024 * 1024 });
}

/** The check of passphrase and content: Keccak-256 over the second half of the derived key and the encrypted bytes. */
function macOf(derived: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return ethereumCrypto.keccak256(concatBytes(derived.subarray(16, 32), ciphertext));
}

function malformed(message: string): Result<PrivateKey, KeystoreFailure> {
  return fail({ code: 'NODE_KEY_INVALID', message, remedy: 'restore the file from its backup' });
}

/** Some programs (ethers) write `Crypto`. */
function withLowerCase(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('Crypto' in value)) return value;
  return { ...value, crypto: value.Crypto };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

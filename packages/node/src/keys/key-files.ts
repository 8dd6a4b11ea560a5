/** Key files on disk, plain (spec FMT-5) or encrypted (spec FMT-8); mode 0600, whichever. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatKeyFile, type PrivateKey, parseKeyFile } from '@hansa/crypto';
import { assert, ChainError, equalBytes } from '@hansa/primitives';
import type { NodeErrorCode } from '../errors.ts';
import { decryptKey, encryptKey, isKeystore, keystoreNodeId } from './keystore.ts';

/** Asked only when a file is encrypted. @throws ChainError NODE_PASSPHRASE_MISSING, NODE_PASSPHRASE_EXPOSED */
export type PassphraseSource = () => string;

/** Of those who have plain keys only. */
export const noPassphrase: PassphraseSource = () => {
  throw failure('NODE_PASSPHRASE_MISSING', 'the key is encrypted', 'decrypt it by `hansa keys decrypt`');
};

/** A key file holds some hundred bytes. */
const KEY_FILE_BYTES_MAX = 65_536;

const failure = (code: NodeErrorCode, message: string, remedy: string, cause?: unknown): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code, message, remedy }, { cause });

/**
 * Private key from a file that only its owner may read. A passphrase is looked for only when the file is encrypted.
 * @throws ChainError NODE_KEY_MISSING, NODE_KEY_EXPOSED, NODE_KEY_INVALID, NODE_KEY_PASSPHRASE_WRONG, NODE_PASSPHRASE_MISSING,
 * NODE_PASSPHRASE_EXPOSED
 */
export function readKey(file: string, passphrase: PassphraseSource): PrivateKey {
  const text = textOf(file);
  const key = isKeystore(text) ? decryptKey(text, passphrase()) : parseKeyFile(text);
  if (key.ok) return key.value;
  const { code, message, remedy } = key.error;
  throw failure(
    code === 'NODE_KEY_PASSPHRASE_WRONG' ? code : 'NODE_KEY_INVALID',
    `${file}: ${message}`,
    remedy ?? 'restore it from where it was kept',
  );
}

/** Writes a new key file with mode 0600, encrypted when there is a passphrase; never over an existing one. */
export function writeKey(file: string, key: PrivateKey, passphrase?: string): void {
  writeNew(file, passphrase === undefined ? formatKeyFile(key) : encryptKey(key, passphrase));
}

export type KeyFileState = {
  readonly encrypted: boolean;
  /** Of an encrypted file that names it: no passphrase is needed to say whose it is. */
  readonly nodeId: string | undefined;
};

/** @throws ChainError as `readKey` does before it opens anything */
export function keyFileState(file: string): KeyFileState {
  const text = textOf(file);
  return isKeystore(text) ? { encrypted: true, nodeId: keystoreNodeId(text) } : { encrypted: false, nodeId: undefined };
}

/**
 * Replaces a key file by one that is encrypted with `passphrase`, whether it was encrypted before or not. At no time is
 * there a file with the plain key beside it, and at each time there is a whole one.
 */
export function encryptKeyFile(file: string, passphrase: string, before: PassphraseSource): void {
  const key = readKey(file, before);
  const text = encryptKey(key, passphrase);
  const again = decryptKey(text, passphrase);
  assert(again.ok && equalBytes(again.value, key), 'what was encrypted was expected to open again');
  replace(file, text);
}

/** Replaces an encrypted key file by a plain one. */
export function decryptKeyFile(file: string, passphrase: PassphraseSource): void {
  replace(file, formatKeyFile(readKey(file, passphrase)));
}

function textOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw failure(
      'NODE_KEY_MISSING',
      `the key file ${file} cannot be read`,
      'restore it, or make a new node by `hansa init`',
      cause,
    );
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw failure(
      'NODE_KEY_EXPOSED',
      `${file} can be read by others than its owner`,
      `chmod 600 ${file}, and ask yourself who has read it`,
    );
  }
  if (text.length > KEY_FILE_BYTES_MAX) {
    throw failure('NODE_KEY_INVALID', `${file} is larger than a key file`, 'restore it from where it was kept');
  }
  return text;
}

function replace(file: string, text: string): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeNew(draft, text);
  renameSync(draft, file);
  const directory = openSync(dirname(file), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function writeNew(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

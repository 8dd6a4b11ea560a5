/** Encrypted key files: they open with their passphrase only, other programs' files open too, and nothing plain is left beside. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatKeyFile, initCrypto, standardSuite } from '@hansa/crypto';
import { bytesToHex, ChainError, fromHex } from '@hansa/primitives';
import { Wallet } from 'ethers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passphraseFrom, readNewPassphrase, readPassphrase } from '../../src/cli/passphrase.ts';
import {
  decryptKeyFile,
  encryptKeyFile,
  keyFileState,
  noPassphrase,
  readKey,
  writeKey,
} from '../../src/keys/key-files.ts';
import { decryptKey, encryptKey } from '../../src/keys/keystore.ts';

const KEY = fromHex('7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d');
const PASSPHRASE = 'correct horse battery';
/** Cheap, for tests. */
const COST = { n: 1_024, r: 8, p: 1 };

let directory: string;
beforeAll(initCrypto);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hansa-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function failureOf(run: () => unknown): { code: string; remedy: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof ChainError) return { code: error.code, remedy: error.remedy };
    throw error;
  }
  throw new Error('a failure was expected');
}

function passphraseFile(text: string, mode = 0o600): string {
  const file = join(directory, 'passphrase');
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
  return file;
}

describe('FMT-8: an encrypted key file', () => {
  it('opens with its passphrase and gives the same key', () => {
    const text = encryptKey(KEY, PASSPHRASE, COST);
    expect(decryptKey(text, PASSPHRASE)).toEqual({ ok: true, value: KEY });
    expect(text).not.toContain(bytesToHex(KEY));
  });

  it('names the node id without the passphrase', () => {
    const file = join(directory, 'node.key');
    writeFileSync(file, encryptKey(KEY, PASSPHRASE, COST), { mode: 0o600 });
    expect(keyFileState(file)).toEqual({ encrypted: true, nodeId: standardSuite.nodeIdOf(KEY) });
  });

  it('never twice has the same bytes', () => {
    expect(encryptKey(KEY, PASSPHRASE, COST)).not.toBe(encryptKey(KEY, PASSPHRASE, COST));
  });

  it('does not open with another passphrase, and says so', () => {
    const result = decryptKey(encryptKey(KEY, PASSPHRASE, COST), 'correct horse batterx');
    expect(result).toMatchObject({ ok: false, error: { code: 'NODE_KEY_PASSPHRASE_WRONG' } });
  });

  it('opens in another program, and reads what that one wrote', () => {
    const address = new Wallet(`0x${bytesToHex(KEY)}`).address;
    expect(Wallet.fromEncryptedJsonSync(encryptKey(KEY, PASSPHRASE, COST), PASSPHRASE).address).toBe(address);
    const theirs = new Wallet(`0x${bytesToHex(KEY)}`).encryptSync(PASSPHRASE);
    expect(decryptKey(theirs, PASSPHRASE)).toEqual({ ok: true, value: KEY });
  });

  it.each([
    ['other version', { version: 1 }],
    ['too much memory', { kdfparams: { n: 2 ** 26, r: 8 } }],
    ['no power of two', { kdfparams: { n: 1_000 } }],
    ['more n than RFC 7914 allows for its r', { kdfparams: { n: 65_536, r: 1 } }],
    ['too many rounds', { kdfparams: { p: 17 } }],
    ['another cipher', { cipher: 'aes-128-cbc' }],
    ['short ciphertext', { ciphertext: 'ab' }],
  ])('is refused with a reason when it has %s', (_name, change) => {
    const keystore = JSON.parse(encryptKey(KEY, PASSPHRASE, COST));
    const { version, kdfparams, ...rest } = change as Record<string, object | number | string>;
    if (version !== undefined) keystore.version = version;
    Object.assign(keystore.crypto.kdfparams, kdfparams);
    Object.assign(keystore.crypto, rest);
    const result = decryptKey(JSON.stringify(keystore), PASSPHRASE);
    expect(result).toMatchObject({ ok: false, error: { code: 'NODE_KEY_INVALID' } });
  });

  it('of any bytes changed opens as no other key', () => {
    const keystore = JSON.parse(encryptKey(KEY, PASSPHRASE, COST));
    keystore.crypto.ciphertext = keystore.crypto.ciphertext.replace(/^./, (digit: string) =>
      digit === '0' ? '1' : '0',
    );
    expect(decryptKey(JSON.stringify(keystore), PASSPHRASE).ok).toBe(false);
  });
});

describe('key files', () => {
  it('are encrypted and decrypted in place, mode 0600, with nothing beside them', () => {
    const file = join(directory, 'node.key');
    writeKey(file, KEY);
    expect(readFileSync(file, 'utf8')).toBe(formatKeyFile(KEY));
    encryptKeyFile(file, PASSPHRASE, noPassphrase);
    expect(readdirSync(directory)).toEqual(['node.key']);
    expect(readFileSync(file, 'utf8')).not.toContain(bytesToHex(KEY));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const passphrase = passphraseFile(`${PASSPHRASE}\n`);
    expect(readKey(file, passphraseFrom({ file: passphrase }))).toEqual(KEY);
    expect(failureOf(() => readKey(file, passphraseFrom({}))).code).toBe('NODE_PASSPHRASE_MISSING');
    decryptKeyFile(file, passphraseFrom({ file: passphrase }));
    expect(readFileSync(file, 'utf8')).toBe(formatKeyFile(KEY));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('change their passphrase without a plain key on disk', () => {
    const file = join(directory, 'node.key');
    writeKey(file, KEY, PASSPHRASE);
    const before = passphraseFile(PASSPHRASE);
    encryptKeyFile(file, 'another long passphrase', passphraseFrom({ file: before }));
    expect(failureOf(() => readKey(file, passphraseFrom({ file: before }))).code).toBe('NODE_KEY_PASSPHRASE_WRONG');
    writeFileSync(before, 'another long passphrase\r\n');
    expect(readKey(file, passphraseFrom({ file: before }))).toEqual(KEY);
  });

  it('stay as they are when the passphrase is wrong', () => {
    const file = join(directory, 'node.key');
    writeKey(file, KEY, PASSPHRASE);
    const text = readFileSync(file, 'utf8');
    const wrong = passphraseFile('not the right one');
    expect(failureOf(() => decryptKeyFile(file, passphraseFrom({ file: wrong }))).code).toBe(
      'NODE_KEY_PASSPHRASE_WRONG',
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('are refused when others may read them, plain or encrypted', () => {
    for (const passphrase of [undefined, PASSPHRASE]) {
      const file = join(directory, `node.key.${passphrase === undefined}`);
      writeKey(file, KEY, passphrase);
      chmodSync(file, 0o640);
      expect(failureOf(() => readKey(file, noPassphrase)).code).toBe('NODE_KEY_EXPOSED');
    }
  });

  it('are never overwritten by a new one', () => {
    const file = join(directory, 'node.key');
    writeKey(file, KEY);
    expect(() => writeKey(file, standardSuite.generateKey())).toThrow(/EEXIST/);
    expect(readKey(file, noPassphrase)).toEqual(KEY);
  });
});

describe('a passphrase', () => {
  const from = (environment: NodeJS.ProcessEnv, file?: string): string => readPassphrase({ file }, environment);

  it('comes from the named file, then HANSA_PASSPHRASE_FILE, HANSA_PASSPHRASE, and the credential of systemd', () => {
    const file = passphraseFile('of the file\n');
    const credentials = mkdtempSync(join(directory, 'credentials-'));
    writeFileSync(join(credentials, 'hansa-passphrase'), 'of systemd\n', { mode: 0o440 });
    const other = join(directory, 'other');
    writeFileSync(other, 'of the other file\n', { mode: 0o600 });
    const all = { HANSA_PASSPHRASE_FILE: other, HANSA_PASSPHRASE: 'of the text', CREDENTIALS_DIRECTORY: credentials };
    expect(from(all, file)).toBe('of the file');
    expect(from(all)).toBe('of the other file');
    expect(from({ ...all, HANSA_PASSPHRASE_FILE: '' })).toBe('of the text');
    expect(from({ CREDENTIALS_DIRECTORY: credentials })).toBe('of systemd');
  });

  it('keeps its spaces and inner line ends', () => {
    expect(from({}, passphraseFile(' two\nlines \r\n'))).toBe(' two\nlines ');
  });

  it.each([
    ['readable by others', 'NODE_PASSPHRASE_EXPOSED', 'long enough to be good', 0o644],
    ['empty', 'NODE_PASSPHRASE_MISSING', '\n', 0o600],
    ['huge', 'NODE_PASSPHRASE_MISSING', 'x'.repeat(5_000), 0o600],
  ])('is refused from a file that is %s', (_name, code, text, mode) => {
    const file = passphraseFile(text, mode);
    const failure = failureOf(() => from({}, file));
    expect(failure.code).toBe(code);
    expect(failure.remedy).toBeTruthy();
  });

  it('that does not exist is asked for with a remedy', () => {
    expect(failureOf(() => from({})).code).toBe('NODE_PASSPHRASE_MISSING');
    expect(failureOf(() => from({}, join(directory, 'nowhere'))).code).toBe('NODE_PASSPHRASE_MISSING');
  });

  it('of fewer than 12 characters encrypts nothing', () => {
    expect(failureOf(() => readNewPassphrase({ file: passphraseFile('elevenchars\n') })).code).toBe('CLI_USAGE');
    expect(readNewPassphrase({ file: passphraseFile('twelve chars\n') })).toBe('twelve chars');
  });
});

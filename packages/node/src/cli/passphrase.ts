import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ChainError } from '@hansa/primitives';
import type { NodeErrorCode } from '../errors.ts';
import type { PassphraseSource } from '../keys/key-files.ts';

/** Shorter ones can be guessed in days, whatever a guess costs. */
export const PASSPHRASE_LENGTH_MIN = 12;
const PASSPHRASE_BYTES_MAX = 4_096;
/** Name of the credential that systemd hands over (`LoadCredential=hansa-passphrase:…`). */
export const PASSPHRASE_CREDENTIAL = 'hansa-passphrase';

export type PassphraseChoice = {
  /** A file that was named; it comes before what the environment says. Empty: none. */
  readonly file?: string | undefined;
};

const failure = (code: NodeErrorCode, message: string, remedy: string, cause?: unknown): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code, message, remedy }, { cause });

/**
 * The passphrase of encrypted keys; never from the command line, which every user of the machine can read. In this order:
 * the named file, HANSA_PASSPHRASE_FILE, HANSA_PASSPHRASE, the credential `hansa-passphrase` of systemd.
 * @throws ChainError NODE_PASSPHRASE_MISSING, NODE_PASSPHRASE_EXPOSED
 */
export function readPassphrase(choice: PassphraseChoice, environment: NodeJS.ProcessEnv = process.env): string {
  const { HANSA_PASSPHRASE_FILE: named, HANSA_PASSPHRASE: text, CREDENTIALS_DIRECTORY: credentials } = environment;
  const file = [choice.file, named].find((each) => each !== undefined && each !== '');
  if (file !== undefined) return fromFile(file);
  if (text !== undefined && text !== '') return text;
  const credential = credentials === undefined ? undefined : join(credentials, PASSPHRASE_CREDENTIAL);
  // systemd makes the folder for this service alone; the file's mode is the manager's business.
  if (credential !== undefined && existsSync(credential)) return content(credential);
  throw failure(
    'NODE_PASSPHRASE_MISSING',
    'the keys are or shall be encrypted, and no passphrase was given',
    'name a file of mode 0600 by keys.passphrase_file in hansa.toml, --passphrase-file or HANSA_PASSPHRASE_FILE, or use the systemd credential hansa-passphrase',
  );
}

/** Where `readKey` finds the passphrase when a file turns out to be encrypted. */
export const passphraseFrom =
  (choice: PassphraseChoice): PassphraseSource =>
  () =>
    readPassphrase(choice);

/** A passphrase for keys that are to be encrypted. @throws ChainError CLI_USAGE for one that is too short to protect them */
export function readNewPassphrase(choice: PassphraseChoice): string {
  const passphrase = readPassphrase(choice);
  if (passphrase.length >= PASSPHRASE_LENGTH_MIN) return passphrase;
  throw failure(
    'CLI_USAGE',
    `the passphrase has ${passphrase.length} characters`,
    `use at least ${PASSPHRASE_LENGTH_MIN}, for example: openssl rand -base64 24`,
  );
}

function fromFile(file: string): string {
  const passphrase = content(file);
  if ((statSync(file).mode & 0o077) === 0) return passphrase;
  throw failure('NODE_PASSPHRASE_EXPOSED', `${file} can be read by others than its owner`, `chmod 600 ${file}`);
}

/** One line end at the end belongs to the file, everything else to the passphrase. */
function content(file: string): string {
  const missing = (message: string, cause?: unknown): ChainError<NodeErrorCode> =>
    failure('NODE_PASSPHRASE_MISSING', message, 'write the passphrase into it, mode 0600', cause);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw missing(`the passphrase file ${file} cannot be read`, cause);
  }
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase === '') throw missing(`the passphrase file ${file} is empty`);
  if (text.length > PASSPHRASE_BYTES_MAX) throw missing(`the passphrase file ${file} is larger than 4 KiB`);
  return passphrase;
}

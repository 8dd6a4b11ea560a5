import { existsSync } from 'node:fs';
import { ethereumCrypto, initCrypto, standardSuite } from '@hansa/crypto';
import { ChainError, fromHex } from '@hansa/primitives';
import type { Command } from 'commander';
import { createCertificateRequest } from '../../certificate/certificate-request.ts';
import { type NodePaths, nodePaths } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { decryptKeyFile, encryptKeyFile, keyFileState, readKey, writeKey } from '../../keys/key-files.ts';
import { checksummed } from '../address-text.ts';
import { createOutput } from '../output.ts';
import { passphraseFrom, readNewPassphrase } from '../passphrase.ts';
import { addressOfKey } from './init.ts';

type FilesOptions = { dir: string; key?: string[]; passphraseFile?: string; json?: boolean };

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `hansa keys show | new | encrypt | decrypt`: what the keys of a directory stand for, never the keys themselves. */
export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('show what the keys of a node stand for, make an account key, encrypt or decrypt key files');
  addShow(keys);
  addNew(keys);
  addEncrypt(keys);
  addDecrypt(keys);
  addRequest(keys);
}

function addShow(keys: Command): void {
  keys
    .command('show')
    .description('node id and admin account of a node directory (never the private keys)')
    .option('--dir <dir>', 'node directory', '.')
    .option('--passphrase-file <file>', 'passphrase of encrypted keys (mode 0600)')
    .option('--json', 'machine-readable output')
    .action(async (options: FilesOptions) => {
      await initCrypto();
      const output = createOutput(options);
      const paths = nodePaths(options.dir);
      const node = identityOf(paths.nodeKey, options.passphraseFile);
      const admin = existsSync(paths.adminKey) ? identityOf(paths.adminKey, options.passphraseFile) : undefined;
      const adminAddress =
        admin === undefined ? null : checksummed(`0x${ethereumCrypto.addressOfPublicKey(fromHex(admin.nodeId))}`);
      output.data({
        nodeId: node.nodeId,
        nodeKeyFile: paths.nodeKey,
        nodeKeyEncrypted: node.encrypted,
        admin: adminAddress,
        adminKeyEncrypted: admin?.encrypted ?? null,
      });
      output.line(`node id        ${node.nodeId}`);
      output.line(`node key file  ${paths.nodeKey}${node.encrypted ? '  (encrypted)' : ''}`);
      output.line(`admin account  ${adminAddress ?? 'none here'}${admin?.encrypted === true ? '  (encrypted)' : ''}`);
    });
}

function addNew(keys: Command): void {
  keys
    .command('new')
    .description('make a key file (0600) for an account and show its address')
    .argument('<file>', 'file to write')
    .option('--passphrase-file <file>', 'encrypt it with this passphrase (mode 0600)')
    .option('--json', 'machine-readable output')
    .action(async (file: string, options: { passphraseFile?: string; json?: boolean }) => {
      await initCrypto();
      const output = createOutput(options);
      const key = standardSuite.generateKey();
      writeKey(
        file,
        key,
        options.passphraseFile === undefined ? undefined : readNewPassphrase({ file: options.passphraseFile }),
      );
      const address = checksummed(`0x${addressOfKey(key)}`);
      output.data({ file, address });
      output.line(`${address}  (key in ${file})`);
    });
}

function addEncrypt(keys: Command): void {
  keys
    .command('encrypt')
    .description('encrypt the key files of a node directory with a passphrase, or change their passphrase')
    .option('--dir <dir>', 'node directory', '.')
    .option('--key <file>', 'this key file instead (repeatable)', collect)
    .option('--passphrase-file <file>', 'the passphrase (mode 0600); default: HANSA_PASSPHRASE_FILE')
    .option('--old-passphrase-file <file>', 'the passphrase until now, of files that are encrypted already')
    .option('--json', 'machine-readable output')
    .action(async (options: FilesOptions & { oldPassphraseFile?: string }) => {
      await initCrypto();
      const output = createOutput(options);
      const files = filesOf(options);
      const passphrase = readNewPassphrase({ file: options.passphraseFile });
      for (const file of files) {
        if (keyFileState(file).encrypted && options.oldPassphraseFile === undefined) {
          throw new ChainError<NodeErrorCode>({
            code: 'CLI_USAGE',
            message: `${file} is encrypted already`,
            remedy: 'to change its passphrase, name the one until now by --old-passphrase-file',
          });
        }
      }
      for (const file of files) {
        encryptKeyFile(file, passphrase, passphraseFrom({ file: options.oldPassphraseFile }));
        output.line(`encrypted  ${file}`);
      }
      output.data({ encrypted: files });
      output.line('Without the passphrase nobody can open them: keep it where it is not lost with this machine.');
      output.line('Blocks of the disk that held a plain key may keep it: see docs/operating.md.');
    });
}

function addDecrypt(keys: Command): void {
  keys
    .command('decrypt')
    .description('write the key files of a node directory in the clear again')
    .option('--dir <dir>', 'node directory', '.')
    .option('--key <file>', 'this key file instead (repeatable)', collect)
    .option('--passphrase-file <file>', 'the passphrase (mode 0600); default: HANSA_PASSPHRASE_FILE')
    .option('--json', 'machine-readable output')
    .action(async (options: FilesOptions) => {
      await initCrypto();
      const output = createOutput(options);
      const files = filesOf(options).filter((file) => keyFileState(file).encrypted);
      for (const file of files) {
        decryptKeyFile(file, passphraseFrom({ file: options.passphraseFile }));
        output.line(`decrypted  ${file}`);
      }
      output.data({ decrypted: files });
      if (files.length === 0) output.line('no key file here is encrypted');
    });
}

function addRequest(keys: Command): void {
  keys
    .command('request')
    .description('print a request (PEM) for an X.509 certificate of the node key')
    .option('--dir <dir>', 'directory of the node, or of its signer', '.')
    .requiredOption('--name <name>', 'common name, for example the host name')
    .option('--organisation <name>', 'organisation')
    .option('--passphrase-file <file>', 'passphrase of an encrypted key (mode 0600)')
    .action(async (options: { dir: string; name: string; organisation?: string; passphraseFile?: string }) => {
      await initCrypto();
      const key = readKey(nodePaths(options.dir).nodeKey, passphraseFrom({ file: options.passphraseFile }));
      const subject = { commonName: options.name, organisation: options.organisation };
      process.stdout.write(createCertificateRequest(standardSuite, key, subject));
    });
}

function filesOf(options: FilesOptions): readonly string[] {
  if (options.key !== undefined) return options.key;
  const paths: NodePaths = nodePaths(options.dir);
  return [paths.nodeKey, ...(existsSync(paths.adminKey) ? [paths.adminKey] : [])];
}

function identityOf(file: string, passphraseFile: string | undefined): { nodeId: string; encrypted: boolean } {
  const { encrypted, nodeId } = keyFileState(file);
  return {
    encrypted,
    nodeId: nodeId ?? standardSuite.nodeIdOf(readKey(file, passphraseFrom({ file: passphraseFile }))),
  };
}

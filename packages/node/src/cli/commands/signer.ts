import { existsSync, mkdirSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { ChainError } from '@hansa/primitives';
import type { Command } from 'commander';
import { nodePaths } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { toFailure } from '../../failure.ts';
import { keyFileState, readKey, writeKey } from '../../keys/key-files.ts';
import { createLogger } from '../../logger.ts';
import { createRecord, moveKey, openRecord, signerPaths } from '../../signer/signer-directory.ts';
import { assertPrivateFolder, startSignerServer } from '../../signer/signer-server.ts';
import { Signing } from '../../signer/signing.ts';
import { createOutput } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';

/** `hansa signer`: holds the key of a node and signs for it (docs/spec/signer.md). */
export function addSignerCommand(program: Command): void {
  const signer = program
    .command('signer')
    .description('hold the key of a node in a process of its own, which never signs two contradicting votes');
  signer
    .command('run', { isDefault: true })
    .description('run the signer: hansa signer --dir DIR')
    .option('--dir <dir>', 'directory of the signer', '.')
    .option('--passphrase-file <file>', 'passphrase of an encrypted key (mode 0600)')
    .option('--log <format>', 'text or json', 'text')
    .option('--tied', 'stop when the process that started this one goes away')
    .action(run);
  signer
    .command('init')
    .description('make the directory of a signer: move the key of a node there, and begin its record')
    .requiredOption('--dir <dir>', 'directory to make')
    .option('--node <dir>', 'node whose key is moved; default: a key that is there, or a new one')
    .option('--passphrase-file <file>', 'passphrase of an encrypted key (mode 0600)')
    .option('--force', 'begin a new record although there is one: only with `hansa start --rebuild` of the node')
    .option('--json', 'machine-readable output')
    .action(init);
}

type RunOptions = { dir: string; passphraseFile?: string; log: string; tied?: boolean };

async function run(options: RunOptions): Promise<void> {
  await initCrypto();
  const paths = signerPaths(options.dir);
  const logger = createLogger({ level: 'info', format: options.log === 'json' ? 'json' : 'text' });
  assertPrivateFolder(paths.root);
  const key = readKey(paths.key, passphraseFrom({ file: options.passphraseFile }));
  const nodeId = standardSuite.nodeIdOf(key);
  const end = (exitCode: number): void => {
    setTimeout(() => process.exit(exitCode), 1_000).unref();
    void server.stop().then(() => process.exit(exitCode));
  };
  const onFatal = (error: Error): void => {
    const { code, message, remedy } = toFailure(error);
    logger.error(message, { code, remedy });
    process.exit(1);
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', (reason) => onFatal(reason instanceof Error ? reason : new Error(String(reason))));
  // The lock of the folder comes with the socket: the record is opened behind it.
  const server = await startSignerServer({
    socket: paths.socket,
    open: async () => {
      const { store, notes } = await openRecord(paths, standardSuite, nodeId);
      for (const note of notes) logger.warn(note);
      return new Signing({
        suite: standardSuite,
        key,
        store,
        onRefused: (code, message) => logger.warn(`a vote is refused: ${message}`, { code }),
      });
    },
    logger,
    onFatal,
  });
  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(0));
  if (options.tied === true) process.on('disconnect', () => end(0));
  logger.info(`signer of node ${nodeId.slice(0, 16)}…`, { socket: paths.socket });
}

type InitOptions = { dir: string; node?: string; passphraseFile?: string; force?: boolean; json?: boolean };

async function init(options: InitOptions): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const paths = signerPaths(options.dir);
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  assertPrivateFolder(paths.root);
  if (existsSync(paths.signed) && options.force !== true) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_DIRECTORY_EXISTS',
      message: `${paths.signed} holds the record of a signer`,
      remedy: 'a record is never begun anew while its key votes; see --force',
    });
  }
  if (options.node !== undefined) moveKey(nodePaths(options.node).nodeKey, paths.key);
  else if (!existsSync(paths.key)) writeKey(paths.key, standardSuite.generateKey());
  const { nodeId: named } = keyFileState(paths.key);
  const key = readKey(paths.key, passphraseFrom({ file: options.passphraseFile }));
  const nodeId = standardSuite.nodeIdOf(key);
  if (named !== undefined && named !== nodeId) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_KEY_INVALID',
      message: `${paths.key} names another node than its key`,
      remedy: 'restore the file from its backup',
    });
  }
  await createRecord(paths, standardSuite, nodeId);
  output.data({ dir: paths.root, nodeId, socket: paths.socket });
  output.line(`signer of node ${nodeId}`);
  output.line(`Run it by:          hansa signer --dir ${paths.root}`);
  output.line(`In hansa.toml:      [signer]`);
  output.line(`                    socket = ${JSON.stringify(paths.socket)}`);
}

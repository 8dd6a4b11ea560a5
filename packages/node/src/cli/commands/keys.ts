import { existsSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import type { Command } from 'commander';
import { nodePaths, readKey, writeKey } from '../../directory.ts';
import { checksummed } from '../address-text.ts';
import { createOutput } from '../output.ts';
import { addressOfKey } from './init.ts';

/** `hansa keys show | new`: what the keys of a directory stand for, never the keys themselves. */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('show what the keys of a node stand for, or make an account key');
  keys
    .command('show')
    .description('node id and admin account of a node directory (never the private keys)')
    .option('--dir <dir>', 'node directory', '.')
    .option('--json', 'machine-readable output')
    .action(async (options: { dir: string; json?: boolean }) => {
      await initCrypto();
      const output = createOutput(options);
      const paths = nodePaths(options.dir);
      const nodeId = standardSuite.nodeIdOf(readKey(paths.nodeKey));
      const admin = existsSync(paths.adminKey) ? checksummed(`0x${addressOfKey(readKey(paths.adminKey))}`) : null;
      output.data({ nodeId, nodeKeyFile: paths.nodeKey, admin });
      output.line(`node id        ${nodeId}`);
      output.line(`node key file  ${paths.nodeKey}`);
      output.line(`admin account  ${admin ?? 'none here'}`);
    });
  keys
    .command('new')
    .description('make a key file (0600) for an account and show its address')
    .argument('<file>', 'file to write')
    .option('--json', 'machine-readable output')
    .action(async (file: string, options: { json?: boolean }) => {
      await initCrypto();
      const output = createOutput(options);
      const key = standardSuite.generateKey();
      writeKey(file, key);
      const address = checksummed(`0x${addressOfKey(key)}`);
      output.data({ file, address });
      output.line(`${address}  (key in ${file})`);
    });
}

import type { Command } from 'commander';
import { type RunOptions, runNode } from '../run-node.ts';

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('run a node')
    .option('--dir <dir>', 'node directory', '.')
    .option('--rebuild', 'throw away a damaged ledger or vote store and fetch the chain again from the peers')
    .option('--log <format>', 'text or json; default: log.format of hansa.toml')
    .option('--json', 'the same as --log json')
    .option('--tied', 'stop when the process that started this one goes away')
    .action((options: RunOptions) => runNode(options));
}

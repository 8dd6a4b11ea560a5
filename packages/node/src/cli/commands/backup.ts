import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ChainError } from '@hansa/primitives';
import type { Command } from 'commander';
import { nodePaths, readSettings } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { createOutput } from '../output.ts';

const BACKUP_MS_MAX = 3_600_000;

type BackupOptions = { dir: string; to: string; json?: boolean };

/** Asks a running node for a consistent copy of its ledger. Keys and vote store are never part of it. */
export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description("copy a running node's ledger consistently, without keys and vote store")
    .option('--dir <dir>', 'node directory', '.')
    .requiredOption('--to <dir>', 'new directory for the copy')
    .option('--json', 'machine-readable output')
    .action(async (options: BackupOptions) => {
      const output = createOutput(options);
      const destination = resolve(options.to);
      const report = await requestBackup(options.dir, destination);
      output.data({ destination, ...report });
      output.line(`ledger up to height ${report.height} copied to ${destination} (${report.entryCount} entries)`);
      output.line(`check it: hansa verify --ledger ${destination} --genesis ${nodePaths(options.dir).genesis}`);
    });
}

async function requestBackup(directory: string, destination: string): Promise<{ height: number; entryCount: number }> {
  const paths = nodePaths(directory);
  const { admin } = readSettings(paths);
  const url = `http://${admin.host}:${admin.port}/backup`;
  if (existsSync(destination)) {
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_USAGE',
      message: `${destination} exists`,
      remedy: 'choose a new directory with --to',
    });
  }
  const unreachable = (cause: unknown): never => {
    const message = `the node of ${paths.root} does not answer at ${url}`;
    throw new ChainError<NodeErrorCode>(
      {
        code: 'CLI_NODE_UNREACHABLE',
        message,
        remedy: 'start it by `hansa start`; a stopped node’s data/ledger can be copied as it is',
      },
      { cause },
    );
  };
  if (!existsSync(paths.adminToken)) unreachable(new Error('data/admin.token is missing'));
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(paths.adminToken, 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ destination }),
    signal: AbortSignal.timeout(BACKUP_MS_MAX),
  }).catch(unreachable);
  const answer = (await (response as Response).json()) as {
    height: number;
    entryCount: number;
    error?: { code: string; message: string; remedy?: string };
  };
  if (answer.error !== undefined) throw new ChainError(answer.error);
  return answer;
}

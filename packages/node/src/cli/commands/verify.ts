import { existsSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { verifyLedger } from '@hansa/ledger';
import { ChainError } from '@hansa/primitives';
import type { Command } from 'commander';
import { nodePaths, readGenesis } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { buildGenesis } from '../../genesis-block.ts';
import { createOutput } from '../output.ts';
import { createProgress } from '../progress.ts';
import { createReplay } from '../replay.ts';
import { verifyRemote } from '../verify-remote.ts';

type VerifyOptionsGiven = {
  dir?: string;
  ledger?: string;
  genesis?: string;
  rpc?: string;
  execute?: boolean;
  json?: boolean;
};

/** Checks a whole ledger from the genesis hash: nothing that a node says is believed. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check a whole ledger offline, from the genesis hash')
    .option('--dir <dir>', 'directory of a stopped node')
    .option('--ledger <dir>', 'a ledger alone, such as a backup; needs --genesis')
    .option(
      '--rpc <url>',
      'headers, certificates, transactions and receipts of a running node; needs --genesis or --dir',
    )
    .option('--genesis <file>', 'genesis file that all members compared')
    .option('--execute', 'execute every block again and compare state and receipts')
    .option('--json', 'machine-readable output')
    .action(runVerify);
}

async function runVerify(options: VerifyOptionsGiven): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const { ledger, genesisFile } = locate(options);
  const genesis = readGenesis(genesisFile);
  const built = buildGenesis(genesis, standardSuite);
  output.line(`chain ${genesis.chainId}, genesis 0x${built.hash}`);
  const progress = createProgress(output);
  const replay = options.execute === true ? createReplay(standardSuite, built) : undefined;
  const report =
    options.rpc === undefined
      ? await verifyLedger({
          location: ledger,
          suite: standardSuite,
          expectedGenesisHash: built.hash,
          onProgress: ({ stage, count, total }) => progress.show(stage, count, total),
          ...(replay === undefined ? {} : { onBlock: replay }),
        })
      : await verifyRemote({
          url: options.rpc,
          suite: standardSuite,
          genesis: built,
          onProgress: (count, total) => progress.show('blocks', count, total),
        });
  progress.end();
  if (!report.ok) {
    const { height, field, message } = report.fault;
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_VERIFY_FAILED',
      message: `block ${height}, ${field}: ${message}`,
      remedy: 'do not trust this ledger; fetch it again by `hansa start --rebuild`, and compare with the other members',
    });
  }
  output.data({
    ok: true,
    genesisHash: `0x${built.hash}`,
    height: report.height,
    transactionCount: report.transactionCount,
    executed: options.execute === true,
  });
  const depth = options.rpc === undefined ? `, ${report.stateEntryCount} state entries` : '';
  output.line(
    `verified: ${report.height} blocks, ${report.transactionCount} transactions${depth}${options.execute === true ? ', all executed again' : ''}`,
  );
}

function locate(options: VerifyOptionsGiven): { ledger: string; genesisFile: string } {
  const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
    new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });
  if (options.ledger !== undefined || options.rpc !== undefined) {
    const genesisFile = options.genesis ?? (options.dir === undefined ? undefined : nodePaths(options.dir).genesis);
    if (genesisFile === undefined)
      throw usage('the genesis file is not named', 'add --genesis FILE: the file whose hash all members compared');
    return { ledger: options.ledger ?? '', genesisFile };
  }
  const paths = nodePaths(options.dir ?? '.');
  if (!existsSync(paths.ledger))
    throw usage(`${paths.root} holds no ledger`, 'name a node directory with --dir, or a ledger with --ledger');
  return { ledger: paths.ledger, genesisFile: options.genesis ?? paths.genesis };
}

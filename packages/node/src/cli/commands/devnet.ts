import { initCrypto } from '@hansa/crypto';
import { ChainError } from '@hansa/primitives';
import type { Command } from 'commander';
import type { NodeErrorCode } from '../../errors.ts';
import { DEVNET_ACCOUNTS, DEVNET_MNEMONIC } from '../devnet/accounts.ts';
import { sendFirstTransaction } from '../devnet/first-transaction.ts';
import { type Devnet, prepareDevnet, removeDevnet } from '../devnet/layout.ts';
import { assertPortsFree, logTail, type NodeProcess, startNodeProcess } from '../devnet/processes.ts';
import { createStatusLine, pollDevnet } from '../devnet/status-line.ts';
import { createOutput, type Output } from '../output.ts';

const NODES_MAX = 32;
const READY_MS_MAX = 60_000;
const POLL_MS = 250;

type DevnetOptions = { nodes: number; dir: string; rpcPort: number; p2pPort: number; clean?: boolean; json?: boolean };

const wholeNumber = (text: string): number => (/^\d{1,6}$/.test(text) ? Number(text) : Number.NaN);

export function addDevnetCommand(program: Command): void {
  program
    .command('devnet')
    .description('run a whole consortium on this machine, each node in a process of its own')
    .option('--nodes <count>', 'number of validators', wholeNumber, 4)
    .option('--dir <dir>', 'where it is kept', '.hansa/devnet')
    .option('--rpc-port <port>', 'JSON-RPC port of the first node; the admin port is 1000 above', wholeNumber, 8545)
    .option('--p2p-port <port>', 'P2P port of the first node', wholeNumber, 30_300)
    .option('--clean', 'remove what is there and begin anew')
    .option('--json', 'one JSON object per line, the first when every node votes')
    .action(runDevnet);
}

function checkOptions(options: DevnetOptions): void {
  const fail = (message: string, remedy: string): never => {
    throw new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });
  };
  if (!(options.nodes >= 1 && options.nodes <= NODES_MAX))
    fail(`--nodes must be 1 to ${NODES_MAX}`, 'four tolerate one failure, seven tolerate two');
  for (const port of [
    options.rpcPort,
    options.rpcPort + 1000 + options.nodes,
    options.p2pPort,
    options.p2pPort + options.nodes,
  ]) {
    if (!(port >= 1 && port <= 65_535))
      fail(
        'the ports must be from 1 to 65535, those of the last node included',
        'choose lower --rpc-port or --p2p-port',
      );
  }
}

async function runDevnet(options: DevnetOptions): Promise<void> {
  checkOptions(options);
  await initCrypto();
  const output = createOutput(options);
  if (options.clean === true) removeDevnet(options.dir);
  const devnet = await prepareDevnet({
    directory: options.dir,
    nodeCount: options.nodes,
    rpcPort: options.rpcPort,
    p2pPort: options.p2pPort,
  });
  const numbers = devnet.nodes.map((_, index) => index);
  await assertPortsFree(
    numbers.flatMap((index) => [options.rpcPort + index, options.rpcPort + 1000 + index, options.p2pPort + index]),
  );
  output.line(`${devnet.isNew ? 'new' : 'continuing'} consortium of ${options.nodes} in ${devnet.directory}`);

  const processes: NodeProcess[] = [];
  const stopping = new AbortController();
  const stop = async (exitCode: number): Promise<never> => {
    if (!stopping.signal.aborted) {
      stopping.abort();
      await Promise.all(processes.map((entry) => entry.stop()));
      output.data({ event: 'stopped' });
      output.line('\nall nodes have stopped; the same command goes on where this ended');
    }
    process.exit(exitCode);
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));
  for (const node of devnet.nodes) {
    const entry: NodeProcess = startNodeProcess(node, (code, signal) => {
      if (stopping.signal.aborted) return;
      output.data({ event: 'node-exit', index: node.index, code, signal });
      output.line(
        `\nnode ${node.index} has stopped (${signal ?? `exit code ${code}`}); start it again: npx hansa start --dir ${node.dir}`,
      );
    });
    processes.push(entry);
  }
  try {
    await waitUntilAllVote(devnet, processes);
    announce(devnet, processes, output);
    const first = await sendFirstTransaction(devnet);
    output.data({ event: 'transaction', ...first });
    output.line(`first transaction ${first.hash} final in block ${first.height} after ${first.milliseconds} ms`);
  } catch (error) {
    stopping.abort();
    await Promise.all(processes.map((entry) => entry.stop()));
    throw error;
  }
  const statusLine = createStatusLine(output);
  for (;;) {
    statusLine.show(await pollDevnet(devnet));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function waitUntilAllVote(devnet: Devnet, processes: readonly NodeProcess[]): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  for (;;) {
    const dead = processes.find((entry) => entry.hasExited());
    if (dead !== undefined) throw startFailure(`node ${dead.node.index} has stopped while starting`, dead);
    const status = await pollDevnet(devnet);
    if (status.votingCount === devnet.nodes.length) return;
    const missing = processes.find((entry) => !status.votingIndices.includes(entry.node.index));
    if (Date.now() > deadline && missing !== undefined) {
      throw startFailure(`node ${missing.node.index} does not vote after ${READY_MS_MAX / 1000} s`, missing);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function startFailure(message: string, entry: NodeProcess): ChainError<NodeErrorCode> {
  const remedy = `read ${entry.logFile}; its last lines:\n${logTail(entry.logFile)}`;
  return new ChainError<NodeErrorCode>({ code: 'CLI_DEVNET_FAILED', message, remedy });
}

function announce(devnet: Devnet, processes: readonly NodeProcess[], output: Output): void {
  const nodes = devnet.nodes.map((node, index) => ({ ...node, pid: processes[index]?.pid ?? -1 }));
  output.data({
    event: 'ready',
    chainId: devnet.chainId,
    genesisHash: devnet.genesisHash,
    dir: devnet.directory,
    nodes,
  });
  output.line(`chain id ${devnet.chainId}, genesis ${devnet.genesisHash}`);
  for (const node of nodes)
    output.line(`  node ${node.index}  ${node.rpc}  p2p ${node.p2p}  admin ${node.admin}  pid ${node.pid}`);
  output.line(`ten funded accounts from the mnemonic "${DEVNET_MNEMONIC}", the first is ${DEVNET_ACCOUNTS[0]}`);
}

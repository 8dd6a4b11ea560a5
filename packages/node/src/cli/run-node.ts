import { ChainError } from '@hansa/primitives';
import type { Settings } from '../config/settings.ts';
import { createNode } from '../create-node.ts';
import { nodePaths, readGenesis, readSettings } from '../directory.ts';
import type { NodeErrorCode } from '../errors.ts';
import { toFailure } from '../failure.ts';
import { createLogger, type Logger } from '../logger.ts';
import type { NodePorts, RunningNode } from '../node.ts';
import { passphraseFrom } from './passphrase.ts';
import { VERSION } from './version.ts';

/** Longer than this a stop does not take: what is durable is durable, the rest is given up. */
const STOP_MS_MAX = 4_500;
const SUMMARY_MS = 10_000;

export type { NodePorts, RunningNode };

export type RunOptions = { dir: string; rebuild?: boolean; log?: string; json?: boolean; tied?: boolean };
/** `onStarted` is called each time that a node was made: once, and again after it has healed its ledger. */
export type RunPorts = NodePorts & { readonly onStarted?: (node: RunningNode) => void };

/**
 * A node as a process: from its directory, until a signal ends it or it cannot go on. The process is the node's from here
 * on: signals, uncaught errors and the exit code.
 * @throws ChainError of what could not be read or started
 */
export async function runNode(options: RunOptions, { onStarted, ...ports }: RunPorts = {}): Promise<void> {
  const paths = nodePaths(options.dir);
  const settings = readSettings(paths);
  const logger = createLogger({ level: settings.log.level, format: logFormat(options, settings) });
  const genesis = readGenesis(paths.genesis);
  let node: RunningNode | undefined;
  let isEnding = false;

  const end = async (exitCode: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(exitCode === 0 ? 1 : exitCode), STOP_MS_MAX).unref();
    await node?.stop();
    logger.info('stopped');
    process.exit(exitCode);
  };
  const onFatal = (error: Error): void => {
    logFailure(logger, error);
    void end(1);
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', (reason) => onFatal(reason instanceof Error ? reason : new Error(String(reason))));
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
  if (options.tied === true) process.on('disconnect', () => void end(0));

  const rebuild = async (): Promise<void> => {
    if (isEnding) return;
    logger.warn('the state on disk is wrong: this node fetches the chain again, its votes stay');
    await node?.stop();
    node = await createNode({ ...nodeOptions, isRebuild: false, isHealing: true }, ports);
    onStarted?.(node);
    if (isEnding) await node.stop();
  };
  const passphrase = passphraseFrom({ file: settings.keys.passphrase_file });
  const nodeOptions = {
    paths,
    settings,
    genesis,
    passphrase,
    logger,
    onFatal,
    onRebuild: () => void rebuild().catch(onFatal),
  };
  node = await createNode({ ...nodeOptions, isRebuild: options.rebuild === true }, ports);
  onStarted?.(node);
  introduce(node, settings, logger, genesis.chainId);
  let last = '';
  const report = (): void => {
    const summary = node?.summary() ?? '';
    if (summary !== last) logger.info(summary);
    last = summary;
  };
  setInterval(report, SUMMARY_MS).unref();
}

function logFormat(options: RunOptions, settings: Settings): 'text' | 'json' {
  if (options.json === true) return 'json';
  if (options.log === undefined) return settings.log.format;
  if (options.log === 'text' || options.log === 'json') return options.log;
  throw new ChainError<NodeErrorCode>({
    code: 'CLI_USAGE',
    message: `--log ${options.log} is not known`,
    remedy: 'use --log text or --log json',
  });
}

/** Who am I, which chain, where can I be reached. */
function introduce(node: RunningNode, settings: Settings, logger: Logger, chainId: number): void {
  logger.info(
    `hansa ${VERSION}, node ${settings.node.name === '' ? '' : `of ${settings.node.name} `}${node.nodeId.slice(0, 16)}…`,
  );
  logger.info(`chain ${chainId}, genesis 0x${node.genesisHash}`);
  logger.info(`P2P ${node.p2pAddresses.join(' ')}`);
  logger.info(node.rpcUrl === undefined ? 'JSON-RPC is switched off' : `JSON-RPC ${node.rpcUrl}`);
  logger.info(`health and metrics ${node.adminUrl}`);
  logger.info(node.summary());
}

function logFailure(logger: Logger, error: Error): void {
  const { code, message, cause, remedy } = toFailure(error);
  logger.error(message, { code, cause, remedy });
}

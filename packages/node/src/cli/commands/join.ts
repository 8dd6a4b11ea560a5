import { existsSync, writeFileSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { ChainError, type Height } from '@hansa/primitives';
import type { Command } from 'commander';
import { type NodePaths, nodePaths, writeEntries } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { joinConsortium, type OpenedInvite, openInvite } from '../../join/newcomer.ts';
import { readKey } from '../../keys/key-files.ts';
import type { RunningNode } from '../../node.ts';
import { createOutput, type Output } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';
import { createProgress } from '../progress.ts';
import { runNode } from '../run-node.ts';
import { initNode } from './init.ts';

export type JoinCommandOptions = {
  readonly dir: string;
  readonly p2p: string;
  readonly announce?: readonly string[];
  readonly rpcPort: number;
  readonly adminPort: number;
  readonly log?: string;
  readonly exit?: boolean;
  readonly encryptKeys?: boolean;
  readonly json?: boolean;
};

const LOOK_MS = 100;
/** As near as a candidate must be (GOV-41): on a busy chain an observer is always a block or two behind. */
const NEAR_COUNT = 10;
const LOOPBACK = /^\/ip4\/127\.|^\/ip6\/::1\//;

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `hansa join`: from an invite to a running observer at the head of the chain (docs/joining.md). */
export function addJoinCommand(program: Command): void {
  program
    .command('join')
    .description('join a consortium by an invite: make the node, be let in, sync, and run')
    .argument('<invite>', 'the line of text that `hansa invite` has printed')
    .option('--dir <dir>', 'directory to make for the node', 'hansa-node')
    .option('--p2p <multiaddr>', 'address to listen on', '/ip4/127.0.0.1/tcp/30300')
    .option('--announce <multiaddr>', 'address under which others reach the node (repeatable; default: --p2p)', collect)
    .option('--rpc-port <port>', 'port of JSON-RPC on 127.0.0.1', (text) => Number(text), 8545)
    .option('--admin-port <port>', 'port of health and metrics on 127.0.0.1', (text) => Number(text), 9545)
    .option('--encrypt-keys', 'encrypt the key with the passphrase that HANSA_PASSPHRASE_FILE names')
    .option('--log <format>', 'text or json')
    .option('--exit', 'stop when the node is at the head; run it later by `hansa start`')
    .option('--json', 'machine-readable output')
    .action(join);
}

async function join(text: string, options: JoinCommandOptions): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const opened = openInvite(standardSuite, text);
  const { organisationId, inviterId, groupId, chainId } = opened.invite;
  const paths = nodePaths(options.dir);
  const nodeKey = keyFor(paths);
  output.line(`invited by ${inviterId} to ${groupId} (chain ${chainId}), as an observer of ${organisationId}`);
  const addresses = announced(options, opened);
  const height = await joinConsortium({
    suite: standardSuite,
    opened,
    nodeKey,
    addresses,
    // The key is on disk before the chain hears of it.
    onGenesis: (file) => makeDirectory(paths, { options, opened, nodeKey, addresses, file }),
  });
  output.line(`let in at height ${height}; its directory is ${paths.root}`);
  const progress = createProgress(output);
  await runNode(
    { dir: paths.root, ...(options.log === undefined ? {} : { log: options.log }), json: options.json === true },
    { onStarted: (node) => watch(node, height, { options, opened, output, progress }) },
  );
}

/** The key of a join that was cut off, or a new one, which is written when the genesis file is here and right. */
function keyFor(paths: NodePaths): Uint8Array {
  if (!existsSync(paths.nodeKey)) return standardSuite.generateKey();
  if (existsSync(paths.entries) && !existsSync(paths.ledger)) return readKey(paths.nodeKey, passphraseFrom({}));
  throw new ChainError<NodeErrorCode>({
    code: 'NODE_DIRECTORY_EXISTS',
    message: `${paths.root} holds a node already`,
    remedy: 'run it by `hansa start`, or choose another --dir; nothing was changed, and the invite is not used up',
  });
}

type Directory = {
  readonly options: JoinCommandOptions;
  readonly opened: OpenedInvite;
  readonly nodeKey: Uint8Array;
  readonly addresses: readonly string[];
  readonly file: string;
};

async function makeDirectory(paths: NodePaths, directory: Directory): Promise<void> {
  const { options, opened, nodeKey, addresses, file } = directory;
  if (existsSync(paths.nodeKey)) return;
  await initNode({
    dir: paths.root,
    org: opened.invite.organisationId,
    p2p: options.p2p,
    announce: addresses,
    rpcPort: options.rpcPort,
    adminPort: options.adminPort,
    invitedKey: nodeKey,
    encryptKeys: options.encryptKeys,
  });
  writeFileSync(paths.genesis, file);
  writeEntries(paths.entries, opened.invite.entries);
}

/** A loopback address is of use to nobody but nodes on the same machine, such as those of a devnet. */
function announced({ announce, p2p }: JoinCommandOptions, { invite }: OpenedInvite): readonly string[] {
  if (announce !== undefined) return announce;
  const isOneMachine = invite.entries.every(({ address }) => LOOPBACK.test(address));
  return !LOOPBACK.test(p2p) || isOneMachine ? [p2p] : [];
}

type Watched = {
  readonly options: JoinCommandOptions;
  readonly opened: OpenedInvite;
  readonly output: Output;
  readonly progress: ReturnType<typeof createProgress>;
};

/** Shows how far the node is until it is at the head, where its own state names it. */
function watch(node: RunningNode, joinedAt: Height, { options, opened, output, progress }: Watched): void {
  const timer = setInterval(() => {
    const { height, target } = node.progress();
    if (height < joinedAt || height + NEAR_COUNT < target) {
      progress.show('sync', height, Math.max(target, joinedAt));
      return;
    }
    clearInterval(timer);
    progress.end();
    const { groupId, organisationId } = opened.invite;
    output.data({ joined: true, nodeId: node.nodeId, organisation: organisationId, groupId, height, role: 'observer' });
    output.line(`observer of consortium ${groupId} at height ${height}`);
    output.line();
    output.line(`To get a vote, a governor proposes it: hansa members add-validator ${node.nodeId}`);
    output.line(
      options.exit === true
        ? `Run the node by: hansa start --dir ${options.dir}`
        : `The node runs on; Ctrl-C stops it, and \`hansa start --dir ${options.dir}\` runs it again.`,
    );
    if (options.exit === true) void node.stop().then(() => process.exit(0));
  }, LOOK_MS);
}

import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { ethereumCrypto, initCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import { addressToHex, ChainError, fromHex } from '@hansa/primitives';
import type { Command } from 'commander';
import { renderSettings } from '../../config/settings.ts';
import { createVoteStore } from '../../consensus/vote-store-file.ts';
import { makeDirectory, type NodeCard, nodePaths, readGenesis } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { writeKey } from '../../keys/key-files.ts';
import { checksummed } from '../address-text.ts';
import { createOutput } from '../output.ts';
import { readNewPassphrase } from '../passphrase.ts';

export type InitOptions = {
  readonly dir: string;
  readonly org: string;
  readonly orgName?: string | undefined;
  readonly contact?: string | undefined;
  readonly admin?: readonly string[] | undefined;
  readonly p2p: string;
  readonly announce?: readonly string[] | undefined;
  readonly rpcPort: number;
  readonly adminPort: number;
  readonly genesis?: string | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /** Of a node that joins by an invite: its key was made already, and its organisation has admins. */
  readonly invitedKey?: PrivateKey | undefined;
  /** Keys are encrypted from their first byte on disk; the passphrase comes from the environment. */
  readonly encryptKeys?: boolean | undefined;
};

const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

/** Makes a node directory: key (0600), settings, an intact and empty vote store, and the card to hand over. */
export async function initNode(options: InitOptions): Promise<NodeCard> {
  await initCrypto();
  const paths = nodePaths(options.dir);
  if (existsSync(paths.nodeKey) || existsSync(paths.settings)) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_DIRECTORY_EXISTS',
      message: `${paths.root} holds a node already`,
      remedy: 'choose another --dir; nothing was changed',
    });
  }
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(options.org)) {
    throw usage(`"${options.org}" cannot be the id of an organisation`, 'use 1 to 32 of A-Z a-z 0-9 . _ -');
  }
  if (options.genesis !== undefined) readGenesis(options.genesis);
  const passphrase = options.encryptKeys === true ? readNewPassphrase({}) : undefined;
  makeDirectory(paths.root);
  makeDirectory(paths.data);
  const nodeKey = options.invitedKey ?? standardSuite.generateKey();
  writeKey(paths.nodeKey, nodeKey, passphrase);
  let admins = options.admin ?? [];
  for (const admin of admins) {
    if (!/^0x[0-9a-fA-F]{40}$/.test(admin)) throw usage(`"${admin}" is no account address`, 'use 0x and 40 hex digits');
  }
  if (admins.length === 0 && options.invitedKey === undefined) {
    const adminKey = standardSuite.generateKey();
    writeKey(paths.adminKey, adminKey, passphrase);
    admins = [`0x${addressOfKey(adminKey)}`];
  }
  const choice = {
    name: options.org,
    listen: [options.p2p],
    rpcPort: options.rpcPort,
    adminPort: options.adminPort,
    corsOrigins: options.corsOrigins ?? [],
  };
  writeFileSync(paths.settings, renderSettings(choice), { flag: 'wx' });
  createVoteStore(paths.votes);
  if (options.genesis !== undefined) copyFileSync(options.genesis, paths.genesis);
  const card: NodeCard = {
    organisation: options.org,
    organisationName: options.orgName ?? options.org,
    contact: options.contact ?? '',
    nodeId: standardSuite.nodeIdOf(nodeKey),
    addresses: options.announce ?? [options.p2p],
    admins: admins.map(checksummed),
  };
  writeFileSync(paths.card, `${JSON.stringify(card, undefined, 2)}\n`);
  return card;
}

/** Ethereum address (without 0x) of a secp256k1 private key. */
export function addressOfKey(key: Uint8Array): string {
  return addressToHex(ethereumCrypto.keccak256(fromHex(standardSuite.nodeIdOf(key))).subarray(12));
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('make the directory of a node: its key, its settings, and the card (node.json) to hand to the others')
    .requiredOption('--dir <dir>', 'directory to make')
    .requiredOption('--org <id>', 'id of the organisation that runs the node')
    .option('--org-name <name>', 'its full name')
    .option('--contact <text>', 'whom to call or write to')
    .option(
      '--admin <address>',
      'account that acts for the organisation (repeatable; default: a new key in admin.key)',
      collect,
    )
    .option('--p2p <multiaddr>', 'address to listen on', '/ip4/127.0.0.1/tcp/30300')
    .option('--announce <multiaddr>', 'address under which others reach the node (repeatable; default: --p2p)', collect)
    .option('--rpc-port <port>', 'port of JSON-RPC on 127.0.0.1', (text) => Number(text), 8545)
    .option('--admin-port <port>', 'port of health and metrics on 127.0.0.1', (text) => Number(text), 9545)
    .option('--encrypt-keys', 'encrypt the keys with the passphrase that HANSA_PASSPHRASE_FILE names')
    .option('--genesis <file>', 'genesis file of the consortium, if it exists already')
    .option('--json', 'machine-readable output')
    .action(async (options: InitOptions & { json?: boolean }) => {
      const output = createOutput(options);
      const card = await initNode(options);
      const paths = nodePaths(options.dir);
      output.data({ dir: paths.root, ...card });
      output.line(`node of ${card.organisation} made in ${paths.root}`);
      output.line(`  node id   ${card.nodeId}`);
      output.line(`  listens   ${options.p2p}`);
      output.line(
        `  admin     ${card.admins.join(' ')}${existsSync(paths.adminKey) ? `  (key in ${paths.adminKey})` : ''}`,
      );
      output.line();
      output.line(`Hand over ${paths.card}; it holds no secret. Keep node.key and admin.key to yourself.`);
      output.line(
        options.genesis === undefined
          ? 'Next: one organisation runs `hansa genesis create --card FILE …`; put the result here as genesis.json and compare the hash.'
          : `Next: hansa start --dir ${paths.root}`,
      );
    });
}

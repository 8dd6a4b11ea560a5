import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { standardSuite } from '@hansa/crypto';
import { ChainError, fromHex } from '@hansa/primitives';
import { renderGenesis } from '@hansa/protocol';
import { renderSettings } from '../../config/settings.ts';
import { type NodeCard, nodePaths } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { buildGenesis } from '../../genesis-block.ts';
import { writeKey } from '../../keys/key-files.ts';
import { composeGenesis } from '../commands/genesis.ts';
import { initNode } from '../commands/init.ts';
import { DEVNET_ACCOUNTS, DEVNET_BALANCE, DEVNET_CHAIN_ID, DEVNET_KEYS } from './accounts.ts';

export type DevnetChoice = {
  readonly directory: string;
  readonly nodeCount: number;
  /** JSON-RPC of node i listens on rpcPort + i, its admin port is rpcPort + 1000 + i. */
  readonly rpcPort: number;
  readonly p2pPort: number;
};

export type DevnetNode = {
  readonly index: number;
  readonly nodeId: string;
  readonly rpc: string;
  readonly p2p: string;
  readonly admin: string;
  readonly dir: string;
};

export type Devnet = {
  readonly directory: string;
  readonly chainId: number;
  readonly genesisHash: string;
  readonly nodes: readonly DevnetNode[];
  readonly isNew: boolean;
};

type Marker = {
  readonly kind: 'hansa-devnet';
  readonly choice: { nodeCount: number; rpcPort: number; p2pPort: number };
  readonly chainId: number;
  readonly genesisHash: string;
  readonly nodeIds: readonly string[];
};

/** Pages that are developed on this machine, and wallets, which are extensions of a browser. */
const DEVNET_ORIGINS = ['http://localhost', 'http://127.0.0.1', 'chrome-extension://*', 'moz-extension://*'];

const devnetError = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_DEVNET_FAILED', message, remedy });

/** Removes a devnet. Refuses a directory that is not one. */
export function removeDevnet(directory: string): void {
  const root = resolve(directory);
  if (!existsSync(root)) return;
  if (readMarker(root) === undefined)
    throw devnetError(`${root} is not a devnet, it is not removed`, 'name another --dir, or remove it yourself');
  rmSync(root, { recursive: true });
}

/** The devnet in `directory`: the one that is there, or a new one. */
export async function prepareDevnet(choice: DevnetChoice): Promise<Devnet> {
  const root = resolve(choice.directory);
  const marker = readMarker(root);
  if (marker === undefined && existsSync(root)) {
    throw devnetError(`${root} exists and is not a devnet`, 'name another --dir');
  }
  return marker === undefined ? createDevnet(root, choice) : reopenDevnet(root, choice, marker);
}

function readMarker(root: string): Marker | undefined {
  const file = join(root, 'devnet.json');
  if (!existsSync(file)) return undefined;
  const marker = JSON.parse(readFileSync(file, 'utf8')) as Marker;
  return marker.kind === 'hansa-devnet' ? marker : undefined;
}

const nodeDirectory = (root: string, index: number): string => join(root, `node${index}`);
const p2pAddress = (choice: DevnetChoice, index: number): string => `/ip4/127.0.0.1/tcp/${choice.p2pPort + index}`;

async function createDevnet(root: string, choice: DevnetChoice): Promise<Devnet> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const cards: NodeCard[] = [];
  for (let index = 0; index < choice.nodeCount; index++) {
    const card = await initNode({
      dir: nodeDirectory(root, index),
      org: `Org${index}`,
      orgName: `Devnet organisation ${index}`,
      // No account acts for two organisations: those beyond the known accounts have a key of their own.
      ...(index < DEVNET_ACCOUNTS.length ? { admin: [DEVNET_ACCOUNTS[index] as string] } : {}),
      p2p: p2pAddress(choice, index),
      rpcPort: choice.rpcPort + index,
      adminPort: choice.rpcPort + 1000 + index,
      corsOrigins: DEVNET_ORIGINS,
    });
    // So that `hansa members … --dir` works as it does for an organisation with a key of its own.
    const known = DEVNET_KEYS[index];
    if (known !== undefined) writeKey(nodePaths(nodeDirectory(root, index)).adminKey, fromHex(known));
    cards.push(card);
  }
  const genesis = composeGenesis({
    chainId: DEVNET_CHAIN_ID,
    cards,
    balances: new Map(DEVNET_ACCOUNTS.map((address) => [address, DEVNET_BALANCE])),
    parameters: new Map(),
    timestamp: Date.now(),
  });
  for (let index = 0; index < choice.nodeCount; index++) {
    writeFileSync(nodePaths(nodeDirectory(root, index)).genesis, renderGenesis(genesis));
  }
  const genesisHash = buildGenesis(genesis, standardSuite).hash;
  const { nodeCount, rpcPort, p2pPort } = choice;
  const marker: Marker = {
    kind: 'hansa-devnet',
    choice: { nodeCount, rpcPort, p2pPort },
    chainId: genesis.chainId,
    genesisHash,
    nodeIds: cards.map((card) => card.nodeId),
  };
  writeFileSync(join(root, 'devnet.json'), `${JSON.stringify(marker, undefined, 2)}\n`);
  return describe(root, choice, marker, true);
}

function reopenDevnet(root: string, choice: DevnetChoice, marker: Marker): Devnet {
  if (marker.choice.nodeCount !== choice.nodeCount || marker.choice.p2pPort !== choice.p2pPort) {
    throw devnetError(
      `the devnet in ${root} has ${marker.choice.nodeCount} nodes on P2P ports from ${marker.choice.p2pPort}`,
      'use the same --nodes and --p2p-port, begin anew with --clean, or name another --dir',
    );
  }
  if (marker.choice.rpcPort !== choice.rpcPort) {
    for (let index = 0; index < choice.nodeCount; index++) {
      const settings = {
        name: `Org${index}`,
        listen: [p2pAddress(choice, index)],
        rpcPort: choice.rpcPort + index,
        adminPort: choice.rpcPort + 1000 + index,
        corsOrigins: DEVNET_ORIGINS,
      };
      writeFileSync(nodePaths(nodeDirectory(root, index)).settings, renderSettings(settings));
    }
    writeFileSync(
      join(root, 'devnet.json'),
      `${JSON.stringify({ ...marker, choice: { ...marker.choice, rpcPort: choice.rpcPort } }, undefined, 2)}\n`,
    );
  }
  return describe(root, choice, marker, false);
}

function describe(root: string, choice: DevnetChoice, marker: Marker, isNew: boolean): Devnet {
  const nodes = marker.nodeIds.map((nodeId, index) => ({
    index,
    nodeId,
    rpc: `http://127.0.0.1:${choice.rpcPort + index}`,
    p2p: p2pAddress(choice, index),
    admin: `http://127.0.0.1:${choice.rpcPort + 1000 + index}`,
    dir: nodeDirectory(root, index),
  }));
  return { directory: root, chainId: marker.chainId, genesisHash: `0x${marker.genesisHash}`, nodes, isNew };
}

import { existsSync } from 'node:fs';
import { nodePaths, readSettings } from '../directory.ts';

export type NodeChoice = { readonly rpc?: string | undefined; readonly dir?: string | undefined };

/** Where the devnet keeps its first node, tried when nothing is said. */
export const DEVNET_NODE: string = '.hansa/devnet/node0';

/** JSON-RPC address of the node that a command means: --rpc, --dir, this directory, the devnet, or the usual port. */
export function rpcOf(choice: NodeChoice): string {
  if (choice.rpc !== undefined) return choice.rpc;
  for (const directory of choice.dir === undefined ? ['.', DEVNET_NODE] : [choice.dir]) {
    const paths = nodePaths(directory);
    if (choice.dir === undefined && !existsSync(paths.settings)) continue;
    const { rpc } = readSettings(paths);
    const scheme = rpc.tls_certificate_file === '' ? 'http' : 'https';
    return `${scheme}://${rpc.host.includes(':') ? `[${rpc.host}]` : rpc.host}:${rpc.port}`;
  }
  return 'http://127.0.0.1:8545';
}

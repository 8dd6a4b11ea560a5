import type { Command } from 'commander';
import { type NodeChoice, rpcOf } from '../node-address.ts';
import { createOutput, type Output, renderTable, shortId } from '../output.ts';
import { callRpc } from '../rpc-client.ts';

/** Answer of `hansa_getStatus`; docs/rpc.md describes each field. */
export type StatusReport = {
  readonly nodeId: string;
  readonly organisation: string | null;
  readonly role: 'validator' | 'observer' | 'none';
  readonly voting: boolean;
  readonly chainId: string | number;
  readonly groupId: string;
  readonly genesisHash: string;
  readonly height: string;
  readonly headHash: string;
  readonly lastBlockAgeMs: number | null;
  readonly term: number;
  readonly view: number;
  readonly changing: boolean;
  readonly primary: string;
  readonly validatorCount: number;
  readonly totalWeight: number;
  readonly quorumWeight: number;
  readonly toleratedWeight: number;
  readonly presentWeight: number;
  readonly missing: readonly { readonly nodeId: string; readonly organisation: string | null }[];
  readonly whyNoBlock: string | null;
  readonly remedy: string | null;
  readonly setAside: readonly {
    readonly nodeId: string;
    readonly organisation: string | null;
    readonly role: string;
    readonly since: number;
    readonly reason: string;
  }[];
  readonly divergence: {
    readonly height: number;
    readonly field: string;
    readonly certified: string;
    readonly own: string;
    readonly key: string | null;
    readonly certifiedValue: string | null;
    readonly ownValue: string | null;
    readonly healing: string | null;
  } | null;
  readonly certificate: {
    readonly subject: string;
    readonly notAfter: string;
    readonly daysLeft: number;
    readonly state: string;
  } | null;
  readonly syncing: { readonly current: number; readonly highest: number } | null;
  readonly pool: { readonly pending: number; readonly queued: number; readonly ordered: number };
  readonly peers: readonly {
    readonly nodeId: string;
    readonly organisation: string | null;
    readonly state: string;
    readonly address: string | null;
    readonly height: number | null;
    readonly clockOffsetMs: number | null;
    readonly roundTripMs: number | null;
    readonly lastError: string | null;
  }[];
};

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('what a node sees: height, votes, peers, and why there is no block')
    .option('--dir <dir>', 'node directory (default: this one, or the devnet’s first node)')
    .option('--rpc <url>', 'JSON-RPC address of the node')
    .option('--json', 'machine-readable output')
    .action(async (options: NodeChoice & { json?: boolean }) => {
      const output = createOutput(options);
      const status = await callRpc<StatusReport>(rpcOf(options), 'hansa_getStatus');
      output.data(status);
      show(status, output);
    });
}

function stateOf({ whyNoBlock, missing }: StatusReport): string {
  if (whyNoBlock !== null) return `NO BLOCK: ${whyNoBlock}`;
  if (missing.length === 0) return 'all is well';
  const names = missing.map(({ nodeId, organisation }) => `${organisation ?? 'node'} (${shortId(nodeId)})`);
  return `blocks can be made, but not all validators are here; missing: ${names.join(', ')}`;
}

function showDivergence(divergence: NonNullable<StatusReport['divergence']>, output: Output): void {
  const { height, field, certified, own, key, certifiedValue, ownValue, healing } = divergence;
  output.line(`  block ${height}, ${field}: certified ${certified}, here ${own}`);
  if (key !== null) output.line(`  key ${key}: certified ${certifiedValue ?? 'absent'}, here ${ownValue ?? 'absent'}`);
  if (healing !== null) output.line(`  healing: ${healing}`);
}

function showCertificate(certificate: NonNullable<StatusReport['certificate']>, output: Output): void {
  const { subject, notAfter, daysLeft, state } = certificate;
  const when = { expired: 'HAS EXPIRED', expiring: `EXPIRES in ${daysLeft} days` }[state] ?? state;
  output.line(`certificate ${subject}: ${when}, until ${notAfter.slice(0, 10)}`);
}

function show(status: StatusReport, output: Output): void {
  const role = {
    none: 'no member',
    observer: 'observer',
    validator: status.voting ? 'validator, votes' : 'validator, does not vote',
  }[status.role];
  output.line(`${status.organisation ?? 'node'} ${shortId(status.nodeId)}  ${role}`);
  output.line(`chain ${Number(status.chainId)} ${status.groupId}, genesis ${status.genesisHash}`);
  const age =
    status.lastBlockAgeMs === null ? 'none since the start' : `${(status.lastBlockAgeMs / 1000).toFixed(1)} s ago`;
  output.line(
    `height ${Number(status.height)}, last block ${age}, term ${status.term}, view ${status.view}${status.changing ? ' (changing)' : ''}`,
  );
  const spare = status.presentWeight - status.quorumWeight;
  const tolerated = spare <= 0 ? 'no further failure is tolerated' : `${spare} more can be missing`;
  output.line(
    `votes present ${status.presentWeight} of ${status.totalWeight}, needed ${status.quorumWeight}; ${tolerated}`,
  );
  output.line(`pool ${status.pool.pending} pending, ${status.pool.queued} queued, ${status.pool.ordered} ordered`);
  output.line(stateOf(status));
  if (status.remedy !== null) output.line(`  what to do: ${status.remedy}`);
  if (status.divergence !== null) showDivergence(status.divergence, output);
  if (status.certificate !== null) showCertificate(status.certificate, output);
  for (const { organisation, nodeId, role, since, reason } of status.setAside)
    output.line(`${organisation ?? 'node'} ${shortId(nodeId)} is ${role} since block ${since}: ${reason}`);
  output.line();
  const rows = status.peers.map((peer) => [
    peer.organisation ?? '',
    shortId(peer.nodeId),
    peer.state,
    peer.address ?? '',
    peer.height === null ? '' : String(peer.height),
    peer.clockOffsetMs === null ? '' : `${peer.clockOffsetMs.toFixed(0)} ms`,
    peer.roundTripMs === null ? '' : `${peer.roundTripMs.toFixed(1)} ms`,
    peer.state === 'connected' ? '' : (peer.lastError ?? ''),
  ]);
  output.line(
    renderTable(['organisation', 'node', 'state', 'address', 'height', 'clock', 'round trip', 'last error'], rows),
  );
}

import { initCrypto } from '@hansa/crypto';
import type { HistoryReport, MembersReport } from '@hansa/rpc';
import type { Command } from 'commander';
import { nodeOf, parseActions } from '../governance/action-words.ts';
import {
  adminKeys,
  INTERVAL_DEFAULT,
  type KeyChoice,
  members,
  proposeAndVote,
} from '../governance/committee-client.ts';
import { assessmentRows } from '../governance/show-proposal.ts';
import { type NodeChoice, rpcOf } from '../node-address.ts';
import { createOutput, type Output, renderTable, shortId } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import { refusedByCommittee } from '../transaction.ts';

type ListOptions = NodeChoice & { readonly json?: boolean; readonly history?: boolean };
type ChangeOptions = KeyChoice & { readonly json?: boolean; readonly acceptRisk?: boolean };

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `hansa members`: who belongs to the consortium, and the usual changes as proposals of one line. */
export function addMembersCommand(program: Command): void {
  const command = program.command('members').description('list the members, and propose changes to the committee');
  command
    .command('list', { isDefault: true })
    .description('organisations and nodes of the consortium')
    .option('--history', 'every change since genesis')
    .option('--dir <dir>', 'node directory')
    .option('--rpc <url>', 'JSON-RPC address of a node')
    .option('--json', 'machine-readable output')
    .action(async (options: ListOptions) => {
      const output = createOutput(options);
      if (options.history === true) await showHistory(rpcOf(options), output);
      else showMembers(await members(rpcOf(options)), output);
    });
  const change = (name: string, description: string): Command =>
    command
      .command(name)
      .description(`${description} (a proposal to the committee; see \`hansa gov\`)`)
      .argument('<node>', 'node id (128 hex digits) or the card (node.json) of the node')
      .option('--dir <dir>', 'node directory whose admin.key signs (a devnet votes with the keys of all its nodes)')
      .option('--key <file>', 'key file of an admin account (repeatable; default: admin.key)', collect)
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--accept-risk', 'propose even what takes away safety: it then needs two thirds of all weight')
      .option('--json', 'machine-readable output');
  change('add-observer', 'admit a node: it may connect, and follows')
    .option('--org <id>', 'organisation of the node (default: as its card says)')
    .option('--address <multiaddr>', 'where others reach it (repeatable)', collect)
    .action(async (node: string, options: ChangeOptions & { org?: string; address?: readonly string[] }) => {
      await initCrypto();
      const { organisation } = nodeOf(node);
      const own = options.org ?? organisation ?? (await organisationOfKeys(options));
      await submit(
        options,
        ['add-observer', node, own, ...(options.address ?? [])],
        `${shortId(nodeOf(node).nodeId)} is an observer`,
      );
    });
  change('add-validator', 'give a registered observer a vote once the validators have attested it')
    .option('--weight <weight>', 'its weight', '1')
    .action(async (node: string, options: ChangeOptions & { weight: string }) => {
      await initCrypto();
      await submit(
        options,
        ['add-validator', node, options.weight],
        `${shortId(nodeOf(node).nodeId)} becomes a validator when a quorum has attested it`,
      );
    });
  change('set-weight', 'change the weight of a validator from the next term on')
    .requiredOption('--weight <weight>', 'its new weight')
    .action(async (node: string, options: ChangeOptions & { weight: string }) => {
      await initCrypto();
      const done = `${shortId(nodeOf(node).nodeId)} has weight ${options.weight} from the next term on`;
      await submit(options, ['set-weight', node, options.weight], done);
    });
  change('remove', 'remove a node: an observer is cut at once, a validator when its last term is over').action(
    async (node: string, options: ChangeOptions) => {
      await initCrypto();
      await submit(options, ['remove', node], `${shortId(nodeOf(node).nodeId)} is removed`);
    },
  );
}

function showMembers(report: MembersReport, output: Output): void {
  output.data(report);
  const organisations = report.organisations.map(({ id, name, contact, admins, threshold, governorWeight }) => [
    id,
    name,
    contact,
    `${threshold} of ${admins.length}`,
    governorWeight === 0 ? '' : String(governorWeight),
  ]);
  output.line(renderTable(['organisation', 'name', 'contact', 'admins', 'governs with'], organisations));
  output.line();
  const nodes = report.members.map((node) => [
    node.organisation,
    shortId(node.nodeId),
    node.role,
    String(node.weight),
    String(node.since),
    node.attestedBy.length === 0 ? node.reason : `${node.reason}, attested by ${node.attestedBy.length}`,
    node.addresses.join(' '),
  ]);
  output.line(renderTable(['organisation', 'node', 'role', 'weight', 'since', 'why', 'addresses'], nodes));
  output.line();
  const pending = report.changePending
    ? ': a change of validators or parameters takes effect at its end, within some blocks'
    : '';
  output.line(`term ${report.term}${pending}`);
}

async function showHistory(rpc: string, output: Output): Promise<void> {
  const entries: HistoryReport[] = [];
  for (;;) {
    const page = await callRpc<readonly HistoryReport[]>(rpc, 'hansa_getMembershipHistory', [entries.length]);
    if (page.length === 0) break;
    entries.push(...page);
  }
  output.data(entries);
  for (const { height, cause, subject, from, to, transactionHash } of entries) {
    output.line(`block ${height}  ${cause}${transactionHash === null ? '' : `  ${transactionHash}`}`);
    output.line(`  ${subject}: ${from === '' ? '(none)' : from} -> ${to === '' ? '(none)' : to}`);
  }
}

/** Organisation for which the first key at hand acts. */
async function organisationOfKeys(options: ChangeOptions): Promise<string> {
  const { organisations } = await members(rpcOf(options));
  const accounts = await accountsOf(options);
  const own = organisations.find(({ admins }) => accounts[0] !== undefined && admins.includes(accounts[0]));
  if (own === undefined) throw refusedByCommittee('you must be governor');
  return own.id;
}

async function accountsOf(options: ChangeOptions): Promise<readonly string[]> {
  const { addressOfKey } = await import('./init.ts');
  return (await adminKeys(options)).map((key) => `0x${addressOfKey(key)}`);
}

async function submit(options: ChangeOptions, words: readonly string[], done: string): Promise<void> {
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const { proposal, last } = await proposeAndVote(rpc, await adminKeys(options), {
    actions: parseActions(words),
    acceptRisk: options.acceptRisk === true,
    interval: INTERVAL_DEFAULT,
    reason: '',
  });
  const { id, status, code, effect } = proposal;
  output.data({ transactionHash: last.transactionHash, height: last.height, code, proposal: id, status });
  if (status === 'passed' && code !== 0) throw refusedByCommittee(`proposal ${id} could not be carried out (${code})`);
  output.line(
    status === 'open'
      ? `proposal ${id} waits for votes: \`hansa gov vote ${id} yes\` by the other governors`
      : `${done} (block ${last.height}, proposal ${id})`,
  );
  output.line(renderTable(['', 'before', 'after'], assessmentRows(effect.before, effect.after)));
}

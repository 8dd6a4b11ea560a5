import { existsSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import { encodeCall } from '@hansa/executor';
import { CONSENSUS_ADDRESS, MEMBERSHIP_CODES } from '@hansa/membership';
import { ChainError } from '@hansa/primitives';
import type { Command } from 'commander';
import { nodePaths, readKey } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { type NodeChoice, rpcOf } from '../node-address.ts';
import { createOutput, renderTable, shortId } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import { decodeCode, sendCall } from '../transaction.ts';
import { readCard } from './genesis.ts';
import type { StatusReport } from './status.ts';

type Member = { nodeId: string; organisation: string; role: string; weight: number; addresses: string[] };
type Members = { term: number; members: Member[]; changePending: boolean };
type ChangeOptions = NodeChoice & { key?: string; json?: boolean };

/** Words for the codes that 0x1003 returns. */
const CODE_TEXT: Readonly<Record<number, string>> = {
  [MEMBERSHIP_CODES.noPermission]: 'the account is no admin account of an organisation of this consortium',
  [MEMBERSHIP_CODES.invalidNodeId]: 'this is no node id: 128 hex digits of a public key are expected',
  [MEMBERSHIP_CODES.lastSealer]: 'the last validator cannot be removed',
  [MEMBERSHIP_CODES.invalidWeight]: 'a weight from 1 on is expected',
  [MEMBERSHIP_CODES.nodeNotExist]: 'the node is not registered',
  [MEMBERSHIP_CODES.addSealerShouldBeObserver]:
    'only a registered observer can become a validator: add it as observer first',
  [MEMBERSHIP_CODES.invalidAddress]: 'an address like /ip4/10.0.0.1/tcp/30300 is expected',
  [MEMBERSHIP_CODES.tooManyNodes]: 'no more nodes can be registered',
  [MEMBERSHIP_CODES.notAValidator]: 'the node is an observer, it has no weight',
};

export function addMembersCommand(program: Command): void {
  const members = program.command('members').description('list the members, and change them by transaction');
  members
    .command('list', { isDefault: true })
    .description('who belongs to the consortium')
    .option('--dir <dir>', 'node directory')
    .option('--rpc <url>', 'JSON-RPC address of a node')
    .option('--json', 'machine-readable output')
    .action(listMembers);
  const change = (name: string, description: string): Command =>
    members
      .command(name)
      .description(description)
      .argument('<node>', 'node id (128 hex digits) or the card (node.json) of the node')
      .option('--dir <dir>', 'node directory whose admin.key signs')
      .option('--key <file>', 'key file of an admin account (default: admin.key of the node directory)')
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--json', 'machine-readable output');
  change('add-observer', 'admit a node of your organisation: it may connect, and follows')
    .option('--address <multiaddr>', 'where others reach it (repeatable)', (value: string, previous: string[] = []) => [
      ...previous,
      value,
    ])
    .action(async (node: string, options: ChangeOptions & { address?: string[] }) => {
      const { nodeId, addresses } = await resolveNode(node);
      const data = encodeCall(
        'addObserverWithAddresses(string,string[])',
        ['string', 'string[]'],
        [nodeId, options.address ?? addresses],
      );
      await submitChange(options, data, `${shortId(nodeId)} is an observer`);
    });
  change('add-validator', 'give a registered observer a vote from the next term on')
    .option('--weight <weight>', 'its weight', '1')
    .action(async (node: string, options: ChangeOptions & { weight: string }) => {
      const { nodeId } = await resolveNode(node);
      const data = encodeCall('addSealer(string,uint256)', ['string', 'uint256'], [nodeId, toWeight(options.weight)]);
      await submitChange(options, data, `${shortId(nodeId)} is a validator from the next term on`);
    });
  change('set-weight', 'change the weight of a validator from the next term on')
    .requiredOption('--weight <weight>', 'its new weight')
    .action(async (node: string, options: ChangeOptions & { weight: string }) => {
      const { nodeId } = await resolveNode(node);
      const data = encodeCall('setWeight(string,uint256)', ['string', 'uint256'], [nodeId, toWeight(options.weight)]);
      await submitChange(options, data, `${shortId(nodeId)} has weight ${options.weight} from the next term on`);
    });
  change('remove', 'remove a node: an observer is cut at once, a validator when its last term is over').action(
    async (node: string, options: ChangeOptions) => {
      const { nodeId } = await resolveNode(node);
      await submitChange(options, encodeCall('remove(string)', ['string'], [nodeId]), `${shortId(nodeId)} is removed`);
    },
  );
}

async function listMembers(options: NodeChoice & { json?: boolean }): Promise<void> {
  const output = createOutput(options);
  const members = await callRpc<Members>(rpcOf(options), 'hansa_getMembers');
  output.data(members);
  const rows = members.members.map((node) => [
    node.organisation,
    shortId(node.nodeId),
    node.role,
    String(node.weight),
    node.addresses.join(' '),
  ]);
  output.line(renderTable(['organisation', 'node', 'role', 'weight', 'addresses'], rows));
  output.line();
  output.line(
    `term ${members.term}${members.changePending ? ': a change of validators or parameters takes effect at its end, within some blocks' : ''}`,
  );
}

async function resolveNode(text: string): Promise<{ nodeId: string; addresses: readonly string[] }> {
  await initCrypto();
  return existsSync(text) ? readCard(text) : { nodeId: text, addresses: [] };
}

function toWeight(text: string): bigint {
  if (!/^\d{1,9}$/.test(text))
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_USAGE',
      message: `--weight ${text} is no whole number`,
      remedy: 'write a number from 1 on',
    });
  return BigInt(text);
}

async function submitChange(options: ChangeOptions, data: Uint8Array, done: string): Promise<void> {
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const key = readKey(options.key ?? nodePaths(options.dir ?? '.').adminKey);
  const before = await callRpc<StatusReport>(rpc, 'hansa_getStatus');
  const { transactionHash, height, output: returned } = await sendCall({ rpc, key, to: CONSENSUS_ADDRESS, data });
  const code = decodeCode(returned);
  if (code !== 0) {
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message: `the consortium refuses: ${CODE_TEXT[code] ?? 'unknown reason'} (${code})`,
      remedy: 'see `hansa members` for the present state; nothing was changed',
    });
  }
  output.data({ transactionHash, height, code });
  output.line(`${done} (block ${height}, transaction ${transactionHash})`);
  output.line(
    `before: ${before.validatorCount} validators, ${before.quorumWeight} of ${before.totalWeight} votes decide; see \`hansa members\` for after`,
  );
}

import { readFileSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import { encodeCall } from '@hansa/executor';
import { CONSENSUS_ADDRESS } from '@hansa/membership';
import { bytesToHex, ChainError } from '@hansa/primitives';
import type { ProposalReport } from '@hansa/rpc';
import type { Command } from 'commander';
import type { NodeErrorCode } from '../../errors.ts';
import { parseMisbehaviour } from '../../misbehaviour-store.ts';
import { ACTION_WORDS, parseActions } from '../governance/action-words.ts';
import {
  adminKeys,
  committee,
  type Decided,
  INTERVAL_DEFAULT,
  type KeyChoice,
  proposalOf,
  proposeAndVote,
  revokeProposal,
  voteWith,
} from '../governance/committee-client.ts';
import { showProposal } from '../governance/show-proposal.ts';
import { type NodeChoice, rpcOf } from '../node-address.ts';
import { createOutput, type Output, renderTable } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import { decodeCode, sendCall } from '../transaction.ts';

type GovOptions = KeyChoice & { readonly json?: boolean };
type ProposeOptions = GovOptions & {
  readonly acceptRisk?: boolean;
  readonly interval: string;
  readonly reason: string;
};

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

const actionHelp = (): string =>
  [
    '',
    'Changes (several at once: put a + between them; they take effect together):',
    ...Object.entries(ACTION_WORDS).map(([name, { usage, about }]) => `  ${`${name} ${usage}`.padEnd(58)}${about}`),
    '',
    'Examples:',
    '  hansa gov propose add-observer bank-g/node.json',
    '  hansa gov propose add-validator bank-g/node.json 1 + remove 04ab… --reason "BankG for BankB"',
    '  hansa gov propose parameter hansa_window 16',
  ].join('\n');

/** `hansa gov`: the governing committee decides on members, parameters and permissions. */
export function addGovCommand(program: Command): void {
  const gov = program.command('gov').description('propose, vote on and see what the governing committee decides');
  const withNode = (command: Command): Command =>
    command
      .option('--dir <dir>', 'node directory whose admin.key signs (a devnet votes with the keys of all its nodes)')
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--json', 'machine-readable output');
  const withKeys = (command: Command): Command =>
    withNode(command).option('--key <file>', 'key file of an admin account (repeatable; default: admin.key)', collect);

  withKeys(gov.command('propose'))
    .description('propose changes, vote for them with the keys at hand, and show what they do to the chain')
    .argument('<change...>', 'what to change, in words')
    .option('--accept-risk', 'propose even what takes away safety: it then needs two thirds of all weight')
    .option('--interval <blocks>', 'blocks for which it can be voted on', String(INTERVAL_DEFAULT))
    .option('--reason <text>', 'why, for the others', '')
    .addHelpText('after', actionHelp)
    .action(async (words: readonly string[], options: ProposeOptions) => {
      await initCrypto();
      const output = createOutput(options);
      const decided = await proposeAndVote(rpcOf(options), await adminKeys(options), {
        actions: parseActions(words),
        acceptRisk: options.acceptRisk === true,
        interval: BigInt(numberOf(options.interval, 'interval')),
        reason: options.reason,
      });
      report(decided, output);
    });
  withKeys(gov.command('vote'))
    .description('vote on a proposal with the keys at hand')
    .argument('<id>', 'number of the proposal')
    .argument('[yes|no]', 'what to say', 'yes')
    .action(async (id: string, word: string, options: GovOptions) => {
      if (word !== 'yes' && word !== 'no') throw usage(`"${word}" is no vote`, 'write yes or no');
      const ballot = { id: numberOf(id, 'id'), agrees: word === 'yes' };
      report(await voteWith(rpcOf(options), await adminKeys(options), ballot), createOutput(options));
    });
  withKeys(gov.command('revoke'))
    .description('take back a proposal of the own organisation')
    .argument('<id>', 'number of the proposal')
    .action(async (id: string, options: GovOptions) => {
      const [key] = (await adminKeys(options)) as readonly [Uint8Array];
      report(await revokeProposal(rpcOf(options), key, numberOf(id, 'id')), createOutput(options));
    });
  withNode(gov.command('show'))
    .description('show a proposal: what it changes, before and after, and who has voted')
    .argument('<id>', 'number of the proposal')
    .action(async (id: string, options: NodeChoice & { json?: boolean }) => {
      const output = createOutput(options);
      const proposal = await proposalOf(rpcOf(options), numberOf(id, 'id'));
      output.data(proposal);
      showProposal(proposal, output);
    });
  withNode(gov.command('list'))
    .description('the committee and its last proposals')
    .action(async (options: NodeChoice & { json?: boolean }) => list(rpcOf(options), createOutput(options)));
  withKeys(gov.command('suspend-proven'))
    .description('suspend a member by a proof of misbehaviour (an item of `hansa_getMisbehaviour`): needs no vote')
    .argument('<proof>', 'file with the proof')
    .action(async (file: string, options: GovOptions) => {
      const [key] = (await adminKeys(options)) as readonly [Uint8Array];
      await suspendProven(rpcOf(options), key, file, createOutput(options));
    });
}

const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

function numberOf(text: string, what: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usage(`"${text}" is no ${what}`, 'write a whole number');
  return Number(text);
}

function report({ proposal, last }: Decided, output: Output): void {
  output.data({ ...proposal, transactionHash: last.transactionHash, height: last.height });
  showProposal(proposal, output);
  if (proposal.status === 'open') output.line(`Others vote by: hansa gov vote ${proposal.id} yes`);
}

async function list(rpc: string, output: Output): Promise<void> {
  const [facts, proposals] = await Promise.all([
    committee(rpc),
    callRpc<readonly ProposalReport[]>(rpc, 'hansa_getProposals', []),
  ]);
  output.data({ ...facts, proposals });
  const { participationRate, winRate, governors } = facts;
  output.line(`${participationRate} % of the weight must vote, ${winRate} % of that must agree`);
  output.line(
    renderTable(
      ['governor', 'weight'],
      governors.map(({ organisation, weight }) => [organisation, String(weight)]),
    ),
  );
  output.line();
  const rows = proposals.map(({ id, organisation, status, votes, deadline, actions }) => [
    String(id),
    organisation,
    status,
    `${votes.agree}/${votes.against} of ${votes.total}`,
    String(deadline),
    `${actions[0]?.text ?? ''}${actions.length > 1 ? ` and ${actions.length - 1} more` : ''}`,
  ]);
  output.line(renderTable(['proposal', 'of', 'status', 'yes/no', 'until block', 'change'], rows));
}

async function suspendProven(rpc: string, key: Uint8Array, file: string, output: Output): Promise<void> {
  const proof = parseMisbehaviour(JSON.parse(readFileSync(file, 'utf8')) as unknown);
  if (proof === undefined)
    throw usage(`${file} is no proof of misbehaviour`, 'save one item of the answer of hansa_getMisbehaviour');
  const data = encodeCall(
    'suspendForMisbehaviour(string,bytes,bytes)',
    ['string', 'bytes', 'bytes'],
    [proof.nodeId, proof.first, proof.second],
  );
  const done = await sendCall({ rpc, key, to: CONSENSUS_ADDRESS, data, price: 0n });
  const code = decodeCode(done.output);
  if (code !== 0)
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message: `the chain refuses the proof against ${proof.nodeId} (${code})`,
      remedy: 'check it by `hansa verify-misbehaviour`; docs/spec/governance.md lists the codes',
    });
  output.data({
    nodeId: proof.nodeId,
    transactionHash: done.transactionHash,
    height: done.height,
    proof: bytesToHex(proof.first),
  });
  output.line(`${proof.nodeId.slice(0, 8)}… is suspended (block ${done.height}, transaction ${done.transactionHash})`);
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { ChainError, compareText, isNodeId, toAddressHex } from '@hansa/primitives';
import {
  DEFAULT_CHAIN_PARAMETERS,
  type Genesis,
  type GenesisAccount,
  type GenesisNode,
  type GenesisOrganisation,
  parseGenesis,
  renderGenesis,
  setParameter,
} from '@hansa/protocol';
import type { Command } from 'commander';
import { type NodeCard, readGenesis } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { buildGenesis } from '../../genesis-block.ts';
import { createOutput, renderTable, shortId } from '../output.ts';

export type GenesisChoice = {
  readonly chainId: number;
  readonly groupId?: string | undefined;
  readonly cards: readonly (NodeCard & { readonly observer?: boolean; readonly weight?: number })[];
  /** Balance in wei by address (0x and 40 hex digits). */
  readonly balances: ReadonlyMap<string, bigint>;
  /** Chain parameters by key, as text. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Weight in the committee by organisation; 1 where nothing is said. */
  readonly governors?: ReadonlyMap<string, number>;
  /** Admin accounts that must agree, by organisation; 1 where nothing is said. */
  readonly thresholds?: ReadonlyMap<string, number>;
  readonly committee?: Genesis['committee'];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
};

/** Two thirds of the weight must have voted, and two thirds of that must agree: of four governors one may be away. */
const DEFAULT_RATES: Genesis['committee'] = { participationRate: 66, winRate: 66 };

const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

/** Genesis from the cards that the organisations handed over. Every rule of the format is checked by parsing it back. */
export function composeGenesis(choice: GenesisChoice): Genesis {
  const organisations = new Map<string, GenesisOrganisation>();
  const nodes: GenesisNode[] = [];
  for (const card of choice.cards) {
    const known = organisations.get(card.organisation);
    const admins = card.admins.map((admin) => toAddressHex(admin.slice(2).toLowerCase()));
    const merged = [...new Set([...(known?.admins ?? []), ...admins])].sort(compareText);
    organisations.set(card.organisation, {
      id: card.organisation,
      name: card.organisationName,
      contact: known?.contact ?? card.contact ?? '',
      admins: merged,
      threshold: merged.length === 0 ? 0 : (choice.thresholds?.get(card.organisation) ?? 1),
      governorWeight: merged.length === 0 ? 0 : (choice.governors?.get(card.organisation) ?? 1),
    });
    const isObserver = card.observer === true;
    nodes.push({
      nodeId: card.nodeId,
      organisationId: card.organisation,
      role: isObserver ? 'observer' : 'validator',
      weight: isObserver ? 0 : (card.weight ?? 1),
      addresses: card.addresses,
    });
  }
  const accounts: GenesisAccount[] = [...choice.balances].map(([address, balance]) => ({
    address: toAddressHex(address.slice(2).toLowerCase()),
    balance,
    nonce: 0n,
    code: new Uint8Array(0),
    storage: [],
  }));
  let parameters = DEFAULT_CHAIN_PARAMETERS;
  for (const [key, text] of choice.parameters) {
    const next = setParameter(parameters, key, text);
    if (!next.ok)
      throw usage(
        `parameter ${key}: ${next.error.message}`,
        'docs/configuration.md lists the chain parameters with their ranges',
      );
    parameters = next.value;
  }
  const genesis: Genesis = {
    formatVersion: 2,
    chainId: choice.chainId,
    groupId: choice.groupId ?? 'group0',
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: choice.timestamp,
    parameters,
    committee: choice.committee ?? DEFAULT_RATES,
    organisations: [...organisations.values()].sort((a, b) => compareText(a.id, b.id)),
    nodes: nodes.sort((a, b) => compareText(a.nodeId, b.nodeId)),
    accounts: accounts.sort((a, b) => compareText(a.address, b.address)),
  };
  const checked = parseGenesis(renderGenesis(genesis));
  if (!checked.ok)
    throw usage(
      `these parts make no valid genesis: ${checked.error.message}`,
      checked.error.remedy ?? 'correct the named part',
    );
  return checked.value;
}

/** @throws ChainError CLI_USAGE naming the file and what is wrong in it */
export function readCard(file: string): NodeCard {
  try {
    const card = JSON.parse(readFileSync(file, 'utf8')) as NodeCard;
    if (!isNodeId(card.nodeId) || !standardSuite.isValidNodeId(card.nodeId))
      throw new Error('nodeId is no valid node id');
    if (typeof card.organisation !== 'string' || !Array.isArray(card.addresses) || !Array.isArray(card.admins)) {
      throw new Error('organisation, addresses and admins are expected');
    }
    return card;
  } catch (cause) {
    throw new ChainError<NodeErrorCode>(
      { code: 'CLI_USAGE', message: `${file} is no node card`, remedy: 'use the node.json that `hansa init` wrote' },
      { cause },
    );
  }
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

function pairs(texts: readonly string[], what: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw usage(`"${text}" is no ${what}`, `write KEY=VALUE`);
    out.set(text.slice(0, at), text.slice(at + 1));
  }
  return out;
}

function numbers(texts: readonly string[], what: string): Map<string, number> {
  const entries = [...pairs(texts, what)].map(([id, text]): [string, number] => {
    if (!/^\d{1,7}$/.test(text)) throw usage(`"${id}=${text}" is no ${what}`, 'write ORG=NUMBER');
    return [id, Number(text)];
  });
  return new Map(entries);
}

function ratesOf(text: string): Genesis['committee'] {
  const match = /^(\d{1,3})\/(\d{1,3})$/.exec(text);
  if (match === null) throw usage(`"${text}" are no rates`, 'write them as 66/66');
  return { participationRate: Number(match[1]), winRate: Number(match[2]) };
}

type CreateOptions = {
  chainId: number;
  group: string;
  card: readonly string[];
  observer?: readonly string[];
  account?: readonly string[];
  parameter?: readonly string[];
  governor?: readonly string[];
  threshold?: readonly string[];
  rates: string;
  out: string;
  json?: boolean;
};

export function addGenesisCommand(program: Command): void {
  const genesis = program.command('genesis').description('make, show and compare the genesis of a consortium');
  genesis
    .command('create')
    .description('make genesis.json from the cards (node.json) of the members')
    .requiredOption('--chain-id <number>', 'chain id, from 1', (text) => Number(text))
    .requiredOption('--card <file>', 'card of a validator (repeatable)', collect)
    .option('--observer <file>', 'card of an observer (repeatable)', collect)
    .option('--group <id>', 'group id', 'group0')
    .option('--account <address=wei>', 'account with its first balance (repeatable)', collect)
    .option('--parameter <key=value>', 'chain parameter that differs from its default (repeatable)', collect)
    .option('--governor <org=weight>', 'weight in the governing committee (repeatable; default: 1; 0: none)', collect)
    .option(
      '--threshold <org=count>',
      'admin accounts of an organisation that must agree (repeatable; default: 1)',
      collect,
    )
    .option('--rates <participation/win>', 'per cent that must vote, and of those agree', '66/66')
    .option('--out <file>', 'where to write it', 'genesis.json')
    .option('--json', 'machine-readable output')
    .action(async (options: CreateOptions) => {
      await initCrypto();
      const output = createOutput(options);
      if (existsSync(options.out)) throw usage(`${options.out} exists`, 'choose another --out; nothing was changed');
      const balances = new Map<string, bigint>();
      for (const [address, amount] of pairs(options.account ?? [], 'account')) {
        if (!/^0x[0-9a-fA-F]{40}$/.test(address) || !/^\d{1,78}$/.test(amount))
          throw usage(`"${address}=${amount}" is no account`, 'write 0x…=WEI');
        balances.set(address.toLowerCase(), BigInt(amount));
      }
      const composed = composeGenesis({
        chainId: options.chainId,
        groupId: options.group,
        cards: [
          ...options.card.map(readCard),
          ...(options.observer ?? []).map((file) => ({ ...readCard(file), observer: true })),
        ],
        balances,
        parameters: pairs(options.parameter ?? [], 'parameter'),
        governors: numbers(options.governor ?? [], 'governor'),
        thresholds: numbers(options.threshold ?? [], 'threshold'),
        committee: ratesOf(options.rates),
        timestamp: Date.now(),
      });
      writeFileSync(options.out, renderGenesis(composed), { flag: 'wx' });
      report(composed, options.out, output);
      output.line();
      output.line(
        'Send this file to every member. Each runs `hansa genesis show FILE`, and all compare the hash by voice or in person.',
      );
    });
  genesis
    .command('show')
    .description('show a genesis file and its hash')
    .argument('[file]', 'genesis file', 'genesis.json')
    .option('--json', 'machine-readable output')
    .action(async (file: string, options: { json?: boolean }) => {
      await initCrypto();
      report(readGenesis(file), file, createOutput(options));
    });
}

function report(genesis: Genesis, file: string, output: ReturnType<typeof createOutput>): void {
  const { hash } = buildGenesis(genesis, standardSuite);
  output.data({
    file,
    chainId: genesis.chainId,
    groupId: genesis.groupId,
    genesisHash: `0x${hash}`,
    nodes: genesis.nodes,
    organisations: genesis.organisations,
  });
  output.line(
    `${file}: chain ${genesis.chainId}, group ${genesis.groupId}, ${genesis.nodes.length} nodes of ${genesis.organisations.length} organisations`,
  );
  const rows = genesis.nodes.map((node) => [
    node.organisationId,
    node.role,
    String(node.weight),
    shortId(node.nodeId),
    node.addresses.join(' '),
  ]);
  output.line(renderTable(['organisation', 'role', 'weight', 'node id', 'addresses'], rows));
  output.line();
  output.line(`genesis hash  0x${hash}`);
}

import { existsSync } from 'node:fs';
import { type AbiType, type AbiValue, argumentTypes, encodeCall } from '@hansa/executor';
import {
  ACCOUNT_ADDRESS,
  AUTH_ADDRESS,
  COMMITTEE_ADDRESS,
  CONSENSUS_ADDRESS,
  SYSTEM_CONFIG_ADDRESS,
} from '@hansa/membership';
import { type AddressHex, ChainError } from '@hansa/primitives';
import type { NodeErrorCode } from '../../errors.ts';
import { readCard } from '../commands/genesis.ts';

/** One change of a proposal, as a call to the system contract that it is about. */
export type ActionCall = { readonly target: AddressHex; readonly data: Uint8Array };

type ActionWord = {
  /** Words behind the name, as help shows them. */
  readonly usage: string;
  readonly about: string;
  readonly toCall: (words: readonly string[]) => ActionCall;
};

const usageError = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

const call = (target: AddressHex, signature: string, values: readonly AbiValue[]): ActionCall => ({
  target,
  data: encodeCall(signature, argumentTypes(signature) as readonly AbiType[], values),
});

function wholeNumber(text: string | undefined, what: string): bigint {
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw usageError(`"${text ?? ''}" is no ${what}`, 'write a whole number');
  return BigInt(text);
}

/** From 0x and 40 hex digits: those, in lower case. @throws ChainError CLI_USAGE */
export function address(text: string | undefined): string {
  if (text === undefined || !/^0x[0-9a-fA-F]{40}$/.test(text))
    throw usageError(`"${text ?? ''}" is no address`, 'write 0x and 40 hex digits');
  return text.slice(2).toLowerCase();
}

const word = (text: string | undefined, what: string): string => {
  if (text === undefined) throw usageError(`${what} is missing`, 'see `hansa gov propose --help`');
  return text;
};

/** Node id of a word: 128 hex digits, or the card (node.json) of the node. */
export function nodeOf(text: string | undefined): {
  readonly nodeId: string;
  readonly addresses: readonly string[];
  readonly organisation: string | undefined;
} {
  const given = word(text, 'a node');
  return existsSync(given) ? readCard(given) : { nodeId: given, addresses: [], organisation: undefined };
}

const STATUS = ['normal', 'frozen', 'abolished'];
const DEPLOY = ['all', 'white-list', 'black-list'];

function oneOf(text: string | undefined, known: readonly string[]): bigint {
  const at = known.indexOf(text ?? '');
  if (at < 0) throw usageError(`"${text ?? ''}" is none of ${known.join(', ')}`, `write one of ${known.join(', ')}`);
  return BigInt(at);
}

/** What can be proposed. The names are those of the action, in words. */
export const ACTION_WORDS: Readonly<Record<string, ActionWord>> = {
  'add-observer': {
    usage: '<node> [org] [address…]',
    about: 'admit a node of an organisation: it may connect, and follows',
    toCall: ([id, organisation, ...addresses]) => {
      const node = nodeOf(id);
      const of = organisation ?? node.organisation;
      if (of === undefined) throw usageError('the organisation is missing', 'write add-observer NODE ORG');
      return call(CONSENSUS_ADDRESS, 'addObserverOf(string,string,string[])', [
        node.nodeId,
        of,
        addresses.length > 0 ? addresses : node.addresses,
      ]);
    },
  },
  'add-validator': {
    usage: '<node> [weight]',
    about: 'make an observer a validator, once the validators have attested it',
    toCall: ([id, weight]) =>
      call(CONSENSUS_ADDRESS, 'addSealer(string,uint256)', [nodeOf(id).nodeId, wholeNumber(weight ?? '1', 'weight')]),
  },
  'set-weight': {
    usage: '<node> <weight>',
    about: 'change the weight of a validator',
    toCall: ([id, weight]) =>
      call(CONSENSUS_ADDRESS, 'setWeight(string,uint256)', [nodeOf(id).nodeId, wholeNumber(weight, 'weight')]),
  },
  remove: {
    usage: '<node>',
    about: 'remove a node',
    toCall: ([id]) => call(CONSENSUS_ADDRESS, 'remove(string)', [nodeOf(id).nodeId]),
  },
  suspend: {
    usage: '<node>',
    about: 'a node may not connect until it is an observer again',
    toCall: ([id]) => call(CONSENSUS_ADDRESS, 'suspend(string)', [nodeOf(id).nodeId]),
  },
  parameter: {
    usage: '<key> <value>',
    about: 'set a parameter of the chain',
    toCall: ([key, value]) =>
      call(SYSTEM_CONFIG_ADDRESS, 'setValueByKey(string,string)', [word(key, 'a key'), word(value, 'a value')]),
  },
  organisation: {
    usage: '<id> <name> <contact> <threshold> <admin…>',
    about: 'add or change an organisation',
    toCall: ([id, name, contact, threshold, ...admins]) =>
      call(COMMITTEE_ADDRESS, 'setOrganisation(string,string,string,address[],uint32)', [
        word(id, 'an id'),
        word(name, 'a name'),
        word(contact, 'a contact'),
        admins.map(address),
        wholeNumber(threshold, 'threshold'),
      ]),
  },
  'remove-organisation': {
    usage: '<id>',
    about: 'remove an organisation without nodes and without a vote',
    toCall: ([id]) => call(COMMITTEE_ADDRESS, 'removeOrganisation(string)', [word(id, 'an id')]),
  },
  governor: {
    usage: '<org> <weight>',
    about: 'give an organisation a weight in the committee; 0 removes it',
    toCall: ([id, weight]) =>
      call(COMMITTEE_ADDRESS, 'setGovernor(string,uint256)', [
        word(id, 'an organisation'),
        wholeNumber(weight, 'weight'),
      ]),
  },
  rates: {
    usage: '<participation> <win>',
    about: 'per cent of the weight that must vote, and of that which must agree',
    toCall: ([participation, win]) =>
      call(COMMITTEE_ADDRESS, 'setRate(uint8,uint8)', [
        wholeNumber(participation, 'rate') & 0xffn,
        wholeNumber(win, 'rate') & 0xffn,
      ]),
  },
  contract: {
    usage: '<address> normal|frozen|abolished',
    about: 'freeze, free or abolish a contract',
    toCall: ([at, status]) =>
      call(AUTH_ADDRESS, 'setContractStatus(address,uint8)', [address(at), oneOf(status, STATUS)]),
  },
  account: {
    usage: '<address> normal|frozen|abolished',
    about: 'freeze, free or abolish an account',
    toCall: ([at, status]) =>
      call(ACCOUNT_ADDRESS, 'setAccountStatus(address,uint8)', [address(at), oneOf(status, STATUS)]),
  },
  'deploy-type': {
    usage: 'all|white-list|black-list',
    about: 'who may deploy contracts',
    toCall: ([type]) => call(AUTH_ADDRESS, 'setDeployAuthType(uint8)', [oneOf(type, DEPLOY)]),
  },
  'allow-deploy': {
    usage: '<address>',
    about: 'an account may deploy',
    toCall: ([at]) => call(AUTH_ADDRESS, 'openDeployAuth(address)', [address(at)]),
  },
  'deny-deploy': {
    usage: '<address>',
    about: 'an account may not deploy',
    toCall: ([at]) => call(AUTH_ADDRESS, 'closeDeployAuth(address)', [address(at)]),
  },
  'reset-admin': {
    usage: '<contract> <account>',
    about: 'make an account the admin of a contract',
    toCall: ([contract, account]) =>
      call(AUTH_ADDRESS, 'resetAdmin(address,address)', [address(contract), address(account)]),
  },
};

/** The changes that words name; a word `+` stands between two of them. */
export function parseActions(words: readonly string[]): readonly ActionCall[] {
  const parts: string[][] = [[]];
  for (const each of words) {
    if (each === '+') parts.push([]);
    else (parts.at(-1) as string[]).push(each);
  }
  return parts.map(([name, ...rest]) => {
    const action = name === undefined ? undefined : ACTION_WORDS[name];
    if (action === undefined)
      throw usageError(
        `"${name ?? ''}" cannot be proposed`,
        `known are ${Object.keys(ACTION_WORDS).join(', ')}; see \`hansa gov propose --help\``,
      );
    return action.toCall(rest);
  });
}

import type { AddressHex } from '@hansa/primitives';
import { asciiBytes } from '@hansa/primitives';
import {
  CONTACT_SIZE_MAX,
  encodeUtf8,
  GENESIS_ADDRESS_COUNT_MAX,
  GENESIS_ADMIN_COUNT_MAX,
  IDENTIFIER_SIZE_MAX,
  MULTIADDR_SIZE_MAX,
  NAME_SIZE_MAX,
  type Reader,
  type Writer,
} from '@hansa/protocol';
import { readAscii, readText } from './records.ts';

/** Changes of one proposal. All together take effect, or none (spec GOV-12). */
export const ACTION_COUNT_MAX = 32;

/** A change of one node. */
export type NodeAction =
  | {
      readonly type: 'addObserver';
      readonly nodeId: string;
      readonly organisationId: string;
      /** Undefined: a known node keeps its own. */
      readonly addresses: readonly string[] | undefined;
    }
  | { readonly type: 'addSealer'; readonly nodeId: string; readonly weight: bigint }
  | { readonly type: 'setWeight'; readonly nodeId: string; readonly weight: bigint }
  | { readonly type: 'remove'; readonly nodeId: string }
  | { readonly type: 'suspend'; readonly nodeId: string };

/** One change that the committee decides on (docs/spec/governance.md, GOV-10). Weights are as wide as a call can say. */
export type Action =
  | {
      readonly type: 'setOrganisation';
      readonly id: string;
      readonly name: string;
      readonly contact: string;
      readonly admins: readonly AddressHex[];
      readonly threshold: number;
    }
  | { readonly type: 'removeOrganisation'; readonly id: string }
  | NodeAction
  | { readonly type: 'setParameter'; readonly key: string; readonly value: string }
  | { readonly type: 'setGovernor'; readonly organisationId: string; readonly weight: bigint }
  | { readonly type: 'setRates'; readonly participationRate: number; readonly winRate: number }
  | { readonly type: 'setContractStatus'; readonly contract: AddressHex; readonly status: number }
  | { readonly type: 'setAccountStatus'; readonly account: AddressHex; readonly status: number }
  | { readonly type: 'setDeployType'; readonly deployType: number }
  | { readonly type: 'setDeployRight'; readonly account: AddressHex; readonly isOpen: boolean }
  | { readonly type: 'resetAdmin'; readonly contract: AddressHex; readonly admin: AddressHex };

export type ActionType = Action['type'];

/** In the order of their numbers in records (spec GOV-11). */
const TYPES: readonly ActionType[] = [
  'setOrganisation',
  'removeOrganisation',
  'addObserver',
  'addSealer',
  'setWeight',
  'remove',
  'suspend',
  'setParameter',
  'setGovernor',
  'setRates',
  'setContractStatus',
  'setAccountStatus',
  'setDeployType',
  'setDeployRight',
  'resetAdmin',
];

/** Bytes of a parameter's key and of its value. */
const PARAMETER_TEXT_SIZE_MAX = 128;

/** What an action changes: two actions of one proposal never name the same (spec GOV-12). */
export function subjectOf(action: Action): string {
  switch (action.type) {
    case 'setOrganisation':
    case 'removeOrganisation':
      return `organisation ${action.id}`;
    case 'addObserver':
    case 'addSealer':
    case 'setWeight':
    case 'remove':
    case 'suspend':
      return `node ${action.nodeId}`;
    case 'setParameter':
      return `parameter ${action.key}`;
    case 'setGovernor':
      return `governor ${action.organisationId}`;
    case 'setRates':
      return 'rates';
    case 'setContractStatus':
      return `status of contract 0x${action.contract}`;
    case 'setAccountStatus':
      return `account 0x${action.account}`;
    case 'setDeployType':
      return 'deploy permission';
    case 'setDeployRight':
      return `deploy right of 0x${action.account}`;
    case 'resetAdmin':
      return `admin of contract 0x${action.contract}`;
  }
}

/** An action in words, for people and for programs that show it to them. */
export function describeAction(action: Action): string {
  switch (action.type) {
    case 'setOrganisation':
      return `organisation ${action.id} is "${action.name}", ${action.threshold} of ${action.admins.length} admin accounts act for it: ${accounts(action.admins)}`;
    case 'removeOrganisation':
      return `organisation ${action.id} is removed`;
    case 'addObserver': {
      const at =
        action.addresses === undefined || action.addresses.length === 0 ? '' : ` at ${action.addresses.join(' ')}`;
      return `${action.nodeId} is an observer of ${action.organisationId}${at}`;
    }
    case 'addSealer':
      return `${action.nodeId} is a validator with weight ${action.weight}`;
    case 'setWeight':
      return `validator ${action.nodeId} has weight ${action.weight}`;
    case 'remove':
      return `${action.nodeId} is removed`;
    case 'suspend':
      return `${action.nodeId} is suspended`;
    case 'setParameter':
      return `${action.key} is ${action.value}`;
    case 'setGovernor':
      return `governor ${action.organisationId} has weight ${action.weight}`;
    case 'setRates':
      return `participation ${action.participationRate} %, win ${action.winRate} %`;
    case 'setContractStatus':
      return `contract 0x${action.contract} is ${STATUS_WORDS[action.status]}`;
    case 'setAccountStatus':
      return `account 0x${action.account} is ${STATUS_WORDS[action.status]}`;
    case 'setDeployType':
      return `who may deploy: ${DEPLOY_WORDS[action.deployType]}`;
    case 'setDeployRight':
      return `0x${action.account} may ${action.isOpen ? '' : 'not '}deploy`;
    case 'resetAdmin':
      return `0x${action.admin} is admin of contract 0x${action.contract}`;
  }
}

/** By the numbers of FISCO BCOS. */
export const STATUS_WORDS: readonly string[] = ['normal', 'frozen', 'abolished'];
export const DEPLOY_WORDS: readonly string[] = ['everybody', 'white list', 'black list'];
export const accounts = (list: readonly AddressHex[]): string => list.map((account) => `0x${account}`).join(' ');

/** spec GOV-11. Of actions that were accepted: node ids are lower-case hex, texts fit. */
export function writeAction(writer: Writer, action: Action): void {
  const text = (value: string): Writer => writer.bytes(encodeUtf8(value));
  writer.u8(TYPES.indexOf(action.type));
  switch (action.type) {
    case 'setOrganisation':
      text(action.id);
      text(action.name);
      text(action.contact)
        .list(action.admins, (w, admin) => w.hex(admin, 20))
        .u32(action.threshold);
      break;
    case 'removeOrganisation':
      text(action.id);
      break;
    case 'addObserver':
      writer.hex(action.nodeId, 64).bytes(asciiBytes(action.organisationId));
      writer.maybe(action.addresses, (w, addresses) =>
        w.list(addresses, (each, address) => each.bytes(encodeUtf8(address))),
      );
      break;
    case 'addSealer':
    case 'setWeight':
      writer.hex(action.nodeId, 64).u256(action.weight);
      break;
    case 'remove':
    case 'suspend':
      writer.hex(action.nodeId, 64);
      break;
    case 'setParameter':
      text(action.key);
      text(action.value);
      break;
    case 'setGovernor':
      text(action.organisationId).u256(action.weight);
      break;
    case 'setRates':
      writer.u8(action.participationRate).u8(action.winRate);
      break;
    case 'setContractStatus':
      writer.hex(action.contract, 20).u8(action.status);
      break;
    case 'setAccountStatus':
      writer.hex(action.account, 20).u8(action.status);
      break;
    case 'setDeployType':
      writer.u8(action.deployType);
      break;
    case 'setDeployRight':
      writer.hex(action.account, 20).boolean(action.isOpen);
      break;
    case 'resetAdmin':
      writer.hex(action.contract, 20).hex(action.admin, 20);
      break;
  }
}

export function readAction(reader: Reader): Action {
  const number = reader.u8();
  const type = TYPES[number];
  switch (type) {
    case 'setOrganisation':
      return {
        type,
        id: readAscii(reader, IDENTIFIER_SIZE_MAX),
        name: readText(reader, NAME_SIZE_MAX),
        contact: readText(reader, CONTACT_SIZE_MAX),
        admins: reader.list(GENESIS_ADMIN_COUNT_MAX, (r) => r.address()),
        threshold: reader.u32(),
      };
    case 'removeOrganisation':
      return { type, id: readAscii(reader, IDENTIFIER_SIZE_MAX) };
    case 'addObserver':
      return {
        type,
        nodeId: reader.nodeId(),
        organisationId: readAscii(reader, IDENTIFIER_SIZE_MAX),
        addresses: reader.maybe((r) => r.list(GENESIS_ADDRESS_COUNT_MAX, (each) => readText(each, MULTIADDR_SIZE_MAX))),
      };
    case 'addSealer':
    case 'setWeight':
      return { type, nodeId: reader.nodeId(), weight: reader.u256() };
    case 'remove':
    case 'suspend':
      return { type, nodeId: reader.nodeId() };
    case 'setParameter':
      return {
        type,
        key: readText(reader, PARAMETER_TEXT_SIZE_MAX),
        value: readText(reader, PARAMETER_TEXT_SIZE_MAX),
      };
    case 'setGovernor':
      return { type, organisationId: readAscii(reader, IDENTIFIER_SIZE_MAX), weight: reader.u256() };
    case 'setRates':
      return { type, participationRate: reader.u8(), winRate: reader.u8() };
    case 'setContractStatus':
      return { type, contract: reader.address(), status: reader.u8() };
    case 'setAccountStatus':
      return { type, account: reader.address(), status: reader.u8() };
    case 'setDeployType':
      return { type, deployType: reader.u8() };
    case 'setDeployRight':
      return { type, account: reader.address(), isOpen: reader.boolean() };
    case 'resetAdmin':
      return { type, contract: reader.address(), admin: reader.address() };
    default:
      reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no action ${number}`);
      return { type: 'setDeployType', deployType: 0 };
  }
}

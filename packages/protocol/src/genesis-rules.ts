import { suiteByName } from '@hansa/crypto';
import { assert, compareText } from '@hansa/primitives';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import type { Genesis, GenesisAccount, GenesisNode, GenesisOrganisation } from './genesis.ts';
import { isIdentifier } from './identifier.ts';
import * as limits from './limits.ts';
import { parametersFault } from './parameter-table.ts';
import { encodeUtf8 } from './utf8.ts';

const U256_MAX = (1n << 256n) - 1n;
const NONCE_MAX = (1n << 64n) - 2n;
const IP4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const IP6 = /^[0-9a-f:.]{2,45}$/;
const HOST =
  /^(?=.{1,253}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?)*$/;
/** Characters that cannot be seen or that change the direction of a line have no place in a name. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

type Check = (path: string) => ProtocolFailure | undefined;

/**
 * The first rule that a genesis breaks (spec FMT-82), with the path of the place as in genesis.json; undefined when it
 * is sound. The same for the text and for the canonical bytes.
 */
export function genesisFault(genesis: Genesis): ProtocolFailure | undefined {
  return (
    headFault(genesis) ??
    organisationsFault(genesis) ??
    committeeFault(genesis) ??
    nodesFault(genesis) ??
    accountsFault(genesis)
  );
}

/** Multiaddr of a TCP address: /ip4, /ip6, /dns, /dns4 or /dns6, then /tcp and a port. */
export function isNodeAddress(text: string): boolean {
  const [empty, kind, host, tcp, port, ...rest] = text.split('/');
  if (empty !== '' || tcp !== 'tcp' || rest.length > 0 || host === undefined || port === undefined) return false;
  if (text.length > limits.MULTIADDR_SIZE_MAX || !/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535) return false;
  if (kind === 'ip4') return IP4.test(host);
  if (kind === 'ip6') return host.includes(':') && IP6.test(host);
  return (kind === 'dns' || kind === 'dns4' || kind === 'dns6') && HOST.test(host);
}

function headFault(genesis: Genesis): ProtocolFailure | undefined {
  if (genesis.formatVersion !== 2)
    return range('formatVersion', `is ${genesis.formatVersion}`, 'this program reads version 2');
  if (!Number.isSafeInteger(genesis.chainId) || genesis.chainId < 1) {
    return range(
      'chainId',
      `is ${genesis.chainId}`,
      'choose a number from 1 to 2^53 - 1 that no other chain of your users has',
    );
  }
  if (!isIdentifier(genesis.groupId)) return identifierFault('groupId', genesis.groupId);
  if (suiteByName(genesis.suite) === undefined)
    return range('suite', `is "${genesis.suite}"`, 'this program has "standard"');
  if (genesis.stateTree !== 'radix-v1')
    return range('stateTree', `is "${genesis.stateTree}"`, 'this program has "radix-v1"');
  if (genesis.evmFork !== 'prague') return range('evmFork', `is "${genesis.evmFork}"`, 'this program has "prague"');
  if (!Number.isSafeInteger(genesis.timestamp) || genesis.timestamp < 0) {
    return range('timestamp', `is ${genesis.timestamp}`, 'write milliseconds since 1970');
  }
  const fault = parametersFault(genesis.parameters);
  return fault === undefined ? undefined : { ...fault, message: `genesis: parameters: ${fault.message}` };
}

function organisationsFault(genesis: Genesis): ProtocolFailure | undefined {
  const { organisations } = genesis;
  const count = countFault('organisations', organisations.length, 1, limits.GENESIS_ORGANISATION_COUNT_MAX);
  if (count !== undefined) return count;
  return (
    orderFault('organisations', organisations, (organisation) => organisation.id) ??
    first(organisations, 'organisations', organisationFault)
  );
}

function organisationFault(organisation: GenesisOrganisation): Check {
  return (path) => {
    if (!isIdentifier(organisation.id)) return identifierFault(`${path}.id`, organisation.id);
    const { name, contact, admins } = organisation;
    if (!isPlainText(name, { sizeMin: 1, sizeMax: limits.NAME_SIZE_MAX })) {
      return range(
        `${path}.name`,
        'is no name',
        `write 1 to ${limits.NAME_SIZE_MAX} bytes of UTF-8 without control characters`,
      );
    }
    if (!isPlainText(contact, { sizeMin: 0, sizeMax: limits.CONTACT_SIZE_MAX })) {
      return range(
        `${path}.contact`,
        'is no contact',
        `write up to ${limits.CONTACT_SIZE_MAX} bytes of UTF-8 without control characters`,
      );
    }
    return (
      countFault(`${path}.admins`, admins.length, 0, limits.GENESIS_ADMIN_COUNT_MAX) ??
      orderFault(`${path}.admins`, admins, (admin) => admin) ??
      voiceFault(organisation, path)
    );
  };
}

/** How an organisation speaks: how many of its accounts it takes, and what its word weighs. */
function voiceFault(
  { admins, threshold, governorWeight }: GenesisOrganisation,
  path: string,
): ProtocolFailure | undefined {
  const min = admins.length === 0 ? 0 : 1;
  if (!Number.isSafeInteger(threshold) || threshold < min || threshold > admins.length)
    return range(
      `${path}.threshold`,
      `is ${threshold}`,
      `with ${admins.length} admins it is ${min} to ${admins.length}`,
    );
  const max = admins.length === 0 ? 0 : limits.GOVERNOR_WEIGHT_MAX;
  if (!Number.isSafeInteger(governorWeight) || governorWeight < 0 || governorWeight > max)
    return range(`${path}.governorWeight`, `is ${governorWeight}`, `with ${admins.length} admins it is 0 to ${max}`);
  return undefined;
}

/** Without a governor nothing could ever be changed; an account that acts for two organisations would vote twice. */
function committeeFault({ committee, organisations }: Genesis): ProtocolFailure | undefined {
  for (const key of ['participationRate', 'winRate'] as const) {
    const rate = committee[key];
    if (!Number.isSafeInteger(rate) || rate < 1 || rate > 100)
      return range(`committee.${key}`, `is ${rate}`, 'write 1 to 100 per cent');
  }
  if (!organisations.some(({ governorWeight }) => governorWeight > 0))
    return range('organisations', 'have no governor', 'give at least one a governorWeight from 1');
  const owners = new Map<string, string>();
  for (const [index, { id, admins }] of organisations.entries()) {
    for (const admin of admins) {
      const owner = owners.get(admin);
      if (owner !== undefined)
        return failure(
          'CONFLICT',
          `organisations[${index}].admins`,
          `names 0x${admin}, which acts for ${owner}`,
          'give each organisation accounts of its own',
        );
      owners.set(admin, id);
    }
  }
  return undefined;
}

function nodesFault(genesis: Genesis): ProtocolFailure | undefined {
  const { nodes } = genesis;
  const organisations = new Set(genesis.organisations.map((organisation) => organisation.id));
  const suite = suiteByName(genesis.suite);
  assert(suite !== undefined, 'a suite that the head was checked for was expected, got none');
  const fault =
    countFault('nodes', nodes.length, 1, limits.GENESIS_NODE_COUNT_MAX) ??
    orderFault('nodes', nodes, (node) => node.nodeId) ??
    first(nodes, 'nodes', (node) => (path) => nodeFault(node, path, organisations, suite.isValidNodeId));
  if (fault !== undefined) return fault;
  const validatorCount = nodes.filter((node) => node.role === 'validator').length;
  if (validatorCount < 1 || validatorCount > limits.VALIDATOR_COUNT_MAX) {
    return range(
      'nodes',
      `has ${validatorCount} validators`,
      `name 1 to ${limits.VALIDATOR_COUNT_MAX}; four tolerate one failure`,
    );
  }
  return undefined;
}

function nodeFault(
  node: GenesisNode,
  path: string,
  organisations: ReadonlySet<string>,
  isValidNodeId: (id: string) => boolean,
): ProtocolFailure | undefined {
  if (!isValidNodeId(node.nodeId)) {
    return range(`${path}.nodeId`, 'is no public key', 'copy the node id that `hansa init` printed: 128 hex digits');
  }
  if (!organisations.has(node.organisationId)) {
    const known = [...organisations].join(', ');
    return failure(
      'CONFLICT',
      `${path}.organisationId`,
      `"${node.organisationId}" is not among organisations`,
      `known are ${known}`,
    );
  }
  const weightMin = node.role === 'validator' ? 1 : 0;
  const weightMax = node.role === 'validator' ? limits.VALIDATOR_WEIGHT_MAX : 0;
  if (!Number.isSafeInteger(node.weight) || node.weight < weightMin || node.weight > weightMax) {
    return range(
      `${path}.weight`,
      `is ${node.weight}`,
      `a ${node.role} has a weight from ${weightMin} to ${weightMax}`,
    );
  }
  return (
    countFault(`${path}.addresses`, node.addresses.length, 0, limits.GENESIS_ADDRESS_COUNT_MAX) ??
    orderFault(`${path}.addresses`, node.addresses, (address) => address, { ordered: false }) ??
    first(
      node.addresses,
      `${path}.addresses`,
      (address) => (at) =>
        isNodeAddress(address)
          ? undefined
          : range(
              at,
              `"${address}" is no address`,
              'write /ip4/10.1.2.3/tcp/30300 or /dns4/node.bank.example/tcp/30300',
            ),
    )
  );
}

function accountsFault(genesis: Genesis): ProtocolFailure | undefined {
  const { accounts } = genesis;
  const fault =
    countFault('accounts', accounts.length, 0, limits.GENESIS_ACCOUNT_COUNT_MAX) ??
    orderFault('accounts', accounts, (account) => account.address) ??
    first(accounts, 'accounts', accountFault);
  if (fault !== undefined) return fault;
  let total = 0n;
  for (const account of accounts) total += account.balance;
  // spec EXE-17: balances are added to one another during execution; no sum may leave 256 bits.
  return total <= U256_MAX
    ? undefined
    : range('accounts', 'have more than 2^256 - 1 wei together', 'lower the balances');
}

/** Code that begins so means another account's code to the EVM (EIP-7702). */
const DELEGATION: readonly number[] = [0xef, 0x01, 0x00];

function accountFault(account: GenesisAccount): Check {
  return (path) => {
    if (account.balance < 0n || account.balance > U256_MAX)
      return range(`${path}.balance`, 'is above 2^256 - 1', 'lower it');
    if (account.nonce < 0n || account.nonce > NONCE_MAX) return range(`${path}.nonce`, 'is above 2^64 - 2', 'lower it');
    if (account.code.length > limits.CODE_SIZE_MAX) {
      return range(
        `${path}.code`,
        `has ${account.code.length} bytes`,
        `at most ${limits.CODE_SIZE_MAX} are allowed (EIP-170)`,
      );
    }
    if (DELEGATION.every((byte, i) => account.code[i] === byte))
      return range(`${path}.code`, 'is a delegation', 'name code of a contract: this chain has no EIP-7702');
    const zero = '0'.repeat(64);
    return (
      countFault(`${path}.storage`, account.storage.length, 0, limits.GENESIS_STORAGE_COUNT_MAX) ??
      orderFault(`${path}.storage`, account.storage, (entry) => entry.slot) ??
      first(
        account.storage,
        `${path}.storage`,
        (entry) => (at) =>
          entry.value === zero ? range(`${at}.value`, 'is zero', 'leave the entry out: absent means zero') : undefined,
      )
    );
  };
}

function first<T>(items: readonly T[], path: string, check: (item: T) => Check): ProtocolFailure | undefined {
  for (let i = 0; i < items.length; i++) {
    const fault = check(items[i] as T)(`${path}[${i}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Strictly ascending, so that equal content has equal bytes; with `ordered: false` only no two equal. */
function orderFault<T>(
  path: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  { ordered = true }: { readonly ordered?: boolean } = {},
): ProtocolFailure | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < items.length; i++) {
    const key = keyOf(items[i] as T);
    if (seen.has(key)) return failure('ORDER', `${path}[${i}]`, 'comes twice', 'leave one of them out');
    seen.add(key);
    if (ordered && i > 0 && compareText(keyOf(items[i - 1] as T), key) > 0) {
      return failure('ORDER', `${path}[${i}]`, 'is out of order', `sort ${path} in ascending order`);
    }
  }
  return undefined;
}

function countFault(path: string, count: number, min: number, max: number): ProtocolFailure | undefined {
  if (count >= min && count <= max) return undefined;
  return range(path, `has ${count} entries`, `${min} to ${max} are allowed`);
}

/** Text that people can read: well-formed, in bounds (bytes of UTF-8), without characters that cannot be seen. */
export function isPlainText(
  text: string,
  { sizeMin, sizeMax }: { readonly sizeMin: number; readonly sizeMax: number },
): boolean {
  if (!isWellFormed(text) || UNSEEN.test(text)) return false;
  const size = encodeUtf8(text).length;
  return size >= sizeMin && size <= sizeMax;
}

/** False when the string holds half of a surrogate pair. */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

const identifierFault = (path: string, text: string): ProtocolFailure =>
  range(path, `is "${text.slice(0, 64)}"`, 'write 1 to 32 of A-Z a-z 0-9 . _ -');
const range = (path: string, message: string, remedy: string): ProtocolFailure =>
  failure('OUT_OF_RANGE', path, message, remedy);

function failure(
  reason: 'OUT_OF_RANGE' | 'ORDER' | 'CONFLICT',
  path: string,
  message: string,
  remedy: string,
): ProtocolFailure {
  const code: ProtocolErrorCode = `PROTOCOL_GENESIS_${reason}`;
  return { code, message: `genesis: ${path} ${message}`, remedy };
}

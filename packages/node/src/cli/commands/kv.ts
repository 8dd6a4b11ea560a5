import { readFileSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import {
  type AbiType,
  type AbiValue,
  argumentTypes,
  decodeAbi,
  encodeCall,
  GET_SIGNATURE,
  rowKey,
  SET_SIGNATURE,
  selectorOf,
  TABLE_MANAGER_ADDRESS,
  tableAddress,
} from '@hansa/executor';
import { AUTH_ADDRESS, AUTH_TYPE } from '@hansa/membership';
import { type AddressHex, bytesToHex, ChainError, fromHex, ZERO_ADDRESS } from '@hansa/primitives';
import { encodeUtf8 } from '@hansa/protocol';
import type { Command } from 'commander';
import type { NodeErrorCode } from '../../errors.ts';
import { checksummed } from '../address-text.ts';
import { address } from '../governance/action-words.ts';
import { adminKeys, type KeyChoice } from '../governance/committee-client.ts';
import { rpcOf } from '../node-address.ts';
import { createOutput, type Output } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import { decodeCode, type FinalCall, refusalOf, sendCall } from '../transaction.ts';

type Options = KeyChoice & { readonly json?: boolean };
type CreateOptions = Options & { readonly keyColumn: string; readonly valueColumn: string };
type PutOptions = Options & { readonly file?: string };
type Call = { readonly to: AddressHex; readonly signature: string; readonly values: readonly AbiValue[] };

const EVERYBODY = 'everybody';
const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `hansa kv create | put | get | allow | deny`: tables of records, without a contract (docs/tables.md). */
export function addKvCommand(program: Command): void {
  const kv = program.command('kv').description('keep records under keys in tables on the chain');
  const reading = (command: Command): Command =>
    command
      .option('--dir <dir>', 'node directory, whose admin.key signs')
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--json', 'machine-readable output');
  const writing = (command: Command): Command =>
    reading(command).option('--key <file>', 'key file of the account that signs (default: admin.key)', collect);
  writing(kv.command('create'))
    .description('make a table, in which only the account that signs writes')
    .argument('<table>', 'name: letters, digits and _')
    .option('--key-column <name>', 'what people call the key', 'id')
    .option('--value-column <name>', 'what people call the value', 'value')
    .action(createTable);
  writing(kv.command('put'))
    .description('set the value of a key')
    .argument('<table>', 'name of the table')
    .argument('<key>', 'key of 1 to 128 bytes')
    .argument('[value]', 'value of at most 16,384 bytes, UTF-8')
    .option('--file <file>', 'take the value from a file')
    .action(putRow);
  reading(kv.command('get'))
    .description('show the value of a key; exit code 1 when it has none')
    .argument('<table>', 'name of the table')
    .argument('<key>', 'the key')
    .action(getRow);
  writing(kv.command('allow'))
    .description('let an account write, or everybody')
    .argument('<table>', 'name of the table')
    .argument('<account>', `address of an account or a contract, or ${EVERYBODY}`)
    .action((table: string, account: string, options: Options) => allow(table, account, options));
  writing(kv.command('deny'))
    .description('let an account write no more')
    .argument('<table>', 'name of the table')
    .argument('<account>', 'address of an account or a contract')
    .action(deny);
}

async function createTable(name: string, options: CreateOptions): Promise<void> {
  const output = createOutput(options);
  const { keyColumn, valueColumn } = options;
  const signature = 'createKVTable(string,string,string)';
  const done = await send(options, { to: TABLE_MANAGER_ADDRESS, signature, values: [name, keyColumn, valueColumn] });
  const table = checksummed(`0x${tableAddress(name)}`);
  sayDone(output, done, { table, name });
  output.line(`table ${name} at ${table}: let others write by \`hansa kv allow ${name} ADDRESS\``);
}

async function putRow(name: string, key: string, value: string | undefined, options: PutOptions): Promise<void> {
  const output = createOutput(options);
  if ((value === undefined) === (options.file === undefined))
    throw usage('a value or --file is expected, not both', 'say `hansa kv put TABLE KEY VALUE`');
  const content = value ?? readFileSync(options.file as string, 'utf8');
  const to = await tableOf(rpcOf(options), name);
  const done = await send(options, { to, signature: SET_SIGNATURE, values: [key, content] });
  sayDone(output, done, { table: checksummed(`0x${to}`), key });
  output.line(`${key} is set in block ${done.height}, transaction ${done.transactionHash}`);
}

async function getRow(name: string, key: string, options: Options): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const table = await tableOf(rpc, name);
  const [isFound, value] = (await ask(rpc, { to: table, signature: GET_SIGNATURE, values: [key] }, [
    'bool',
    'string',
  ])) as [boolean, string];
  // What `hansa_getProof` is asked for (spec KV-5).
  const stateKey = `0x${rowKey(table, encodeUtf8(key))}`;
  output.data({ table: checksummed(`0x${table}`), key, found: isFound, value: isFound ? value : null, stateKey });
  if (!isFound) {
    process.exitCode = 1;
    if (!output.json) process.stderr.write(`table ${name} has no key ${key}\n`);
    return;
  }
  output.line(value);
}

async function allow(name: string, account: string, options: Options): Promise<void> {
  const output = createOutput(options);
  const table = await tableOf(rpcOf(options), name);
  const selector = selectorOf(SET_SIGNATURE);
  const call =
    account === EVERYBODY
      ? {
          signature: 'setMethodAuthType(address,bytes4,uint8)',
          values: [table, selector, BigInt(AUTH_TYPE.blackList)],
        }
      : {
          signature: 'openMethodAuth(address,bytes4,address)',
          values: [table, selector, address(account)],
        };
  sayDone(output, await send(options, { to: AUTH_ADDRESS, ...call }), { table: checksummed(`0x${table}`), account });
  output.line(`${account} may write in ${name}`);
}

async function deny(name: string, account: string, options: Options): Promise<void> {
  const output = createOutput(options);
  const table = await tableOf(rpcOf(options), name);
  const values = [table, selectorOf(SET_SIGNATURE), address(account)];
  const done = await send(options, { to: AUTH_ADDRESS, signature: 'closeMethodAuth(address,bytes4,address)', values });
  sayDone(output, done, { table: checksummed(`0x${table}`), account });
  output.line(`${account} may not write in ${name}`);
}

function sayDone(
  output: Output,
  { height, transactionHash }: FinalCall,
  facts: Readonly<Record<string, string>>,
): void {
  output.data({ ...facts, height, transactionHash });
}

/** @throws ChainError CLI_USAGE when there is no table of this name */
async function tableOf(rpc: string, name: string): Promise<AddressHex> {
  await initCrypto();
  const [table] = await ask(rpc, { to: TABLE_MANAGER_ADDRESS, signature: 'openTable(string)', values: [name] }, [
    'address',
  ]);
  if (table === ZERO_ADDRESS) throw usage(`there is no table ${name}`, `make it by \`hansa kv create ${name}\``);
  return table as AddressHex;
}

async function ask(
  rpc: string,
  { to, signature, values }: Call,
  types: readonly AbiType[],
): Promise<readonly AbiValue[]> {
  const data = `0x${bytesToHex(encodeCall(signature, argumentTypes(signature), values))}`;
  const answer = await callRpc<string>(rpc, 'eth_call', [{ to: `0x${to}`, data }, 'latest']).catch((error: unknown) => {
    throw refusalOf(error, refused);
  });
  const decoded = decodeAbi(types, fromHex(answer.slice(2)));
  if (decoded === undefined)
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_NODE_UNREACHABLE',
      message: `the node at ${rpc} knows no tables`,
      remedy: 'its chain was begun before there were any, or it is another node: name the right one with --rpc URL',
    });
  return decoded;
}

/** A call of a function that returns a code: below 0 is a refusal. */
async function send(options: Options, { to, signature, values }: Call): Promise<FinalCall> {
  const [key] = await adminKeys(options);
  const data = encodeCall(signature, argumentTypes(signature), values);
  const done = await sendCall({ rpc: rpcOf(options), key: key as Uint8Array, to, data, refused });
  const code = decodeCode(done.output);
  if (code < 0) throw refused(REASONS[code] ?? `code ${code}`);
  return done;
}

/** Codes of KV-2 and GOV-66. */
const REASONS: Readonly<Record<number, string>> = {
  [-50_000]: 'the account may not do that',
  [-50_001]: 'there is a table of this name already',
  [-50_002]: 'the name of the table is longer than 50 characters',
  [-50_003]: 'the name of a column is longer than 64 characters',
  [-50_007]: 'both columns have the same name',
  [-50_008]: 'names are made of letters, digits and _',
  [-51_194]: 'the list of accounts is full',
};

function refused(reason: string): ChainError<NodeErrorCode> {
  return new ChainError<NodeErrorCode>({
    code: 'CLI_TRANSACTION_FAILED',
    message: `the chain refuses: ${reason}`,
    remedy:
      'the admin of a table lets accounts write by `hansa kv allow`; limits are in docs/tables.md; nothing was changed',
  });
}

const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

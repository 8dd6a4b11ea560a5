// Not from the whole package: every command reads settings, few need libp2p, which takes half a second to load.
import { isHostRange } from '@hansa/network/host-rules';
import { ChainError } from '@hansa/primitives';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import type { NodeErrorCode } from '../errors.ts';

/**
 * Local settings of one node (`hansa.toml`). Nothing in it must agree with other nodes: what must agree is in
 * genesis and in the chain's parameters. Unknown keys are errors. docs/configuration.md has a line for each key.
 */
const port = z.int().min(0).max(65_535);
const sizeMb = z.int().min(16).max(65_536);

const hostRanges = z
  .array(z.string().max(64).refine(isHostRange, 'an address or a range like "10.1.0.0/16" is expected'))
  .max(256)
  .default([]);

const settingsSchema = z.strictObject({
  node: z
    .strictObject({
      name: z.string().max(64).default(''),
      /** Certificate of the node key in PEM; empty: none. */
      certificate: z.string().max(4_096).default(''),
    })
    .prefault({}),
  keys: z
    .strictObject({
      /** File (0600) with the passphrase of an encrypted node key; empty: where the environment says. */
      passphrase_file: z.string().max(4_096).default(''),
    })
    .prefault({}),
  signer: z
    .strictObject({
      /** Socket of the signer that holds the node key (`hansa signer`); empty: `node.key` is here. */
      socket: z.string().max(4_096).default(''),
    })
    .prefault({}),
  p2p: z
    .strictObject({
      /** Multiaddrs to listen on. */
      listen: z.array(z.string().max(256)).min(1).max(8).default(['/ip4/127.0.0.1/tcp/30300']),
      /** Addresses and ranges of hosts that may be talked to; empty: all. The registry decides who they are. */
      allow: hostRanges,
      /** Addresses and ranges that may not, whatever is allowed. */
      deny: hostRanges,
    })
    .prefault({}),
  rpc: z
    .strictObject({
      enabled: z.boolean().default(true),
      host: z.string().default('127.0.0.1'),
      port: port.default(8545),
      /** Must be true to bind to anything but loopback. */
      allow_remote: z.boolean().default(false),
      /** Origins of browser pages that may call; empty: none. */
      cors_origins: z.array(z.string()).max(64).default([]),
      /** Host names (beside loopback's) under which the server may be addressed. */
      hosts: z.array(z.string()).max(64).default([]),
      /** File with the bearer token that each request must carry; empty: none. */
      token_file: z.string().default(''),
      tls_certificate_file: z.string().default(''),
      tls_key_file: z.string().default(''),
      body_bytes_max: z.int().min(1_024).max(67_108_864).default(5_242_880),
      batch_count_max: z.int().min(1).max(10_000).default(500),
      log_range_max: z.int().min(1).max(1_000_000).default(10_000),
    })
    .prefault({}),
  admin: z.strictObject({ host: z.string().default('127.0.0.1'), port: port.default(9545) }).prefault({}),
  pool: z
    .strictObject({
      transactions_max: z.int().min(16).max(1_000_000).default(50_000),
      transactions_per_account_max: z.int().min(1).max(100_000).default(4_096),
      size_mb_max: sizeMb.default(64),
    })
    .prefault({}),
  ledger: z
    .strictObject({
      /** Memory for hot state entries of the execution worker. */
      hot_state_mb: sizeMb.default(64),
      /** For how many past heights the state can still be asked for. */
      state_history_blocks: z.int().min(16).max(10_000_000).default(1_024),
    })
    .prefault({}),
  execution: z
    .strictObject({
      /** What runs contracts. All give the same blocks; `both` stops the node at the first difference. */
      engine: z.enum(['wasm', 'ethereumjs', 'both']).default('wasm'),
      /** Whether `wasm` compiles contracts that are called often; the blocks are the same. */
      compiler: z.enum(['off', 'on']).default('off'),
    })
    .prefault({}),
  consensus: z
    .strictObject({
      /** Least time between two proposals of this node as primary; the first after a pause goes at once. */
      block_gather_ms: z.int().min(0).max(5_000).default(80),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['text', 'json']).default('text'),
    })
    .prefault({}),
});

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly Item[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
export type Settings = DeepReadonly<{
  node: { name: string; certificate: string };
  keys: { passphrase_file: string };
  signer: { socket: string };
  p2p: { listen: string[]; allow: string[]; deny: string[] };
  rpc: {
    enabled: boolean;
    host: string;
    port: number;
    allow_remote: boolean;
    cors_origins: string[];
    hosts: string[];
    token_file: string;
    tls_certificate_file: string;
    tls_key_file: string;
    body_bytes_max: number;
    batch_count_max: number;
    log_range_max: number;
  };
  admin: { host: string; port: number };
  pool: { transactions_max: number; transactions_per_account_max: number; size_mb_max: number };
  ledger: { hot_state_mb: number; state_history_blocks: number };
  execution: { engine: 'wasm' | 'ethereumjs' | 'both'; compiler: 'off' | 'on' };
  consensus: { block_gather_ms: number };
  log: { level: 'trace' | 'debug' | 'info' | 'warn' | 'error'; format: 'text' | 'json' };
}>;

/**
 * Settings from the text of a `hansa.toml`.
 * @param origin the file's name, for messages
 * @throws ChainError NODE_CONFIG_INVALID naming line or key, and what is allowed there
 */
export function parseSettings(text: string, origin: string): Settings {
  let document: unknown;
  try {
    document = parseToml(text);
  } catch (cause) {
    throw invalid(`${origin} is not valid TOML: ${(cause as Error).message.split('\n')[0] ?? ''}`, cause);
  }
  const parsed = settingsSchema.safeParse(document);
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'top level'}: ${issue.message}`);
    throw invalid(`${origin}: ${details.join('; ')}`, parsed.error);
  }
  const settings: Settings = parsed.data;
  checkRelations(settings, origin);
  return settings;
}

function invalid(message: string, cause?: unknown): ChainError<NodeErrorCode> {
  const remedy = 'correct the file; docs/configuration.md lists every key with its range';
  return new ChainError<NodeErrorCode>({ code: 'NODE_CONFIG_INVALID', message, remedy }, { cause });
}

function checkRelations(settings: Settings, origin: string): void {
  const { rpc } = settings;
  if ((rpc.tls_certificate_file === '') !== (rpc.tls_key_file === '')) {
    throw invalid(`${origin}: rpc.tls_certificate_file and rpc.tls_key_file go together`);
  }
  if (rpc.enabled && !isLoopback(rpc.host) && !rpc.allow_remote) {
    throw invalid(`${origin}: rpc.host ${rpc.host} is not loopback, and rpc.allow_remote is not set`);
  }
  if (!isLoopback(settings.admin.host)) {
    throw invalid(`${origin}: admin.host ${settings.admin.host} is not loopback; the admin port stays on this machine`);
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

export type SettingsChoice = {
  readonly name: string;
  readonly listen: readonly string[];
  readonly rpcPort: number;
  readonly adminPort: number;
  readonly corsOrigins?: readonly string[];
};

/** Text of a new `hansa.toml`: only what differs from the defaults, with a pointer to the rest. */
export function renderSettings(choice: SettingsChoice): string {
  const list = (items: readonly string[]): string => `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
  return `# Local settings of this node. Every key, with its range and default: docs/configuration.md
[node]
name = ${JSON.stringify(choice.name)}

[p2p]
listen = ${list(choice.listen)}

[rpc]
port = ${choice.rpcPort}
cors_origins = ${list(choice.corsOrigins ?? [])}

[admin]
port = ${choice.adminPort}
`;
}

import { readFileSync } from 'node:fs';
import type { CryptoSuite } from '@hansa/crypto';
import type { LedgerReader } from '@hansa/ledger';
import type { Network } from '@hansa/network';
import { ChainError, type HashHex, type NodeId } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';
import { type RpcBackend, type RpcServerOptions, startRpcServer } from '@hansa/rpc';
import type { TxPool } from '@hansa/txpool';
import type { NodeCertificate } from '../certificate/node-certificate.ts';
import { VERSION } from '../cli/version.ts';
import { isLoopback, type Settings } from '../config/settings.ts';
import type { ConsensusDriver } from '../consensus/driver.ts';
import type { NodePaths } from '../directory.ts';
import type { NodeErrorCode } from '../errors.ts';
import type { HeadView } from '../head-view.ts';
import type { Health } from '../health.ts';
import type { Logger } from '../logger.ts';
import type { MisbehaviourStore } from '../misbehaviour-store.ts';
import type { NodeEvents } from '../node-events.ts';
import type { Submission } from '../pool/submission.ts';
import { createQueryClient } from '../query/query-client.ts';
import type { SyncDriver } from '../sync-driver.ts';
import { createChainReads, createSenderCache } from './chain-reads.ts';
import { createPoolAccess } from './pool-access.ts';
import { createReports } from './reports.ts';
import { createStateQueries } from './state-queries.ts';

/** Characters of a bearer token: less could be guessed. */
const TOKEN_SIZE_MIN = 16;

export type StartRpcDependencies = {
  readonly suite: CryptoSuite;
  readonly genesis: Genesis;
  readonly genesisHash: HashHex;
  readonly nodeId: NodeId;
  readonly settings: Settings;
  readonly paths: NodePaths;
  readonly reader: LedgerReader;
  readonly headView: HeadView;
  readonly pool: TxPool;
  readonly submission: Submission;
  readonly network: Network;
  readonly driver: ConsensusDriver;
  readonly sync: SyncDriver;
  readonly health: Health;
  readonly certificate: NodeCertificate | undefined;
  readonly misbehaviours: MisbehaviourStore;
  readonly events: NodeEvents;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
};

export type StartedRpc = {
  readonly url: string | undefined;
  readonly metrics: () => Readonly<Record<string, number>>;
  stop(): Promise<void>;
};

/** Joins the RPC server to the node. */
export async function startRpc(dependencies: StartRpcDependencies): Promise<StartedRpc> {
  const { settings, suite, genesis, genesisHash, headView, events, logger } = dependencies;
  if (!settings.rpc.enabled) return { url: undefined, metrics: () => ({}), stop: async () => undefined };
  const chain = {
    chainId: genesis.chainId,
    groupId: genesis.groupId,
    genesisHash,
    suite,
    clientVersion: `Hansa/v${VERSION}/${process.platform}-${process.arch}/node${process.versions.node}`,
  };
  const queries = createQueryClient({
    location: dependencies.paths.ledger,
    suite: suite.name,
    chainId: genesis.chainId,
  });
  const senders = createSenderCache();
  events.onAdmitted((transactions) => senders.add(transactions));
  const backend: RpcBackend = {
    ...createChainReads({ ...dependencies, chain }, senders),
    ...createPoolAccess(dependencies),
    ...createStateQueries(dependencies.reader, queries),
    ...createReports(dependencies),
    // In a turn of its own: what subscribers are sent must not hold up the commit of a block.
    onHead: (listener) =>
      events.onCommitted(() => {
        const head = { height: headView.height(), hash: headView.headHash(), header: headView.header() };
        setImmediate(() => listener(head));
      }),
    onPendingTransactions: (listener) =>
      events.onAdmitted((transactions) => {
        setImmediate(() => listener(transactions));
      }),
  };
  const server = await startRpcServer(serverOptions(settings, logger), backend);
  return {
    url: server.url,
    metrics: () => server.metrics(),
    stop: async () => {
      await server.stop();
      await queries.stop();
    },
  };
}

function serverOptions({ rpc }: Settings, logger: Logger): RpcServerOptions {
  const read = (file: string, key: string): string => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (cause) {
      throw new ChainError<NodeErrorCode>(
        {
          code: 'NODE_CONFIG_INVALID',
          message: `rpc.${key}: ${file} cannot be read`,
          remedy: 'name a file that this node may read',
        },
        { cause },
      );
    }
  };
  const optional = (file: string, key: string): string | undefined => (file === '' ? undefined : read(file, key));
  const token = optional(rpc.token_file, 'token_file');
  const certificate = optional(rpc.tls_certificate_file, 'tls_certificate_file');
  const key = optional(rpc.tls_key_file, 'tls_key_file');
  if (token !== undefined && token.length < TOKEN_SIZE_MIN) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_CONFIG_INVALID',
      message: `rpc.token_file: the token has ${token.length} characters, at least ${TOKEN_SIZE_MIN} are needed`,
      remedy: 'write 32 random bytes in hex into the file, as `openssl rand -hex 32` makes them',
    });
  }
  if (!isLoopback(rpc.host) && (token === undefined || certificate === undefined)) {
    logger.warn('RPC is open beyond this machine without TLS or without a token', { host: rpc.host });
  }
  return {
    host: rpc.host,
    port: rpc.port,
    corsOrigins: rpc.cors_origins,
    hosts: rpc.hosts,
    token,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    limits: { bodySizeMax: rpc.body_bytes_max, batchCountMax: rpc.batch_count_max, logRangeMax: rpc.log_range_max },
    onInternalError: (error, method) =>
      logger.error('RPC method failed', {
        method,
        cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  };
}

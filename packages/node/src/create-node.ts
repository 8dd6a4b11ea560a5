import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { initCrypto, suiteByName } from '@hansa/crypto';
import { lockHolderPid, openLedgerReader } from '@hansa/ledger';
import { createNetwork } from '@hansa/network';
import { assert, ChainError, type HashHex } from '@hansa/primitives';
import { Registry } from 'prom-client';
import { startAdminServer } from './admin-server.ts';
import { createAttester } from './attester.ts';
import { readNodeCertificate, watchCertificate } from './certificate/node-certificate.ts';
import { VERSION } from './cli/version.ts';
import { systemClock } from './clock.ts';
import type { Settings } from './config/settings.ts';
import { type NodePaths, readEntries, writeSecret } from './directory.ts';
import type { NodeErrorCode } from './errors.ts';
import { createExecutionClient, executionThread } from './execution/execution-client.ts';
import { createHealing } from './healing.ts';
import { createHealth } from './health.ts';
import { createDoorKeeper, type DoorKeeper } from './join/door-keeper.ts';
import { readKey } from './keys/key-files.ts';
import type { Logger } from './logger.ts';
import { openMisbehaviourStore } from './misbehaviour-store.ts';
import type { NodeOptions, NodePorts, RunningNode } from './node.ts';
import { createNodeAccount } from './node-account.ts';
import { createNodeCore } from './node-core.ts';
import { createLocalKey, type NodeKey } from './node-key.ts';
import { journalFile, openPoolJournal } from './pool-journal.ts';
import { startRpc } from './rpc/start-rpc.ts';
import { connectRemoteKey } from './signer/remote-key.ts';
import { openVotes } from './vote-store-opening.ts';
import { createVerifyPool } from './workers/verify-pool.ts';

const MB = 1024 * 1024;

/**
 * The composition root: the one place where the parts of a node meet, in the order in which they start. What is started
 * is stopped in the reverse order, also when a later part fails to start.
 * @throws ChainError of the part that could not start, with its remedy
 */
export async function createNode(options: NodeOptions, ports: NodePorts = {}): Promise<RunningNode> {
  const stops: (() => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const stopPart of stops.reverse()) await stopPart();
    })();
    return stopping;
  };
  try {
    return await compose(options, ports, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function compose(
  options: NodeOptions,
  ports: NodePorts,
  stops: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningNode> {
  const { paths, settings, genesis, logger, onFatal } = options;
  await initCrypto();
  const suite = suiteByName(genesis.suite);
  assert(suite !== undefined, `suite ${genesis.suite} was checked with genesis`);
  // Before anything is opened: a wrong passphrase should cost nothing.
  const privateKey = settings.signer.socket === '' ? readKey(paths.nodeKey, options.passphrase) : undefined;
  const instance = randomBytes(16).toString('hex');
  const monotonicMs = (): number => performance.now();
  if (options.isRebuild || options.isHealing === true) setLedgerAside(paths, logger);

  // Ledger: the execution worker is its writer and holds the lock of the directory.
  const thread = executionThread({
    location: paths.ledger,
    genesis,
    hotStateBytesMax: settings.ledger.hot_state_mb * MB,
    stateHistoryBlocks: settings.ledger.state_history_blocks,
    engine: engineOf(settings.execution),
  });
  const execution = createExecutionClient(thread, onFatal);
  stops.push(() => execution.close());
  const opened = await execution.open();
  const { genesisHash } = opened;
  const key =
    privateKey === undefined
      ? await openRemoteKey({ paths, socket: settings.signer.socket, genesisHash, instance, logger })
      : createLocalKey(suite, privateKey, genesisHash);
  stops.push(() => key.stop());
  const { nodeId } = key;
  const reader = await openLedgerReader({ location: paths.ledger, suite });
  stops.push(() => reader.close());
  const certificate =
    settings.node.certificate === ''
      ? undefined
      : readNodeCertificate(resolve(paths.root, settings.node.certificate), nodeId);
  const store = await openVotes({
    directory: paths.votes,
    suite,
    genesisHash,
    nodeId,
    isRebuild: options.isRebuild,
    logger: logger.child('votes'),
  });
  stops.push(() => store.close());
  key.expectMark(store.signerMark);

  const verifier = createVerifyPool({ suite: suite.name }, { onFatal });
  await verifier.start();
  stops.push(() => verifier.stop());

  const { journal, transactions: journaled } = await openPoolJournal(journalFile(paths.poolJournal), onFatal);
  stops.push(() => journal.stop());

  const network = (ports.createNetwork ?? createNetwork)(
    {
      privateKey: key.identity,
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      genesisHash,
      listen: settings.p2p.listen,
      hosts: { allow: settings.p2p.allow, deny: settings.p2p.deny },
      agent: `hansa/${VERSION}`,
      instance,
    },
    { logger: logger.child('p2p'), door: (from, request) => doorKeeper.answer(from, request) },
  );
  const core = await createNodeCore(
    {
      nodeId,
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      opened,
      journaled,
      instance,
      poolLimits: {
        transactionCountMax: settings.pool.transactions_max,
        accountTransactionCountMax: settings.pool.transactions_per_account_max,
        sizeBytesMax: settings.pool.size_mb_max * MB,
      },
      gatherMs: settings.consensus.block_gather_ms,
      entries: readEntries(paths.entries),
    },
    {
      suite,
      clock: systemClock,
      network,
      execution,
      reader,
      store,
      journal,
      verifier,
      signer: key.votes,
      randomHex: () => randomBytes(16).toString('hex'),
      observer: {
        report: (report) => health.onReport(report),
        status: (status) => health.onStatus(status),
        misbehaved: (peer, code) => health.onMisbehaviour(peer, code),
        onDiverged: (divergence) => {
          health.onDiverged(divergence);
          healing.onDiverged(divergence);
        },
      },
      logger: logger.child('sync'),
      onFatal,
    },
  );
  const { headView, pool, events, submission, driver, sync } = core;
  stops.push(() => driver.stop());
  const misbehaviours = openMisbehaviourStore({
    directory: paths.misbehaviour,
    suite,
    genesisHash,
    now: () => Date.now(),
  });
  const health = createHealth({
    nodeId,
    network,
    pool,
    headView,
    misbehaviours,
    key,
    certificate,
    logger: logger.child('consensus'),
    monotonicMs,
  });
  const healing = createHealing({
    directory: paths.divergence,
    execution,
    sync,
    logger: logger.child('consensus'),
    now: () => Date.now(),
    onReport: (report, file) => health.onDivergenceReport(report, file),
    onRebuild: options.onRebuild,
  });
  const isVoting = (): boolean => driver.status.silence === undefined && health.impediment() === undefined;
  const account = createNodeAccount({
    nodeId,
    key,
    chainId: genesis.chainId,
    headView,
    submit: (raw) => submission.submit(raw),
    clock: systemClock,
    logger: logger.child('members'),
  });
  const doorKeeper: DoorKeeper = createDoorKeeper({
    suite,
    genesis,
    headView,
    reader,
    account,
    isVoting,
    clock: systemClock,
    logger: logger.child('members'),
  });
  await network.start();
  stops.push(() => network.stop());
  core.start();
  stops.push(() => core.stop());
  const attester = createAttester({
    nodeId,
    votes: key.votes,
    network,
    headView,
    reader,
    isVoting,
    account,
    clock: systemClock,
    logger: logger.child('members'),
  });
  attester.start();
  stops.push(() => attester.stop());

  if (certificate !== undefined) {
    stops.push(watchCertificate(certificate, { clock: systemClock, logger: logger.child('certificate') }));
  }

  // What people and programs see comes last, so that it never shows half a node.
  const registry = new Registry();
  const backend = {
    suite,
    genesis,
    genesisHash,
    nodeId,
    settings,
    paths,
    reader,
    headView,
    pool,
    submission,
    network,
    driver,
    sync,
    health,
    certificate,
    misbehaviours,
    events,
    execution,
  };
  const rpc = await startRpc({ ...backend, logger: logger.child('rpc'), monotonicMs });
  stops.push(() => rpc.stop());
  health.register(registry, { driver: () => driver.counters, sync: () => sync.progress(), rpc: rpc.metrics });
  const token = adminToken(paths.adminToken);
  const admin = await startAdminServer(settings.admin, {
    registry,
    readiness: () => health.readiness(driver.status, sync.progress()),
    backup: async (destination) => reader.copyTo(destination),
    token,
  });
  stops.push(() => admin.stop());

  return {
    nodeId,
    genesisHash,
    rpcUrl: rpc.url,
    adminUrl: `http://${settings.admin.host}:${admin.port}`,
    p2pAddresses: network.listenAddresses(),
    status: () => driver.status,
    head: () => headView.head(),
    progress: () => sync.progress(),
    summary: () => health.summary(driver.status, sync.progress()),
    stop,
  };
}

type RemoteKeyPlace = {
  readonly paths: NodePaths;
  readonly socket: string;
  readonly genesisHash: HashHex;
  readonly instance: string;
  readonly logger: Logger;
};

/** @throws ChainError SIGNER_KEY_HERE, and those of `connectRemoteKey` */
function openRemoteKey({ paths, socket, genesisHash, instance, logger }: RemoteKeyPlace): Promise<NodeKey> {
  if (existsSync(paths.nodeKey)) {
    throw new ChainError<NodeErrorCode>({
      code: 'SIGNER_KEY_HERE',
      message: `signer.socket is set, and ${paths.nodeKey} is still here`,
      remedy: 'a key is in one place: `hansa signer init --dir DIR --node NODE` moves it to the signer',
    });
  }
  return connectRemoteKey(
    { socket: resolve(paths.root, socket), genesisHash, instance },
    { logger: logger.child('signer'), monotonicMs: () => performance.now() },
  );
}

/** What is damaged is kept until the operator removes it; only the one before it goes. */
function setLedgerAside(paths: NodePaths, logger: Logger): void {
  if (!existsSync(paths.ledger)) return;
  const holder = lockHolderPid(paths.ledger);
  if (holder !== undefined) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_DIRECTORY_LOCKED',
      message: `process ${holder} runs on ${paths.root}`,
      remedy: 'stop it first; nothing was changed',
    });
  }
  const aside = `${paths.ledger}.damaged`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(paths.ledger, aside);
  logger.warn('the ledger is fetched again from the peers; the old one is kept until you remove it', {
    directory: aside,
  });
}

function adminToken(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const token = randomBytes(32).toString('hex');
  writeSecret(file, `${token}\n`);
  return token;
}

const engineOf = ({ engine, compiler }: Settings['execution']): Settings['execution']['engine'] | 'compiled' =>
  engine === 'wasm' && compiler === 'on' ? 'compiled' : engine;

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { initCrypto, suiteByName } from '@hansa/crypto';
import { lockHolderPid, openLedgerReader } from '@hansa/ledger';
import { createNetwork } from '@hansa/network';
import { assert, ChainError, type HashHex, type Height, type NodeId } from '@hansa/primitives';
import { incarnationSigningDigest, type Proposal, pbftSigningDigest, proposalDigest } from '@hansa/protocol';
import { createTxPool } from '@hansa/txpool';
import { Registry } from 'prom-client';
import { startAdminServer } from './admin-server.ts';
import { createBlockPipeline } from './block-pipeline.ts';
import { VERSION } from './cli/version.ts';
import { ConsensusDriver } from './consensus/driver.ts';
import { decodePackets, encodePackets } from './consensus/packet-codec.ts';
import { type NodePaths, readKey, writeSecret } from './directory.ts';
import type { NodeErrorCode } from './errors.ts';
import { createExecutionClient } from './execution/execution-client.ts';
import type { CommittedBlock } from './execution/messages.ts';
import { createGate } from './gate.ts';
import { createHeadView } from './head-view.ts';
import { createHealth } from './health.ts';
import type { Logger } from './logger.ts';
import { openMisbehaviourStore } from './misbehaviour-store.ts';
import type { NodeOptions, RunningNode } from './node.ts';
import { createNodeEvents } from './node-events.ts';
import { createCommitRate } from './pool/commit-rate.ts';
import { createGossip } from './pool/gossip.ts';
import { createOrderedTracker } from './pool/ordered-tracker.ts';
import { createPoolStateWatch } from './pool/pool-state.ts';
import { createProposalSource } from './pool/proposal-source.ts';
import { createProposalTransactions } from './pool/proposal-transactions.ts';
import { createSubmission } from './pool/submission.ts';
import { openPoolJournal } from './pool-journal.ts';
import { startRpc } from './rpc/start-rpc.ts';
import { createSyncDriver } from './sync-driver.ts';
import { openVotes } from './vote-store-opening.ts';
import { createVerifyPool } from './workers/verify-pool.ts';

/** Transactions of the journal that are checked at a time. */
const RESTORED_COUNT_MAX = 512;
const TICK_MS = 50;
const MB = 1024 * 1024;

/**
 * The composition root: the one place where the parts of a node meet, in the order in which they start. What is started
 * is stopped in the reverse order, also when a later part fails to start.
 * @throws ChainError of the part that could not start, with its remedy
 */
export async function createNode(options: NodeOptions): Promise<RunningNode> {
  const stops: (() => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const stopPart of stops.reverse()) await stopPart();
    })();
    return stopping;
  };
  try {
    return await compose(options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function compose(
  options: NodeOptions,
  stops: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningNode> {
  const { paths, settings, genesis, logger, onFatal } = options;
  await initCrypto();
  const suite = suiteByName(genesis.suite);
  assert(suite !== undefined, `suite ${genesis.suite} was checked with genesis`);
  const nodeKey = readKey(paths.nodeKey);
  const nodeId = suite.nodeIdOf(nodeKey);
  const instance = randomBytes(16).toString('hex');
  const monotonicMs = (): number => performance.now();
  if (options.isRebuild) setLedgerAside(paths, logger);

  // Ledger: the execution worker is its writer and holds the lock of the directory.
  const execution = createExecutionClient(
    {
      location: paths.ledger,
      genesis,
      hotStateBytesMax: settings.ledger.hot_state_mb * MB,
      stateHistoryBlocks: settings.ledger.state_history_blocks,
    },
    onFatal,
  );
  stops.push(() => execution.close());
  const opened = await execution.open();
  const { genesisHash } = opened;
  const reader = await openLedgerReader({ location: paths.ledger, suite });
  stops.push(() => reader.close());
  const store = await openVotes({
    directory: paths.votes,
    suite,
    genesisHash,
    nodeId,
    isRebuild: options.isRebuild,
    logger: logger.child('votes'),
  });
  stops.push(() => store.close());

  const verifier = createVerifyPool({ suite: suite.name }, { onFatal });
  await verifier.start();
  stops.push(() => verifier.stop());

  // Pool: what it keeps of its own comes back before peers are heard.
  const headView = createHeadView(opened, reader, monotonicMs);
  const { journal, transactions: journaled } = await openPoolJournal(paths.poolJournal, onFatal);
  stops.push(() => journal.stop());
  const events = createNodeEvents();
  const pool = createTxPool(
    {
      chainId: genesis.chainId,
      limits: {
        transactionCountMax: settings.pool.transactions_max,
        accountTransactionCountMax: settings.pool.transactions_per_account_max,
        sizeBytesMax: settings.pool.size_mb_max * MB,
      },
    },
    { chain: headView, now: monotonicMs, journal, listener: { onAdmitted: (admitted) => events.admitted(admitted) } },
  );
  // In parts: nothing of what a client was told yes for may be lost because the worker has no room for all at once.
  for (let from = 0; from < journaled.length; from += RESTORED_COUNT_MAX) {
    const restored = await verifier.verifyTransactions(journaled.slice(from, from + RESTORED_COUNT_MAX));
    assert(restored.ok, 'the verify worker has nothing else to do before the node has started');
    pool.add(
      restored.value.flatMap((result) => (result.ok ? [result.value] : [])),
      { type: 'journal' },
    );
  }

  const network = createNetwork(
    {
      privateKey: nodeKey,
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      genesisHash,
      listen: settings.p2p.listen,
      agent: `hansa/${VERSION}`,
      instance,
    },
    { logger: logger.child('p2p') },
  );
  const gate = createGate(network, nodeId);

  const digests = new WeakMap<Proposal, HashHex>();
  const digestOf = (proposal: Proposal): HashHex => {
    let digest = digests.get(proposal);
    if (digest === undefined) {
      digest = proposalDigest(suite, proposal);
      digests.set(proposal, digest);
    }
    return digest;
  };
  const tracker = createOrderedTracker(pool, opened.head.height);
  const commitRate = createCommitRate(monotonicMs);
  const poolState = createPoolStateWatch({
    pool,
    nodeId,
    pbft: () => driver.status,
    parameters: () => headView.parameters(),
    scheduleGossip: () => gossip.schedule(),
    publish: (state) => driver.onPoolState(state),
  });
  const transactions = createProposalTransactions({
    pool,
    tracker,
    verifier,
    digestOf,
    chainId: genesis.chainId,
    penalise: (peer, message) => network.penalise(peer, message),
    beforeMark: poolState.beforeMark,
    scheduleGossip: () => gossip.schedule(),
  });
  const onPoolChanged = (): void => {
    poolState.schedule();
    gossip.schedule();
  };
  const gossip = createGossip({
    pool,
    network,
    verifier,
    monotonicMs,
    onChanged: () => {
      driver.onTransactionsAdmitted();
      onPoolChanged();
    },
  });
  const submission = createSubmission({
    pool,
    verifier,
    commitRate,
    flushJournal: () => journal.flush(),
    onAdmitted: onPoolChanged,
  });

  const pipeline = createBlockPipeline({
    execution,
    headView,
    transactions,
    validatorsAt: (height: Height) => reader.termInfoAt(height),
    onCommitted: (block: CommittedBlock) => {
      const { height } = block.header;
      commitRate.onCommitted(block.executed.length);
      tracker.onCommitted(height);
      transactions.onCommitted(
        block.executed.map(({ hash }) => hash),
        block.leftOut.map(({ hash }) => hash),
      );
      pool.onCommitted({ height, executed: block.executed, leftOut: block.leftOut, accounts: block.accounts });
      if (block.admission !== undefined) gate.update(block.admission, block.head.term);
      network.setLocalStatus({ height, headHash: block.head.blockHash });
      sync.onCommitted(height);
      events.committed(block);
      onPoolChanged();
    },
    onImported: (block) => driver.committed(block.head),
  });
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
    logger: logger.child('consensus'),
    monotonicMs,
  });
  const sync = createSyncDriver({
    suite,
    genesisHash,
    network,
    reader,
    headView,
    pipeline,
    verifier,
    logger: logger.child('sync'),
    onDiverged: (height, field, certified, own) => health.onDiverged({ height, field, certified, own }),
  });

  const driver: ConsensusDriver = new ConsensusDriver(
    {
      nodeId,
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      head: opened.head,
      store,
      instance,
      settings: { tickMs: TICK_MS },
    },
    {
      transport: {
        send: (to, packets) => {
          for (const frame of encodePackets(packets)) for (const peer of to) network.send(peer, 'consensus', frame);
        },
      },
      verifier: {
        verify: (checks, done) => {
          verifier.verifySignatures(checks).then((result) => done(result.ok ? result.value : undefined), onFatal);
        },
      },
      signer: { sign: (digest) => suite.sign(digest, nodeKey) },
      digests: {
        signingDigest: (message) =>
          pbftSigningDigest(suite, genesisHash, message as Parameters<typeof pbftSigningDigest>[2]),
        incarnationDigest: (statement) => incarnationSigningDigest(suite, genesisHash, statement),
        proposalDigest: digestOf,
      },
      transactions,
      source: createProposalSource(
        { gatherMs: settings.consensus.block_gather_ms },
        { pool, tracker, transactions, digestOf, commitRate, headHeight: headView.height, monotonicMs },
      ),
      executor: pipeline.executor,
      committer: pipeline.committer,
      sync: { behind: (height, from) => sync.behind(height, from) },
      clock: { nowMs: () => Date.now(), monotonicMs },
      scheduler: { defer: (run) => void setImmediate(run) },
      observer: {
        report: (report) => health.onReport(report),
        status: (status) => {
          tracker.onStatus(status);
          sync.onDecided(status.decidedHeight);
          health.onStatus(status);
          poolState.schedule();
        },
        misbehaved: (peer, code) => health.onMisbehaviour(peer, code),
      },
      randomHex: () => randomBytes(16).toString('hex'),
      fatal: (failure) => onFatal(failure instanceof Error ? failure : new Error(failure.message)),
    },
  );
  stops.push(() => driver.stop());

  network.onFrame('consensus', (from: NodeId, bytes: Uint8Array) => {
    const packets = decodePackets(suite, bytes);
    if (!packets.ok) return network.penalise(from, `consensus frame: ${packets.error.message}`);
    for (const packet of packets.value) driver.receive(from, packet);
  });
  network.onPeerUp(({ nodeId: peer }) => {
    pool.addPeer(peer);
    driver.onPeerConnected(peer);
    gossip.schedule();
  });
  network.onPeerDown(({ nodeId: peer }) => pool.removePeer(peer));
  network.setLocalStatus({ height: opened.head.height, headHash: opened.head.blockHash });
  gate.update(opened.admission, opened.head.term);
  await network.start();
  stops.push(() => network.stop());
  stops.push(() => gossip.stop());
  sync.start();
  stops.push(() => sync.stop());
  const ticker = setInterval(() => {
    driver.onTick();
    poolState.schedule();
  }, TICK_MS);
  stops.push(() => clearInterval(ticker));

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
    summary: () => health.summary(driver.status, sync.progress()),
    stop,
  };
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

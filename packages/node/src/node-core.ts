import type { PbftConfig } from '@hansa/consensus';
import type { CryptoSuite } from '@hansa/crypto';
import type { LedgerReader } from '@hansa/ledger';
import type { Network } from '@hansa/network';
import { assert, type HashHex, type Height, type NodeId } from '@hansa/primitives';
import { type EntryNode, type Proposal, proposalDigest } from '@hansa/protocol';
import { createTxPool, type PoolLimits, type TxPool } from '@hansa/txpool';
import { createBlockPipeline } from './block-pipeline.ts';
import type { Clock } from './clock.ts';
import { ConsensusDriver } from './consensus/driver.ts';
import { createSigningDigests } from './consensus/local-signer.ts';
import { decodePackets, encodePackets } from './consensus/packet-codec.ts';
import type { ConsensusObserver, VoteSigner } from './consensus/ports.ts';
import type { VoteStore } from './consensus/vote-store.ts';
import { createVoteVerifier } from './consensus/vote-verifier.ts';
import type { ExecutionClient, OpenedLedger } from './execution/execution-client.ts';
import type { CommittedBlock } from './execution/messages.ts';
import { createGate } from './gate.ts';
import { createHeadView, type HeadView } from './head-view.ts';
import { createNodeEvents, type NodeEvents } from './node-events.ts';
import { createCommitRate } from './pool/commit-rate.ts';
import { createGossip } from './pool/gossip.ts';
import { createInFlightLimit } from './pool/in-flight-limit.ts';
import { createOrderedTracker } from './pool/ordered-tracker.ts';
import { createPace } from './pool/pace.ts';
import { createPoolStateWatch } from './pool/pool-state.ts';
import { createProposalSource } from './pool/proposal-source.ts';
import { createProposalTransactions } from './pool/proposal-transactions.ts';
import { createSubmission, type Submission } from './pool/submission.ts';
import type { PoolJournalFile } from './pool-journal.ts';
import { createSyncDriver, type SyncDriver, type SyncDriverDependencies } from './sync-driver.ts';
import type { VerifyPool } from './workers/verify-types.ts';

/** Transactions of the journal that are checked at a time. */
const RESTORED_COUNT_MAX = 512;
const TICK_MS = 50;

export type NodeCoreOptions = {
  readonly nodeId: NodeId;
  readonly chainId: number;
  readonly groupId: string;
  /** What the ledger said when it was opened. */
  readonly opened: OpenedLedger;
  /** What was in the journal, oldest first. */
  readonly journaled: readonly Uint8Array[];
  /** Random, 16 bytes in hex, new for each process. */
  readonly instance: string;
  readonly poolLimits: Partial<PoolLimits>;
  /** Least time between two proposals in a row. */
  readonly gatherMs: number;
  /** Entry nodes of the invite by which this node joined. */
  readonly entries?: readonly EntryNode[];
  readonly onRule?: PbftConfig['onRule'];
};

export type NodeCoreDependencies = {
  readonly suite: CryptoSuite;
  readonly clock: Clock;
  readonly network: Pick<
    Network,
    'send' | 'onFrame' | 'onPeerUp' | 'onPeerDown' | 'onPeerStatus' | 'penalise' | 'setAdmission' | 'setLocalStatus'
  >;
  readonly execution: ExecutionClient;
  readonly reader: LedgerReader;
  /** `begin()` MUST have completed. */
  readonly store: VoteStore;
  readonly journal: PoolJournalFile;
  readonly verifier: Pick<VerifyPool, 'verifyTransactions' | 'verifySignatures'>;
  /** With the node's key. */
  readonly signer: VoteSigner;
  /** 16 bytes of chance. */
  readonly randomHex: () => string;
  /** Not called before `createNodeCore` has returned. */
  readonly observer: ConsensusObserver & Pick<SyncDriverDependencies, 'onDiverged'>;
  readonly logger: SyncDriverDependencies['logger'];
  /** The node cannot go on. The process MUST end. */
  readonly onFatal: (error: Error) => void;
};

export type NodeCore = {
  readonly headView: HeadView;
  readonly pool: TxPool;
  readonly events: NodeEvents;
  readonly submission: Submission;
  readonly driver: ConsensusDriver;
  readonly sync: SyncDriver;
  /** Timers begin. */
  start(): void;
  /** Timers end; frames that come are still taken, until the network stops. Idempotent. */
  stop(): void;
};

/**
 * All of a node between its ports: consensus, pool, execution's results, sync and gate, joined to each other. What has
 * a thread, a socket, a file or a clock of its own is given to it, so that the simulator runs this very composition on
 * virtual time. When it returns, the frames of admitted peers are heard.
 */
export async function createNodeCore(options: NodeCoreOptions, dependencies: NodeCoreDependencies): Promise<NodeCore> {
  const { nodeId, chainId, groupId, opened } = options;
  const { suite, clock, network, execution, reader, journal, verifier, observer, onFatal } = dependencies;
  const { genesisHash } = opened;
  const monotonicMs = (): number => clock.monotonicMs();

  const headView = createHeadView(opened, reader, monotonicMs);
  const events = createNodeEvents();
  const pool = createTxPool(
    { chainId, limits: options.poolLimits },
    { chain: headView, now: monotonicMs, journal, listener: { onAdmitted: (admitted) => events.admitted(admitted) } },
  );
  await restoreJournal(options.journaled, { pool, verifier });

  const gate = createGate({ network, nodeId, entries: options.entries ?? [], clock });
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
  const inFlight = createInFlightLimit(monotonicMs);
  const pace = createPace(monotonicMs);
  const poolState = createPoolStateWatch({
    pool,
    nodeId,
    pbft: () => driver.status,
    parameters: () => headView.parameters(),
    scheduleGossip: () => gossip.schedule(),
    pace,
    clock,
    publish: (state) => driver.onPoolState(state),
  });
  const transactions = createProposalTransactions({
    pool,
    tracker,
    verifier,
    digestOf,
    chainId,
    penalise: (peer, message) => network.penalise(peer, message),
    beforeMark: (proposal, ordered) => {
      pace.onFollowed(proposal.height);
      poolState.beforeMark(proposal, ordered);
    },
    resendWaiting: () => gossip.resendWaiting(driver.status.primary),
  });
  const onPoolChanged = (): void => {
    poolState.schedule();
    gossip.schedule();
  };
  const gossip = createGossip({
    pool,
    network,
    verifier,
    pace,
    clock,
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
    clock,
  });

  const pipeline = createBlockPipeline({
    execution,
    headView,
    transactions,
    validatorsAt: (height: Height) => reader.termInfoAt(height),
    onCommitted: (block: CommittedBlock) => {
      const { height } = block.header;
      commitRate.onCommitted(block.executed.length);
      inFlight.onCommitted(height, headView.parameters().viewTimeoutBaseMs);
      tracker.onCommitted(height);
      pace.onCommitted(height);
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
  const sync = createSyncDriver({
    suite,
    genesisHash,
    network,
    reader,
    headView,
    pipeline,
    verifier,
    clock,
    logger: dependencies.logger,
    onDiverged: (divergence) => {
      const { height, proposalDigest: digest, ownBlockHash, certificate, healed } = divergence;
      if (healed === undefined) driver.diverged({ height, digest, ownBlockHash, certificate });
      observer.onDiverged(divergence);
    },
  });

  const driver: ConsensusDriver = new ConsensusDriver(
    {
      nodeId,
      chainId,
      groupId,
      head: opened.head,
      store: dependencies.store,
      instance: options.instance,
      settings: { tickMs: TICK_MS, ...(options.onRule === undefined ? {} : { onRule: options.onRule }) },
    },
    {
      transport: {
        send: (to, packets) => {
          for (const frame of encodePackets(packets)) for (const peer of to) network.send(peer, 'consensus', frame);
        },
      },
      verifier: createVoteVerifier({ suite, worker: verifier, onFatal }),
      signer: dependencies.signer,
      digests: {
        ...createSigningDigests(suite, genesisHash),
        proposalDigest: digestOf,
      },
      transactions,
      source: createProposalSource(
        { gatherMs: options.gatherMs },
        {
          pool,
          tracker,
          transactions,
          digestOf,
          inFlight,
          pace,
          headHeight: headView.height,
          decidedHeight: () => driver.status.decidedHeight,
          clock,
        },
      ),
      executor: pipeline.executor,
      committer: pipeline.committer,
      sync: { behind: (height, from) => sync.behind(height, from) },
      clock,
      scheduler: clock,
      observer: {
        report: (report) => observer.report(report),
        status: (status) => {
          tracker.onStatus(status);
          sync.onDecided(status.decidedHeight);
          observer.status(status);
          poolState.schedule();
        },
        misbehaved: (peer, code) => observer.misbehaved(peer, code),
      },
      randomHex: dependencies.randomHex,
      fatal: (failure) => onFatal(failure instanceof Error ? failure : new Error(failure.message)),
    },
  );

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

  let cancelTicks = (): void => undefined;
  return {
    headView,
    pool,
    events,
    submission,
    driver,
    sync,
    start: () => {
      sync.start();
      cancelTicks = clock.every(TICK_MS, () => {
        driver.onTick();
        poolState.schedule();
      });
    },
    stop: () => {
      cancelTicks();
      sync.stop();
      gossip.stop();
      gate.stop();
    },
  };
}

/** In parts: nothing of what a client was told yes for may be lost because the worker has no room for all at once. */
async function restoreJournal(
  journaled: readonly Uint8Array[],
  { pool, verifier }: { readonly pool: TxPool; readonly verifier: Pick<VerifyPool, 'verifyTransactions'> },
): Promise<void> {
  for (let from = 0; from < journaled.length; from += RESTORED_COUNT_MAX) {
    const restored = await verifier.verifyTransactions(journaled.slice(from, from + RESTORED_COUNT_MAX), 'client');
    assert(restored.ok, 'the verify worker has nothing else to do before the node has started');
    pool.add(
      restored.value.flatMap((result) => (result.ok ? [result.value] : [])),
      { type: 'journal' },
    );
  }
}

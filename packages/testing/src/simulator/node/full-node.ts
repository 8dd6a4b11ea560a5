/**
 * One simulated node: the composition of packages/node with its real driver, vote store, ledger, pool, journal, sync and
 * execution, on disks that forget, a network of the simulator, and virtual time. A power cut ends it wherever it strikes.
 */
import type { FinalHead, PbftStatus } from '@hansa/consensus';
import type { EngineName } from '@hansa/executor';
import { type LedgerReader, openLedgerReader } from '@hansa/ledger';
import {
  BlockWriter,
  createExecutionClient,
  createExecutionServer,
  createLocalSigner,
  createNodeCore,
  createPoolAccess,
  createSigningDigests,
  createVoteStore,
  type DriverReport,
  type ExecutionChannel,
  type ExecutionChannelEvents,
  type ExecutionRequestMessage,
  type NodeCore,
  type NodeCoreDependencies,
  openPoolJournal,
  openVoteStore,
  replaceLostVoteStore,
  type VoteStore,
  type VoteStoreOptions,
} from '@hansa/node';
import type { Failure, HashHex, NodeId, Result } from '@hansa/primitives';
import { fail, ok } from '@hansa/primitives';
import type { Prng } from '../prng.ts';
import { simHash } from '../sim-crypto.ts';
import { SimDisk } from '../sim-disk.ts';
import { RunEnded } from '../violation.ts';
import type { VoteChecker } from '../vote-checker.ts';
import type { ChainChecker } from './chain-checker.ts';
import { JournalDisk } from './journal-disk.ts';
import { type DiskProcess, LedgerDisk } from './ledger-disk.ts';
import { NODE_SUITE, signAs } from './node-crypto.ts';
import { Endpoint, type NodeNetwork } from './node-network.ts';
import type { NodeWorld } from './node-world.ts';
import { createProcessClock } from './process-clock.ts';

/** Thrown by a disk at an effect boundary: the process is gone from here on. */
class SimulatedCrash extends Error {}

export type NodeRun = {
  readonly world: NodeWorld;
  readonly network: NodeNetwork;
  readonly chain: ChainChecker;
  readonly votes: VoteChecker;
  readonly nodes: FullNode[];
  readonly genesisHead: FinalHead;
  readonly onReport: (node: FullNode, report: DriverReport) => void;
  readonly onStatus: (node: FullNode, status: PbftStatus) => void;
  /** Called when a process is gone, by plan or by its own failure. */
  crashed: ((node: FullNode) => void) | undefined;
};

export type TransactionStatus = ReturnType<ReturnType<typeof createPoolAccess>['transactionStatus']>;

/** What is gone after a power cut. */
type Process = DiskProcess & { isGone: boolean; core: NodeCore | undefined; reader: LedgerReader | undefined };

const POOL_LIMITS = { transactionCountMax: 2_000, accountTransactionCountMax: 64, sizeBytesMax: 4 * 1024 * 1024 };
/** What nodes run contracts on, by index; the others as the first. */
const ENGINES: readonly EngineName[] = ['wasm', 'ethereumjs', 'compiled at once'];
const HOT_STATE_BYTES_MAX = 256 * 1024;
const STATE_HISTORY_BLOCKS = 16;

export class FullNode {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly label: string;
  readonly votes: SimDisk;
  readonly ledgerDisk: LedgerDisk;
  readonly journalDisk: JournalDisk = new JournalDisk();
  /** Byzantine members are not judged. */
  isByzantine = false;
  /** The vote store was lost, damaged or rolled back at some time. */
  wasWiped = false;
  /** It was rolled back within one incarnation: no check can tell it what it signed (VS-10), so it counts as faulty. */
  hasForgottenVotes = false;
  /** How often its vote store was opened. */
  starts = 0;
  /** All disks were lost at some time, and with them what clients were told. */
  wasErased = false;
  clockOffsetMs = 0;
  executeUs = 2_000;
  /** Share of calls that the verify worker refuses because it has too much to do. */
  busyRate = 0;
  /** A liar may say that it is higher or lower than it is. */
  announcedHeight: (height: FinalHead['height']) => FinalHead['height'] = (height) => height;
  status: PbftStatus | undefined;
  endpoint: Endpoint | undefined;
  readonly #run: NodeRun;
  readonly #world: NodeWorld;
  readonly #chance: Prng;
  #process: Process | undefined;
  #head: FinalHead;
  /** Highest block that survives a power cut. */
  #durableHeight = 0;
  #boundariesLeft = Number.POSITIVE_INFINITY;
  #pausedUntilUs = 0;

  constructor(traits: { readonly index: number; readonly nodeId: NodeId }, run: NodeRun, chance: Prng) {
    this.index = traits.index;
    this.nodeId = traits.nodeId;
    this.label = `${traits.index}`;
    this.#head = run.genesisHead;
    this.#run = run;
    this.#world = run.world;
    this.#chance = chance;
    this.votes = new SimDisk({
      boundary: (operation) => {
        this.boundary(operation);
        if (this.#process?.isGone === true) throw new SimulatedCrash();
      },
      durable: (name, bytes, isWhole) => run.votes.onDurable(this, name, bytes, isWhole),
    });
    this.ledgerDisk = new LedgerDisk({ durable: (changes) => this.#onDurable(changes) });
    this.#makeVoteStore();
    run.world.settled.push(() => this.#bury());
  }

  get isUp(): boolean {
    return this.#process?.core !== undefined && !this.#process.isGone;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  get isPaused(): boolean {
    return this.#pausedUntilUs > this.#world.queue.nowUs;
  }

  get core(): NodeCore | undefined {
    return this.isUp ? this.#process?.core : undefined;
  }

  get state(): FinalHead {
    return this.#process?.core?.headView.head() ?? this.#head;
  }

  get height(): number {
    return this.state.height;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const process: Process = {
      isGone: false,
      core: undefined,
      reader: undefined,
      isAlive: () => !process.isGone,
      boundary: (operation) => this.boundary(operation),
      later: (delayUs, run) => this.#later(process, delayUs, run),
    };
    this.#process = process;
    this.votes.isFull = false;
    this.ledgerDisk.isFull = false;
    this.#boot(process).catch((error: unknown) => this.#onError(process, error));
  }

  /** In the order of create-node.ts. */
  async #boot(process: Process): Promise<void> {
    const { genesis, genesisHash } = this.#world;
    const onFatal = (error: Error): void => this.#onError(process, error);
    const dependencies = { storageAt: () => this.ledgerDisk.storageFor(process) };
    const execution = createExecutionClient((events) => this.#connectExecution(process, events), onFatal);
    const opened = await execution.open();
    const reader = await openLedgerReader({ location: this.label, suite: NODE_SUITE }, dependencies);
    if (process.isGone) return;
    const store = await this.#openVotes();
    const opening = await openPoolJournal(this.journalDisk.fileFor(process), onFatal);
    const instance = this.#chance.hex(16);
    const endpoint = new Endpoint(this, {
      network: this.#run.network,
      world: this.#world,
      instance,
      isAlive: process.isAlive,
    });
    const core = await createNodeCore(
      {
        nodeId: this.nodeId,
        chainId: genesis.chainId,
        groupId: genesis.groupId,
        opened,
        journaled: opening.transactions,
        instance,
        poolLimits: POOL_LIMITS,
        gatherMs: 10,
        onRule: (rule) => this.#world.onRule(rule),
      },
      {
        suite: NODE_SUITE,
        clock: createProcessClock({
          queue: this.#world.queue,
          offsetMs: () => this.clockOffsetMs,
          later: process.later,
          defer: (run) => this.#world.defer(() => this.#enter(process, run)),
        }),
        network: endpoint,
        execution,
        reader,
        store,
        journal: opening.journal,
        verifier: this.#verifier(process),
        signer: createLocalSigner(createSigningDigests(NODE_SUITE, opened.genesisHash), signAs(this.nodeId)),
        randomHex: () => this.#chance.hex(16),
        observer: this.#observer(process),
        logger: { info: () => undefined, warn: () => undefined },
        onFatal,
      },
    );
    if (process.isGone) return;
    if (opened.genesisHash !== genesisHash) this.#world.fail('chain', `${this.label} has another genesis`);
    process.core = core;
    process.reader = reader;
    this.endpoint = endpoint;
    this.status = core.driver.status;
    endpoint.isStarted = true;
    core.start();
    this.#world.trace(() => `${this.label} starts at height ${this.height}`);
  }

  async #openVotes(): Promise<VoteStore> {
    this.starts++;
    const options = this.#voteStoreOptions();
    const opened = openVoteStore(this.votes.files, options);
    if (opened.state === 'lost') this.wasWiped = true;
    const store = opened.state === 'lost' ? replaceLostVoteStore(this.votes.files, options) : opened.store;
    await store.begin();
    this.#run.votes.onRestored(this, store.restored());
    return store;
  }

  /** What a client asks for. Never answered when the process goes down meanwhile. */
  submit(raw: Uint8Array, answered: (result: Result<HashHex, Failure>) => void): void {
    const process = this.#process;
    const core = this.core;
    if (core === undefined || process === undefined) return;
    this.enterWhenAwake(() => {
      core.submission.submit(raw).then(
        (result) => {
          if (!process.isGone) answered(result);
        },
        (error: unknown) => this.#onError(process, error),
      );
    });
  }

  transactionStatus(hash: HashHex): TransactionStatus | undefined {
    const reader = this.#process?.reader;
    const core = this.core;
    if (core === undefined || reader === undefined) return undefined;
    const { headView, pool, submission } = core;
    return createPoolAccess({ reader, headView, pool, submission }).transactionStatus(hash);
  }

  receiptOf(location: { height: number; index: number }): ReturnType<LedgerReader['receiptAt']> {
    return this.#process?.reader?.receiptAt(location as Parameters<LedgerReader['receiptAt']>[0]);
  }

  /** Power cut, now. */
  crash(): void {
    if (this.#process === undefined) return;
    this.#process.isGone = true;
    this.#bury();
  }

  /** A power cut at the `count`-th effect boundary from now. */
  crashAtBoundary(count: number): void {
    if (this.#process !== undefined) this.#boundariesLeft = count;
  }

  pause(us: number): void {
    this.#pausedUntilUs = Math.max(this.#pausedUntilUs, this.#world.queue.nowUs + us);
  }

  resume(): void {
    this.#pausedUntilUs = 0;
    this.#boundariesLeft = Number.POSITIVE_INFINITY;
  }

  /** Its votes are gone, and it says that they are not. */
  forget(): void {
    this.crash();
    this.votes.wipe();
    this.#makeVoteStore();
  }

  /** Another machine with the same key and an empty disk. */
  erase(): void {
    this.crash();
    this.votes.wipe();
    this.ledgerDisk.wipe();
    this.journalDisk.wipe();
    this.wasErased = true;
    this.wasWiped = true;
    this.#durableHeight = 0;
    this.#head = this.#run.genesisHead;
  }

  /** Where a power cut may strike; what the process does afterwards has no effect. */
  boundary(_operation: string): void {
    if (this.#process === undefined || this.#process.isGone) return;
    if (--this.#boundariesLeft <= 0) this.#process.isGone = true;
  }

  later(delayUs: number, run: () => void): void {
    if (this.#process !== undefined) this.#later(this.#process, delayUs, run);
  }

  /** Something reaches the process from outside, once it is awake. */
  enterWhenAwake(run: () => void): void {
    const process = this.#process;
    if (process === undefined) return;
    if (this.isPaused) this.#world.queue.at(this.#pausedUntilUs, () => this.#resume(process, run));
    else this.#enter(process, run);
  }

  /** It tells its peers of a final block: that one must survive a power cut. */
  onAnnounced(height: number): void {
    if (height > this.#durableHeight)
      this.#world.note('durable before sent', `${this.label} announces ${height}, its disk has ${this.#durableHeight}`);
    this.#world.trace(() => `${this.label} final ${height} ${this.state.blockHash.slice(0, 8)}`);
  }

  #later(process: Process, delayUs: number, run: () => void): void {
    this.#world.queue.after(Math.max(0, Math.round(delayUs)), () => this.#resume(process, run));
  }

  #resume(process: Process, run: () => void): void {
    if (process.isGone) return;
    if (this.isPaused) this.#world.queue.at(this.#pausedUntilUs, () => this.#resume(process, run));
    else this.#enter(process, run);
  }

  #enter(process: Process, run: () => void): void {
    if (process.isGone) return;
    try {
      run();
    } catch (error) {
      this.#onError(process, error);
    }
  }

  /** The process ends: by a power cut, by a full disk, or by a fault of its own. */
  #onError(process: Process, error: unknown): void {
    if (process.isGone || error instanceof SimulatedCrash || error instanceof RunEnded) {
      process.isGone = true;
      return;
    }
    process.isGone = true;
    const code = (error as { code?: string }).code;
    this.#world.count(`stopped ${code ?? 'exception'}`);
    const isFull = code === 'VOTE_STORE_FULL' ? this.votes.isFull : this.ledgerDisk.isFull;
    if ((code === 'VOTE_STORE_FULL' || code === 'LEDGER_WRITE_FAILED') && isFull) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#world.note('exception', `${this.label} stopped: ${text}`);
  }

  /** What its disks had not synced is gone. */
  #bury(): void {
    const process = this.#process;
    if (process === undefined || !process.isGone) return;
    this.#world.trace(() => `${this.label} crashes`);
    this.#world.count('crash');
    this.#head = this.state;
    process.core?.driver.stop();
    this.#process = undefined;
    this.endpoint = undefined;
    this.status = undefined;
    this.#boundariesLeft = Number.POSITIVE_INFINITY;
    this.#pausedUntilUs = 0;
    this.votes.crash(this.#chance);
    this.ledgerDisk.crash(this.#chance);
    this.journalDisk.crash(this.#chance);
    this.#run.network.onCrash(this);
    this.#run.crashed?.(this);
  }

  #makeVoteStore(): void {
    void createVoteStore(this.votes.files, this.#voteStoreOptions());
  }

  #voteStoreOptions(): VoteStoreOptions {
    return {
      owner: simHash(`owner ${this.nodeId}`),
      random: () => this.#chance.u32(),
      compactBytesMin: 20_000,
    };
  }

  #onDurable(changes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[]): void {
    const header = changes.find(({ key }) => key[0] === 'h');
    if (header !== undefined) {
      let height = 0;
      for (const digit of header.key.slice(1)) height = height * 256 + digit.charCodeAt(0);
      this.#durableHeight = height;
    }
    if (!this.isByzantine) this.#run.chain.onDurable(this, changes);
  }

  #verifier(process: Process): NodeCoreDependencies['verifier'] {
    const busy = fail({ code: 'VERIFY_BUSY', message: 'busy', remedy: 'later' } as const);
    return {
      verifySignatures: async (checks) =>
        ok(checks.map(({ digest, signature, nodeId }) => NODE_SUITE.verify(digest, signature, nodeId))),
      verifyTransactions: (raw) =>
        new Promise((resolve) => {
          // At the start nothing else waits.
          if (process.core !== undefined && this.#chance.chance(this.busyRate)) {
            this.#world.count('verify busy');
            resolve(busy);
            return;
          }
          const results = raw.map((bytes) => this.#world.transactions.check(bytes));
          process.later(100 + 60 * raw.length, () => resolve(ok(results)));
        }),
    };
  }

  /** Execution in the same thread, with the time that it would take in its own. */
  #connectExecution(process: Process, { answered }: ExecutionChannelEvents): ExecutionChannel {
    const { genesis } = this.#world;
    // Which engine a node has shows in no block.
    const engine = ENGINES[this.index] ?? 'wasm';
    const data = {
      engine,
      location: this.label,
      genesis,
      hotStateBytesMax: HOT_STATE_BYTES_MAX,
      stateHistoryBlocks: STATE_HISTORY_BLOCKS,
    };
    const writer = new BlockWriter(NODE_SUITE, data, { storageAt: () => this.ledgerDisk.storageFor(process) });
    const serve = createExecutionServer(writer, (answer) => {
      this.boundary('executed');
      process.later(20, () => answered(answer));
    });
    return {
      post: (request) => {
        this.boundary('execute');
        process.later(this.#executionUs(request), () => serve(request));
      },
      end: async () => undefined,
    };
  }

  #executionUs({ body }: ExecutionRequestMessage): number {
    return body.type === 'execute' || body.type === 'import' ? this.executeUs : 20;
  }

  #observer(process: Process): NodeCoreDependencies['observer'] {
    const world = this.#world;
    return {
      report: (report) => {
        if (process.isGone) return;
        world.count(`report ${report.type}`);
        world.trace(() => `${this.label} reports ${report.type}${'reason' in report ? ` ${report.reason}` : ''}`);
        this.#run.onReport(this, report);
      },
      status: (status) => {
        if (process.isGone) return;
        this.#traceStatus(this.status, status);
        this.status = status;
        this.#run.onStatus(this, status);
      },
      misbehaved: (_peer, code) => world.count(`refused ${code}`),
      onDiverged: ({ height, field }) => {
        if (!process.isGone && !this.isByzantine) world.note('report', `${this.label} diverges at ${height}: ${field}`);
      },
    };
  }

  #traceStatus(before: PbftStatus | undefined, { term, view, changing, silence }: PbftStatus): void {
    const world = this.#world;
    if (before?.silence !== silence)
      world.trace(() => `${this.label} ${silence === undefined ? 'may vote' : `is silent: ${silence}`}`);
    if (before?.term === term && before.view === view && before.changing === changing) return;
    world.trace(() => `${this.label} ${changing ? 'changes to' : 'is in'} term ${term} view ${view}`);
  }
}

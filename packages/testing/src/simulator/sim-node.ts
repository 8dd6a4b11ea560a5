/** One simulated validator or observer: the real driver, replica and vote store; stand-ins around them. */
import type { FinalHead, PbftReport, PbftStatus, RuleId } from '@hansa/consensus';
import type { ConsensusDriver, ConsensusPorts, DriverReport, VoteStore, VoteStoreOptions } from '@hansa/node';
import { createLocalSigner } from '@hansa/node';
import type { HashHex, Height, NodeId } from '@hansa/primitives';
import type { Checkers } from './checkers.ts';
import type { Member } from './member.ts';
import type { SimPacket } from './packet.ts';
import type { Prng } from './prng.ts';
import { SIM_CHAIN_ID, SIM_GROUP_ID, type SimBlock, type SimState } from './sim-chain.ts';
import { SimClock } from './sim-clock.ts';
import { simHash, simSign, simVerify } from './sim-crypto.ts';
import { SimDisk } from './sim-disk.ts';
import { SimLedger, SYNC_BATCH } from './sim-ledger.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimPool } from './sim-pool.ts';
import { EPOCH_MS, type Program, type World } from './world.ts';

/** Thrown at an effect boundary: the process is gone from here on. */
export class SimulatedCrash extends Error {}

export type NodeTraits = {
  readonly index: number;
  readonly nodeId: NodeId;
  /** Set for the second process of a Byzantine key. */
  readonly twin?: boolean;
};

/** One run as its nodes, its faults and its liars see it. */
export type Run = {
  readonly world: World;
  readonly network: SimNetwork;
  readonly checkers: Checkers;
  /** The same nodes as in `world`, with everything that can be done to them. */
  readonly nodes: SimNode[];
  /** Called when a process is gone, by plan or by its own failure. */
  crashed: ((node: SimNode) => void) | undefined;
};

const HEARTBEAT_US = 1_000_000;

export class SimNode implements Member {
  readonly nodeId: NodeId;
  readonly label: string;
  readonly index: number;
  readonly disk: SimDisk;
  /** Byzantine members are not judged. */
  isByzantine = false;
  readonly clock: SimClock;
  /** How often this process was started. */
  starts = 0;
  /** Microseconds that one execution, one commit, one disk sync takes. */
  executeUs = 2_000;
  commitUs = 1_500;
  syncUs = 500;
  /** Differs from '' in a replica whose executor is nondeterministic. */
  executionFault = '';
  /** A primary that excludes somebody. */
  leavesOut: (hash: HashHex) => boolean = () => false;
  /** The vote store was lost, damaged or rolled back at some time. */
  wasWiped = false;
  hasForgottenVotes = false;
  driver: ConsensusDriver | undefined;
  status: PbftStatus | undefined;
  pool: SimPool;
  readonly #run: Run;
  readonly #world: World;
  readonly #chance: Prng;
  readonly #ledger: SimLedger;
  #store: VoteStore | undefined;
  #generation = 0;
  #deferred: (() => void)[] = [];
  #boundariesLeft = Number.POSITIVE_INFINITY;
  #pausedUntilUs = 0;
  /** What is due since it is paused. */
  #missed: (() => void)[] = [];
  #isRunning = false;
  #hasCrashed = false;

  constructor(traits: NodeTraits, run: Run, chance: Prng) {
    const { world } = run;
    this.#run = run;
    this.index = traits.index;
    this.nodeId = traits.nodeId;
    this.label = `${traits.index}${traits.twin === true ? 'T' : ''}`;
    this.#world = world;
    this.#chance = chance;
    this.clock = new SimClock(world.queue);
    this.pool = new SimPool(world);
    this.#ledger = new SimLedger({
      world,
      appended: (block) => this.#onAppended(block),
      imported: () => this.driver?.committed(this.#head()),
      askBlocks: (from, above) => run.network.send(this, from, { type: 'sync-request', above }),
    });
    this.disk = new SimDisk({
      boundary: (operation) => this.#boundary(operation),
      durable: (name, bytes, isWhole) => run.checkers.votes.onDurable(this, name, bytes, isWhole),
    });
    void this.#program.createVoteStore(this.disk.files, this.#storeOptions());
  }

  get #program(): Program {
    return this.#world.options.program;
  }

  get isUp(): boolean {
    return this.driver !== undefined;
  }

  get isPaused(): boolean {
    return this.#pausedUntilUs > this.#world.queue.nowUs;
  }

  get blocks(): readonly SimBlock[] {
    return this.#ledger.blocks;
  }

  get state(): SimState {
    return this.#ledger.state;
  }

  get height(): number {
    return this.#ledger.height;
  }

  get isStoreOpen(): boolean {
    return this.#store !== undefined;
  }

  start(): void {
    if (this.driver !== undefined) return;
    this.starts++;
    this.#generation++;
    this.#hasCrashed = false;
    this.disk.isFull = false;
    this.#enter(() => this.#startDriver());
    if (!this.isUp) return;
    this.#tickForever();
    this.#heartbeatForever();
    this.#world.trace(() => `${this.label} starts at height ${this.height}`);
  }

  #startDriver(): void {
    const options = this.#storeOptions();
    const { openVoteStore, replaceLostVoteStore } = this.#program;
    const opened = openVoteStore(this.disk.files, options);
    if (opened.state === 'lost') this.wasWiped = true;
    const store = opened.state === 'lost' ? replaceLostVoteStore(this.disk.files, options) : opened.store;
    void store.begin();
    this.#store = store;
    this.#run.checkers.votes.onRestored(this, store.restored());
    this.pool = new SimPool(this.#world);
    const { settings } = this.#world.options;
    this.driver = new this.#program.ConsensusDriver(
      {
        nodeId: this.nodeId,
        chainId: SIM_CHAIN_ID,
        groupId: SIM_GROUP_ID,
        head: this.#head(),
        store,
        instance: this.#chance.hex(16),
        settings: { ...settings, onRule: (rule: RuleId) => this.#world.onRule(rule) },
      },
      this.#ports(),
    );
    this.status = this.driver.status;
    for (const peer of this.#run.nodes) {
      if (peer.nodeId !== this.nodeId && peer.isUp && this.#run.network.isConnected(this, peer)) {
        this.driver.onPeerConnected(peer.nodeId);
        this.#greet(peer);
        peer.onConnected(this);
      }
    }
  }

  /** Its votes are gone, and it says that they are not. */
  forget(): void {
    this.crash();
    this.disk.wipe();
    this.disk.isFull = false;
    void this.#program.createVoteStore(this.disk.files, this.#storeOptions());
  }

  /** Power cut, now. */
  crash(): void {
    if (this.driver === undefined && this.#store === undefined) return;
    this.#world.trace(() => `${this.label} crashes`);
    this.#world.count('crash');
    this.#generation++;
    this.driver?.stop();
    this.driver = undefined;
    this.#store = undefined;
    this.status = undefined;
    this.#deferred = [];
    this.#ledger.forgetResults();
    this.#boundariesLeft = Number.POSITIVE_INFINITY;
    this.#pausedUntilUs = 0;
    this.#missed = [];
    this.disk.crash(this.#chance);
    this.#run.crashed?.(this);
  }

  /** A power cut at the `count`-th effect boundary from now. */
  crashAtBoundary(count: number): void {
    this.#boundariesLeft = count;
  }

  pause(us: number): void {
    this.#pausedUntilUs = Math.max(this.#pausedUntilUs, this.#world.queue.nowUs + us);
    this.#world.queue.after(us, () => this.#wake());
  }

  resume(): void {
    this.#pausedUntilUs = 0;
    this.#wake();
    this.#boundariesLeft = Number.POSITIVE_INFINITY;
  }

  onConnected(peer: SimNode): void {
    this.#enter(() => {
      this.driver?.onPeerConnected(peer.nodeId);
      this.#greet(peer);
    });
  }

  /** A fresh connection carries everything that waits, as the pool's channel does. */
  #greet(peer: SimNode): void {
    this.pool.onConnected(peer.nodeId);
    const hashes = this.pool.waiting();
    if (hashes.length > 0) this.#run.network.send(this, peer.nodeId, { type: 'gossip', hashes });
  }

  receive(from: Member, packet: SimPacket): void {
    if (this.driver === undefined) return;
    this.#enter(() => this.#receive(from, packet));
  }

  submit(hash: HashHex): void {
    if (this.driver === undefined) return;
    this.#enter(() => {
      if (!this.pool.add(hash, this.blocks)) return;
      this.#run.network.broadcast(this, { type: 'gossip', hashes: [hash] });
      this.refreshPool();
    });
  }

  /** Runs later in this process, unless it is gone by then; waits while it is paused. */
  later(delayUs: number, run: () => void): void {
    const generation = this.#generation;
    this.#world.queue.after(delayUs, () => this.#resume(generation, run));
  }

  #resume(generation: number, run: () => void): void {
    if (generation !== this.#generation) return;
    if (this.isPaused) this.#missed.push(() => this.#resume(generation, run));
    else this.#enter(run);
  }

  /** What was due while it was paused happens now, in its order. */
  #wake(): void {
    if (this.isPaused) return;
    const missed = this.#missed;
    this.#missed = [];
    for (const run of missed) run();
  }

  /** Everything that this process does goes through here: a crash ends it wherever it strikes. */
  #enter(run: () => void): void {
    if (this.#isRunning) {
      run();
      return;
    }
    this.#isRunning = true;
    try {
      run();
      for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next();
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
      this.#hasCrashed = true;
    } finally {
      this.#isRunning = false;
    }
    if (this.#hasCrashed) {
      this.#hasCrashed = false;
      this.crash();
    }
  }

  #boundary(_operation: string): void {
    if (this.#hasCrashed || --this.#boundariesLeft <= 0) {
      this.#hasCrashed = true;
      throw new SimulatedCrash();
    }
  }

  #storeOptions(): VoteStoreOptions {
    return {
      owner: simHash(`owner ${this.nodeId}`),
      random: () => this.#chance.u32(),
      compactBytesMin: this.#world.options.compactBytesMin,
    };
  }

  #head(): FinalHead {
    const { height, blockHash, proposalDigest, timestamp, term } = this.state;
    return { height, blockHash, proposalDigest, timestamp, term };
  }

  #tickForever(): void {
    this.later(50_000, () => {
      this.driver?.onTick();
      this.pool.onTick();
      this.refreshPool();
      this.#tickForever();
    });
  }

  #heartbeatForever(): void {
    this.later(HEARTBEAT_US, () => {
      this.#run.network.broadcast(this, { type: 'heartbeat', height: this.height });
      this.#heartbeatForever();
    });
  }

  refreshPool(): void {
    if (this.driver === undefined) return;
    const changed = this.pool.refresh(this.status, () => this.driver?.inFlightProposals() ?? []);
    if (changed !== undefined) this.driver.onPoolState(changed);
  }

  #receive(from: Member, packet: SimPacket): void {
    switch (packet.type) {
      case 'gossip': {
        let isNew = false;
        for (const hash of packet.hashes) isNew = this.pool.add(hash, this.blocks) || isNew;
        if (!isNew) return;
        this.driver?.onTransactionsAdmitted();
        this.refreshPool();
        return;
      }
      case 'heartbeat':
        if (packet.height > this.height) this.#ledger.askSync(from.nodeId);
        return;
      case 'sync-request':
        this.#run.network.send(this, from.nodeId, {
          type: 'sync-blocks',
          blocks: this.blocks.slice(packet.above, packet.above + SYNC_BATCH),
        });
        return;
      case 'sync-blocks':
        this.later(this.commitUs, () => this.#ledger.import(from.nodeId, packet.blocks));
        return;
      default:
        this.driver?.receive(from.nodeId, packet);
    }
  }

  #onAppended(block: SimBlock): void {
    this.pool.onCommitted(block.proposal);
    this.#run.checkers.onCommitted(this, block);
    this.#world.trace(() => `${this.label} final ${block.proposal.height} ${block.state.blockHash.slice(0, 8)}`);
  }

  #ports(): ConsensusPorts {
    const world = this.#world;
    const { network, checkers } = this.#run;
    const generation = this.#generation;
    return {
      transport: {
        send: (to, packets) => {
          for (const packet of packets) {
            this.#boundary('send');
            for (const peer of to) network.send(this, peer, packet, this.syncUs);
          }
        },
      },
      verifier: {
        verify: (checks, done) => {
          world.checkedCount += checks.length;
          done(checks.map(({ digest, signature, nodeId }) => simVerify(digest, signature, nodeId)));
        },
      },
      signer: createLocalSigner(world.digests, (digest) => {
        world.signedCount++;
        return simSign(digest, this.nodeId);
      }),
      digests: world.digests,
      transactions: {
        check: (request) => this.pool.check(request, this.status, world.queue.nowUs),
        raw: (hashes) => this.pool.raw(hashes),
        admit: (raw, _from, done) =>
          this.later(200, () => {
            this.pool.admit(raw);
            done();
          }),
        restore: (raw) => this.pool.admit(raw),
        resendWaiting: () => {
          const hashes = this.pool.waiting();
          if (hashes.length > 0) network.broadcast(this, { type: 'gossip', hashes });
        },
      },
      source: {
        select: ({ ancestors, term }, done) =>
          done(this.pool.select(ancestors, term.parameters.txCountLimit, this.leavesOut)),
      },
      executor: {
        execute: ({ height, proposal, digest }, done) => {
          checkers.onDecided(this, height, digest);
          world.trace(() => `${this.label} decides ${height} ${digest.slice(0, 8)}`);
          this.#boundary('execute');
          this.later(this.executeUs, () => done(this.#ledger.execute(height, proposal, digest, this.executionFault)));
        },
      },
      committer: {
        commit: ({ proposal, digest, certificate }, done) => {
          this.#boundary('commit');
          this.later(this.commitUs, () => {
            if (!this.#ledger.commit({ proposal, digest, certificate })) {
              done(undefined);
              return;
            }
            this.#boundary('committed');
            done(this.#head());
          });
        },
        finalHead: () => ({ height: this.height as Height, certificate: this.blocks.at(-1)?.certificate }),
        validatorsAt: (height) => world.termAt(this, height),
      },
      sync: { behind: (_height, from) => this.#ledger.askSync(this.#chance.pick(from)) },
      clock: {
        nowMs: () => EPOCH_MS + world.queue.nowMs + this.clock.aheadMs,
        monotonicMs: () => world.queue.nowMs,
      },
      scheduler: { defer: (run) => this.#deferred.push(run) },
      observer: {
        report: (report) => this.#onReport(report),
        status: (status) => this.#onStatus(status),
        misbehaved: (_peer, code) => world.count(`refused ${code}`),
      },
      randomHex: () => this.#chance.hex(16),
      fatal: (failure) => {
        if (generation !== this.#generation) return;
        // A full disk ends the process as a crash does; what it had not written was not sent.
        if (!(failure instanceof SimulatedCrash)) this.#onFatal(failure);
        this.#hasCrashed = true;
      },
    };
  }

  #onReport(report: PbftReport | DriverReport): void {
    this.#world.count(`report ${report.type}`);
    this.#world.trace(() => `${this.label} reports ${report.type}${'reason' in report ? ` ${report.reason}` : ''}`);
    this.#run.checkers.onReport(this, report);
  }

  #onFatal(failure: unknown): void {
    const code = (failure as { code?: string }).code;
    this.#world.count(`stopped ${code ?? String(failure)}`);
    this.#world.trace(() => `${this.label} stops: ${String(failure)}`);
    this.#run.checkers.onFatal(this, failure);
  }

  #onStatus(status: PbftStatus): void {
    const before = this.status;
    this.status = status;
    if (this.#world.isTraced) this.#traceChange(before, status);
    this.#run.checkers.onStatus(this, status);
    this.refreshPool();
  }

  #traceChange(before: PbftStatus | undefined, { term, view, changing, silence }: PbftStatus): void {
    if (before?.silence !== silence) {
      this.#world.trace(() => `${this.label} ${silence === undefined ? 'may vote' : `is silent: ${silence}`}`);
    }
    if (before?.term === term && before.view === view && before.changing === changing) return;
    this.#world.trace(() => `${this.label} ${changing ? 'changes to' : 'is in'} term ${term} view ${view}`);
  }
}

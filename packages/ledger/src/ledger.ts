import { assert, type HashHex, type Height, hashToHex } from '@hansa/primitives';
import { blockHash, type StateChange, type StateReader } from '@hansa/protocol';
import { checkStore } from './check.ts';
import { assertFits, type BlockRecords, type ChainPosition, putBlock } from './commit.ts';
import { damaged, isLedgerError, type LedgerError, ledgerError } from './errors.ts';
import { heightKey, metaKey } from './keys.ts';
import type { WriterLock } from './lock.ts';
import { readChainRecord, StoredLedger } from './reader.ts';
import { encodeChainRecord } from './records.ts';
import { META_CHAIN, SCHEMA_VERSION } from './schema.ts';
import { StagedState } from './staged-state.ts';
import { EMPTY_TREE, toLeafChanges } from './state-tree/state-root.ts';
import { updateTree } from './state-tree/update.ts';
import { type LedgerDependencies, type LedgerStorage, levelStorage } from './storage.ts';
import type { Store } from './store.ts';
import type { CommitInput, Ledger, LedgerHead, LedgerOptions, LedgerStats, StagedBlock } from './types.ts';

const HOT_STATE_BYTES_MAX = 64 * 1024 * 1024;
const STATE_HISTORY_BLOCKS = 1024;

/**
 * Opens the ledger of a chain for writing, and begins it with genesis when the directory is empty.
 * @throws ChainError LEDGER_LOCKED, LEDGER_WRONG_GENESIS, LEDGER_WRONG_SCHEMA, LEDGER_DAMAGED, LEDGER_UNREADABLE or
 * LEDGER_WRITE_FAILED
 */
export async function openLedger(
  options: LedgerOptions,
  dependencies: LedgerDependencies = { storageAt: levelStorage },
): Promise<Ledger> {
  const storage = dependencies.storageAt(options.location);
  const lock = storage.lock();
  let store: Store | undefined;
  try {
    store = await storage.open();
    await initialise(store, storage, options);
    const head = await checkStore(store, options.suite, readChainRecord(store, options.location).genesisHash);
    const termBytes = store.get(heightKey('term', head.termHeight));
    if (termBytes === undefined) throw damaged(`the term record of height ${head.termHeight} is missing`);
    return new WritableLedger({ store, lock, options, position: { head, termBytes } });
  } catch (error) {
    await store?.close();
    lock.release();
    throw error;
  }
}

async function initialise(store: Store, storage: LedgerStorage, options: LedgerOptions): Promise<void> {
  if (await isEmpty(store)) {
    if (storage.isMarkedCreated()) throw damaged('the store is empty, though a genesis block was written to it');
    await writeGenesis(store, options);
  }
  const expected = blockHash(options.suite, options.genesis.block.header);
  const { genesisHash, suite } = readChainRecord(store, options.location);
  if (genesisHash !== expected || suite !== options.suite.name) {
    throw ledgerError({
      code: 'LEDGER_WRONG_GENESIS',
      message: `the ledger ${options.location} has genesis ${genesisHash} (${suite}), this node's genesis is ${expected} (${options.suite.name})`,
      remedy: 'use the genesis file that the ledger was begun with, or give this chain a directory of its own',
    });
  }
  if (!storage.isMarkedCreated()) storage.markCreated(genesisHash);
}

async function isEmpty(store: Store): Promise<boolean> {
  const iterator = store.iterate({ gte: new Uint8Array(0), lt: Uint8Array.of(0xff) });
  try {
    return (await iterator.next(1)).length === 0;
  } finally {
    await iterator.close();
  }
}

async function writeGenesis(store: Store, { genesis, suite }: LedgerOptions): Promise<void> {
  const { header } = genesis.block;
  assert(header.height === 0, `genesis was expected at height 0, got ${header.height}`);
  const { root, pages } = updateTree(suite, EMPTY_TREE, toLeafChanges(suite, genesis.changes));
  assert(
    hashToHex(root) === header.stateRoot,
    `genesis has state root ${header.stateRoot}, its state ${hashToHex(root)}`,
  );
  const batch = store.batch();
  const chain = { schemaVersion: SCHEMA_VERSION, genesisHash: blockHash(suite, header), suite: suite.name };
  batch.put(metaKey(META_CHAIN), encodeChainRecord(chain));
  const records: BlockRecords = {
    block: genesis.block,
    receipts: [],
    certificate: undefined,
    termInfo: genesis.termInfo,
    aliasHashes: [],
    changes: genesis.changes,
    previous: [],
    pages,
  };
  putBlock({ suite, batch, stateHistoryBlocks: 0, isCommitted: () => false }, records, undefined);
  await batch.write({ sync: true });
}

class WritableLedger extends StoredLedger implements Ledger {
  readonly #lock: WriterLock;
  readonly #hotStateBytesMax: number;
  #staged: StagedState;
  readonly #stateHistoryBlocks: number;
  #position: ChainPosition;
  #head: LedgerHead | undefined;
  /** The first failure: nothing is accepted after it. */
  #failure: LedgerError | undefined;
  #isCommitting = false;
  #closing: Promise<void> | undefined;

  constructor(parts: { store: Store; lock: WriterLock; options: LedgerOptions; position: ChainPosition }) {
    const { store, lock, options, position } = parts;
    super({ store, suite: options.suite, location: options.location });
    this.#lock = lock;
    this.#position = position;
    this.#stateHistoryBlocks = options.stateHistoryBlocks ?? STATE_HISTORY_BLOCKS;
    this.#hotStateBytesMax = options.hotStateBytesMax ?? HOT_STATE_BYTES_MAX;
    this.#staged = this.#stateFromDisk();
  }

  /** From memory: the execution thread asks for it several times per block. */
  override head(): LedgerHead {
    this.#head ??= super.head();
    return this.#head;
  }

  get state(): StateReader {
    return this.#staged;
  }

  stagedHeight(): Height {
    return this.#staged.top.height;
  }

  stagedStateAt(height: Height): StateReader | undefined {
    return this.#staged.readerAt(height);
  }

  stage(changes: readonly StateChange[]): StagedBlock {
    this.#refuseAfterFailure();
    const { height, root } = this.#staged.stage(changes);
    return { height, root };
  }

  discardAbove(height: Height): void {
    const { height: headHeight } = this.#position.head;
    assert(!this.#isCommitting || height > headHeight, `height ${headHeight + 1} is being committed`);
    this.#staged.discardAbove(height);
  }

  forget(): void {
    assert(!this.#isCommitting, 'nothing is being committed while the state is forgotten');
    this.#staged = this.#stateFromDisk();
  }

  async commitBlock(input: CommitInput): Promise<LedgerHead> {
    this.#refuseAfterFailure();
    assert(!this.#isCommitting, 'one commit at a time was expected');
    const layer = this.#staged.lowest;
    assert(layer !== undefined, `height ${input.header.height} was expected to be staged`);
    const records: BlockRecords = {
      block: { header: input.header, body: input.body },
      receipts: input.receipts,
      certificate: input.certificate,
      termInfo: input.termInfo,
      aliasHashes: input.aliasHashes ?? [],
      changes: layer.changes,
      previous: layer.previous,
      pages: layer.pages,
    };
    assertFits(this.suite, records, this.#position.head, layer.root);
    const batch = this.store.batch();
    const isCommitted = (hash: HashHex): boolean => this.transactionRecord(hash)?.type === 'committed';
    const dependencies = { suite: this.suite, batch, stateHistoryBlocks: this.#stateHistoryBlocks, isCommitted };
    const position = putBlock(dependencies, records, this.#position);
    this.#isCommitting = true;
    try {
      await batch.write({ sync: true });
    } catch (error) {
      if (isLedgerError(error)) this.#failure = error;
      throw error;
    } finally {
      this.#isCommitting = false;
    }
    this.#position = position;
    this.#staged.settleLowest();
    this.#head = { height: position.head.height, hash: position.head.hash, header: input.header };
    return this.#head;
  }

  stats(): LedgerStats {
    const caches = this.#staged.caches;
    const sum = (pick: (cache: (typeof caches)[number]) => number): number =>
      caches.reduce((total, cache) => total + pick(cache), 0);
    return {
      hotStateBytes: sum((cache) => cache.sizeBytes),
      hotStateHits: sum((cache) => cache.hits),
      hotStateMisses: sum((cache) => cache.misses),
      hotStateDropped: sum((cache) => cache.dropped),
    };
  }

  compact(): Promise<void> {
    return this.store.compact({ gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) });
  }

  override close(): Promise<void> {
    this.#closing ??= this.store.close().finally(() => this.#lock.release());
    return this.#closing;
  }

  #stateFromDisk(): StagedState {
    const { height, stateRoot: root } = this.#position.head;
    return new StagedState({ store: this.store, suite: this.suite }, { height, root }, this.#hotStateBytesMax);
  }

  /** spec LED-8. */
  #refuseAfterFailure(): void {
    if (this.#failure === undefined) return;
    const { message } = this.#failure;
    throw ledgerError(
      {
        code: 'LEDGER_WRITE_FAILED',
        message: `the ledger takes nothing more after a failure: ${message}`,
        remedy: 'free disk space or repair the disk, then start the node again: nothing of the failed write is kept',
      },
      this.#failure,
    );
  }
}

import type { FinalHead } from '@hansa/consensus';
import type { CryptoSuite } from '@hansa/crypto';
import { type ExecutedBlock, executeBlock } from '@hansa/executor';
import { type Ledger, type LedgerDependencies, openLedger } from '@hansa/ledger';
import { admissionSnapshot, type Registry, readRegistry } from '@hansa/membership';
import {
  type AddressHex,
  assert,
  compareText,
  equalBytes,
  type HashHex,
  type Height,
  type ValidatorIndex,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type AccountRecord,
  type BlockHeader,
  blockHash,
  type Certificate,
  decodeAccount,
  EMPTY_CODE_HASH,
  type LeftOut,
  type Proposal,
  proposalTransactionHashes,
  type SignedTransaction,
  type StateChange,
  type StateReader,
  type TermInfo,
} from '@hansa/protocol';
import { ethereumHeaderHash } from '@hansa/rpc';
import { buildGenesis } from '../genesis-block.ts';
import type {
  AdmissionFacts,
  CommittedBlock,
  Compared,
  ExecutionAnswerBody,
  ExecutionRequestBody,
  ExecutionWorkerData,
  HeaderDifference,
  ImportOutcome,
  KeyDifference,
} from './messages.ts';
import { unpackTransactions } from './packed-transactions.ts';

type Staged = {
  readonly hash: HashHex;
  readonly digest: HashHex;
  readonly result: ExecutedBlock;
  readonly executeMs: number;
};
type Request<K extends ExecutionRequestBody['type']> = Extract<ExecutionRequestBody, { type: K }>;

/** Executes ordered blocks ahead of their finality and writes final ones. */
export class BlockWriter {
  readonly #suite: CryptoSuite;
  readonly #data: ExecutionWorkerData;
  readonly #dependencies: LedgerDependencies | undefined;
  /** Executed and not final, by height, without a gap above the head. Bounded by the window. */
  readonly #staged: Map<Height, Staged> = new Map();
  #ledger: Ledger | undefined;
  /** The last certified block that could not be taken, with what it changed here. */
  #refused: { readonly stateRoot: HashHex; readonly changes: readonly StateChange[] } | undefined;

  /** @param dependencies what the ledger lies on; a directory when left out */
  constructor(suite: CryptoSuite, data: ExecutionWorkerData, dependencies?: LedgerDependencies) {
    this.#suite = suite;
    this.#data = data;
    this.#dependencies = dependencies;
  }

  async open(): Promise<ExecutionAnswerBody> {
    const { location, genesis, hotStateBytesMax, stateHistoryBlocks } = this.#data;
    const { block, changes, termInfo, hash } = buildGenesis(genesis, this.#suite);
    const ledger = await openLedger(
      {
        location,
        suite: this.#suite,
        genesis: { block, changes, termInfo },
        hotStateBytesMax,
        stateHistoryBlocks,
      },
      this.#dependencies,
    );
    this.#ledger = ledger;
    const { height } = ledger.head();
    return {
      type: 'opened',
      head: this.#finalHead(),
      genesisHash: hash,
      admission: admissionOf(readRegistry(ledger.state), ledger.currentTermInfo()),
      certificate: ledger.certificateAt(height),
    };
  }

  async close(): Promise<void> {
    await this.#ledger?.close();
    this.#ledger = undefined;
  }

  async execute({ proposal, digest, packed }: Request<'execute'>): Promise<HashHex | undefined> {
    const ledger = this.#opened();
    if (proposal.height <= ledger.head().height) return undefined;
    // What it stands on was thrown away when sync brought another result: consensus asks again from there on.
    if (proposal.height > ledger.stagedHeight() + 1) return undefined;
    const known = this.#staged.get(proposal.height);
    if (known?.digest === digest) return known.hash;
    if (known !== undefined) this.#discardFrom(proposal.height);
    const { hash } = await this.#stage({ proposal, digest, transactions: unpackTransactions(packed) });
    return hash;
  }

  async commit({ height, blockHash: hash, certificate }: Request<'commit'>): Promise<CommittedBlock | undefined> {
    if (height <= this.#opened().head().height) return undefined;
    const staged = this.#staged.get(height);
    assert(staged !== undefined && staged.hash === hash, `block ${height} ${hash} was executed before it is committed`);
    return this.#write(height, staged, certificate);
  }

  /** A block that a quorum certified: executed here, and written only when the header is the same to the last bit. */
  async importBlock({ header, body, blockHash: hash, certificate, packed }: Request<'import'>): Promise<ImportOutcome> {
    const ledger = this.#opened();
    if (header.height <= ledger.head().height) return { type: 'stale' };
    assert(
      header.height === ledger.head().height + 1,
      `block ${ledger.head().height + 1} was expected next, got ${header.height}`,
    );
    const executed = this.#staged.get(header.height);
    if (executed?.hash === hash) {
      return { type: 'committed', block: await this.#write(header.height, executed, certificate) };
    }
    const transactions = unpackTransactions(packed);
    const proposal = this.#proposalOf(header, body.leftOut, transactions);
    if (proposal === undefined) {
      const own = 'no proposal has them';
      return { type: 'differs', field: 'body.leftOut', certified: 'positions', own, ownBlockHash: ZERO_HASH };
    }
    const request = { proposal, digest: header.proposalDigest, transactions, leftOut: body.leftOut };
    const first = executed ?? (await this.#stage(request));
    if (first.hash === hash) return { type: 'committed', block: await this.#write(header.height, first, certificate) };
    // spec PBFT-N7: what is in memory may be wrong where the disk is not.
    this.#forget();
    const again = await this.#stage(request);
    if (again.hash !== hash) {
      this.#forget();
      this.#refused = { stateRoot: header.stateRoot, changes: again.result.changes };
      return { type: 'differs', ...firstDifference(header, again) };
    }
    const difference = firstDifferingKey(this.#stateOfHead(), again.result.changes, first.result.changes);
    const healed = { ...firstDifference(header, first), difference };
    return { type: 'committed', block: await this.#write(header.height, again, certificate), healed };
  }

  /** spec SYNC-14: whoever sent them, changes that lead to the certified root are the right ones. */
  compare(changes: readonly StateChange[]): Compared {
    const ledger = this.#opened();
    const refused = this.#refused;
    if (refused === undefined) return { type: 'not proven' };
    this.#forget();
    const { root } = ledger.stage(changes);
    this.#forget();
    if (root !== refused.stateRoot) return { type: 'not proven' };
    return { type: 'proven', difference: firstDifferingKey(this.#stateOfHead(), changes, refused.changes) };
  }

  /** The proposal from which a certified block was made. */
  #proposalOf(
    header: BlockHeader,
    leftOut: readonly LeftOut[],
    transactions: readonly SignedTransaction[],
  ): Proposal | undefined {
    const { validators } = this.#opened().currentTermInfo();
    const hashes = proposalTransactionHashes(
      transactions.map((transaction) => transaction.hash),
      leftOut,
    );
    const parent = this.#opened().head().header;
    const proposer = validators.findIndex((validator) => validator.nodeId === header.proposer);
    if (hashes === undefined || proposer < 0) return undefined;
    const { chainId, groupId, term, height, view, timestamp } = header;
    return {
      chainId,
      groupId,
      term,
      height,
      view,
      parentDigest: parent.proposalDigest,
      timestamp,
      proposer: proposer as ValidatorIndex,
      transactionHashes: hashes,
    };
  }

  async #stage(request: {
    readonly proposal: Proposal;
    readonly digest: HashHex;
    readonly transactions: readonly SignedTransaction[];
    readonly leftOut?: readonly LeftOut[];
  }): Promise<Staged> {
    const ledger = this.#opened();
    const { proposal, digest, transactions, leftOut } = request;
    const { height } = proposal;
    assert(
      height === ledger.stagedHeight() + 1,
      `height ${ledger.stagedHeight() + 1} was expected next, got ${height}`,
    );
    const below = this.#staged.get((height - 1) as Height);
    const parent = below === undefined ? ledger.head() : { header: below.result.header, hash: below.hash };
    const startMs = performance.now();
    const result = await executeBlock({
      suite: this.#suite,
      parent: { header: parent.header, hash: parent.hash },
      proposal,
      transactions,
      ...(leftOut === undefined ? {} : { leftOut }),
      state: ledger.state,
      engine: this.#data.engine,
      blockHashAt: (asked) => this.#staged.get(asked as Height)?.hash ?? ledger.hashAt(asked as Height),
      stateRootAfter: (changes) => ledger.stage(changes).root,
    });
    const staged = {
      hash: blockHash(this.#suite, result.header),
      digest,
      result,
      executeMs: performance.now() - startMs,
    };
    this.#staged.set(height, staged);
    return staged;
  }

  async #write(height: Height, staged: Staged, certificate: Certificate): Promise<CommittedBlock> {
    const ledger = this.#opened();
    const { header, body, receipts, termInfo, changes, executed, registry } = staged.result;
    const before = ledger.head().header;
    const term = ledger.currentTermInfo();
    const startMs = performance.now();
    const { feeRecipient, minimumGasPrice } = term.parameters;
    const aliasHashes = [ethereumHeaderHash({ suite: this.#suite, header, receipts, feeRecipient, minimumGasPrice })];
    await ledger.commitBlock({ header, body, receipts, certificate, termInfo, aliasHashes });
    this.#staged.delete(height);
    const isGateChanged = before.registryRoot !== header.registryRoot || termInfo.term !== term.term;
    return {
      head: this.#finalHead(),
      header,
      certificate,
      executed: executed.map(({ hash, sender, nonce }) => ({ hash, sender, nonce })),
      leftOut: body.leftOut,
      accounts: changedAccounts(changes),
      admission: isGateChanged ? admissionOf(registry, termInfo) : undefined,
      executeMs: staged.executeMs,
      writeMs: performance.now() - startMs,
    };
  }

  #stateOfHead(): StateReader {
    const ledger = this.#opened();
    const state = ledger.stagedStateAt(ledger.head().height);
    assert(state !== undefined, 'the state of the head can be read');
    return state;
  }

  #forget(): void {
    this.#opened().forget();
    this.#staged.clear();
  }

  #discardFrom(height: Height): void {
    this.#opened().discardAbove((height - 1) as Height);
    for (const staged of [...this.#staged.keys()]) if (staged >= height) this.#staged.delete(staged);
  }

  #finalHead(): FinalHead {
    const ledger = this.#opened();
    const { height, hash, header } = ledger.head();
    return {
      height,
      blockHash: hash,
      proposalDigest: header.proposalDigest,
      timestamp: header.timestamp,
      term: ledger.currentTermInfo(),
    };
  }

  #opened(): Ledger {
    assert(this.#ledger !== undefined, 'the ledger is opened before it is used');
    return this.#ledger;
  }
}

function admissionOf(registry: Registry, termInfo: TermInfo): AdmissionFacts {
  return { nodes: admissionSnapshot(registry, termInfo.validators) };
}

function changedAccounts(changes: ExecutedBlock['changes']): CommittedBlock['accounts'] {
  const accounts: CommittedBlock['accounts'][number][] = [];
  for (const { key, value } of changes) {
    if (!key.startsWith('01')) continue;
    const address = key.slice(2) as AddressHex;
    const account = value === undefined ? undefined : decodedAccount(address, value);
    accounts.push({
      address,
      nonce: account?.nonce ?? 0n,
      balance: account?.balance ?? 0n,
      hasCode: account !== undefined && account.codeHash !== EMPTY_CODE_HASH,
    });
  }
  return accounts;
}

/** First field in which the header that was computed differs. */
function firstDifference(certified: BlockHeader, { result, hash }: Staged): HeaderDifference {
  const own = result.header;
  for (const field of Object.keys(certified) as (keyof BlockHeader)[]) {
    const [a, b] = [String(certified[field]), String(own[field])];
    if (a !== b) return { field, certified: a, own: b, ownBlockHash: hash };
  }
  return { field: 'header', certified: 'equal', own: 'equal', ownBlockHash: hash };
}

/** By key. What one list does not name has the value of the state before. */
function firstDifferingKey(
  before: StateReader,
  certified: readonly StateChange[],
  own: readonly StateChange[],
): KeyDifference | undefined {
  const [right, wrong] = [certified, own].map((list) => new Map(list.map(({ key, value }) => [key, value])));
  assert(right !== undefined && wrong !== undefined, 'two lists of changes were expected');
  for (const key of [...new Set([...right.keys(), ...wrong.keys()])].sort(compareText)) {
    const a = right.has(key) ? right.get(key) : before.get(key);
    const b = wrong.has(key) ? wrong.get(key) : before.get(key);
    if (a === undefined || b === undefined ? a !== b : !equalBytes(a, b)) return { key, certified: a, own: b };
  }
  return undefined;
}

function decodedAccount(address: AddressHex, value: Uint8Array): AccountRecord {
  const decoded = decodeAccount(value);
  assert(decoded.ok, `the account record of ${address} does not decode`);
  return decoded.value;
}

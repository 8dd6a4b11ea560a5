import type { FinalHead } from '@hansa/consensus';
import type { CryptoSuite } from '@hansa/crypto';
import { type ExecutedBlock, executeBlock } from '@hansa/executor';
import { type Ledger, type LedgerDependencies, openLedger } from '@hansa/ledger';
import { admissionSnapshot, type Registry, readRegistry } from '@hansa/membership';
import { type AddressHex, assert, type HashHex, type Height, type ValidatorIndex } from '@hansa/primitives';
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
  type TermInfo,
} from '@hansa/protocol';
import { ethereumHeaderHash } from '@hansa/rpc';
import { buildGenesis } from '../genesis-block.ts';
import type {
  AdmissionFacts,
  CommittedBlock,
  ExecutionAnswerBody,
  ExecutionRequestBody,
  ExecutionWorkerData,
  ImportOutcome,
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
    let staged = this.#staged.get(header.height);
    if (staged !== undefined && staged.hash !== hash) {
      this.#discardFrom(header.height);
      staged = undefined;
    }
    if (staged === undefined) {
      const transactions = unpackTransactions(packed);
      const proposal = this.#proposalOf(header, body.leftOut, transactions);
      if (proposal === undefined)
        return { type: 'differs', field: 'body.leftOut', certified: 'positions', own: 'no proposal has them' };
      staged = await this.#stage({ proposal, digest: header.proposalDigest, transactions, leftOut: body.leftOut });
    }
    if (staged.hash !== hash) {
      this.#discardFrom(header.height);
      return { type: 'differs', ...firstDifference(header, staged.result.header) };
    }
    return { type: 'committed', block: await this.#write(header.height, staged, certificate) };
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

/** First field in which two headers differ. */
function firstDifference(certified: BlockHeader, own: BlockHeader): { field: string; certified: string; own: string } {
  for (const field of Object.keys(certified) as (keyof BlockHeader)[]) {
    const [a, b] = [String(certified[field]), String(own[field])];
    if (a !== b) return { field, certified: a, own: b };
  }
  return { field: 'header', certified: 'equal', own: 'equal' };
}

function decodedAccount(address: AddressHex, value: Uint8Array): AccountRecord {
  const decoded = decodeAccount(value);
  assert(decoded.ok, `the account record of ${address} does not decode`);
  return decoded.value;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  accountKey,
  type BlockHeader,
  blockHash,
  type Certificate,
  certificateDigest,
  DEFAULT_CHAIN_PARAMETERS,
  decodeTransaction,
  encodeSignedTransaction,
  type LeftOut,
  type Log,
  proposalDigest,
  proposalTransactionHashes,
  type Receipt,
  receiptDigest,
  receiptRoot,
  type StateChange,
  type TermInfo,
  txRoot,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import { computeStateRoot, type Ledger, type LedgerGenesis, type LedgerOptions, openLedger } from '../src/index.ts';

await initCrypto();

export const suite = standardSuite;
const CHAIN_ID = 20200;

/** Numbers that look random and are the same in every run (xorshift). */
export function createChance(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export const addressOf = (number: number): AddressHex => number.toString(16).padStart(40, '0') as AddressHex;
export const keyOf = (number: number): PrivateKey => {
  const key = new Uint8Array(32).fill(7);
  new DataView(key.buffer).setUint32(28, number + 1);
  return key;
};
export const numberBytes = (number: number): Uint8Array => {
  const value = new Uint8Array(72);
  new DataView(value.buffer).setUint32(68, number);
  return value;
};
export const byKey = (changes: readonly StateChange[]): readonly StateChange[] =>
  [...changes].sort((a, b) => compareText(a.key, b.key));

/** Directory that is removed when the test ends. */
export function temporaryDirectory(onFinished: (cleanUp: () => void) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'hansa-ledger-'));
  onFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export type BlockPlan = {
  readonly changes: readonly StateChange[];
  readonly transactionCount?: number;
  readonly leftOut?: readonly LeftOut[];
  readonly logs?: (index: number) => readonly Log[];
  /** Signers by index; all by default. */
  readonly signers?: readonly number[];
  readonly nextTermInfo?: TermInfo;
};

/** A chain of four validators with real keys, real transactions and real certificates. */
export class ChainFixture {
  readonly keys: ReadonlyMap<NodeId, PrivateKey>;
  readonly genesis: LedgerGenesis;
  readonly genesisHash: HashHex;
  termInfo: TermInfo;

  constructor(options: { readonly changes?: readonly StateChange[]; readonly firstKey?: number } = {}) {
    const firstKey = options.firstKey ?? 0;
    this.keys = new Map([0, 1, 2, 3].map((i) => [suite.nodeIdOf(keyOf(firstKey + i)), keyOf(firstKey + i)]));
    const changes = options.changes ?? byKey([{ key: accountKey(addressOf(1)), value: numberBytes(1) }]);
    const validators = this.validatorSet([...this.keys.keys()]);
    const header: BlockHeader = {
      ...emptyHeader(validators),
      stateRoot: computeStateRoot(suite, changes),
      txRoot: txRoot(suite, []),
      receiptRoot: receiptRoot(suite, []),
    };
    this.genesisHash = blockHash(suite, header);
    this.termInfo = {
      term: 0 as Term,
      baseHeight: 0 as Height,
      baseHash: ZERO_HASH,
      baseProposalDigest: header.proposalDigest,
      baseTimestamp: header.timestamp,
      validators,
      primaryOrder: [0, 1, 2, 3] as ValidatorIndex[],
      endHeight: 256 as Height,
      endScheduled: false,
      parameters: DEFAULT_CHAIN_PARAMETERS,
    };
    this.genesis = { block: { header, body: { transactions: [], leftOut: [] } }, changes, termInfo: this.termInfo };
  }

  validatorSet(nodeIds: readonly NodeId[]): ValidatorSet {
    return [...nodeIds].sort(compareText).map((nodeId) => ({ nodeId, weight: 1, organisationId: 'bank' }));
  }

  open(location: string, options: Partial<LedgerOptions> = {}): Promise<Ledger> {
    return openLedger({ location, suite, genesis: this.genesis, ...options });
  }

  /** A block on the head, staged but not committed; its certificate is signed. */
  stageBlock(ledger: Ledger, plan: BlockPlan): Parameters<Ledger['commitBlock']>[0] {
    const { root } = ledger.stage(plan.changes);
    return this.buildBlock(ledger, plan, root);
  }

  buildBlock(
    ledger: Pick<Ledger, 'head' | 'currentTermInfo'>,
    plan: BlockPlan,
    stateRoot: HashHex,
  ): Parameters<Ledger['commitBlock']>[0] {
    const parent = ledger.head();
    const termInfo = ledger.currentTermInfo();
    const nextTermInfo = plan.nextTermInfo ?? termInfo;
    const transactions = Array.from({ length: plan.transactionCount ?? 0 }, (_, index) =>
      this.#transaction(parent.height * 10_000 + index),
    );
    const receipts = transactions.map(({ hash }, index) => receiptOf(hash, index, plan.logs?.(index) ?? []));
    const leftOut = plan.leftOut ?? [];
    const hashes = transactions.map(({ hash }) => hash);
    const proposer = 0 as ValidatorIndex;
    const height = (parent.height + 1) as Height;
    const timestamp = parent.header.timestamp + 1000;
    const transactionHashes = proposalTransactionHashes(hashes, leftOut);
    if (transactionHashes === undefined) throw new Error('positions that fit were expected');
    const proposal = {
      chainId: CHAIN_ID,
      groupId: 'group0',
      term: termInfo.term,
      height,
      view: 0 as View,
      parentDigest: parent.header.proposalDigest,
      timestamp,
      proposer,
      transactionHashes,
    };
    const header: BlockHeader = {
      ...emptyHeader(termInfo.validators),
      height,
      term: termInfo.term,
      proposer: termInfo.validators[proposer]?.nodeId as NodeId,
      parentHash: parent.hash,
      timestamp,
      proposalDigest: proposalDigest(suite, proposal),
      txRoot: txRoot(suite, hashes),
      receiptRoot: receiptRoot(
        suite,
        receipts.map((receipt) => receiptDigest(suite, receipt)),
      ),
      stateRoot,
      gasUsed: BigInt(21_000 * receipts.length),
      nextValidatorsHash: validatorsHash(suite, nextTermInfo.validators),
    };
    const certificate = this.certify(header, termInfo.validators, plan.signers);
    const body = { transactions: transactions.map(({ bytes }) => bytes), leftOut };
    return { header, body, receipts, certificate, termInfo: nextTermInfo };
  }

  certify(header: BlockHeader, validators: ValidatorSet, signers?: readonly number[]): Certificate {
    const hash = blockHash(suite, header);
    const digest = certificateDigest(suite, {
      genesisHash: this.genesisHash,
      term: header.term,
      height: header.height,
      blockHash: hash,
    });
    const signatures = (signers ?? validators.map((_, index) => index)).map((index) => {
      const key = this.keys.get(validators[index]?.nodeId as NodeId) as PrivateKey;
      return { index: index as ValidatorIndex, signature: suite.sign(digest, key) };
    });
    return { height: header.height, blockHash: hash, signatures };
  }

  async grow(ledger: Ledger, count: number, plan: (height: number) => BlockPlan): Promise<void> {
    for (let i = 0; i < count; i++) {
      await ledger.commitBlock(this.stageBlock(ledger, plan(ledger.head().height + 1)));
    }
  }

  #transaction(nonce: number): { readonly bytes: Uint8Array; readonly hash: HashHex } {
    const bytes = signedTransfer(nonce);
    const decoded = decodeTransaction(bytes);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return { bytes, hash: decoded.value.hash };
  }
}

function receiptOf(transactionHash: HashHex, index: number, logs: readonly Log[]): Receipt {
  return {
    transactionHash,
    index,
    status: 1,
    gasUsed: 21_000n,
    cumulativeGasUsed: BigInt(21_000 * (index + 1)),
    effectiveGasPrice: 0n,
    contractAddress: undefined,
    output: new Uint8Array(0),
    logs,
  };
}

function emptyHeader(validators: ValidatorSet): BlockHeader {
  return {
    version: 1,
    chainId: CHAIN_ID,
    groupId: 'group0',
    height: 0 as Height,
    term: 0 as Term,
    view: 0 as View,
    proposer: '0'.repeat(128) as NodeId,
    parentHash: ZERO_HASH,
    timestamp: 1_700_000_000_000,
    proposalDigest: suite.taggedDigest('hansa/genesis/v1', new Uint8Array(1)),
    txRoot: ZERO_HASH,
    receiptRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    gasUsed: 0n,
    gasLimit: 30_000_000n,
    validatorsHash: validatorsHash(suite, validators),
    nextValidatorsHash: validatorsHash(suite, validators),
    registryRoot: ZERO_HASH,
    extensions: [],
  };
}

function signedTransfer(nonce: number): Uint8Array {
  return encodeSignedTransaction(
    {
      type: 2,
      chainId: CHAIN_ID,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: addressOf(9),
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
      lastHeight: undefined,
    },
    keyOf(99),
  );
}

import { type CryptoSuite, ethereumCrypto } from '@hansa/crypto';
import { genesisCommittee, genesisRecords, genesisRegistry, genesisTermState, validatorSetOf } from '@hansa/membership';
import {
  bigintToBytes,
  fromHex,
  type HashHex,
  type Height,
  hashToHex,
  type NodeId,
  type Term,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  accountKey,
  type Block,
  blockHash,
  codeKey,
  EMPTY_CODE_HASH,
  encodeAccount,
  type Genesis,
  genesisDigest,
  HEADER_VERSION,
  receiptRoot,
  type StateChange,
  type StateKey,
  storageKey,
  type TermInfo,
  txRoot,
  validatorsHash,
} from '@hansa/protocol';
import { rootOf } from './membership-cache.ts';
import { SYSTEM_CODE, SYSTEM_CONTRACTS } from './system/index.ts';

export type GenesisBlock = {
  readonly block: Block;
  /** Block hash of block 0: the genesis hash. */
  readonly hash: HashHex;
  /** The whole first state, ordered by key. */
  readonly changes: readonly StateChange[];
  readonly termInfo: TermInfo;
};

/** Block 0 of a chain (EXE-1). Costs one hash per account and record. */
export function buildGenesisBlock(
  genesis: Genesis,
  suite: CryptoSuite,
  stateRootOf: (changes: readonly StateChange[]) => HashHex,
): GenesisBlock {
  const registry = genesisRegistry(genesis);
  const validators = validatorSetOf(registry);
  const proposalDigest = genesisDigest(suite, genesis);
  const { parameters, timestamp } = genesis;
  const term = genesisTermState({ validators, parameters }, { proposalDigest, timestamp });
  const entries = new Map<StateKey, Uint8Array>();
  for (const { address } of SYSTEM_CONTRACTS)
    putAccount(entries, { address, balance: 0n, nonce: 1n, code: SYSTEM_CODE, storage: [] });
  for (const account of genesis.accounts) putAccount(entries, account);
  for (const { key, value } of genesisRecords(registry, genesisCommittee(genesis), term, parameters))
    entries.set(key, value as Uint8Array);
  const changes = [...entries].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const block: Block = {
    header: {
      version: HEADER_VERSION,
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      height: 0 as Height,
      term: 0 as Term,
      view: 0 as View,
      proposer: '0'.repeat(128) as NodeId,
      parentHash: ZERO_HASH,
      timestamp,
      proposalDigest,
      txRoot: txRoot(suite, []),
      receiptRoot: receiptRoot(suite, []),
      stateRoot: stateRootOf(changes),
      gasUsed: 0n,
      gasLimit: parameters.blockGasLimit,
      validatorsHash: validatorsHash(suite, validators),
      nextValidatorsHash: validatorsHash(suite, validators),
      registryRoot: rootOf(registry, suite),
      extensions: [],
    },
    body: { transactions: [], leftOut: [] },
  };
  const hash = blockHash(suite, block.header);
  return { block, hash, changes, termInfo: { ...term.info, baseHash: hash } };
}

function putAccount(entries: Map<StateKey, Uint8Array>, account: Genesis['accounts'][number]): void {
  const { address, balance, nonce, code, storage } = account;
  const codeHash = code.length === 0 ? EMPTY_CODE_HASH : hashToHex(ethereumCrypto.keccak256(code));
  if (code.length > 0) entries.set(codeKey(codeHash), code);
  entries.set(accountKey(address), encodeAccount({ nonce, balance, codeHash }));
  for (const { slot, value } of storage) {
    const word = fromHex(value);
    if (word.some((byte) => byte !== 0))
      entries.set(storageKey(address, slot as HashHex), bigintToBytes(BigInt(`0x${value}`), 32));
  }
}

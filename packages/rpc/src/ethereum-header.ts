import { type CryptoSuite, ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { type BlockHeader, encodeRlp, type Log, prevRandao, type Receipt, rlpUint } from '@hansa/protocol';

const BLOOM_SIZE = 256;
const NO_UNCLES: HashHex = '1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347' as HashHex;

/** Bits of a block's logs (Yellow Paper, section 4.3.1): three per address and topic. */
export function logsBloom(receipts: readonly Pick<Receipt, 'logs'>[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_SIZE);
  // Most logs of a block share their address and first topic, and hashing is all that this costs.
  const known = new Set<string>();
  for (const { logs } of receipts) for (const log of logs) addLog(bloom, log, known);
  return bloom;
}

function addLog(bloom: Uint8Array, log: Pick<Log, 'address' | 'topics'>, known: Set<string>): void {
  for (const item of [log.address, ...log.topics]) {
    if (known.has(item)) continue;
    known.add(item);
    const hash = ethereumCrypto.keccak256(fromHex(item));
    for (let i = 0; i < 6; i += 2) {
      const bit = (((hash[i] as number) << 8) | (hash[i + 1] as number)) & 0x7ff;
      const at = BLOOM_SIZE - 1 - (bit >> 3);
      bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
    }
  }
}

/** A block header as Ethereum's RPC serves it; every field is computed, none is made up. */
export type EthereumHeader = {
  readonly parentHash: HashHex;
  readonly sha3Uncles: HashHex;
  readonly miner: AddressHex;
  readonly stateRoot: HashHex;
  readonly transactionsRoot: HashHex;
  readonly receiptsRoot: HashHex;
  readonly logsBloom: Uint8Array;
  readonly difficulty: bigint;
  readonly number: number;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Seconds. */
  readonly timestamp: number;
  readonly extraData: Uint8Array;
  readonly mixHash: HashHex;
  /** 8 zero bytes. */
  readonly nonce: Uint8Array;
  readonly baseFeePerGas: bigint;
};

export type EthereumHeaderFacts = {
  readonly suite: CryptoSuite;
  readonly header: BlockHeader;
  readonly receipts: readonly Pick<Receipt, 'logs'>[];
  /** Of the block's term. */
  readonly feeRecipient: AddressHex;
  readonly minimumGasPrice: bigint;
};

export function toEthereumHeader(facts: EthereumHeaderFacts): EthereumHeader {
  const { suite, header, receipts } = facts;
  return {
    parentHash: header.parentHash,
    sha3Uncles: NO_UNCLES,
    miner: facts.feeRecipient,
    stateRoot: header.stateRoot,
    transactionsRoot: header.txRoot,
    receiptsRoot: header.receiptRoot,
    logsBloom: logsBloom(receipts),
    difficulty: 0n,
    number: header.height,
    gasLimit: header.gasLimit,
    gasUsed: header.gasUsed,
    timestamp: Math.floor(header.timestamp / 1000),
    extraData: new Uint8Array(0),
    mixHash: prevRandao(suite, header.parentHash, header.height),
    nonce: new Uint8Array(8),
    baseFeePerGas: facts.minimumGasPrice,
  };
}

/** RLP of the header as served: what clients hash that compute a block hash by themselves (EIP-1559's header). */
export function encodeEthereumHeader(header: EthereumHeader): Uint8Array {
  return encodeRlp([
    fromHex(header.parentHash),
    fromHex(header.sha3Uncles),
    fromHex(header.miner),
    fromHex(header.stateRoot),
    fromHex(header.transactionsRoot),
    fromHex(header.receiptsRoot),
    header.logsBloom,
    rlpUint(header.difficulty),
    rlpUint(BigInt(header.number)),
    rlpUint(header.gasLimit),
    rlpUint(header.gasUsed),
    rlpUint(BigInt(header.timestamp)),
    header.extraData,
    fromHex(header.mixHash),
    header.nonce,
    rlpUint(header.baseFeePerGas),
  ]);
}

/** The other hash under which a block can be looked up: Keccak-256 of its header as served. */
export function ethereumHeaderHash(facts: EthereumHeaderFacts): HashHex {
  return hashToHex(ethereumCrypto.keccak256(encodeEthereumHeader(toEthereumHeader(facts))));
}

import { ethereumCrypto, initCrypto } from '@hansa/crypto';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import {
  type Environment,
  Evm,
  type EvmAccount,
  type EvmMessage,
  type EvmOptions,
  type EvmResult,
  type EvmTransaction,
  type StatePort,
} from '../../src/index.ts';

await initCrypto();

export const SENDER = 'aa'.repeat(20) as AddressHex;
export const TARGET = 'cc'.repeat(20) as AddressHex;
export const NOBODY = 'dd'.repeat(20) as AddressHex;
export const NO_CODE = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470' as HashHex;
export const addressOf = (number: number): AddressHex => number.toString(16).padStart(40, '0') as AddressHex;
export const wordHex = (value: bigint): HashHex => value.toString(16).padStart(64, '0') as HashHex;

/** State in maps, which counts what it is asked. */
export class World implements StatePort {
  readonly accounts: Map<AddressHex, EvmAccount> = new Map();
  readonly slots: Map<string, Uint8Array> = new Map();
  readonly codes: Map<HashHex, Uint8Array> = new Map();
  /** What native contracts have written, as they wrote it. */
  readonly notes: string[] = [];
  asked = 0;

  deploy(address: AddressHex, code: Uint8Array, balance = 0n): void {
    const codeHash = hashToHex(ethereumCrypto.keccak256(code));
    this.codes.set(codeHash, code);
    this.accounts.set(address, { nonce: 1n, balance, codeHash });
  }
  account(address: AddressHex): EvmAccount | undefined {
    this.asked++;
    return this.accounts.get(address);
  }
  storage(address: AddressHex, slot: HashHex): Uint8Array | undefined {
    this.asked++;
    return this.slots.get(address + slot);
  }
  code(codeHash: HashHex): Uint8Array | undefined {
    return this.codes.get(codeHash);
  }
  putCode(codeHash: HashHex, code: Uint8Array): void {
    this.codes.set(codeHash, code);
    this.notes.push(`code ${codeHash}`);
  }
  checkpoint(): number {
    return this.notes.length;
  }
  revertTo(checkpoint: number): void {
    this.notes.length = checkpoint;
  }
  blockHash(): HashHex | undefined {
    return undefined;
  }
}

export function createEvm(world: World, options: Partial<EvmOptions> = {}): Evm {
  const evm = new Evm({ fork: 'prague', seed: new Uint8Array(16).fill(3), codeBytesMax: 1 << 20, ...options });
  evm.bind(world, ENVIRONMENT);
  return evm;
}

export const ENVIRONMENT: Environment = {
  chainId: 20200n,
  height: 7n,
  timestamp: 1_700_000_000n,
  gasLimit: 30_000_000n,
  baseFee: 0n,
  blobBaseFee: 1n,
  coinbase: NOBODY,
  prevRandao: wordHex(5n),
};

export function messageOf(message: Partial<EvmMessage> = {}): EvmMessage {
  return {
    sender: SENDER,
    to: TARGET,
    value: 0n,
    data: new Uint8Array(0),
    gasLimit: 1_000_000n,
    gasPrice: 0n,
    accessList: [],
    ...message,
  };
}

export function transactionOf(transaction: Partial<EvmTransaction> = {}): EvmTransaction {
  return { ...messageOf(transaction), feeCap: 0n, nonce: 0n, ...transaction };
}

/** Runs code at `TARGET` in a world of its own. */
export function runCode(code: string, message: Partial<EvmMessage> = {}, world: World = new World()): EvmResult {
  world.deploy(TARGET, fromHex(code));
  shared ??= createEvm(world);
  shared.forget();
  shared.bind(world, ENVIRONMENT);
  shared.run(messageOf(message));
  return shared.result();
}

let shared: Evm | undefined;

/** Code that returns the word on the stack. */
export const RETURN_WORD = '5f5260205ff3';
export const push32 = (value: bigint): string => `7f${wordHex(value)}`;

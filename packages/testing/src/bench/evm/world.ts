/** A state in a map, and the engines on it. */
import { randomBytes } from 'node:crypto';
import { ethereumCrypto, standardSuite } from '@hansa/crypto';
import { type CompilerOptions, Evm, type EvmMessage } from '@hansa/evm';
import { type BlockEnvironment, loadEngine, type MessageCall, StateOverlay } from '@hansa/executor';
import { type AddressHex, bytesToHex, fromHex, type HashHex, type Height, hashToHex } from '@hansa/primitives';
import { accountKey, codeKey, encodeAccount, type StateKey, type StateReader, storageKey } from '@hansa/protocol';

export const SENDER = 'aa'.repeat(20) as AddressHex;
export const MESSAGE_GAS = 20_000_000n;
const NOTHING: Uint8Array = new Uint8Array(0);

export const wordOf = (number: number | bigint): HashHex => number.toString(16).padStart(64, '0') as HashHex;
export const addressOf = (number: number): AddressHex =>
  (0x1_0000_0000 + number).toString(16).padStart(40, '0') as AddressHex;

export const ENVIRONMENT: BlockEnvironment = {
  chainId: 20200,
  height: 1_000 as Height,
  timestamp: 1_700_000_000,
  gasLimit: 30_000_000n,
  baseFee: 0n,
  coinbase: 'fe'.repeat(20) as AddressHex,
  prevRandao: wordOf(1),
  blockHash: () => undefined,
};

export type Call = { readonly from: AddressHex; readonly to: AddressHex | undefined; readonly data: Uint8Array };

/** Runs messages and answers how each ended: undefined for success. One batch begins on the state as it was set up. */
export type Runner = (calls: readonly Call[]) => Promise<readonly (string | undefined)[]>;

export class World implements StateReader {
  readonly records: Map<StateKey, Uint8Array> = new Map();

  constructor() {
    this.putAccount(SENDER, 10n ** 24n);
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.records.get(key);
  }

  putAccount(address: AddressHex, balance: bigint): void {
    const codeHash = hashToHex(ethereumCrypto.keccak256(NOTHING));
    this.records.set(accountKey(address), encodeAccount({ nonce: 1n, balance, codeHash }));
  }

  putCode(address: AddressHex, code: Uint8Array): void {
    const codeHash = hashToHex(ethereumCrypto.keccak256(code));
    this.records.set(codeKey(codeHash), code);
    this.records.set(accountKey(address), encodeAccount({ nonce: 1n, balance: 0n, codeHash }));
  }

  /** `mapping(address => uint256)` at slot 0, as OpenZeppelin's ERC-20 has its balances. */
  putBalance(token: AddressHex, holder: AddressHex, amount: bigint): void {
    const slot = ethereumCrypto.keccak256(fromHex(`${holder.padStart(64, '0')}${wordOf(0)}`));
    this.records.set(storageKey(token, hashToHex(slot)), fromHex(wordOf(amount)));
  }

  /** Runs one message for good; the address of what it has created. */
  async apply(call: Call): Promise<AddressHex | undefined> {
    const overlay = new StateOverlay(this);
    const machine = (await loadEngine('wasm'))({ suite: standardSuite, environment: ENVIRONMENT, overlay });
    // The address of a new contract follows from the nonce, which the host raises.
    raiseNonce(overlay, call.from);
    const { error, createdAddress } = await machine.run(messageCallOf(call));
    if (error !== undefined) throw new Error(`the bench could not be set up: ${error}`);
    overlay.endTransaction();
    for (const { key, value } of overlay.changes()) {
      if (value === undefined) this.records.delete(key);
      else this.records.set(key, value);
    }
    return createdAddress;
  }

  /** The state as the own engine asks for it, with a fresh overlay for what it creates. */
  port(): Parameters<Evm['bind']>[0] {
    const overlay = new StateOverlay(this);
    return {
      account: (address) => overlay.account(address),
      storage: (address, slot) => overlay.storage(address, slot),
      code: (codeHash) => overlay.code(codeHash),
      putCode: (codeHash, code) => overlay.setCode(codeHash, code),
      checkpoint: () => overlay.checkpoint(),
      revertTo: (checkpoint) => overlay.revertTo(checkpoint),
      blockHash: (height) => (height < 1_000 ? wordOf(height) : undefined),
    };
  }

  /**
   * The engine of packages/evm itself, its table as a block begins with it: empty. Messages alone, or transactions with
   * intrinsic gas, nonce, balances, refund, receipt and bloom filter.
   */
  ownRunner(kind: 'message' | 'transaction', compiler?: CompilerOptions): Runner {
    const evm = createOwnEvm(compiler);
    return async (calls) => {
      evm.forget();
      evm.bind(this.port(), OWN_ENVIRONMENT);
      if (kind === 'message') {
        return calls.map((call) => {
          evm.run(messageOf(call));
          return failureOf(evm);
        });
      }
      const nonces = new Map<AddressHex, bigint>();
      return calls.map((call) => {
        const nonce = nonces.get(call.from) ?? 1n;
        nonces.set(call.from, nonce + 1n);
        const refusal = evm.transact({ ...messageOf(call), nonce, feeCap: 0n });
        evm.bloom();
        return refusal ?? failureOf(evm);
      });
    };
  }

  /** EthereumJS as the executor uses it. */
  async ethereumjsRunner(): Promise<Runner> {
    const createMachine = await loadEngine('ethereumjs');
    return async (calls) => {
      const overlay = new StateOverlay(this);
      const machine = createMachine({ suite: standardSuite, environment: ENVIRONMENT, overlay });
      const errors: (string | undefined)[] = [];
      for (const call of calls) {
        errors.push((await machine.run(messageCallOf(call))).error);
        overlay.endTransaction();
      }
      return errors;
    };
  }
}

export const OWN_ENVIRONMENT: Parameters<Evm['bind']>[1] = {
  ...ENVIRONMENT,
  chainId: BigInt(ENVIRONMENT.chainId),
  height: BigInt(ENVIRONMENT.height),
  timestamp: BigInt(ENVIRONMENT.timestamp),
  blobBaseFee: 1n,
};

export const createOwnEvm = (compiler?: CompilerOptions): Evm =>
  new Evm({ fork: 'prague', seed: new Uint8Array(randomBytes(16)), compiler });

function failureOf(evm: Evm): string | undefined {
  const { status } = evm.result();
  return status === 'ok' ? undefined : status;
}

function raiseNonce(overlay: StateOverlay, address: AddressHex): void {
  const account = overlay.account(address);
  if (account !== undefined) overlay.setAccount(address, { ...account, nonce: account.nonce + 1n });
}

const messageOf = ({ from, to, data }: Call): EvmMessage => ({
  sender: from,
  to,
  data,
  value: 0n,
  gasLimit: MESSAGE_GAS,
  gasPrice: 0n,
  accessList: [],
});

const messageCallOf = ({ from, to, data }: Call): MessageCall => ({
  caller: from,
  to,
  data,
  value: 0n,
  gasLimit: MESSAGE_GAS,
  gasPrice: 0n,
  accessList: [],
  transactionHash: undefined,
});

export const callData = (selector: string, ...words: readonly (bigint | number | AddressHex)[]): Uint8Array =>
  fromHex(selector + words.map((word) => (typeof word === 'string' ? word.padStart(64, '0') : wordOf(word))).join(''));

export const selectorOf = (signature: string): string =>
  bytesToHex(ethereumCrypto.keccak256(new TextEncoder().encode(signature)).subarray(0, 4));

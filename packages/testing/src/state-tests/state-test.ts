/** Runs cases of ethereum/tests (GeneralStateTests, JSON) on the engine of packages/evm. */
import { ethereumCrypto } from '@hansa/crypto';
import { Evm, type EvmAccount, type EvmLog, type Fork, type StatePort } from '@hansa/evm';
import { type AddressHex, fromHex, type HashHex, hashToHex } from '@hansa/primitives';
import { encodeRlp, type RlpItem, rlpUint } from '@hansa/protocol';
import { secureTrieRoot } from './secure-trie.ts';

type Account = { balance: string; code: string; nonce: string; storage: Record<string, string> };

/** One expected outcome: which data, gas and value, and what is there afterwards. */
export type Post = {
  readonly hash: string;
  readonly logs: string;
  readonly indexes: { readonly data: number; readonly gas: number; readonly value: number };
  readonly expectException?: string;
};

export type StateTest = {
  readonly env: Record<string, string>;
  readonly pre: Record<string, Account>;
  readonly post: Readonly<Record<string, readonly Post[]>>;
  readonly transaction: {
    readonly data: readonly string[];
    readonly gasLimit: readonly string[];
    readonly value: readonly string[];
    readonly nonce: string;
    readonly to: string;
    readonly sender: string;
    readonly gasPrice?: string;
    readonly maxFeePerGas?: string;
    readonly maxPriorityFeePerGas?: string;
    readonly maxFeePerBlobGas?: string;
    readonly blobVersionedHashes?: readonly string[];
    readonly authorizationList?: readonly unknown[];
    readonly accessLists?: readonly (readonly { address: string; storageKeys: readonly string[] }[] | null)[];
  };
};

export type CaseResult =
  | { readonly type: 'passed' }
  /** It asks for what this engine does not have; the reason says what. */
  | { readonly type: 'not run'; readonly reason: string }
  | { readonly type: 'failed'; readonly message: string };

/** Forks of the tests that the engine has. */
export const FORKS: ReadonlyMap<string, Fork> = new Map([['Cancun', 'cancun']]);

/** Whether every code is compiled when it is first called, or none. */
export type Tier = 'interpreter' | 'compiler';

/** One engine per fork and tier: a table that is emptied between cases, as between states. */
const engines = new Map<string, Evm>();

function engineOf(fork: Fork, tier: Tier): Evm {
  const name = `${fork} ${tier}`;
  let engine = engines.get(name);
  if (engine === undefined) {
    const compiler = tier === 'compiler' ? ({ hotCalls: 1, when: 'at once' } as const) : undefined;
    engine = new Evm({ fork, seed: new Uint8Array(16).fill(7), compiler });
    engines.set(name, engine);
  }
  return engine;
}

/** State of a test in maps, with a journal for what the engine may have to take back. */
class TestState implements StatePort {
  readonly accounts: Map<AddressHex, EvmAccount> = new Map();
  readonly slots: Map<AddressHex, Map<HashHex, Uint8Array>> = new Map();
  readonly codes: Map<HashHex, Uint8Array> = new Map();

  constructor(pre: StateTest['pre']) {
    for (const [name, { balance, nonce, code, storage }] of Object.entries(pre)) {
      const address = bare(name) as AddressHex;
      const bytes = fromHex(bare(code));
      const codeHash = hashToHex(ethereumCrypto.keccak256(bytes));
      this.codes.set(codeHash, bytes);
      this.accounts.set(address, { nonce: BigInt(nonce), balance: BigInt(balance), codeHash });
      for (const [slot, value] of Object.entries(storage))
        this.setStorage(address, wordHex(slot), BigInt(value) === 0n ? undefined : fromHex(wordHex(value)));
    }
  }

  setStorage(address: AddressHex, slot: HashHex, value: Uint8Array | undefined): void {
    const slots = this.slots.get(address) ?? new Map<HashHex, Uint8Array>();
    this.slots.set(address, slots);
    if (value === undefined) slots.delete(slot);
    else slots.set(slot, value);
  }

  account(address: AddressHex): EvmAccount | undefined {
    return this.accounts.get(address);
  }
  storage(address: AddressHex, slot: HashHex): Uint8Array | undefined {
    return this.slots.get(address)?.get(slot);
  }
  code(codeHash: HashHex): Uint8Array | undefined {
    return this.codes.get(codeHash);
  }
  // Code that no account has does no harm here.
  putCode(codeHash: HashHex, code: Uint8Array): void {
    this.codes.set(codeHash, code);
  }
  checkpoint(): number {
    return 0;
  }
  revertTo(): void {}
  /** The convention of these tests. */
  blockHash(height: number): HashHex {
    return hashToHex(ethereumCrypto.keccak256(new TextEncoder().encode(String(height))));
  }

  root(): HashHex {
    const accounts = [...this.accounts].map(([address, { nonce, balance, codeHash }]): [Uint8Array, Uint8Array] => {
      const slots = [...(this.slots.get(address) ?? [])].map(([slot, value]): [Uint8Array, Uint8Array] => [
        fromHex(slot),
        encodeRlp(withoutZeros(value)),
      ]);
      const record = [rlpUint(nonce), rlpUint(balance), fromHex(secureTrieRoot(slots)), fromHex(codeHash)];
      return [fromHex(address), encodeRlp(record)];
    });
    return secureTrieRoot(accounts);
  }
}

/** Runs one case for a fork of `FORKS` and compares state root and logs, or that it is refused. */
export function runCase(test: StateTest, post: Post, forkName: string, tier: Tier = 'interpreter'): CaseResult {
  const reason = reasonNotToRun(test, post);
  if (reason !== undefined) return { type: 'not run', reason };
  const evm = engineOf(FORKS.get(forkName) as Fork, tier);
  const state = new TestState(test.pre);
  const baseFee = BigInt(test.env['currentBaseFee'] ?? '0xa');
  const blockGasLimit = BigInt(test.env['currentGasLimit'] as string);
  const coinbase = bare(test.env['currentCoinbase'] as string) as AddressHex;
  evm.forget();
  evm.bind(state, {
    chainId: 1n,
    height: BigInt(test.env['currentNumber'] as string),
    timestamp: BigInt(test.env['currentTimestamp'] as string),
    gasLimit: blockGasLimit,
    baseFee,
    blobBaseFee: 1n,
    coinbase,
    prevRandao: wordHex(test.env['currentRandom'] ?? '0x0'),
  });
  const transaction = transactionOf(test, post, baseFee);
  const refusal =
    transaction.feeCap < baseFee || transaction.gasLimit > blockGasLimit
      ? 'does not belong into this block'
      : evm.transact(transaction);
  let logs: readonly EvmLog[] = [];
  let facts: string = refusal ?? '';
  if (refusal === undefined) {
    const result = evm.result();
    logs = result.logs;
    facts = `${result.status}, gas ${result.gasUsed}`;
    evm.takeChanges({
      account: (address, account) => {
        if (account === undefined) state.accounts.delete(address);
        else state.accounts.set(address, account);
      },
      storage: (address, slot, value) => state.setStorage(address, slot, value),
    });
    burnBaseFee(state, coinbase, result.gasUsed * baseFee);
  }
  if ((refusal !== undefined) !== (post.expectException !== undefined))
    return { type: 'failed', message: `${facts}, expected ${post.expectException ?? 'execution'}` };
  if (refusal === undefined && logsHash(logs) !== bare(post.logs)) return { type: 'failed', message: 'logs differ' };
  const root = state.root();
  return root === bare(post.hash)
    ? { type: 'passed' }
    : { type: 'failed', message: `state root ${root}, expected ${post.hash} (${facts})` };
}

/** Ethereum burns the base fee; the engine gives all of the fee to the fee recipient, as the rules of a chain here say. */
function burnBaseFee(state: TestState, coinbase: AddressHex, amount: bigint): void {
  const account = state.accounts.get(coinbase);
  if (account === undefined || amount === 0n) return;
  const balance = account.balance - amount;
  if (balance === 0n && account.nonce === 0n && account.codeHash === NO_CODE) state.accounts.delete(coinbase);
  else state.accounts.set(coinbase, { ...account, balance });
}

const NO_CODE = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470';

function reasonNotToRun({ transaction }: StateTest, post: Post): string | undefined {
  if (transaction.maxFeePerBlobGas !== undefined || transaction.blobVersionedHashes !== undefined)
    return 'blob transaction: there are no blobs';
  if (transaction.authorizationList !== undefined) return 'set-code transaction: there are none';
  if (post.expectException === 'TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS')
    return 'refused by the decoder of transactions';
  if (post.expectException === 'TransactionException.RLP_INVALID_VALUE')
    return 'refused by the decoder of transactions';
  return undefined;
}

function transactionOf({ transaction }: StateTest, { indexes }: Post, baseFee: bigint): Parameters<Evm['transact']>[0] {
  const { gasPrice, maxFeePerGas = gasPrice, maxPriorityFeePerGas = maxFeePerGas } = transaction;
  const feeCap = BigInt(maxFeePerGas as string);
  const limit = baseFee + BigInt(maxPriorityFeePerGas as string);
  return {
    sender: bare(transaction.sender) as AddressHex,
    to: transaction.to === '' ? undefined : (bare(transaction.to) as AddressHex),
    value: BigInt(transaction.value[indexes.value] as string),
    data: fromHex(bare(transaction.data[indexes.data] as string)),
    gasLimit: BigInt(transaction.gasLimit[indexes.gas] as string),
    gasPrice: feeCap < limit ? feeCap : limit,
    feeCap,
    nonce: BigInt(transaction.nonce),
    accessList: (transaction.accessLists?.[indexes.data] ?? []).map((entry) => ({
      address: bare(entry.address) as AddressHex,
      storageKeys: entry.storageKeys.map(wordHex),
    })),
  };
}

/** Hash of the RLP of the logs, as these tests name it. */
function logsHash(logs: readonly EvmLog[]): HashHex {
  const items = logs.map(({ address, topics, data }): RlpItem => [fromHex(address), topics.map(fromHex), data]);
  return hashToHex(ethereumCrypto.keccak256(encodeRlp(items)));
}

function withoutZeros(word: Uint8Array): Uint8Array {
  const start = word.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : word.subarray(start);
}

const bare = (text: string): string => text.replace(/^0x/, '').toLowerCase();
const wordHex = (text: string): HashHex => BigInt(text).toString(16).padStart(64, '0') as HashHex;

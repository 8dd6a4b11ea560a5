import { ethereumCrypto } from '@hansa/crypto';
import {
  type AddressHex,
  addressToHex,
  bigintToBytes,
  fromHex,
  type HashHex,
  type Height,
  hashToHex,
} from '@hansa/primitives';
import { accountKey, codeKey, encodeAccount, type SignedTransaction, type StateKey, storageKey } from '@hansa/protocol';
import { executeTransaction, type TransactionOutcome } from '../../src/execute-transaction.ts';
import { intrinsicGas } from '../../src/gas.ts';
import { loadEngine } from '../../src/load-engine.ts';
import type { EngineName } from '../../src/machine.ts';
import { StateOverlay } from '../../src/state-overlay.ts';
import { MemoryState, suite, wordOf } from './chain.ts';
import { ethereumStateRoot, logsHash } from './state-root.ts';

type Account = { balance: string; code: string; nonce: string; storage: Record<string, string> };
type Post = {
  hash: string;
  logs: string;
  indexes: { data: number; gas: number; value: number };
  expectException?: string;
};

/** A test of ethereum/tests in its JSON form (GeneralStateTests). */
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

export type StateTestResult =
  | { readonly type: 'passed' }
  /** Our rules differ on purpose; the reason says which. */
  | { readonly type: 'skipped'; readonly reason: string }
  | { readonly type: 'failed'; readonly message: string };

const FORK = 'Cancun';

/** Every case of a test for Cancun. */
export function casesOf(test: StateTest): readonly Post[] {
  return test.post[FORK] ?? [];
}

/** Runs one case through `executeTransaction` and compares state root and logs, or that it is left out. */
export async function runStateTest(test: StateTest, post: Post, engine: EngineName): Promise<StateTestResult> {
  const skipped = differenceOf(test, post);
  if (skipped !== undefined) return { type: 'skipped', reason: skipped };
  const transaction = transactionOf(test, post);
  const state = stateOf(test.pre);
  const { env } = test;
  const baseFee = BigInt(env['currentBaseFee'] ?? '0xa');
  const gasLimit = BigInt(env['currentGasLimit'] as string);
  const coinbase = bare(env['currentCoinbase'] as string) as AddressHex;
  const height = Number(env['currentNumber']) as Height;
  const overlay = new StateOverlay(state);
  const createMachine = await loadEngine(engine);
  const machine = createMachine({
    suite,
    overlay,
    environment: {
      chainId: 1,
      height,
      timestamp: Number(env['currentTimestamp']),
      gasLimit,
      baseFee,
      coinbase,
      prevRandao: wordOf(BigInt(env['currentRandom'] ?? '0x0')),
      // The convention of these tests.
      blockHash: (asked) => hashToHex(ethereumCrypto.keccak256(new TextEncoder().encode(String(asked)))),
    },
  });
  const rules = { height, txGasLimit: gasLimit, baseFee, coinbase, gasLeft: gasLimit };
  const outcome = await executeTransaction(transaction, rules, { overlay, machine: () => machine });
  if (outcome.type === 'executed') {
    // Prague charges a floor for data that Cancun does not know (EIP-7623).
    if (outcome.gasUsed === intrinsicGas(transaction).floor && transaction.data.length > 0)
      return { type: 'skipped', reason: 'EIP-7623' };
    burnBaseFee(overlay, coinbase, outcome.gasUsed * baseFee);
  } else if (outcome.reason === 'intrinsic gas too low' && transaction.gasLimit >= intrinsicGas(transaction).charged) {
    return { type: 'skipped', reason: 'EIP-7623' };
  }
  return compare(outcome, post, ethereumStateRoot(state.after(overlay.changes())));
}

function compare(outcome: TransactionOutcome, post: Post, root: HashHex): StateTestResult {
  const isLeftOut = outcome.type === 'left out';
  if (isLeftOut !== (post.expectException !== undefined)) {
    const own = isLeftOut ? `left out: ${outcome.reason}` : 'executed';
    return { type: 'failed', message: `${own}, expected ${post.expectException ?? 'execution'}` };
  }
  if (!isLeftOut && logsHash(outcome.logs) !== bare(post.logs)) return { type: 'failed', message: 'logs differ' };
  if (root !== bare(post.hash)) {
    const facts = isLeftOut
      ? outcome.reason
      : `status ${outcome.status}, gas ${outcome.gasUsed}, ${outcome.error ?? 'no error'}`;
    return { type: 'failed', message: `state root ${root}, expected ${post.hash} (${facts})` };
  }
  return { type: 'passed' };
}

/** Ethereum burns the base fee, which goes to the fee recipient here (EXE-14). */
function burnBaseFee(overlay: StateOverlay, coinbase: AddressHex, amount: bigint): void {
  const account = overlay.account(coinbase);
  if (account === undefined || amount === 0n) return;
  const balance = account.balance - amount;
  const isEmpty = balance === 0n && account.nonce === 0n && account.codeHash === NO_CODE;
  overlay.setAccount(coinbase, isEmpty ? undefined : { ...account, balance });
}

const NO_CODE = hashToHex(fromHex('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'));
const SYSTEM = ['1000', '1003'].map((end) => end.padStart(40, '0'));

/** Why a case cannot hold here: a rule of ours that is another one on purpose. */
function differenceOf({ pre, transaction }: StateTest, post: Post): string | undefined {
  if (transaction.maxFeePerBlobGas !== undefined || transaction.blobVersionedHashes !== undefined)
    return 'blob transaction';
  if (transaction.authorizationList !== undefined) return 'set-code transaction';
  if (post.expectException === 'TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS')
    return 'refused by the decoder';
  if (post.expectException === 'TransactionException.RLP_INVALID_VALUE') return 'refused by the decoder';
  if (SYSTEM.some((address) => pre[`0x${address}`] !== undefined || transaction.to === `0x${address}`))
    return 'address of a system contract';
  if (Object.values(pre).some(isStorageWithoutCode)) return 'EIP-7610';
  return undefined;
}

const isStorageWithoutCode = ({ nonce, code, storage }: Account): boolean =>
  BigInt(nonce) === 0n && code === '0x' && Object.keys(storage).length > 0;

function transactionOf({ transaction }: StateTest, { indexes }: Post): SignedTransaction {
  const { gasPrice, maxFeePerGas = gasPrice, maxPriorityFeePerGas = maxFeePerGas } = transaction;
  return {
    type: 2,
    bytes: new Uint8Array(0),
    hash: '00'.repeat(32) as HashHex,
    chainId: 1,
    nonce: BigInt(transaction.nonce),
    gasLimit: BigInt(transaction.gasLimit[indexes.gas] as string),
    maxFeePerGas: BigInt(maxFeePerGas as string),
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas as string),
    to: transaction.to === '' ? undefined : (bare(transaction.to) as AddressHex),
    value: BigInt(transaction.value[indexes.value] as string),
    data: fromHex(bare(transaction.data[indexes.data] as string)),
    accessList: (transaction.accessLists?.[indexes.data] ?? []).map((entry) => ({
      address: bare(entry.address) as AddressHex,
      storageKeys: entry.storageKeys.map((key) => wordOf(BigInt(key))),
    })),
    signingDigest: new Uint8Array(32),
    signature: new Uint8Array(64),
    recovery: 0,
    lastHeight: undefined,
    sender: addressToHex(fromHex(bare(transaction.sender))),
  };
}

function stateOf(pre: StateTest['pre']): MemoryState {
  const entries = new Map<StateKey, Uint8Array>();
  for (const [name, { balance, nonce, code, storage }] of Object.entries(pre)) {
    const address = bare(name) as AddressHex;
    const bytes = fromHex(bare(code));
    const codeHash = hashToHex(ethereumCrypto.keccak256(bytes));
    if (bytes.length > 0) entries.set(codeKey(codeHash), bytes);
    entries.set(accountKey(address), encodeAccount({ nonce: BigInt(nonce), balance: BigInt(balance), codeHash }));
    for (const [slot, value] of Object.entries(storage))
      if (BigInt(value) !== 0n)
        entries.set(storageKey(address, wordOf(BigInt(slot))), bigintToBytes(BigInt(value), 32));
  }
  return new MemoryState(entries);
}

const bare = (text: string): string => text.replace(/^0x/, '').toLowerCase();

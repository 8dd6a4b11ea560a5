import type { CryptoSuite } from '@hansa/crypto';
import { type AddressHex, ZERO_HASH } from '@hansa/primitives';
import { type AccessListEntry, EMPTY_CODE_HASH, type StateReader } from '@hansa/protocol';
import type { EvmTracer } from './evm-tracer.ts';
import { effectiveGasPrice, INIT_CODE_SIZE_MAX, type IntrinsicGas, intrinsicGas } from './gas.ts';
import { loadEngine } from './load-engine.ts';
import type { BlockEnvironment, EngineName } from './machine.ts';
import { type AppliedMessage, applyMessage, NOBODY } from './message.ts';
import { overriddenState, overridesFailure, type StateOverrides } from './overrides.ts';
import { StateOverlay } from './state-overlay.ts';

/** What `eth_call` and its relatives ask for; everything is optional, as in Ethereum's clients. */
export type CallRequest = {
  readonly from?: AddressHex | undefined;
  /** Absent: the creation of a contract. */
  readonly to?: AddressHex | undefined;
  readonly value?: bigint | undefined;
  readonly data?: Uint8Array | undefined;
  readonly gas?: bigint | undefined;
  readonly gasPrice?: bigint | undefined;
  readonly maxFeePerGas?: bigint | undefined;
  readonly maxPriorityFeePerGas?: bigint | undefined;
  readonly nonce?: bigint | undefined;
  readonly accessList?: readonly AccessListEntry[] | undefined;
};

export type CallInput = {
  readonly suite: CryptoSuite;
  readonly environment: BlockEnvironment;
  /** State after the block that is asked about. */
  readonly state: StateReader;
  readonly request: CallRequest;
  readonly overrides?: StateOverrides | undefined;
  /** Most gas that a call may use; also what it has when it names none. */
  readonly gasCap: bigint;
  readonly engine?: EngineName | undefined;
};

export type CallOutcome =
  | { readonly type: 'success'; readonly output: Uint8Array; readonly gasUsed: bigint }
  /** The contract said no; `output` is its reason (`Error(string)`, a custom error …). */
  | { readonly type: 'revert'; readonly output: Uint8Array; readonly gasUsed: bigint }
  /** Out of gas and the like, or refused before it ran (then `gasUsed` is 0). */
  | { readonly type: 'failed'; readonly message: string; readonly gasUsed: bigint };

const ZERO_ADDRESS = ZERO_HASH.slice(0, 40) as AddressHex;
const NOTHING = new Uint8Array(0);

/** Runs a message on a state and forgets what it did (EXE-40). Deterministic; bounded by `gasCap`. */
export async function callMessage(input: CallInput): Promise<CallOutcome> {
  const prepared = prepareCall(input);
  if (!prepared.ok) return { type: 'failed', message: prepared.message, gasUsed: 0n };
  const run = await runPrepared(prepared.call, prepared.call.gasLimit);
  return run.type === 'refused' ? { type: 'failed', message: run.message, gasUsed: 0n } : outcomeOf(run.applied);
}

/** A request with all its defaults filled in. */
export type PreparedCall = {
  readonly suite: CryptoSuite;
  readonly environment: BlockEnvironment;
  readonly state: StateReader;
  readonly sender: AddressHex;
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly price: bigint;
  readonly accessList: readonly AccessListEntry[];
  readonly engine: EngineName | undefined;
};

export type Prepared =
  | { readonly ok: true; readonly call: PreparedCall }
  | { readonly ok: false; readonly message: string };

/** Fills in what a request leaves open, in the way and with the messages of go-ethereum. */
export function prepareCall(input: CallInput): Prepared {
  const { suite, environment, state, request, overrides, gasCap, engine } = input;
  const refuse = (message: string): Prepared => ({ ok: false, message });
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = request;
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined))
    return refuse('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified');
  const priority = gasPrice ?? maxPriorityFeePerGas ?? 0n;
  // Who names only a priority fee is willing to pay it on top of the base fee.
  const limit = gasPrice ?? maxFeePerGas ?? (priority > 0n ? environment.baseFee + priority : 0n);
  if (priority > limit)
    return refuse(
      `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${priority}, maxFeePerGas: ${limit}`,
    );
  const failure = overrides === undefined ? undefined : overridesFailure(overrides);
  if (failure !== undefined) return refuse(failure);
  // Without a price there is no base fee either: so contracts see the same as in go-ethereum.
  const isFree = limit === 0n;
  if (!isFree && limit < environment.baseFee)
    return refuse(
      `max fee per gas less than block base fee: address 0x${request.from ?? ZERO_ADDRESS}, maxFeePerGas: ${limit}, baseFee: ${environment.baseFee}`,
    );
  const baseFee = isFree ? 0n : environment.baseFee;
  const gas = request.gas ?? gasCap;
  return {
    ok: true,
    call: {
      suite,
      environment: { ...environment, baseFee },
      state: overrides === undefined || overrides.size === 0 ? state : overriddenState(state, overrides),
      sender: request.from ?? ZERO_ADDRESS,
      to: request.to,
      value: request.value ?? 0n,
      data: request.data ?? NOTHING,
      gasLimit: gas < gasCap ? gas : gasCap,
      maxFeePerGas: limit,
      price: effectiveGasPrice({ maxFeePerGas: limit, maxPriorityFeePerGas: priority }, baseFee),
      accessList: request.accessList ?? [],
      engine,
    },
  };
}

export type PreparedRun =
  | { readonly type: 'refused'; readonly message: string; readonly isTooLittleGas: boolean }
  | { readonly type: 'applied'; readonly applied: AppliedMessage };

/** Runs a prepared call with a gas limit on a fresh overlay. */
export async function runPrepared(call: PreparedCall, gasLimit: bigint, tracer?: EvmTracer): Promise<PreparedRun> {
  const overlay = new StateOverlay(call.state);
  const intrinsic = intrinsicGas(call);
  const refusal = refusalOf(call, { gasLimit, intrinsic, balance: (overlay.account(call.sender) ?? NOBODY).balance });
  if (refusal !== undefined) return { type: 'refused', ...refusal };
  const { suite, environment } = call;
  const createMachine = await loadEngine(call.engine);
  const machine = createMachine({ suite, environment, overlay, tracer });
  const applied = await applyMessage({ ...call, gasLimit }, intrinsic, {
    overlay,
    machine: () => machine,
    coinbase: environment.coinbase,
    isTraced: tracer !== undefined,
  });
  return { type: 'applied', applied };
}

type Refusal = { readonly message: string; readonly isTooLittleGas: boolean };

function refusalOf(
  { sender, to, data, value, maxFeePerGas }: PreparedCall,
  facts: { readonly gasLimit: bigint; readonly intrinsic: IntrinsicGas; readonly balance: bigint },
): Refusal | undefined {
  const { gasLimit, intrinsic, balance } = facts;
  const wanted = gasLimit * maxFeePerGas + value;
  if (balance < wanted)
    return {
      message: `insufficient funds for gas * price + value: address 0x${sender} have ${balance} want ${wanted}`,
      isTooLittleGas: false,
    };
  if (gasLimit < intrinsic.charged)
    return {
      message: `intrinsic gas too low: have ${gasLimit}, want ${intrinsic.charged} (supplied gas ${gasLimit})`,
      isTooLittleGas: true,
    };
  if (gasLimit < intrinsic.floor)
    return {
      message: `insufficient gas for floor data gas cost: have ${gasLimit}, want ${intrinsic.floor} (supplied gas ${gasLimit})`,
      isTooLittleGas: true,
    };
  if (to === undefined && data.length > INIT_CODE_SIZE_MAX)
    return {
      message: `max initcode size exceeded: code size ${data.length} limit ${INIT_CODE_SIZE_MAX} (supplied gas ${gasLimit})`,
      isTooLittleGas: false,
    };
  return undefined;
}

export function outcomeOf({ gasUsed, result }: AppliedMessage): CallOutcome {
  const { error, output } = result;
  if (error === undefined) return { type: 'success', output, gasUsed };
  return error === 'revert' ? { type: 'revert', output, gasUsed } : { type: 'failed', message: wordOf(error), gasUsed };
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['revert', 'execution reverted'],
  ['code store out of gas', 'contract creation code storage out of gas'],
  ['code size to deposit exceeds maximum code size', 'max code size exceeded'],
  ['static state change', 'write protection'],
  ['create collision', 'contract address collision'],
  ['insufficient balance', 'insufficient balance for transfer'],
  ['invalid bytecode deployed', 'invalid code: must not begin with 0xef'],
  ['initcode exceeds max initcode size', 'max initcode size exceeded'],
  ['value out of range', 'return data out of bounds'],
]);

/** go-ethereum's words for a failure of the EVM: clients look for them. */
export function wordOf(error: string): string {
  // EthereumJS adds where in the code it was.
  if (error.startsWith('invalid JUMP')) return 'invalid jump destination';
  return WORDS.get(error) ?? error;
}

/** Whether an account has no code, so that a transfer to it is all that happens. */
export function hasNoCode(state: StateReader, address: AddressHex): boolean {
  const account = new StateOverlay(state).account(address);
  return account === undefined || account.codeHash === EMPTY_CODE_HASH;
}

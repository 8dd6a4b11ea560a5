import {
  type CallInput,
  type CallOutcome,
  hasNoCode,
  outcomeOf,
  type PreparedCall,
  prepareCall,
  runPrepared,
} from './call.ts';
import { intrinsicGas, TX_BASE_GAS } from './gas.ts';
import { NOBODY } from './message.ts';
import { isPrecompile } from './precompiles.ts';
import { StateOverlay } from './state-overlay.ts';
import { isSystemAddress } from './system/index.ts';

export type EstimateOutcome =
  | { readonly type: 'success'; readonly gas: bigint }
  | { readonly type: 'revert'; readonly output: Uint8Array }
  | { readonly type: 'failed'; readonly message: string };

/** How far above the least limit the answer may lie, in per mille (go-ethereum's estimateGasErrorRatio). */
const ERROR_PER_MILLE = 15n;
/** What a call hands on at most leaves a 64th behind (EIP-150). */
const CALL_DIVISOR = 63n;
/** A call with value gives the callee this for nothing. */
const CALL_STIPEND = 2_300n;

/**
 * The least gas limit with which a message succeeds, at most 1.5 % above it. By bisection, as in go-ethereum: gas used
 * is not enough, because refunds come last and a call hands on 63 of 64 parts only.
 */
export async function estimateGas(input: CallInput): Promise<EstimateOutcome> {
  const prepared = prepareCall(input);
  if (!prepared.ok) return { type: 'failed', message: prepared.message };
  const { call } = prepared;
  const allowance = allowanceOf(call);
  if (allowance.type === 'failed') return allowance;
  const cap = allowance.gas;

  const intrinsic = intrinsicGas(call);
  if (isPlain(call) && cap >= TX_BASE_GAS) return { type: 'success', gas: TX_BASE_GAS };

  const first = await runPrepared(call, cap);
  if (first.type === 'refused')
    return first.isTooLittleGas ? tooLittle(cap) : { type: 'failed', message: first.message };
  const outcome = outcomeOf(first.applied);
  if (outcome.type !== 'success') return failureOf(outcome, cap);

  const { gasUsed, result } = first.applied;
  const refundedMax = result.gasRefund;
  let low = (gasUsed > intrinsic.floor ? gasUsed : intrinsic.floor) - 1n;
  let high = cap;
  // One run with what the first one suggests usually closes most of the gap.
  const optimistic = ((gasUsed + refundedMax + CALL_STIPEND) * (CALL_DIVISOR + 1n)) / CALL_DIVISOR;
  if (optimistic < high) {
    if (await succeeds(call, optimistic)) high = optimistic;
    else low = optimistic;
  }
  while (low + 1n < high) {
    if ((high - low) * 1000n < high * ERROR_PER_MILLE) break;
    // Most need little more than they use: so the first steps go up from below.
    let middle = (low + high) / 2n;
    if (middle > low * 2n) middle = low * 2n;
    if (await succeeds(call, middle)) high = middle;
    else low = middle;
  }
  return { type: 'success', gas: high };
}

async function succeeds(call: PreparedCall, gasLimit: bigint): Promise<boolean> {
  const run = await runPrepared(call, gasLimit);
  return run.type === 'applied' && run.applied.result.error === undefined;
}

type Allowance =
  | { readonly type: 'success'; readonly gas: bigint }
  | { readonly type: 'failed'; readonly message: string };

/** The limit asked for, lowered to what the sender can pay. */
function allowanceOf(call: PreparedCall): Allowance {
  if (call.maxFeePerGas === 0n) return { type: 'success', gas: call.gasLimit };
  const { balance } = new StateOverlay(call.state).account(call.sender) ?? NOBODY;
  if (call.value > balance) return { type: 'failed', message: 'insufficient funds for transfer' };
  const affordable = (balance - call.value) / call.maxFeePerGas;
  return { type: 'success', gas: affordable < call.gasLimit ? affordable : call.gasLimit };
}

function isPlain({ to, data, value, accessList, sender, state }: PreparedCall): boolean {
  if (to === undefined || data.length > 0 || accessList.length > 0) return false;
  if (isPrecompile(to) || isSystemAddress(to) || !hasNoCode(state, to)) return false;
  return value <= (new StateOverlay(state).account(sender) ?? NOBODY).balance;
}

function failureOf(outcome: Exclude<CallOutcome, { type: 'success' }>, cap: bigint): EstimateOutcome {
  if (outcome.type === 'revert') return { type: 'revert', output: outcome.output };
  return outcome.message === 'out of gas' ? tooLittle(cap) : { type: 'failed', message: outcome.message };
}

const tooLittle = (cap: bigint): EstimateOutcome => ({
  type: 'failed',
  message: `gas required exceeds allowance (${cap})`,
});

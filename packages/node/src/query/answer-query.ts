import {
  blockEnvironment,
  type CallInput,
  callMessage,
  createAccessList,
  estimateGas,
  type StateOverrides,
} from '@hansa/executor';
import type { StateSnapshot } from '@hansa/ledger';
import { fromHex, type Height } from '@hansa/primitives';
import type { AccountOverride, CallOutcome, CallRequest } from '@hansa/rpc';
import { hashOf, type QueryContext, stateAt } from './context.ts';
import type { QueryBody } from './messages.ts';
import { traceBlockAt } from './trace-query.ts';

/** `transactionGasCap`: most gas that a transaction may have. A call may use all of a block. */
type QueryInput = CallInput & { readonly transactionGasCap: bigint };

/** Answers one question. @throws QueryRefusal when state or block are not kept any more */
export async function answerQuery(context: QueryContext, body: QueryBody): Promise<unknown> {
  switch (body.type) {
    case 'trace':
      return traceBlockAt(context, body);
    case 'call':
      return onState(context, body, async (input) => toOutcome(await callMessage(input)));
    case 'estimateGas':
      return onState(context, body, estimate);
    case 'createAccessList':
      return onState(context, body, accessList);
  }
}

async function onState<T>(
  context: QueryContext,
  { request, height }: { readonly request: CallRequest; readonly height: Height },
  use: (input: QueryInput) => Promise<T>,
): Promise<T> {
  const state = stateAt(context.reader, height);
  try {
    return await use(callInput(context, state, request));
  } finally {
    await state.close();
  }
}

async function estimate(input: QueryInput): Promise<CallOutcome> {
  const outcome = await estimateGas({ ...input, gasCap: input.transactionGasCap });
  switch (outcome.type) {
    case 'success':
      return { type: 'success', output: new Uint8Array(0), gasUsed: outcome.gas };
    case 'revert':
      return { type: 'reverted', output: outcome.output, gasUsed: 0n };
    case 'failed':
      return { type: 'failed', message: outcome.message, gasUsed: 0n };
  }
}

async function accessList(input: QueryInput): Promise<unknown> {
  const outcome = await createAccessList(input);
  if (outcome.type === 'failed')
    return { accessList: [], outcome: { type: 'failed', message: outcome.message, gasUsed: 0n } };
  const { gasUsed, error } = outcome;
  const ended: CallOutcome =
    error === undefined
      ? { type: 'success', output: new Uint8Array(0), gasUsed }
      : { type: 'failed', message: error, gasUsed };
  return { accessList: outcome.accessList, outcome: ended };
}

/**
 * What a message sees that is executed on top of a block: the block above it, in its term. Above the head its time is
 * now, as it will be in the block that is made when somebody sends it; an idle chain's last block may be days old.
 */
function callInput({ reader, suite, chainId }: QueryContext, state: StateSnapshot, request: CallRequest): QueryInput {
  const { height, header } = state;
  const info = reader.termInfoAt((height + 1) as Height) ?? reader.currentTermInfo();
  const environment = blockEnvironment({
    suite,
    chainId,
    parent: { header, hash: hashOf(reader, height) },
    info,
    height: (height + 1) as Height,
    timestampMs: height === reader.head().height ? Math.max(header.timestamp + 1, Date.now()) : header.timestamp + 1,
    blockHashAt: (asked) => reader.hashAt(asked as Height),
  });
  const { overrides, ...message } = request;
  const { blockGasLimit, txGasLimit } = info.parameters;
  return {
    suite,
    environment,
    state,
    request: message,
    overrides: toOverrides(overrides),
    gasCap: blockGasLimit,
    transactionGasCap: txGasLimit < blockGasLimit ? txGasLimit : blockGasLimit,
  };
}

function toOverrides(overrides: readonly AccountOverride[]): StateOverrides | undefined {
  if (overrides.length === 0) return undefined;
  return new Map(
    overrides.map(({ address, balance, nonce, code, storage }) => {
      const slots =
        storage === undefined
          ? undefined
          : new Map(storage.slots.map(([slot, value]) => [slot, fromHex(value)] as const));
      return [
        address,
        {
          ...(balance === undefined ? {} : { balance }),
          ...(nonce === undefined ? {} : { nonce }),
          ...(code === undefined ? {} : { code }),
          ...(slots === undefined ? {} : storage?.replace === true ? { state: slots } : { stateDiff: slots }),
        },
      ] as const;
    }),
  );
}

function toOutcome(outcome: Awaited<ReturnType<typeof callMessage>>): CallOutcome {
  return outcome.type === 'revert' ? { type: 'reverted', output: outcome.output, gasUsed: outcome.gasUsed } : outcome;
}

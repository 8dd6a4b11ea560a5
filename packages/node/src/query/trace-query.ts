import { blockEnvironment, traceBlock, traceTransaction } from '@hansa/executor';
import { assert, type HashHex, type Height } from '@hansa/primitives';
import { decodeTransaction, recoverSender, type SignedTransaction } from '@hansa/protocol';
import type { TraceOptions } from '@hansa/rpc';
import { hashOf, type QueryContext, QueryRefusal, stateAt } from './context.ts';
import type { QueryBody, TransactionTrace } from './messages.ts';

const TRACERS = { struct: 'struct', call: 'callTracer', prestate: 'prestateTracer' } as const;

/** Executes a block again on the state below it, one transaction or all of them with a tracer. */
export async function traceBlockAt(
  context: QueryContext,
  body: Extract<QueryBody, { type: 'trace' }>,
): Promise<readonly TransactionTrace[]> {
  const { reader, suite, chainId } = context;
  const { height, index, options } = body;
  const block = reader.blockAt(height);
  const parentHeight = (height - 1) as Height;
  if (block === undefined || height < 1) {
    throw new QueryRefusal({
      code: 'QUERY_BLOCK_UNKNOWN',
      message: `block ${height} cannot be executed again`,
      remedy: 'genesis has no transactions; ask for a later block',
    });
  }
  const parent = reader.headerAt(parentHeight);
  const info = reader.termInfoAt(height);
  assert(parent !== undefined && info !== undefined, `the ledger has block ${parentHeight} and the term of ${height}`);
  const state = stateAt(reader, parentHeight);
  try {
    const environment = blockEnvironment({
      suite,
      chainId,
      parent: { header: parent, hash: hashOf(reader, parentHeight) },
      info,
      height,
      timestampMs: block.header.timestamp,
      blockHashAt: (asked) => reader.hashAt(asked as Height),
    });
    const transactions = block.body.transactions.map(toSigned);
    const input = {
      suite,
      environment,
      state,
      transactions,
      tracer: TRACERS[options.tracer],
      tracerConfig: configOf(options),
    };
    if (index === undefined) {
      const traced = unwrap(await traceBlock(input));
      return traced.map(({ txHash, result }) => ({ transactionHash: txHash.slice(2) as HashHex, trace: result }));
    }
    const transaction = transactions[index];
    assert(transaction !== undefined, `block ${height} has transaction ${index}`);
    return [{ transactionHash: transaction.hash, trace: unwrap(await traceTransaction({ ...input, index })) }];
  } finally {
    await state.close();
  }
}

function unwrap<T>(
  outcome: { readonly type: 'success'; readonly result: T } | { readonly type: 'failed'; readonly message: string },
): T {
  if (outcome.type === 'success') return outcome.result;
  throw new QueryRefusal({
    code: 'QUERY_TRACE_FAILED',
    message: outcome.message,
    remedy: 'ask for less: one transaction, without memory, or the callTracer',
  });
}

function configOf(options: TraceOptions): NonNullable<Parameters<typeof traceBlock>[0]['tracerConfig']> {
  return {
    enableMemory: options.withMemory,
    disableStack: !options.withStack,
    disableStorage: !options.withStorage,
    enableReturnData: options.withReturnData,
    onlyTopCall: options.onlyTopCall,
    withLog: options.withLog,
    diffMode: options.diffMode,
  };
}

function toSigned(raw: Uint8Array): SignedTransaction {
  const decoded = decodeTransaction(raw);
  const signed = decoded.ok ? recoverSender(decoded.value) : decoded;
  assert(signed.ok, 'a committed transaction decodes and has a sender');
  return signed.value;
}

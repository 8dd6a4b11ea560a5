import type { Height } from '@hansa/primitives';
import type { TraceOptions } from '../backend.ts';
import { heightOfTag } from '../block-reference.ts';
import { invalidParams, RPC_CODES, RpcRefusal, refused } from '../errors.ts';
import { type MethodCall, type MethodTable, slow } from '../method.ts';
import { booleanOf, hashOf, isAbsent, type JsonObject, objectOf, shown } from '../params.ts';
import { prefixed } from '../values.ts';

const TRACERS: ReadonlyMap<unknown, TraceOptions['tracer']> = new Map([
  [undefined, 'struct'],
  [null, 'struct'],
  ['', 'struct'],
  ['callTracer', 'call'],
  ['prestateTracer', 'prestate'],
]);

const flag = (object: JsonObject, name: string): boolean => !isAbsent(object[name]) && booleanOf(object[name], name);

/** @throws RpcRefusal */
function traceOptionsOf(value: unknown): TraceOptions {
  const options = isAbsent(value) ? {} : objectOf(value, 'options');
  const config = isAbsent(options['tracerConfig']) ? {} : objectOf(options['tracerConfig'], 'tracerConfig');
  const tracer = TRACERS.get(options['tracer']);
  if (tracer === undefined) {
    throw invalidParams(
      `tracer must be callTracer or prestateTracer, or absent for the struct logger${shown(options['tracer'])}`,
    );
  }
  return {
    tracer,
    withMemory: flag(options, 'enableMemory'),
    withStack: !flag(options, 'disableStack'),
    withStorage: !flag(options, 'disableStorage'),
    withReturnData: flag(options, 'enableReturnData'),
    onlyTopCall: flag(config, 'onlyTopCall'),
    withLog: flag(config, 'withLog'),
    diffMode: flag(config, 'diffMode'),
  };
}

async function traceTransaction(call: MethodCall, [hash, options]: readonly unknown[]): Promise<unknown> {
  const wanted = hashOf(hash, 'transactionHash');
  const parsed = traceOptionsOf(options);
  const location = call.backend.transaction(wanted)?.location;
  if (location === undefined) {
    throw new RpcRefusal(RPC_CODES.refused, 'transaction not found', {
      code: 'RPC_TRANSACTION_UNKNOWN',
      remedy: 'only committed transactions are traced; hansa_getTransactionStatus tells what became of it',
    });
  }
  const traces = await call.backend.trace(location, parsed, call.signal);
  if (!traces.ok) throw refused(traces.error);
  return traces.value[0]?.trace ?? null;
}

async function traceBlock(call: MethodCall, height: Height | undefined, options: unknown): Promise<unknown> {
  const parsed = traceOptionsOf(options);
  if (height === undefined) throw new RpcRefusal(RPC_CODES.refused, 'block not found');
  if (height === 0) throw new RpcRefusal(RPC_CODES.refused, 'genesis is not traceable');
  const traces = await call.backend.trace({ height, index: undefined }, parsed, call.signal);
  if (!traces.ok) throw refused(traces.error);
  return traces.value.map(({ transactionHash, trace }) => ({ txHash: prefixed(transactionHash), result: trace }));
}

export const DEBUG_METHODS: MethodTable = {
  debug_traceTransaction: slow((params, call) => traceTransaction(call, params)),
  debug_traceBlockByNumber: slow(([block, options], call) =>
    traceBlock(call, heightOfTag(block, call.backend), options),
  ),
  debug_traceBlockByHash: slow(([hash, options], call) =>
    traceBlock(call, call.backend.heightOfHash(hashOf(hash, 'hash')), options),
  ),
};

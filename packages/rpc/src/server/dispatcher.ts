import type { Result } from '@hansa/primitives';
import { fail, ok } from '@hansa/primitives';
import type { MethodDescription } from '@hansa/rpc-schema';
import { type ErrorBody, invalidParams, limitExceeded, RPC_CODES, RpcRefusal, refused } from '../errors.ts';
import { createGate, type Gate } from '../gate.ts';
import { errorText, idOf, type ParsedCall, parseCall, type RequestId, resultText } from '../json-rpc.ts';
import type { RpcConnection, RpcServices } from '../method.ts';
import { createMethodMap, type DescribedMethod } from '../methods/index.ts';

export type DispatcherCounters = { calls: number; errors: number; internalErrors: number; timeouts: number };

export type Dispatcher = {
  /** Answer to one body. Undefined: nothing is to be answered, all were notifications. Never rejects. */
  answer(text: string, connection: RpcConnection): Promise<string | undefined>;
  readonly counters: Readonly<DispatcherCounters>;
  waitingCount(): number;
};

export type DispatcherOptions = {
  readonly services: RpcServices;
  readonly onInternalError: (error: unknown, method: string) => void;
};

/** Characters that the answers of one body may still have. */
type Budget = { left: number };

const INTERNAL: ErrorBody = {
  code: RPC_CODES.internal,
  message: 'internal error',
  data: { code: 'RPC_INTERNAL', remedy: 'the node has written the cause to its log' },
};

/** What is not read from the state: a node that cannot trust its state still says who and how it is. */
const ANSWERED_ALWAYS = /^(net_|web3_|rpc_|eth_(chainId|syncing|unsubscribe)$|hansa_(getStatus|getMisbehaviour)$)/;

export function createDispatcher({ services, onInternalError }: DispatcherOptions): Dispatcher {
  const { limits } = services;
  const methods = createMethodMap();
  const slowGate = createGate({ runningMax: limits.slowCountMax, waitingMax: limits.slowQueueMax });
  const counters: DispatcherCounters = { calls: 0, errors: 0, internalErrors: 0, timeouts: 0 };

  const errorAnswer = (id: RequestId, error: RpcRefusal | ErrorBody): string => {
    counters.errors++;
    return errorText(id, error instanceof RpcRefusal ? error.toBody() : error);
  };

  async function answerCall(value: unknown, connection: RpcConnection, budget: Budget): Promise<string | undefined> {
    const call = parseCall(value);
    if (call === undefined) {
      return errorAnswer(
        idOf(value),
        new RpcRefusal(RPC_CODES.invalidRequest, 'invalid request: no call of JSON-RPC 2.0'),
      );
    }
    counters.calls++;
    const text = await resultOf(call, connection, budget);
    return call.id === undefined ? undefined : text;
  }

  async function resultOf(call: ParsedCall, connection: RpcConnection, budget: Budget): Promise<string> {
    const id = call.id ?? null;
    if (budget.left <= 0) return errorAnswer(id, responseTooLarge());
    const method = methods.get(call.method);
    if (method === undefined) return errorAnswer(id, methodNotFound(call.method));
    const params = paramsOf(call, method.description);
    if (!params.ok) return errorAnswer(id, params.error);
    const quarantine = ANSWERED_ALWAYS.test(call.method) ? undefined : services.backend.quarantine();
    if (quarantine !== undefined) return errorAnswer(id, refused(quarantine));
    let result: unknown;
    try {
      result = await run(method, params.value, connection);
    } catch (error) {
      if (error instanceof RpcRefusal) return errorAnswer(id, error);
      // Nobody reads the answer, and what was aborted with the connection is no fault of the node.
      if (connection.signal.aborted) return errorAnswer(id, INTERNAL);
      counters.internalErrors++;
      onInternalError(error, call.method);
      return errorAnswer(id, INTERNAL);
    }
    if (result instanceof RpcRefusal) return errorAnswer(id, result);
    const text = resultText(id, result);
    budget.left -= text.length;
    return budget.left < 0 ? errorAnswer(id, responseTooLarge()) : text;
  }

  async function run(method: DescribedMethod, params: readonly unknown[], connection: RpcConnection): Promise<unknown> {
    if (method.isSlow !== true) {
      const pause = services.pacer.wait();
      if (pause !== undefined) await pause;
      return method.handle(params, { ...services, connection, signal: connection.signal });
    }
    const task = (): Promise<unknown> => runSlow(method, params, connection);
    return inTurn(connection.gate, () => inTurn(slowGate, task));
  }

  async function runSlow(
    method: DescribedMethod,
    params: readonly unknown[],
    connection: RpcConnection,
  ): Promise<unknown> {
    await services.pacer.wait();
    connection.signal.throwIfAborted();
    const { callTimeoutMs } = limits;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        counters.timeouts++;
        controller.abort();
        reject(timedOut(callTimeoutMs));
      }, callTimeoutMs);
    });
    const signal = AbortSignal.any([connection.signal, controller.signal]);
    try {
      return await Promise.race([method.handle(params, { ...services, connection, signal }), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function answerBatch(batch: readonly unknown[], connection: RpcConnection): Promise<string | undefined> {
    if (batch.length === 0)
      return errorAnswer(null, new RpcRefusal(RPC_CODES.invalidRequest, 'invalid request: empty batch'));
    if (batch.length > limits.batchCountMax) {
      return errorAnswer(
        null,
        limitExceeded(
          `batch has ${batch.length} calls, ${limits.batchCountMax} are allowed`,
          'send it in smaller parts',
        ),
      );
    }
    const budget = { left: limits.responseSizeMax };
    const answers = await Promise.all(batch.map((value) => answerCall(value, connection, budget)));
    const texts = answers.filter((text) => text !== undefined);
    return texts.length === 0 ? undefined : `[${texts.join(',')}]`;
  }

  return {
    answer: async (text, connection) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return errorAnswer(null, new RpcRefusal(RPC_CODES.parseError, 'parse error: the body is not valid JSON'));
      }
      if (Array.isArray(value)) return answerBatch(value, connection);
      return answerCall(value, connection, { left: limits.responseSizeMax });
    },
    counters,
    waitingCount: () => slowGate.waitingCount(),
  };
}

function inTurn(gate: Gate, task: () => Promise<unknown>): Promise<unknown> {
  const running = gate.run(task);
  if (running !== undefined) return running;
  throw limitExceeded('too many slow calls wait already', 'try again later, or ask another node');
}

/** Values in the order of the description, from a list or by name. A call with too many or too few is told which. */
function paramsOf(
  { params }: ParsedCall,
  { params: expected }: MethodDescription,
): Result<readonly unknown[], RpcRefusal> {
  const named = Array.isArray(params) ? undefined : (params as Readonly<Record<string, unknown>>);
  const unknown =
    named === undefined ? undefined : Object.keys(named).find((key) => !expected.some(({ name }) => name === key));
  if (unknown !== undefined) return fail(invalidParams(`unknown parameter ${unknown.slice(0, 64)}`));
  const values = named === undefined ? (params as readonly unknown[]) : expected.map(({ name }) => named[name]);
  if (values.length > expected.length)
    return fail(invalidParams(`too many arguments, want at most ${expected.length}`));
  const missing = expected.findIndex(({ required }, index) => required && (values[index] ?? undefined) === undefined);
  if (missing >= 0)
    return fail(invalidParams(`missing value for required argument ${missing} (${expected[missing]?.name})`));
  return ok(values);
}

const methodNotFound = (name: string): RpcRefusal =>
  new RpcRefusal(RPC_CODES.methodNotFound, `the method ${name.slice(0, 100)} does not exist/is not available`);
const responseTooLarge = (): RpcRefusal =>
  new RpcRefusal(RPC_CODES.responseTooLarge, 'response too large', {
    code: 'RPC_RESPONSE_TOO_LARGE',
    remedy: 'ask in smaller parts',
  });
const timedOut = (afterMs: number): RpcRefusal =>
  new RpcRefusal(RPC_CODES.timeout, `request timed out after ${afterMs} ms`, {
    code: 'RPC_TIMEOUT',
    remedy: 'ask for less, or try later',
  });

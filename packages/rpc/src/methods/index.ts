import { assert } from '@hansa/primitives';
import { METHODS, type MethodDescription } from '@hansa/rpc-schema';
import type { MethodTable, RpcMethod } from '../method.ts';
import { CHAIN_METHODS } from './chain.ts';
import { CLIENT_METHODS } from './client.ts';
import { DEBUG_METHODS } from './debug.ts';
import { FILTER_METHODS } from './filters.ts';
import { HANSA_METHODS } from './hansa.ts';
import { SENDING_METHODS } from './sending.ts';
import { STATE_METHODS } from './state.ts';

export type DescribedMethod = RpcMethod & { readonly description: MethodDescription };

const HANDLERS: MethodTable = {
  ...CLIENT_METHODS,
  ...CHAIN_METHODS,
  ...STATE_METHODS,
  ...SENDING_METHODS,
  ...FILTER_METHODS,
  ...DEBUG_METHODS,
  ...HANSA_METHODS,
};

/** What is served is what is described: neither more nor less. @throws InvariantError otherwise */
export function createMethodMap(): ReadonlyMap<string, DescribedMethod> {
  const methods = new Map<string, DescribedMethod>();
  for (const description of METHODS) {
    const handler = HANDLERS[description.name];
    assert(handler !== undefined, `${description.name} is described but not served`);
    methods.set(description.name, { ...handler, description });
  }
  for (const name of Object.keys(HANDLERS)) assert(methods.has(name), `${name} is served but not described`);
  return methods;
}

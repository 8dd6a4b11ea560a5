import type { AddressHex } from '@hansa/primitives';
import type { AccountFacts, CallOutcome, CallRequest } from '../backend.ts';
import { toAccessListJson } from '../block-json.ts';
import { knownHeight } from '../block-reference.ts';
import { notSupported, RPC_CODES, RpcRefusal, refused, reverted } from '../errors.ts';
import { type MethodCall, type MethodTable, quick, slow } from '../method.ts';
import { addressOf, slotOf } from '../params.ts';
import { data, prefixed, quantity } from '../values.ts';
import { callRequestOf } from './call-request.ts';

async function accountAt(call: MethodCall, address: AddressHex, block: unknown): Promise<AccountFacts> {
  const account = await call.backend.account(address, knownHeight(block, call.backend));
  if (!account.ok) throw refused(account.error);
  return account.value;
}

async function balance(call: MethodCall, [address, block]: readonly unknown[]): Promise<string> {
  return quantity((await accountAt(call, addressOf(address, 'address'), block)).balance);
}

async function code(call: MethodCall, [address, block]: readonly unknown[]): Promise<string> {
  return data((await accountAt(call, addressOf(address, 'address'), block)).code);
}

async function transactionCount(call: MethodCall, [account, block]: readonly unknown[]): Promise<string> {
  const address = addressOf(account, 'address');
  if (block === 'pending') return quantity(call.backend.pendingNonce(address));
  return quantity((await accountAt(call, address, block)).nonce);
}

async function storageAt(call: MethodCall, [address, slot, block]: readonly unknown[]): Promise<string> {
  const height = knownHeight(block, call.backend);
  const value = await call.backend.storage(addressOf(address, 'address'), slotOf(slot, 'slot'), height);
  if (!value.ok) throw refused(value.error);
  return prefixed(value.value);
}

/** Failures that are no revert come as -32000 in the words of the EVM. */
function successOf(outcome: CallOutcome): Extract<CallOutcome, { type: 'success' }> {
  if (outcome.type === 'reverted') throw reverted(outcome.output);
  if (outcome.type === 'failed') throw new RpcRefusal(RPC_CODES.refused, outcome.message);
  return outcome;
}

async function run(
  call: MethodCall,
  [request, block, overrides]: readonly unknown[],
  kind: 'call' | 'estimateGas',
): Promise<Extract<CallOutcome, { type: 'success' }>> {
  const { backend, signal } = call;
  const parsed: CallRequest = callRequestOf(request, overrides, backend.chain.chainId);
  const result = await backend[kind](parsed, knownHeight(block, backend), signal);
  if (!result.ok) throw refused(result.error);
  return successOf(result.value);
}

async function accessList(call: MethodCall, [request, block]: readonly unknown[]): Promise<unknown> {
  const { backend, signal } = call;
  const parsed = callRequestOf(request, undefined, backend.chain.chainId);
  const result = await backend.createAccessList(parsed, knownHeight(block, backend), signal);
  if (!result.ok) throw refused(result.error);
  const { outcome, accessList: touched } = result.value;
  const answer = { accessList: toAccessListJson(touched), gasUsed: quantity(outcome.gasUsed) };
  if (outcome.type === 'success') return answer;
  return { ...answer, error: outcome.type === 'reverted' ? reverted(outcome.output).message : outcome.message };
}

export const STATE_METHODS: MethodTable = {
  eth_getBalance: quick((params, call) => balance(call, params)),
  eth_getStorageAt: quick((params, call) => storageAt(call, params)),
  eth_getTransactionCount: quick((params, call) => transactionCount(call, params)),
  eth_getCode: quick((params, call) => code(call, params)),
  eth_getProof: quick(() =>
    notSupported(
      "the state is not kept in Ethereum's Merkle Patricia trie, so that there is no proof of EIP-1186",
      'use hansa_getProof, and see docs/spec/state.md for how it is verified',
    ),
  ),
  eth_call: slow(async (params, call) => data((await run(call, params, 'call')).output)),
  eth_estimateGas: slow(async (params, call) => quantity((await run(call, params, 'estimateGas')).gasUsed)),
  eth_createAccessList: slow((params, call) => accessList(call, params)),
};

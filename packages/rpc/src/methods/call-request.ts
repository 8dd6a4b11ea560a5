import { type HashHex, ZERO_ADDRESS } from '@hansa/primitives';
import type { AccessListEntry } from '@hansa/protocol';
import { ACCESS_LIST_ENTRY_COUNT_MAX, ACCESS_LIST_KEY_COUNT_MAX } from '@hansa/protocol';
import type { AccountOverride, CallRequest } from '../backend.ts';
import { invalidParams } from '../errors.ts';
import {
  addressOf,
  bigintOf,
  bytesOf,
  hashOf,
  isAbsent,
  type JsonObject,
  listOf,
  objectOf,
  slotOf,
} from '../params.ts';

const OVERRIDE_COUNT_MAX = 1_000;
const OVERRIDE_SLOT_COUNT_MAX = 10_000;
const EMPTY: Uint8Array = new Uint8Array(0);

/** The object of eth_call and its like, with the third parameter's overrides. @throws RpcRefusal */
export function callRequestOf(value: unknown, overrides: unknown, chainId: number): CallRequest {
  const call = objectOf(value, 'call');
  const id = quantityIn(call, 'chainId');
  if (id !== undefined && id !== BigInt(chainId)) throw invalidParams(`chainId is ${id}, this is chain ${chainId}`);
  return {
    from: isAbsent(call['from']) ? ZERO_ADDRESS : addressOf(call['from'], 'from'),
    to: isAbsent(call['to']) ? undefined : addressOf(call['to'], 'to'),
    gas: quantityIn(call, 'gas'),
    ...pricesOf(call),
    value: quantityIn(call, 'value') ?? 0n,
    data: inputOf(call),
    accessList: isAbsent(call['accessList']) ? [] : accessListOf(call['accessList']),
    overrides: isAbsent(overrides) ? [] : overridesOf(overrides),
  };
}

const quantityIn = (call: JsonObject, name: string): bigint | undefined =>
  isAbsent(call[name]) ? undefined : bigintOf(call[name], name);

function pricesOf(call: JsonObject): Pick<CallRequest, 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas'> {
  const gasPrice = quantityIn(call, 'gasPrice');
  const maxFeePerGas = quantityIn(call, 'maxFeePerGas');
  const maxPriorityFeePerGas = quantityIn(call, 'maxPriorityFeePerGas');
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)) {
    throw invalidParams('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified');
  }
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined && maxPriorityFeePerGas > maxFeePerGas) {
    throw invalidParams(`maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`);
  }
  return { gasPrice, maxFeePerGas, maxPriorityFeePerGas };
}

function inputOf({ input, data }: JsonObject): Uint8Array {
  if (!isAbsent(input) && !isAbsent(data) && input !== data) {
    throw invalidParams('both "data" and "input" are set and not equal; use "input"');
  }
  const chosen = isAbsent(input) ? data : input;
  return isAbsent(chosen) ? EMPTY : bytesOf(chosen, 'input');
}

function accessListOf(value: unknown): readonly AccessListEntry[] {
  return listOf(value, 'accessList', ACCESS_LIST_ENTRY_COUNT_MAX).map((item) => {
    const { address, storageKeys } = objectOf(item, 'accessList entry');
    const keys = isAbsent(storageKeys) ? [] : listOf(storageKeys, 'storageKeys', ACCESS_LIST_KEY_COUNT_MAX);
    return {
      address: addressOf(address, 'accessList address'),
      storageKeys: keys.map((key) => hashOf(key, 'storageKeys')),
    };
  });
}

function overridesOf(value: unknown): readonly AccountOverride[] {
  const entries = Object.entries(objectOf(value, 'overrides'));
  if (entries.length > OVERRIDE_COUNT_MAX) {
    throw invalidParams(`overrides name ${entries.length} accounts, ${OVERRIDE_COUNT_MAX} are allowed`);
  }
  return entries.map(([address, item]) => {
    const override = objectOf(item, `override of ${address}`);
    return {
      address: addressOf(address, 'override'),
      balance: quantityIn(override, 'balance'),
      nonce: quantityIn(override, 'nonce'),
      code: isAbsent(override['code']) ? undefined : bytesOf(override['code'], 'code'),
      storage: storageOf(override),
    };
  });
}

function storageOf({ state, stateDiff }: JsonObject): AccountOverride['storage'] {
  if (!isAbsent(state) && !isAbsent(stateDiff)) throw invalidParams('an override has both state and stateDiff');
  if (isAbsent(state) && isAbsent(stateDiff)) return undefined;
  const replace = !isAbsent(state);
  const entries = Object.entries(objectOf(replace ? state : stateDiff, replace ? 'state' : 'stateDiff'));
  if (entries.length > OVERRIDE_SLOT_COUNT_MAX) {
    throw invalidParams(`an override names ${entries.length} slots, ${OVERRIDE_SLOT_COUNT_MAX} are allowed`);
  }
  const slots = entries.map(([slot, word]): readonly [HashHex, HashHex] => [
    slotOf(slot, 'override slot'),
    slotOf(word, 'override value'),
  ]);
  return { replace, slots };
}

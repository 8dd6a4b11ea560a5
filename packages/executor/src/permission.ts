import { callDenial, contractKey, encodeContractPolicy, isUnrestricted, NO_POLICY } from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import { isPrecompile } from './precompiles.ts';
import { isSystemAddress } from './system/index.ts';
import type { SystemState } from './system/types.ts';

type ContractCall = Parameters<typeof callDenial>[1];

/** Why a message may not run (spec GOV-64, GOV-65); undefined: it may. Neither system contracts nor precompiles can be frozen. */
export function contractDenial(state: SystemState, call: ContractCall): string | undefined {
  return isPrecompile(call.code) || isSystemAddress(call.code) ? undefined : callDenial(state, call);
}

/** Whether no message to this code is denied, until a system contract writes. */
export function isFreeToCall(state: SystemState, code: AddressHex): boolean {
  return isUnrestricted(state, code);
}

/** spec GOV-60: who sends the transaction is the admin of what it creates. */
export function recordCreation(state: SystemState, contract: AddressHex, admin: AddressHex): void {
  state.set(contractKey(contract), encodeContractPolicy({ ...NO_POLICY, admin }));
}

import { type AddressHex, bytesToHex } from '@hansa/primitives';
import { encodeAbi, selectorOf } from '../abi.ts';
import { systemConfig } from './1000-system-config.ts';
import { tableManager } from './1002-table-manager.ts';
import { consensusContract } from './1003-consensus.ts';
import { authContract } from './1005-auth.ts';
import { kvTables } from './1009-kv-tables.ts';
import { committeeContract } from './10001-committee.ts';
import { accountsContract } from './10003-accounts.ts';
import { invitesContract } from './10004-invites.ts';
import { successionContract } from './10005-succession.ts';
import { committeeView, proposalsView } from './committee-views.ts';
import {
  INPUT_BYTE_GAS,
  READ_GAS,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  type SystemOutcome,
} from './types.ts';

/** Every system contract: one row an address. */
export const SYSTEM_CONTRACTS: readonly SystemContract[] = [
  systemConfig,
  consensusContract,
  authContract,
  committeeContract,
  accountsContract,
  invitesContract,
  successionContract,
  committeeView,
  proposalsView,
  tableManager,
  kvTables,
];

/** One byte of code, so that callers which check for code before a call find some. */
export const SYSTEM_CODE: Uint8Array = Uint8Array.of(0xfe);

export type SystemResult = { readonly gasUsed: bigint; readonly isOutOfGas: boolean; readonly outcome: SystemOutcome };

const TABLE: Map<AddressHex, Map<string, SystemFunction>> = new Map();

/** Functions by selector; made on first use, since hashing needs an initialised engine. */
function functionsOf(address: AddressHex): Map<string, SystemFunction> | undefined {
  if (TABLE.size === 0) {
    for (const contract of SYSTEM_CONTRACTS) {
      TABLE.set(contract.address, new Map(contract.functions.map((entry) => [selectorOf(entry.signature), entry])));
    }
  }
  return TABLE.get(address);
}

export { isSystemAddress } from './addresses.ts';

/** Runs a call to a system contract (EXE-30, EXE-31). Gas is charged before anything is read. */
export function runSystemContract(address: AddressHex, call: SystemCall, gasLimit: bigint): SystemResult {
  const entry = functionsOf(address)?.get(bytesToHex(call.data.subarray(0, 4)));
  const gasUsed = (entry?.gas ?? READ_GAS) + BigInt(call.data.length) * (entry?.inputByteGas ?? INPUT_BYTE_GAS);
  if (gasUsed > gasLimit)
    return { gasUsed: gasLimit, isOutOfGas: true, outcome: { type: 'revert', reason: 'out of gas' } };
  const revert = (reason: string): SystemResult => ({
    gasUsed,
    isOutOfGas: false,
    outcome: { type: 'revert', reason },
  });
  if (entry === undefined) return revert('undefined function');
  if (call.value > 0n) return revert('a system contract takes no value');
  if (call.isStatic && !entry.isView) return revert('a static call cannot change members or parameters');
  return { gasUsed, isOutOfGas: false, outcome: entry.run(call, call.data.subarray(4)) };
}

/** `Error(string)` as Solidity encodes it. */
export function encodeRevert(reason: string): Uint8Array {
  const body = encodeAbi(['string'], [reason]);
  const output = new Uint8Array(4 + body.length);
  output.set([0x08, 0xc3, 0x79, 0xa0]);
  output.set(body, 4);
  return output;
}

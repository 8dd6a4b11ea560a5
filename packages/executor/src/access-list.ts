import type { AccessListEntry } from '@hansa/protocol';
import { mergeAccessLists } from './access-entries.ts';
import { type CallInput, type PreparedCall, prepareCall, runPrepared, wordOf } from './call.ts';

export type AccessListOutcome =
  | {
      readonly type: 'success';
      readonly accessList: readonly AccessListEntry[];
      readonly gasUsed: bigint;
      /** Set when the message fails even so. */
      readonly error?: string;
    }
  | { readonly type: 'failed'; readonly message: string };

/** A list may change what a contract does (it sees gas); more rounds than this hardly help. */
const ROUNDS_MAX = 8;

/** What a message reads beyond its sender, its target and the precompiles, as an access list (EIP-2930). */
export async function createAccessList(input: CallInput): Promise<AccessListOutcome> {
  const prepared = prepareCall(input);
  if (!prepared.ok) return { type: 'failed', message: prepared.message };
  let call: PreparedCall = prepared.call;
  for (let round = 1; ; round++) {
    const accessed: AccessListEntry[] = [];
    const run = await runPrepared(call, call.gasLimit, { onAccess: (list) => accessed.push(...list) });
    if (run.type === 'refused') return { type: 'failed', message: run.message };
    const accessList = mergeAccessLists(call.accessList, accessed);
    if (round === ROUNDS_MAX || isSameSize(accessList, call.accessList)) {
      const { gasUsed, result } = run.applied;
      const error = result.error === undefined ? {} : { error: wordOf(result.error) };
      return { type: 'success', accessList, gasUsed, ...error };
    }
    call = { ...call, accessList };
  }
}

/** Lists only grow: equal counts mean equal lists. */
function isSameSize(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  return sizeOf(a) === sizeOf(b);
}

const sizeOf = (list: readonly AccessListEntry[]): number =>
  list.reduce((sum, entry) => sum + 1 + entry.storageKeys.length, 0);

import { assert, type ValidatorIndex, type View } from '@hansa/primitives';
import type { TermInfo } from '@hansa/protocol';

/** View v of a term is led by `primaryOrder[v mod count]`; the order itself is computed from final headers (spec PBFT-T2). */
export function primaryOf(term: TermInfo, view: View): ValidatorIndex {
  const primary = term.primaryOrder[view % term.primaryOrder.length];
  assert(primary !== undefined, `the order of primaries of term ${term.term} must not be empty`);
  return primary;
}

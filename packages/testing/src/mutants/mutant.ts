import type { Patch } from './patched-program.ts';

/** A deliberate fault, and the rule that it breaks. */
export type Mutant = {
  readonly name: string;
  /** Of docs/spec/pbft.md (N2, V8 …) or docs/spec/vote-store.md (VS-3 …). */
  readonly rule: string;
  readonly patches: readonly Patch[];
  /** Why nothing kills it: a hole that is known. */
  readonly hole?: string;
};

/** One text of one file. */
export function inFile(file: string, find: string, replace: string): Patch {
  return { file, find, replace };
}

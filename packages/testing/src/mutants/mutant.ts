import type { Patch } from './patched-program.ts';

/** A deliberate fault, and the rule that it breaks. */
export type Mutant = {
  readonly name: string;
  /** Of docs/spec: pbft (N2, V8 …), vote-store (VS-3 …), or with the name of its page (EXE-11, MEM-21 …). */
  readonly rule: string;
  readonly patches: readonly Patch[];
  /**
   * Packages whose tests judge it, and after them seeds of whole nodes. Without it: scenario files and tests of
   * consensus, and seeds of the core.
   */
  readonly packages?: readonly string[];
  /** Why nothing kills it: a hole that is known. */
  readonly hole?: string;
};

/** One text of one file. */
export function inFile(file: string, find: string, replace: string): Patch {
  return { file, find, replace };
}

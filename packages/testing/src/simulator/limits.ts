/** What is left of a run that a seed draws: a failing one is made smaller by leaving things out. */
export type RunLimits = {
  /** Numbers of the drawn faults that happen, from 0; all of them when it is missing. */
  readonly faults?: readonly number[];
  /** Indices of the members that lie; all that were drawn when it is missing. */
  readonly liars?: readonly number[];
  /** Length of the chaos instead of `CHAOS_MS`. */
  readonly chaosMs?: number;
};

export const CHAOS_MS = 28_000;

/** The options of the command line that give the same limits. */
export function describeLimits({ faults, liars, chaosMs }: RunLimits): string {
  const list = (numbers: readonly number[]): string => (numbers.length === 0 ? 'none' : numbers.join());
  return [
    faults === undefined ? '' : ` --faults ${list(faults)}`,
    liars === undefined ? '' : ` --liars ${list(liars)}`,
    chaosMs === undefined ? '' : ` --chaos ${chaosMs}`,
  ].join('');
}

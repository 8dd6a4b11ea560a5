/** What a checker found. */
export type CheckerName =
  | 'order'
  | 'agreement'
  | 'views'
  | 'single vote'
  | 'durable before sent'
  | 'restored'
  | 'chain'
  | 'validity'
  | 'truth'
  | 'liveness'
  | 'bounded'
  | 'quiet'
  | 'busy'
  | 'report'
  | 'exception';

export type Violation = { readonly checker: CheckerName; readonly detail: string; readonly atMs: number };

/** Thrown by a checker: the run is over. */
export class RunEnded extends Error {}

/** Notes a violation and ends the run. */
export type Fail = (checker: CheckerName, detail: string) => never;

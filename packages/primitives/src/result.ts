/** A value or a reason. Peer data that is wrong comes back as `error`, it never throws. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** What went wrong, for people and for programs. `code` is a `PACKAGE_REASON` literal; never parse `message`. */
export type Failure<Code extends string = string> = {
  readonly code: Code;
  /** What happened, with the values that matter. */
  readonly message: string;
  /** What the person who sees it can do, when there is something to do. */
  readonly remedy?: string;
};

/** An operating failure (disk, socket, configuration) with code, cause and remedy. */
export class ChainError<Code extends string = string> extends Error {
  override readonly name: string = 'ChainError';
  readonly code: Code;
  readonly remedy: string | undefined;

  constructor(failure: Failure<Code>, options: { readonly cause?: unknown } = {}) {
    super(failure.message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = failure.code;
    this.remedy = failure.remedy;
  }
}

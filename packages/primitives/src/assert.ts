/** A broken invariant: a programmer error. The process must not go on after one. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError';
}

/**
 * Stops on a broken invariant, in production too. Never for peer data.
 * @param message says what was expected and what was got
 * @throws InvariantError
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Closes an exhaustive `switch`; the compiler refuses a variant that is not handled. */
export function assertNever(value: never): never {
  throw new InvariantError(`unreachable variant: ${String((value as { type?: unknown })?.type ?? value)}`);
}

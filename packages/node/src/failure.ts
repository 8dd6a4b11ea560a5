import { ChainError } from '@hansa/primitives';

/** An error as a person or a program reads it. */
export type PlainFailure = {
  readonly code: string;
  readonly message: string;
  readonly cause?: string;
  readonly remedy?: string;
};

/** What is known of anything that was thrown. */
export function toFailure(error: unknown): PlainFailure {
  if (error instanceof ChainError) {
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    return {
      code: error.code,
      message: error.message,
      ...(cause === undefined ? {} : { cause }),
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    };
  }
  const plain = error instanceof Error ? error : new Error(String(error));
  const where = plain.stack
    ?.split('\n')
    .slice(1, 4)
    .map((line) => line.trim())
    .join(' < ');
  return {
    code: 'NODE_UNEXPECTED',
    message: plain.message,
    cause: where ?? 'unknown',
    remedy: 'this is a fault of the program: please report it with the lines above',
  };
}

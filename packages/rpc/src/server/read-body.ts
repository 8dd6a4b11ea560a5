import type { Readable } from 'node:stream';
import type { Budget } from '../budget.ts';

/** Why a body was not read; the HTTP status tells the client. */
export class BodyRefusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: 400 | 413 | 503) {
    super(`body refused with status ${statusCode}`);
    this.statusCode = statusCode;
  }
}

export type ReadBodyOptions = {
  readonly sizeMax: number;
  /** As the client announced it, when it did. */
  readonly announcedSize: number | undefined;
  readonly budget: Budget;
};

export type ReadBody = { readonly text: string; readonly sizeBytes: number };

/**
 * Reads a body to its end. What it holds is taken from the budget as it comes, and stays taken: the caller gives back
 * `sizeBytes`. @throws BodyRefusal, then nothing is taken
 */
export function readBody(stream: Readable, { sizeMax, announcedSize, budget }: ReadBodyOptions): Promise<ReadBody> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    const end = (): void => {
      stream.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const refuse = (status: 400 | 413 | 503): void => {
      end();
      budget.give(sizeBytes);
      // What still comes is read and dropped, until the connection is closed after the answer.
      stream.on('error', () => undefined).resume();
      reject(new BodyRefusal(status));
    };
    const onData = (chunk: Uint8Array): void => {
      if (sizeBytes + chunk.length > sizeMax) refuse(413);
      else if (!budget.take(chunk.length)) refuse(503);
      else {
        sizeBytes += chunk.length;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => {
      end();
      resolve({ text: Buffer.concat(chunks).toString('utf8'), sizeBytes });
    };
    const onClose = (): void => refuse(400);
    if (announcedSize !== undefined && announcedSize > sizeMax) refuse(413);
    else stream.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

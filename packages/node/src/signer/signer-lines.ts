/** What node and signer say to each other: JSON, one object a line (docs/spec/signer.md, SGN-3). */
import { PBFT_MESSAGE_SIZE_MAX, TX_SIZE_MAX } from '@hansa/protocol';
import { z } from 'zod';
import type { SignerMark } from '../consensus/vote-record.ts';

export const SIGNER_VERSION = 1;
export const LINE_SIZE_MAX: number = 4 * 1024 * 1024;
export const VOTES_PER_REQUEST_MAX = 256;
export const OPEN_REQUESTS_MAX = 16;

/** Bytes are lower-case hex without 0x, `nonce` and `gasLimit` decimal numbers. */
export type SignerRequest = { readonly id: number } & (
  | { readonly type: 'hello'; readonly version: number; readonly genesisHash: string; readonly instance: string }
  | {
      readonly type: 'votes';
      readonly final: { readonly height: number; readonly proposalDigest: string };
      /** FMT-60 with a signature of zeros and no certificate; the parent of a PREPARE. */
      readonly votes: readonly { readonly message: string; readonly parent: string | null }[];
    }
  | { readonly type: 'incarnation'; readonly incarnation: number; readonly instance: string }
  | { readonly type: 'identity'; readonly staticKey: string }
  | {
      readonly type: 'transaction';
      readonly chainId: number;
      readonly nonce: string;
      readonly gasLimit: string;
      readonly to: string;
      readonly data: string;
    }
);
type RefusalLine = { readonly code: string; readonly message: string };
export type SignerAnswer = { readonly id: number; readonly ok?: unknown; readonly error?: RefusalLine | undefined };
export type HelloAnswer = { readonly nodeId: string; readonly mark: SignerMark };
export type VotesAnswer = {
  readonly signatures: readonly (string | null)[];
  readonly refused: readonly RefusalLine[];
  readonly mark: SignerMark;
};

const hex = (size: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * size}}$`));
const bytes = (sizeMax: number): z.ZodString =>
  z
    .string()
    .max(2 * sizeMax)
    .regex(/^([0-9a-f]{2})*$/);
const natural = z.int().min(0);
const decimal = z.string().regex(/^[0-9]{1,20}$/);
const mark = z.strictObject({ id: hex(16), sequence: natural });

const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({
    id: natural,
    type: z.literal('hello'),
    version: natural,
    genesisHash: hex(32),
    instance: hex(16),
  }),
  z.strictObject({
    id: natural,
    type: z.literal('votes'),
    final: z.strictObject({ height: natural, proposalDigest: hex(32) }),
    votes: z
      .array(z.strictObject({ message: bytes(PBFT_MESSAGE_SIZE_MAX), parent: hex(32).nullable() }))
      .min(1)
      .max(VOTES_PER_REQUEST_MAX),
  }),
  z.strictObject({ id: natural, type: z.literal('incarnation'), incarnation: natural, instance: hex(16) }),
  z.strictObject({ id: natural, type: z.literal('identity'), staticKey: hex(32) }),
  z.strictObject({
    id: natural,
    type: z.literal('transaction'),
    chainId: natural,
    nonce: decimal,
    gasLimit: decimal,
    to: hex(20),
    data: bytes(TX_SIZE_MAX),
  }),
]);

const okSchemas = {
  hello: z.object({ nodeId: hex(64), mark }),
  votes: z.object({
    signatures: z.array(hex(64).nullable()).max(VOTES_PER_REQUEST_MAX),
    refused: z.array(z.object({ code: z.string().max(64), message: z.string().max(256) })),
    mark,
  }),
  signature: z.object({ signature: hex(64) }),
  transaction: z.object({ raw: bytes(TX_SIZE_MAX) }),
};
const answerSchema = z.object({
  id: natural,
  ok: z.unknown().optional(),
  error: z.object({ code: z.string().max(64), message: z.string().max(512) }).optional(),
});

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type UnnumberedRequest = DistributiveOmit<SignerRequest, 'id'>;

export const decodeRequest = (line: string): SignerRequest | undefined =>
  decode<SignerRequest>(requestSchema, parseJson(line));
export const decodeAnswer = (line: string): SignerAnswer | undefined =>
  decode<SignerAnswer>(answerSchema, parseJson(line));
export const decodeHello = (ok: unknown): HelloAnswer | undefined => decode<HelloAnswer>(okSchemas.hello, ok);
export const decodeVotes = (ok: unknown): VotesAnswer | undefined => decode<VotesAnswer>(okSchemas.votes, ok);
export const decodeSignature = (ok: unknown): string | undefined => decode(okSchemas.signature, ok)?.signature;
export const decodeTransactionAnswer = (ok: unknown): string | undefined => decode(okSchemas.transaction, ok)?.raw;

/** Lines of a stream; whoever reads them slowly is sent no more. Throws on a line that is too long. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      open.push(chunk.subarray(from, end));
      yield decoder.decode(joined(open));
      open = [];
      size = 0;
      from = end + 1;
    }
    open.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LINE_SIZE_MAX) throw new RangeError(`a line of more than ${LINE_SIZE_MAX} bytes`);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function decode<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

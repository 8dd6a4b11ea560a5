/** The node's side of a signer: connects, asks, measures, and says when it is away (docs/spec/signer.md, SGN-10, SGN-11). */
import { connect, type Socket } from 'node:net';
import type { IdentitySigner } from '@hansa/network';
import { bytesToHex, ChainError, fromHex, type HashHex, type NodeId, toNodeId } from '@hansa/primitives';
import { encodePbftMessage, type PbftMessage } from '@hansa/protocol';
import type { SigningRequest } from '../consensus/ports.ts';
import type { SignerMark } from '../consensus/vote-record.ts';
import type { NodeErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { AccountTransaction, NodeKey, SignerTrouble } from '../node-key.ts';
import {
  decodeAnswer,
  decodeHello,
  decodeSignature,
  decodeTransactionAnswer,
  decodeVotes,
  type HelloAnswer,
  LINE_SIZE_MAX,
  OPEN_REQUESTS_MAX,
  readLines,
  SIGNER_VERSION,
  type SignerAnswer,
  type UnnumberedRequest,
  VOTES_PER_REQUEST_MAX,
} from './signer-lines.ts';

/** Longer than any disk that works needs for one sync. */
const ANSWER_MS_MAX = 2_000;
const RECONNECT_MS = 500;
const START_MS_MAX = 10_000;
/** The session of a process that was killed ends at once; one that lasts is another node's. */
const BUSY_MS_MAX = 2_000;
const NO_SIGNATURE: Uint8Array = new Uint8Array(64);

export type RemoteKeyOptions = {
  readonly socket: string;
  readonly genesisHash: HashHex;
  /** Of this process, 16 bytes in hex. */
  readonly instance: string;
  /** How long a start waits for the signer. */
  readonly startMsMax?: number;
};
export type RemoteKeyDependencies = {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly monotonicMs: () => number;
};

type Done = (answer: SignerAnswer | undefined) => void;
type Session = {
  readonly socket: Socket;
  readonly open: Map<number, { readonly done: Done; readonly timer: NodeJS.Timeout }>;
};

const REMEDIES: Readonly<Record<string, string>> = {
  SIGNER_UNREACHABLE: 'start it: hansa signer --dir DIR; [signer] socket in hansa.toml must name its socket',
  SIGNER_BUSY: 'stop the other process of this node; a signer serves one',
  SIGNER_OTHER_CHAIN: 'use the signer of this chain; one key signs for one chain',
  SIGNER_OTHER_KEY: 'restart this node: its signer holds another key than at the start',
  SIGNER_RECORD_OLD:
    'the record of the signer was lost or restored from a backup: stop the node, and start it by `hansa start --rebuild`',
};
const remedyOf = (code: string): string => REMEDIES[code] ?? 'see the log of the signer';

/**
 * Connects, and waits until the signer serves this node.
 * @throws ChainError SIGNER_UNREACHABLE, SIGNER_BUSY, SIGNER_OTHER_CHAIN
 */
export async function connectRemoteKey(
  options: RemoteKeyOptions,
  dependencies: RemoteKeyDependencies,
): Promise<NodeKey> {
  const key = new RemoteKey(options, dependencies);
  await key.start();
  return key;
}

class RemoteKey implements NodeKey {
  readonly identity: IdentitySigner;
  readonly votes: NodeKey['votes'];
  readonly #options: RemoteKeyOptions;
  readonly #dependencies: RemoteKeyDependencies;
  readonly #counts = { signed: 0, refused: 0, lost: 0, requests: 0, microseconds: 0 };
  #nodeId: NodeId | undefined;
  #session: Session | undefined;
  /** The signer has said its hello, and may be asked. */
  #isServed = false;
  #trouble: SignerTrouble | undefined = troubleOf('SIGNER_UNREACHABLE', 'the signer has not been reached yet');
  #mark: SignerMark | undefined;
  #nextId = 1;
  #isStopped = false;
  #reconnect: NodeJS.Timeout | undefined;
  #onSettled: () => void = () => undefined;

  constructor(options: RemoteKeyOptions, dependencies: RemoteKeyDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const owner = this;
    this.identity = {
      get nodeId() {
        return owner.nodeId;
      },
      signStaticKey: (staticKey) => this.#signStaticKey(staticKey),
    };
    this.votes = {
      signVotes: (request, done) => this.#signVotes(request, done),
      signIncarnation: ({ incarnation, instance }, done) =>
        this.#ask({ type: 'incarnation', incarnation, instance }, (answer) => {
          const signature = decodeSignature(answer?.ok);
          done(signature === undefined ? undefined : fromHex(signature));
        }),
      mark: () => this.#mark,
    };
  }

  get nodeId(): NodeId {
    if (this.#nodeId === undefined) throw new TypeError('the signer has not said yet whose key it holds');
    return this.#nodeId;
  }

  async start(): Promise<void> {
    const startedMs = this.#dependencies.monotonicMs();
    const limitMs = (): number => {
      const limit = this.#options.startMsMax ?? START_MS_MAX;
      return this.#trouble?.code === 'SIGNER_BUSY' ? Math.min(limit, BUSY_MS_MAX) : limit;
    };
    this.#connect();
    while (!this.#isServed && this.#dependencies.monotonicMs() - startedMs < limitMs()) {
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
      });
      if (this.#trouble !== undefined && this.#trouble.code === 'SIGNER_OTHER_CHAIN') break;
    }
    if (this.#isServed) return;
    this.stop();
    const { code, message, remedy } = this.#trouble ?? troubleOf('SIGNER_UNREACHABLE', 'the signer does not answer');
    throw new ChainError<NodeErrorCode>({ code: code as NodeErrorCode, message, remedy });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#reconnect);
    this.#drop(undefined);
  }

  trouble(): SignerTrouble | undefined {
    return this.#trouble;
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }

  expectMark(mark: SignerMark | undefined): void {
    if (mark === undefined || this.#mark === undefined || !isOlder(this.#mark, mark)) return;
    throw new ChainError<NodeErrorCode>({
      code: 'SIGNER_RECORD_OLD',
      message: oldRecord(this.#mark, mark),
      remedy: remedyOf('SIGNER_RECORD_OLD'),
    });
  }

  signTransaction(transaction: AccountTransaction, done: (raw: Uint8Array | undefined) => void): void {
    const { chainId, nonce, gasLimit, to, data } = transaction;
    const request = { nonce: String(nonce), gasLimit: String(gasLimit), data: bytesToHex(data) };
    this.#ask({ type: 'transaction', chainId, to, ...request }, (answer) => {
      const raw = decodeTransactionAnswer(answer?.ok);
      done(raw === undefined ? undefined : fromHex(raw));
    });
  }

  /** Refuses when the signer is away: the connection fails, and is tried again. */
  #signStaticKey(staticKey: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#ask({ type: 'identity', staticKey: bytesToHex(staticKey) }, (answer) => {
        const signature = decodeSignature(answer?.ok);
        if (signature === undefined) reject(new Error('the signer did not prove the identity of this node'));
        else resolve(fromHex(signature));
      });
    });
  }

  #signVotes({ final, votes }: SigningRequest, done: (signatures: readonly (Uint8Array | undefined)[]) => void): void {
    const parts = partsOf(votes);
    const signatures: (Uint8Array | undefined)[] = [];
    const next = (): void => {
      const part = parts.shift();
      if (part === undefined) done(signatures);
      else
        this.#signPart(final, part, (signed) => {
          signatures.push(...signed);
          next();
        });
    };
    next();
  }

  #signPart(
    { height, proposalDigest }: SigningRequest['final'],
    part: readonly EncodedVote[],
    done: (signatures: readonly (Uint8Array | undefined)[]) => void,
  ): void {
    const votes = part.map(({ message, parent }) => ({ message, parent }));
    this.#ask({ type: 'votes', final: { height, proposalDigest }, votes }, (answer) => {
      const decoded = decodeVotes(answer?.ok);
      if (decoded === undefined || decoded.signatures.length !== votes.length) {
        this.#counts.lost += votes.length;
        done(votes.map(() => undefined));
        return;
      }
      this.#mark = decoded.mark;
      this.#counts.signed += votes.length - decoded.refused.length;
      this.#counts.refused += decoded.refused.length;
      // What is late only, contradicts nothing that this node should know.
      const refusal = decoded.refused.find(({ code }) => code !== 'SIGNER_TOO_OLD');
      const isAnyVote = part.some(({ isSlot }, index) => isSlot && decoded.signatures[index] !== null);
      this.#noteRefusal(refusal, isAnyVote);
      done(decoded.signatures.map((signature) => (signature === null ? undefined : fromHex(signature))));
    });
  }

  #noteRefusal(refusal: { readonly code: string; readonly message: string } | undefined, isAnySigned: boolean): void {
    if (refusal !== undefined) {
      const { code, message } = refusal;
      if (this.#trouble?.code !== code)
        this.#dependencies.logger.warn(`the signer refuses a vote: ${message}`, { code });
      this.#trouble = troubleOf(code, `the signer refuses votes: ${message}`);
    } else if (isAnySigned) this.#trouble = undefined;
  }

  #ask(request: UnnumberedRequest, done: Done): void {
    const session = this.#session;
    const isHello = request.type === 'hello';
    if (session === undefined || (!this.#isServed && !isHello) || session.open.size >= OPEN_REQUESTS_MAX) {
      done(undefined);
      return;
    }
    const id = this.#nextId++;
    const startedMs = this.#dependencies.monotonicMs();
    const timer = setTimeout(
      () => this.#drop(troubleOf('SIGNER_UNREACHABLE', 'the signer does not answer')),
      ANSWER_MS_MAX,
    );
    session.open.set(id, {
      timer,
      done: (answer) => {
        clearTimeout(timer);
        if (answer !== undefined) {
          this.#counts.requests++;
          this.#counts.microseconds += Math.round((this.#dependencies.monotonicMs() - startedMs) * 1_000);
        }
        done(answer);
      },
    });
    session.socket.write(`${JSON.stringify({ id, ...request })}\n`);
  }

  #connect(): void {
    if (this.#isStopped) return;
    const socket = connect(this.#options.socket);
    const session: Session = { socket, open: new Map() };
    this.#session = session;
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#onClosed(session, `the signer at ${this.#options.socket} is away (${error.code ?? error.message})`),
    );
    socket.once('close', () => this.#onClosed(session, `the signer at ${this.#options.socket} is away`));
    socket.once('connect', () => {
      const { genesisHash, instance } = this.#options;
      this.#ask({ type: 'hello', version: SIGNER_VERSION, genesisHash, instance }, (answer) => this.#onHello(answer));
    });
    void this.#read(session);
  }

  async #read(session: Session): Promise<void> {
    try {
      for await (const line of readLines(session.socket)) {
        const answer = decodeAnswer(line);
        const waiting = answer === undefined ? undefined : session.open.get(answer.id);
        if (answer === undefined || waiting === undefined) break;
        session.open.delete(answer.id);
        waiting.done(answer);
      }
    } catch {
      // How a connection ends is told by its events.
    }
    session.socket.destroy();
  }

  #onHello(answer: SignerAnswer | undefined): void {
    if (answer === undefined) return;
    const hello = decodeHello(answer.ok);
    if (hello === undefined) {
      const { code = 'SIGNER_UNREACHABLE', message = 'what answers at the socket is no signer' } = answer.error ?? {};
      this.#drop(troubleOf(code, message));
      return;
    }
    const fault = this.#helloFault(hello);
    if (fault !== undefined) {
      this.#drop(fault);
      return;
    }
    this.#nodeId ??= toNodeId(hello.nodeId);
    this.#mark = hello.mark;
    this.#isServed = true;
    this.#trouble = undefined;
    this.#dependencies.logger.info('the signer serves this node');
    this.#onSettled();
  }

  #helloFault({ nodeId, mark }: HelloAnswer): SignerTrouble | undefined {
    if (this.#nodeId !== undefined && nodeId !== this.#nodeId) {
      return troubleOf('SIGNER_OTHER_KEY', 'the signer holds the key of another node now');
    }
    if (this.#mark === undefined || !isOlder(mark, this.#mark)) return undefined;
    return troubleOf('SIGNER_RECORD_OLD', oldRecord(mark, this.#mark));
  }

  #onClosed(session: Session, message: string): void {
    if (this.#session === session) this.#drop(troubleOf('SIGNER_UNREACHABLE', message));
  }

  /** Ends the session; what was asked has no answer. */
  #drop(trouble: SignerTrouble | undefined): void {
    const session = this.#session;
    const wasServed = this.#isServed;
    this.#session = undefined;
    this.#isServed = false;
    if (trouble !== undefined) {
      if (wasServed || this.#trouble?.code !== trouble.code) {
        this.#dependencies.logger.warn(trouble.message, { code: trouble.code, remedy: trouble.remedy });
      }
      this.#trouble = trouble;
    }
    session?.socket.destroy();
    for (const { done, timer } of session?.open.values() ?? []) {
      clearTimeout(timer);
      done(undefined);
    }
    this.#onSettled();
    if (this.#isStopped) return;
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(() => this.#connect(), RECONNECT_MS);
  }
}

type EncodedVote = { readonly message: string; readonly parent: string | null; readonly isSlot: boolean };

/** What fits into one line each: PROPOSALs are large. */
function partsOf(votes: SigningRequest['votes']): EncodedVote[][] {
  const parts: EncodedVote[][] = [];
  let size = 0;
  for (const { vote, parent = null } of votes) {
    const message = bytesToHex(encodePbftMessage(unsignedBytes(vote)));
    size += message.length;
    const last = parts.at(-1);
    const encoded = { message, parent, isSlot: vote.type !== 'status' && vote.type !== 'suspect' };
    if (last !== undefined && last.length < VOTES_PER_REQUEST_MAX && size <= LINE_SIZE_MAX / 2) last.push(encoded);
    else {
      parts.push([encoded]);
      size = message.length;
    }
  }
  return parts;
}

/** The signature is no part of what is signed, nor is the certificate that comes behind it. */
function unsignedBytes(vote: SigningRequest['votes'][number]['vote']): PbftMessage {
  const message = { ...vote, signature: NO_SIGNATURE } as PbftMessage;
  if (message.type !== 'view-change' && message.type !== 'new-view') return message;
  return { ...message, certificate: undefined };
}

/** spec SGN-10. */
const isOlder = (mark: SignerMark, known: SignerMark): boolean =>
  mark.id !== known.id || mark.sequence < known.sequence;

function oldRecord(mark: SignerMark, known: SignerMark): string {
  return mark.id === known.id
    ? `the record of the signer ends at batch ${mark.sequence}, and this node has seen batch ${known.sequence}`
    : 'the signer has another record than the one that this node knows';
}

const troubleOf = (code: string, message: string): SignerTrouble => ({ code, message, remedy: remedyOf(code) });

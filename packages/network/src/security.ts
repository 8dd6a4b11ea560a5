import { noise } from '@chainsafe/libp2p-noise';
import { asciiBytes } from '@hansa/primitives';
import type {
  ConnectionEncrypter,
  ConnectionProtector,
  MessageStream,
  PeerId,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMessageEvent,
} from '@libp2p/interface';
import { closeSoftly } from './close-softly.ts';
import { codeOfReason, reasonOfCode } from './control-frames.ts';
import type { Door } from './door.ts';
import type { NetworkLimits } from './limits.ts';
import {
  checkPreamble,
  encodePreamble,
  encodePrologue,
  type Mismatch,
  mayBePreamble,
  type NetworkName,
  PREAMBLE_SIZE,
} from './preamble.ts';
import { type ReadFailure, readExactly } from './read-exactly.ts';

export type SecurityOptions = {
  readonly name: NetworkName;
  readonly limits: NetworkLimits;
  /** Why this peer must not connect, undefined when it may. Asked after it has proven its key. */
  readonly refusal: (peer: PeerId) => Mismatch | undefined;
  /** Why the connection is about to be refused, by us or by them. `peer` is known after noise only. */
  readonly onRefusal: (connection: MessageStream, refusal: Mismatch, peer: PeerId | undefined) => void;
  /** Serves newcomers with an invite; without it they are refused like everybody (spec JOIN-20). */
  readonly door?: Door | undefined;
  /** This side is a newcomer: what it says and hears on each connection that it dials, before that ends. */
  readonly visit?: ((connection: MessageStream) => Promise<void>) | undefined;
};

/** NET-5: multistream-select 1.0 choosing noise, as a dialer sends it: each word with its length and a newline. */
const NEGOTIATION: Uint8Array = asciiBytes('\x13/multistream/1.0.0\n\x07/noise\n');
const ANSWER_SIZE_MAX = 1024;
const answerLimits = new WeakMap<MessageStream, () => void>();
const newcomers = new WeakSet<MessageStream>();

/**
 * NET-3: the preamble. It runs in libp2p's slot for private networks, before anything is negotiated, so that both
 * sides can say in words that the other is on another chain; inside noise they would only see a failed decryption.
 */
export function createPreambleProtector(options: SecurityOptions): ConnectionProtector {
  const own = encodePreamble(options.name, options.visit === undefined ? 'node' : 'newcomer');
  return {
    async protect(connection: MessageStream): Promise<MessageStream> {
      connection.send(own);
      const refusal = (await checkFirstWord(connection, options)) ?? (await checkNegotiation(connection, options));
      if (refusal === undefined) return connection;
      options.onRefusal(connection, refusal, undefined);
      // Whoever sent a whole preamble may read ours, and learns from it why.
      if (refusal.reason !== 'garbage') await closeSoftly(connection);
      throw new RefusedError(refusal);
    },
  };
}

async function checkFirstWord(connection: MessageStream, options: SecurityOptions): Promise<Mismatch | undefined> {
  const bytes = await readExactly(connection, PREAMBLE_SIZE, {
    timeoutMs: options.limits.preambleTimeoutMs,
    accepts: mayBePreamble,
  });
  if (!(bytes instanceof Uint8Array)) return missingBytes(bytes);
  const checked = checkPreamble(bytes, options.name);
  if (!checked.ok) return checked.error;
  if (checked.value === 'node') return undefined;
  if (connection.direction === 'outbound' || options.door === undefined) return missingBytes('refused');
  newcomers.add(connection);
  return undefined;
}

/**
 * NET-5: a dialer's next bytes are always the same. libp2p's own reader of this negotiation takes a stranger's bytes
 * one at a time and without end (500 kB of them cost five seconds of CPU), so it only gets to see the right ones.
 * A listener's answer is held to a size instead, since it comes when libp2p has asked for it.
 */
async function checkNegotiation(connection: MessageStream, options: SecurityOptions): Promise<Mismatch | undefined> {
  if (connection.direction === 'outbound') {
    limitAnswer(connection);
    return undefined;
  }
  const bytes = await readExactly(connection, NEGOTIATION.length, {
    timeoutMs: options.limits.preambleTimeoutMs,
    accepts: (prefix) => prefix.every((byte, index) => byte === NEGOTIATION[index]),
  });
  if (!(bytes instanceof Uint8Array)) return missingBytes(bytes);
  connection.unshift(bytes);
  return undefined;
}

/** Ends a dialed connection that answers with more than the negotiation before noise has begun. */
function limitAnswer(connection: MessageStream): void {
  let size = 0;
  const onMessage = (event: StreamMessageEvent): void => {
    size += event.data.byteLength;
    if (size <= ANSWER_SIZE_MAX) return;
    event.stopImmediatePropagation();
    connection.abort(new Error('too many bytes before the encrypted handshake'));
  };
  connection.addEventListener('message', onMessage);
  answerLimits.set(connection, () => connection.removeEventListener('message', onMessage));
}

/**
 * Noise with the prologue of NET-4, and after it the verdict of NET-6: the listener tells a peer whose key is not
 * admitted why it is refused. Without it the dialer would see a connection that opens and breaks off.
 */
export function createNoise(options: SecurityOptions): (components: never) => ConnectionEncrypter {
  const createInner = noise({ prologueBytes: encodePrologue(options.name) });
  return (components) => {
    const inner = createInner(components);
    return {
      protocol: inner.protocol,
      async secureInbound(connection: MessageStream, secure?: SecureConnectionOptions): Promise<SecuredConnection> {
        const secured = await inner.secureInbound(connection, secure);
        if (options.door !== undefined && newcomers.has(connection)) {
          await options.door.serve(connection, secured);
          throw new ServedError();
        }
        const refusal = options.refusal(secured.remotePeer);
        secured.connection.send(Uint8Array.of(refusal === undefined ? 0 : Math.max(1, codeOfReason(refusal.reason))));
        if (refusal === undefined) return secured;
        options.onRefusal(connection, refusal, secured.remotePeer);
        await closeSoftly(secured.connection);
        throw new RefusedError(refusal);
      },
      async secureOutbound(connection: MessageStream, secure?: SecureConnectionOptions): Promise<SecuredConnection> {
        answerLimits.get(connection)?.();
        const secured = await inner.secureOutbound(connection, secure);
        const verdict = await readExactly(secured.connection, 1, { timeoutMs: options.limits.dialTimeoutMs });
        if (verdict instanceof Uint8Array && verdict[0] === 0) {
          if (options.visit === undefined) return secured;
          await options.visit(secured.connection);
          throw new ServedError();
        }
        const refusal =
          verdict instanceof Uint8Array ? refusalOfVerdict(verdict[0] as number) : missingVerdict(verdict);
        options.onRefusal(connection, refusal, secured.remotePeer);
        throw new RefusedError(refusal);
      },
    };
  };
}

class RefusedError extends Error {
  override readonly name: string = 'RefusedError';

  constructor(refusal: Mismatch) {
    super(`the peer ${refusal.message}`);
  }
}

/** A newcomer's connection ends when all is said: it never becomes one of libp2p's. */
class ServedError extends Error {
  override readonly name: string = 'ServedError';

  constructor() {
    super('all was said at the door');
  }
}

function missingBytes(failure: ReadFailure): Mismatch {
  switch (failure) {
    case 'refused':
      return { reason: 'garbage', message: 'is no Hansa node: its first bytes are not those of the protocol' };
    case 'ended':
      return { reason: 'closed', message: 'closed the connection before it was encrypted' };
    case 'timeout':
      return { reason: 'handshakeTimeout', message: 'took too long to say what it is' };
  }
}

function missingVerdict(failure: ReadFailure): Mismatch {
  return failure === 'timeout'
    ? { reason: 'handshakeTimeout', message: 'did not answer after the encrypted handshake' }
    : { reason: 'closed', message: 'closed the connection during the encrypted handshake' };
}

function refusalOfVerdict(code: number): Mismatch {
  const reason = reasonOfCode(code);
  switch (reason) {
    case 'notAdmitted':
      return { reason, message: 'does not admit this node: its id is not in the registry that the peer sees' };
    case 'sameKey':
      return { reason, message: 'runs with the key of this node' };
    case 'tooManyConnections':
      return { reason, message: 'has too many newcomers at its door' };
    case 'rateLimit':
      return { reason, message: 'refuses this node for a while, because it broke a rule or a rate limit' };
    default:
      return { reason, message: `refused this node with code ${code}` };
  }
}

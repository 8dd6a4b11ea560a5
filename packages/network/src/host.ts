import './polyfill.ts';
import type { ConnectionGater, PrivateKey, Stream, StreamMessageEvent, StreamMuxerFactory } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2p } from 'libp2p';
import type { NetworkLimits } from './limits.ts';
import { createNoise, createPreambleProtector, type SecurityOptions } from './security.ts';
import { deferWindowUpdates } from './window-updates.ts';

export type HostOptions = {
  readonly key: PrivateKey;
  readonly listen: readonly string[];
  readonly limits: NetworkLimits;
  readonly gater: ConnectionGater;
  readonly security: SecurityOptions;
};

/** A window of 1 MiB: bounds what sync can have under way before a vote, and what a paused stream must keep. */
const STREAM_WINDOW_MAX = 1024 * 1024;
const STREAMS_PER_CONNECTION = 16;
const PROTOCOL_NAME_SIZE_MAX = 1024;

/**
 * libp2p with TCP, preamble, noise and yamux, and without everything that would act by itself: no identify, no
 * connection monitor (it drops peers when our own loop is late), no reconnects (they give up after five), no pruning
 * or rate limits of its own (ours count and explain, `inbound-guard.ts`).
 */
export async function createHost(options: HostOptions): Promise<Libp2p> {
  const { limits } = options;
  return await createLibp2p({
    start: false,
    privateKey: options.key,
    addresses: { listen: [...options.listen] },
    transports: [tcp({ backlog: 128 })],
    connectionProtector: () => createPreambleProtector(options.security),
    connectionEncrypters: [createNoise(options.security) as never],
    streamMuxers: [createMuxer],
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: 2 * limits.connectionCountMax,
      inboundConnectionThreshold: 1_000_000,
      maxIncomingPendingConnections: 2 * limits.pendingCountMax + 1,
      maxParallelDials: 64,
      maxDialQueueLength: limits.nodeCountMax,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.dialTimeoutMs,
      inboundUpgradeTimeout: limits.upgradeTimeoutMs,
      outboundStreamProtocolNegotiationTimeout: limits.handshakeTimeoutMs,
      inboundStreamProtocolNegotiationTimeout: limits.handshakeTimeoutMs,
      reconnectRetries: 0,
    },
    connectionMonitor: { enabled: false },
  });
}

type YamuxMuxer = ReturnType<ReturnType<ReturnType<typeof yamux>>['createStreamMuxer']>;

/** Yamux whose streams must name their protocol in a few bytes, and speak of their windows only when it is due. */
function createMuxer(): StreamMuxerFactory {
  const inner = yamux({
    maxInboundStreams: STREAMS_PER_CONNECTION,
    maxOutboundStreams: STREAMS_PER_CONNECTION,
    streamOptions: {
      maxStreamWindowSize: STREAM_WINDOW_MAX,
      maxReadBufferLength: 4 * STREAM_WINDOW_MAX,
      maxWriteBufferLength: 4 * STREAM_WINDOW_MAX,
    },
  })();
  return {
    protocol: inner.protocol,
    createStreamMuxer(connection) {
      const muxer = inner.createStreamMuxer(connection);
      guardStreams(muxer);
      deferUpdatesOfOwnStreams(muxer);
      return muxer;
    },
  };
}

/**
 * Puts our listener just before the first one of libp2p. Not earlier: without any listener the muxer keeps streams that
 * come early, and a stream that only we have seen would be lost.
 */
function guardStreams(muxer: YamuxMuxer): void {
  const add = muxer.addEventListener.bind(muxer);
  let isGuarded = false;
  muxer.addEventListener = ((...listener: Parameters<typeof add>) => {
    if (listener[0] === 'stream' && !isGuarded) {
      isGuarded = true;
      add('stream', (event) => {
        limitBytesBeforeProtocol(event.detail);
        deferWindowUpdates(event.detail);
      });
    }
    add(...listener);
  }) as typeof muxer.addEventListener;
}

function deferUpdatesOfOwnStreams(muxer: YamuxMuxer): void {
  const create = muxer.createStream.bind(muxer);
  muxer.createStream = async (options) => {
    const stream = await create(options);
    deferWindowUpdates(stream);
    return stream;
  };
}

/** libp2p reads the name of a protocol byte by byte and without end: 500 kB of a bad one would cost seconds of CPU. */
function limitBytesBeforeProtocol(stream: Stream): void {
  let size = 0;
  const onMessage = (event: StreamMessageEvent): void => {
    if (stream.protocol !== '') {
      stream.removeEventListener('message', onMessage);
      return;
    }
    size += event.data.byteLength;
    if (size <= PROTOCOL_NAME_SIZE_MAX) return;
    event.stopImmediatePropagation();
    stream.abort(new Error('too many bytes before a protocol was named'));
  };
  stream.addEventListener('message', onMessage);
}

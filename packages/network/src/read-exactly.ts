import type { MessageStream } from '@libp2p/interface';

export type ReadFailure = 'refused' | 'ended' | 'timeout';

/**
 * The first `size` bytes of a stream; what came after them is put back for the next reader.
 * Bounded by what one read of the socket delivers. `accepts` sees the bytes so far and may refuse them early.
 */
export function readExactly(
  stream: MessageStream,
  size: number,
  options: { readonly timeoutMs: number; readonly accepts?: (prefix: Uint8Array) => boolean },
): Promise<Uint8Array | ReadFailure> {
  const bytes = new Uint8Array(size);
  let have = 0;
  return new Promise((resolve) => {
    const finish = (result: Uint8Array | ReadFailure): void => {
      clearTimeout(timer);
      stream.removeEventListener('message', onMessage);
      stream.removeEventListener('close', onEnd);
      stream.removeEventListener('remoteCloseWrite', onEnd);
      resolve(result);
    };
    const onMessage = (event: { data: Uint8Array | { subarray(): Uint8Array } }): void => {
      const data = event.data instanceof Uint8Array ? event.data : event.data.subarray();
      const taken = Math.min(size - have, data.length);
      bytes.set(data.subarray(0, taken), have);
      have += taken;
      if (options.accepts?.(bytes.subarray(0, have)) === false) {
        finish('refused');
        return;
      }
      if (have < size) return;
      finish(bytes);
      if (taken < data.length) stream.unshift(data.subarray(taken));
    };
    const onEnd = (): void => finish('ended');
    const timer = setTimeout(() => finish('timeout'), options.timeoutMs);
    stream.addEventListener('message', onMessage);
    stream.addEventListener('close', onEnd);
    stream.addEventListener('remoteCloseWrite', onEnd);
    if (stream.status !== 'open' && stream.readBufferLength === 0) finish('ended');
  });
}

import type { MessageStream } from '@libp2p/interface';

const HEAD_SIZE = 4;

/**
 * One frame (u32 length ‖ bytes), for connections that carry a single one in each direction. Undefined when the stream
 * ends, the time is over, or more than `sizeMax` bytes are announced. What was announced is not reserved before it comes.
 */
export function readFrame(stream: MessageStream, sizeMax: number, timeoutMs: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let have = 0;
  let size: number | undefined;
  return new Promise((resolve) => {
    const finish = (result: Uint8Array | undefined): void => {
      clearTimeout(timer);
      stream.removeEventListener('message', onMessage);
      stream.removeEventListener('close', onEnd);
      stream.removeEventListener('remoteCloseWrite', onEnd);
      resolve(result);
    };
    const onMessage = (event: { data: Uint8Array | { subarray(): Uint8Array } }): void => {
      const data = event.data instanceof Uint8Array ? event.data : event.data.subarray();
      parts.push(data);
      have += data.length;
      if (size === undefined && have >= HEAD_SIZE) {
        size = Buffer.concat(parts, HEAD_SIZE).readUInt32BE();
        if (size > sizeMax) {
          finish(undefined);
          return;
        }
      }
      if (size !== undefined && have >= HEAD_SIZE + size)
        finish(have > HEAD_SIZE + size ? undefined : new Uint8Array(Buffer.concat(parts).subarray(HEAD_SIZE)));
    };
    const onEnd = (): void => finish(undefined);
    const timer = setTimeout(onEnd, timeoutMs);
    stream.addEventListener('message', onMessage);
    stream.addEventListener('close', onEnd);
    stream.addEventListener('remoteCloseWrite', onEnd);
    if (stream.status !== 'open' && stream.readBufferLength === 0) onEnd();
  });
}

export function writeFrame(stream: MessageStream, bytes: Uint8Array): void {
  const head = new Uint8Array(HEAD_SIZE);
  new DataView(head.buffer).setUint32(0, bytes.length);
  stream.send(head);
  stream.send(bytes);
}

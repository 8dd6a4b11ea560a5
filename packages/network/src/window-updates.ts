/** What is used of a stream of yamux: how it tells the sender of new room. */
export type WindowedStream = { sendWindowUpdate(): void };

/**
 * Tells the sender of new room when half of the window is used, as yamux is meant to work
 * (https://github.com/hashicorp/yamux/blob/master/spec.md) and go-yamux does. @libp2p/yamux 8 answers every data frame
 * with an update, a packet with an encryption of its own: a vote of 200 bytes caused as many packets backwards as
 * forwards. The sender cannot starve: the half is reached before the window is used up. Updates that open or accept a
 * stream find the window full, and pass.
 *
 * The sizes of the window are private in its types. A version that names them otherwise sends every update, as before.
 */
export function deferWindowUpdates(stream: WindowedStream): void {
  const send = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    const full: unknown = Reflect.get(stream, 'recvWindow');
    const left: unknown = Reflect.get(stream, 'recvWindowCapacity');
    const isEarly = typeof full === 'number' && typeof left === 'number' && left < full && left > full / 2;
    if (!isEarly) send();
  };
}

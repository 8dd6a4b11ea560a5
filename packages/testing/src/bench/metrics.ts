/** What a node says of itself under `/metrics` of its admin port, by name and labels as they stand there. */
export type NodeMetrics = ReadonlyMap<string, number>;

/**
 * Reads them. The delays of the event loop that they tell are those since the last reading: read once before a load and
 * once after it. Undefined when the node does not answer.
 */
export async function readMetrics(admin: string): Promise<NodeMetrics | undefined> {
  try {
    const response = await fetch(new URL('/metrics', admin));
    return parseMetrics(await response.text());
  } catch {
    return undefined;
  }
}

/** The text format of Prometheus, without its comments. */
export function parseMetrics(text: string): NodeMetrics {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0 && !line.startsWith('#')) values.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return values;
}

/** Bytes of frames that a node has sent, before encryption and the frames of the transport. */
export function bytesSent(metrics: NodeMetrics): number {
  let size = 0;
  for (const [name, value] of metrics) if (name.startsWith('hansa_network_total{kind="bytesSent_')) size += value;
  return size;
}

/** Of the main thread, in milliseconds since the metrics were read before; 10 ms of it are the clock that measures. */
export function loopDelayMsP99(metrics: NodeMetrics): number {
  return (metrics.get('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN) * 1_000;
}

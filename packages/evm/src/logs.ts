import type { HashHex } from '@hansa/primitives';
import type { EvmLog } from './types.ts';
import type { MemoryView } from './view.ts';

const HEADER = 64;

/** `count` logs that lie one behind the other from `at` on (assembly/logs.ts). Copies. */
export function readLogs(view: MemoryView, at: number, count: number): readonly EvmLog[] {
  const logs: EvmLog[] = [];
  let log = at;
  for (let left = count; left > 0; left--) {
    const topicCount = view.u32(log + 32);
    const size = view.u32(log + 36);
    const topics: HashHex[] = [];
    for (let i = 0; i < topicCount; i++) topics.push(view.readHash(log + HEADER + 32 * i));
    const data = log + HEADER + 32 * topicCount;
    logs.push({ address: view.readAddress(log), topics, data: view.bytes.slice(data, data + size) });
    log = data + ((size + 31) & ~31);
  }
  return logs;
}

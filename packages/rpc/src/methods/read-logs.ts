import type { LogFacts } from '../backend.ts';
import { limitExceeded, refused } from '../errors.ts';
import type { LogPattern, LogRange } from '../log-filter.ts';
import type { MethodCall } from '../method.ts';

/** @throws RpcRefusal */
export async function readLogs(
  call: MethodCall,
  pattern: LogPattern,
  { fromHeight, toHeight }: LogRange,
): Promise<readonly LogFacts[]> {
  const { backend, limits, signal } = call;
  const span = toHeight - fromHeight + 1;
  if (span > limits.logRangeMax) {
    throw limitExceeded(
      `query spans ${span} blocks, ${limits.logRangeMax} are allowed`,
      `ask in parts of at most ${limits.logRangeMax} blocks`,
    );
  }
  const found = await backend.logs({ fromHeight, toHeight, ...pattern, countMax: limits.logCountMax, signal });
  if (!found.ok) throw refused(found.error);
  return found.value;
}

import { type Failure, ok, type Result } from '@hansa/primitives';
import type { LogFacts } from '../backend.ts';
import { blockLogs } from '../block-json.ts';
import { limitExceeded, refused } from '../errors.ts';
import { type LogPattern, type LogRange, matchesLog } from '../log-filter.ts';
import type { MethodCall } from '../method.ts';

export const TOO_MANY_LOGS = 'LEDGER_TOO_MANY_LOGS';

/** @throws RpcRefusal */
export async function readLogs(call: MethodCall, pattern: LogPattern, range: LogRange): Promise<readonly LogFacts[]> {
  const { logRangeMax } = call.limits;
  const span = range.toHeight - range.fromHeight + 1;
  if (span > logRangeMax) {
    throw limitExceeded(
      `query spans ${span} blocks, ${logRangeMax} are allowed`,
      `ask in parts of at most ${logRangeMax} blocks`,
    );
  }
  const found = await findLogs(call, pattern, range);
  if (!found.ok) throw refused(found.error);
  return found.value;
}

/** A single block is answered whole, however many logs it has: nobody could ask for less. */
export async function findLogs(
  { backend, blocks, limits, signal }: MethodCall,
  pattern: LogPattern,
  { fromHeight, toHeight }: LogRange,
): Promise<Result<readonly LogFacts[], Failure>> {
  const found = await backend.logs({ fromHeight, toHeight, ...pattern, countMax: limits.logCountMax, signal });
  if (found.ok || found.error.code !== TOO_MANY_LOGS || fromHeight !== toHeight) return found;
  const block = blocks.get(fromHeight);
  return block === undefined ? found : ok(blockLogs(block).filter((log) => matchesLog(pattern, log)));
}

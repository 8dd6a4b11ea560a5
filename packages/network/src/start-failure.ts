import { ChainError } from '@hansa/primitives';
import type { NetworkErrorCode } from './errors.ts';

export function invalidAddress(address: string): ChainError<NetworkErrorCode> {
  return new ChainError<NetworkErrorCode>({
    code: 'NETWORK_ADDRESS_INVALID',
    message: `"${address}" is no multiaddress`,
    remedy: 'write listen addresses like /ip4/127.0.0.1/tcp/30300',
  });
}

export function startFailure(error: unknown, listen: readonly string[]): ChainError<NetworkErrorCode> {
  const text = error instanceof Error ? error.message : String(error);
  const inUse = /EADDRINUSE/.test(text);
  return new ChainError<NetworkErrorCode>(
    {
      code: inUse ? 'NETWORK_ADDRESS_IN_USE' : 'NETWORK_START_FAILED',
      message: inUse ? `an address of ${listen.join(', ')} is in use` : `the network did not start: ${text}`,
      remedy: inUse
        ? 'stop the other process or choose another port for p2p'
        : 'check that the listen addresses belong to this machine',
    },
    { cause: error },
  );
}

/** Runs `operation`, but waits no longer than this; its failure is not ours any more. */
export async function settleWithin(operation: () => unknown, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  const settled = Promise.resolve(operation()).then(
    () => {},
    () => {},
  );
  await Promise.race([settled, timeout]);
  clearTimeout(timer);
}

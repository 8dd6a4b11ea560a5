import type { MessageStream } from '@libp2p/interface';

/** Time that a refused peer has to read why, before the connection is reset. */
const LINGER_MS = 250;

/** Lets the last bytes arrive: a reset may overtake them. Never throws. */
export async function closeSoftly(connection: MessageStream): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(LINGER_MS) });
  } catch {
    // The caller's error resets the connection anyway.
  }
}

import { fromHex, type Result } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import { STATE_CHANGES_COUNT_MAX, STATE_CHANGES_SIZE_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { STATE_KEY_SIZE_MAX, type StateChange, type StateKey } from './state-key.ts';
import { Writer } from './writer.ts';

/** spec FMT-71. */
export function encodeStateChanges(changes: readonly StateChange[]): Uint8Array {
  return new Writer()
    .list(changes, (w, { key, value }) =>
      w.bytes(fromHex(key)).list(value === undefined ? [] : [value], (v, bytes) => v.bytes(bytes)),
    )
    .finish();
}

/** Keys ascend, each once. Values are copied out. */
export function decodeStateChanges(bytes: Uint8Array): Result<readonly StateChange[], ProtocolFailure> {
  const reader = new Reader(bytes, 'state changes');
  let before = '';
  const changes = reader.list(STATE_CHANGES_COUNT_MAX, (r) => {
    const size = r.u32();
    if (size < 1 || size > STATE_KEY_SIZE_MAX) r.fail('PROTOCOL_OUT_OF_RANGE', `a state key has ${size} bytes`);
    const key = (r.failed ? '' : r.hex(size)) as StateKey;
    const value = r.maybe((v) => v.bytes(STATE_CHANGES_SIZE_MAX));
    if (key <= before) r.fail('PROTOCOL_NOT_CANONICAL', 'keys of state changes must ascend');
    before = key;
    return { key, value };
  });
  return reader.finish(changes);
}

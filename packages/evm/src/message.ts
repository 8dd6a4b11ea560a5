import { MESSAGE_FIELDS } from './layout.ts';
import type { AccessList, EvmMessage } from './types.ts';
import type { MemoryView } from './view.ts';

/** Where messages are written, and what makes room for `size` bytes of data and access list that do not fit there. */
export type MessagePlace = {
  readonly view: MemoryView;
  readonly message: number;
  /** Of the price per gas. */
  readonly gasPrice: number;
  /** Address and bytes of the place for data and access list. */
  readonly input: number;
  readonly inputSize: number;
  /** Reads the gas of the message, which is there already. */
  readonly reserve: (size: number) => number;
};

export function writeMessage(place: MessagePlace, message: EvmMessage): void {
  const { view, message: at } = place;
  const { sender, to, value, data, gasLimit, gasPrice, accessList } = message;
  view.setU64(at + MESSAGE_FIELDS.gas, gasLimit);
  const size = data.length + 64 + (accessList.length === 0 ? 0 : sizeOfList(accessList));
  const input = size <= place.inputSize ? place.input : place.reserve(size);
  view.writeAddress(at, sender);
  if (to !== undefined) view.writeAddress(at + MESSAGE_FIELDS.to, to);
  view.writeBigint(at + MESSAGE_FIELDS.value, value);
  view.setU32(at + MESSAGE_FIELDS.isCreate, to === undefined ? 1 : 0);
  view.setU32(at + MESSAGE_FIELDS.data, input);
  view.setU32(at + MESSAGE_FIELDS.dataSize, data.length);
  view.setU32(at + MESSAGE_FIELDS.listCount, accessList.length);
  view.writeBigint(place.gasPrice, gasPrice);
  view.bytes.set(data, input);
  if (accessList.length === 0) return;
  const list = (input + data.length + 63) & ~63;
  view.setU32(at + MESSAGE_FIELDS.list, list);
  writeList(view, list, accessList);
}

function writeList(view: MemoryView, at: number, accessList: AccessList): void {
  let to = at;
  for (const { address, storageKeys } of accessList) {
    view.writeAddress(to, address);
    view.setU32(to + 32, storageKeys.length);
    to += 64;
    for (const key of storageKeys) {
      view.writeHash(to, key);
      to += 32;
    }
  }
}

function sizeOfList(list: AccessList): number {
  return list.reduce((size, { storageKeys }) => size + 64 + 32 * storageKeys.length, 0);
}

/** Checks of parameters, written by hand: they are on the way of every transaction. All throw RpcRefusal -32602. */
import { type AddressHex, fromHex, type HashHex } from '@hansa/primitives';
import { invalidParams } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Looked for instead of matching the whole text, which would keep a way back for each of a million digits. */
const NOT_HEX = /[^0-9a-fA-F]/;
const HASH = /^0x[0-9a-fA-F]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const QUANTITY = /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/;
const SLOT = /^0x[0-9a-fA-F]{1,64}$/;
/** Characters of a wrong value in an error. */
const SHOWN_SIZE_MAX = 80;

export function hashOf(value: unknown, name: string): HashHex {
  if (typeof value !== 'string' || !HASH.test(value)) {
    throw invalidParams(`${name} must be a hash: 0x and 64 hex digits${shown(value)}`);
  }
  return value.slice(2).toLowerCase() as HashHex;
}

export function addressOf(value: unknown, name: string): AddressHex {
  if (typeof value !== 'string' || !ADDRESS.test(value)) {
    throw invalidParams(`${name} must be an address: 0x and 40 hex digits${shown(value)}`);
  }
  return value.slice(2).toLowerCase() as AddressHex;
}

export function bytesOf(value: unknown, name: string): Uint8Array {
  if (typeof value !== 'string' || !isData(value)) {
    throw invalidParams(`${name} must be bytes: 0x and an even number of hex digits${shown(value)}`);
  }
  return fromHex(value.slice(2));
}

function isData(value: string): boolean {
  return value.length % 2 === 0 && value.startsWith('0x') && !NOT_HEX.test(value.slice(2));
}

/** A quantity of at most 256 bits. */
export function bigintOf(value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !QUANTITY.test(value)) {
    throw invalidParams(`${name} must be a quantity: 0x and hex digits without leading zeros${shown(value)}`);
  }
  return BigInt(value);
}

/** A quantity, or a plain number, that is a safe integer. */
export function integerOf(value: unknown, name: string): number {
  const number = typeof value === 'number' ? value : Number(bigintOf(value, name));
  if (!Number.isSafeInteger(number) || number < 0) throw invalidParams(`${name} is too large${shown(value)}`);
  return number;
}

/** A storage slot: clients send it as a quantity or as 32 bytes. */
export function slotOf(value: unknown, name: string): HashHex {
  if (typeof value !== 'string' || !SLOT.test(value)) {
    throw invalidParams(`${name} must be a storage slot of at most 32 bytes in hex${shown(value)}`);
  }
  return value.slice(2).toLowerCase().padStart(64, '0') as HashHex;
}

export function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidParams(`${name} must be an object${shown(value)}`);
  }
  return value as JsonObject;
}

export function listOf(value: unknown, name: string, countMax: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidParams(`${name} must be a list${shown(value)}`);
  if (value.length > countMax) throw invalidParams(`${name} has ${value.length} entries, ${countMax} are allowed`);
  return value;
}

export function booleanOf(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw invalidParams(`${name} must be true or false${shown(value)}`);
  return value;
}

/** null and a missing value are the same to clients. */
export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

/** Start of what was sent, for the person who reads the error. Lists and objects may be deep or long: only named. */
export function shown(value: unknown): string {
  if (value === undefined) return ', got nothing';
  if (typeof value === 'string') return `, got ${shortened(JSON.stringify(value.slice(0, SHOWN_SIZE_MAX + 1)))}`;
  if (Array.isArray(value)) return `, got a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    return `, got an object with ${shortened(Object.keys(value).slice(0, 4).join(', ')) || 'nothing in it'}`;
  }
  return `, got ${String(value)}`;
}

const shortened = (text: string): string => (text.length > SHOWN_SIZE_MAX ? `${text.slice(0, SHOWN_SIZE_MAX)}…` : text);

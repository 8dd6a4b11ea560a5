import { assert } from './assert.ts';

declare const brand: unique symbol;
/** A type that only its constructor function makes. No cost at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** 32-byte digest as 64 lower-case hex digits without prefix; compared with `===`, used as a map key. */
export type HashHex = Brand<string, 'HashHex'>;
/** 20-byte account address as 40 lower-case hex digits without prefix. */
export type AddressHex = Brand<string, 'AddressHex'>;
/** 64-byte uncompressed public key without its 0x04 prefix, as 128 lower-case hex digits. FISCO BCOS: nodeID. */
export type NodeId = Brand<string, 'NodeId'>;
/** Block number. 0 is genesis. */
export type Height = Brand<number, 'Height'>;
/** View of a term, from 0. */
export type View = Brand<number, 'View'>;
/** Term number, from 0. */
export type Term = Brand<number, 'Term'>;
/** Position of a validator in the ordered set of its term, from 0. */
export type ValidatorIndex = Brand<number, 'ValidatorIndex'>;

const HASH = /^[0-9a-f]{64}$/;
const ADDRESS = /^[0-9a-f]{40}$/;
const NODE_ID = /^[0-9a-f]{128}$/;

export const isHashHex = (text: string): text is HashHex => HASH.test(text);
export const isAddressHex = (text: string): text is AddressHex => ADDRESS.test(text);
export const isNodeId = (text: string): text is NodeId => NODE_ID.test(text);

/** @throws InvariantError when `text` is not 64 lower-case hex digits; for own data only, peers' data goes through a decoder */
export function toHashHex(text: string): HashHex {
  assert(isHashHex(text), `a hash of 64 lower-case hex digits was expected, got "${text}"`);
  return text;
}

/** @throws InvariantError when `text` is not 40 lower-case hex digits */
export function toAddressHex(text: string): AddressHex {
  assert(isAddressHex(text), `an address of 40 lower-case hex digits was expected, got "${text}"`);
  return text;
}

/** @throws InvariantError when `text` is not 128 lower-case hex digits */
export function toNodeId(text: string): NodeId {
  assert(isNodeId(text), `a node id of 128 lower-case hex digits was expected, got "${text}"`);
  return text;
}

function toNatural(value: number, what: string): number {
  assert(Number.isSafeInteger(value) && value >= 0, `${what} must be a safe integer from 0, got ${value}`);
  return value;
}

export const toHeight = (value: number): Height => toNatural(value, 'height') as Height;
export const toView = (value: number): View => toNatural(value, 'view') as View;
export const toTerm = (value: number): Term => toNatural(value, 'term') as Term;
export const toValidatorIndex = (value: number): ValidatorIndex =>
  toNatural(value, 'validator index') as ValidatorIndex;

export const ZERO_HASH: HashHex = '0'.repeat(64) as HashHex;
export const ZERO_ADDRESS: AddressHex = '0'.repeat(40) as AddressHex;

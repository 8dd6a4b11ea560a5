import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, type HashHex, hashToHex } from '@hansa/primitives';
import {
  accountKey,
  codeKey,
  decodeAccount,
  EMPTY_CODE_HASH,
  encodeAccount,
  type StateKey,
  type StateReader,
  storageKey,
} from '@hansa/protocol';

/** What a caller of `eth_call` wants to be otherwise at one address. */
export type AccountOverride = {
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly code?: Uint8Array;
  /** The whole storage: slots that it does not name are zero. Values of 32 bytes. */
  readonly state?: ReadonlyMap<HashHex, Uint8Array>;
  /** Only these slots. Not together with `state`. */
  readonly stateDiff?: ReadonlyMap<HashHex, Uint8Array>;
};

export type StateOverrides = ReadonlyMap<AddressHex, AccountOverride>;

const STORAGE_PREFIX_SIZE = 42;
/** 0xef0100 ‖ address (EIP-7702). */
const DELEGATION_SIZE = 23;

/** Why overrides cannot be used, in the words of Ethereum's clients; undefined when they can. */
export function overridesFailure(overrides: StateOverrides): string | undefined {
  for (const [address, { code, state, stateDiff }] of overrides) {
    if (state !== undefined && stateDiff !== undefined) return `account 0x${address} has both 'state' and 'stateDiff'`;
    if (code !== undefined && isBrokenDelegation(code))
      return `code of account 0x${address} begins with 0xef0100 and is no delegation: 23 bytes are expected, got ${code.length}`;
  }
  return undefined;
}

/** Begins like a designator of EIP-7702, but has no address in it: no chain holds such code, and no engine expects it. */
function isBrokenDelegation(code: Uint8Array): boolean {
  return code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00 && code.length !== DELEGATION_SIZE;
}

/** The state with some accounts replaced. Nothing is written to `base`. */
export function overriddenState(base: StateReader, overrides: StateOverrides): StateReader {
  const values = new Map<StateKey, Uint8Array | undefined>();
  /** `02 ‖ address` of accounts whose whole storage is replaced. */
  const replaced = new Set<string>();
  for (const [address, override] of overrides) {
    const slots = override.state ?? override.stateDiff;
    if (override.state !== undefined) replaced.add(`02${address}`);
    for (const [slot, value] of slots ?? []) {
      values.set(storageKey(address, slot), value.some((byte) => byte !== 0) ? value : undefined);
    }
    overrideAccount(values, base, address, override);
  }
  return {
    get: (key) => {
      const value = values.get(key);
      if (value !== undefined || values.has(key)) return value;
      return replaced.has(key.slice(0, STORAGE_PREFIX_SIZE)) ? undefined : base.get(key);
    },
  };
}

function overrideAccount(
  values: Map<StateKey, Uint8Array | undefined>,
  base: StateReader,
  address: AddressHex,
  { balance, nonce, code }: AccountOverride,
): void {
  if (balance === undefined && nonce === undefined && code === undefined) return;
  const bytes = base.get(accountKey(address));
  const decoded = bytes === undefined ? undefined : decodeAccount(bytes);
  const before = decoded?.ok === true ? decoded.value : { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
  let codeHash = before.codeHash;
  if (code !== undefined) {
    codeHash = code.length === 0 ? EMPTY_CODE_HASH : hashToHex(ethereumCrypto.keccak256(code));
    if (code.length > 0) values.set(codeKey(codeHash), code);
  }
  const account = { nonce: nonce ?? before.nonce, balance: balance ?? before.balance, codeHash };
  values.set(accountKey(address), encodeAccount(account));
}

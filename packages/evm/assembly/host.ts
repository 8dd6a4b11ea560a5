/** What the host does for the engine. Each call is synchronous and runs to its end before the engine goes on. */

/** Fills in the account whose entry is at `entry` (state.ts): exists, nonce, balance, code hash. */
// @ts-ignore: decorator
@external("host", "loadAccount")
export declare function loadAccount(entry: usize): void;

/** Fills in the current value of the slot whose entry is at `entry`, of the account at `account`. */
// @ts-ignore: decorator
@external("host", "loadSlot")
export declare function loadSlot(account: usize, entry: usize): void;

/** Size of the code with this hash (32 bytes at `hash`, as they are hashed, not as a word). */
// @ts-ignore: decorator
@external("host", "codeSize")
export declare function hostCodeSize(hash: usize): u32;

/** Copies the code that `codeSize` was just asked for. */
// @ts-ignore: decorator
@external("host", "copyCode")
export declare function hostCopyCode(hash: usize, to: usize): void;

/** Word of the hash of an earlier block, at `to`; zero if there is none. */
// @ts-ignore: decorator
@external("host", "blockHash")
export declare function hostBlockHash(height: u64, to: usize): void;

/**
 * Runs a precompiled or system contract: message in `NATIVE`, data at `data`. Answers a status (errors.ts) with the gas in
 * `NATIVE_GAS_USED` and the output given through `nativeOutput`.
 */
// @ts-ignore: decorator
@external("host", "native")
export declare function hostNative(kind: u32, data: usize, size: u32, gas: u64): u32;

/** Takes back all changes of the host since it gave this mark. */
// @ts-ignore: decorator
@external("host", "revertTo")
export declare function hostRevertTo(mark: u32): void;

/** Keeps a new code; answers a mark from before, which `revertTo` may be given. */
// @ts-ignore: decorator
@external("host", "storeCode")
export declare function hostStoreCode(hash: usize, bytes: usize, size: u32): u32;

/** Whether the rules of the host refuse the message in `NATIVE`; then it has given the output of the revert. */
// @ts-ignore: decorator
@external("host", "deny")
export declare function hostDeny(data: usize, size: u32): u32;

/** A contract has been created. */
// @ts-ignore: decorator
@external("host", "created")
export declare function hostCreated(account: usize): void;

/** The code at this header has been called often: the host may compile it, at once or later. */
// @ts-ignore: decorator
@external("host", "hot")
export declare function hostHot(code: usize): void;

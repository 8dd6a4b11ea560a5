/**
 * The loop. One table load tells price and stack of an opcode, one comparison finds a stack too low or too high. Locals hold
 * what changes with every opcode; everything else is in the frame.
 */
import { CODE_BITMAP, CODE_BYTES, CODE_SIZE } from './code';
import {
  INVALID_JUMP, INVALID_OPCODE, OK, OUT_OF_GAS, REVERT, STACK_OVERFLOW, STACK_UNDERFLOW, STATIC_STATE_CHANGE,
} from './errors';
import {
  F_BASE, F_CALLER, F_CODE, F_DATA_SIZE, F_GAS, F_IS_STATIC, F_MEMORY, F_MEMORY_SIZE, F_PC, F_SELF, F_SP, F_VALUE, HALT,
  call, clearReturn, create, endFrame, expand, frame, rangeEnd, refund, returnSize,
} from './frame';
import { isDefined, takesOf } from './gas';
import {
  ENV_BASE_FEE, ENV_BLOB_BASE_FEE, ENV_CHAIN_ID, ENV_COINBASE, ENV_GAS_LIMIT, ENV_GAS_PRICE, ENV_NUMBER, ENV_ORIGIN,
  ENV_RANDOM, ENV_TIMESTAMP, MASKS, OPS,
} from './layout';
import {
  balance, blockHash, callDataCopy, callDataLoad, codeCopy, extCodeCopy, extCodeHash, extCodeSize, hash, log, memoryCopy,
  output, power, returnDataCopy, selfDestruct, storageLoad, storageStore, transientLoad, transientStore,
} from './ops';
import { A_BALANCE, addressWord } from './state';
import { runCompiled } from './tier';
import { hostStep, isTracing } from './trace';
import {
  addModulo, addWords, byteAt, copyWord, divideSigned, divideWords, extendSign, isBelow, isBelowSigned, isEqual, isZero,
  moduloSigned, moduloWords, multiplyModulo, multiplyWords, setWord, shiftLeft, shiftRight, shiftRightSigned,
  subtractWords, swapWord, toU64,
} from './words';

/** Another frame goes on, or the same one after a call: not the end of one. */
const SWITCH: u32 = 0xffffffff;

/** Why an opcode could not begin. */
function refusal(op: u32, height: u32): u32 {
  if (!isDefined(op)) return INVALID_OPCODE;
  const takes = takesOf(op);
  if (height < takes) return STACK_UNDERFLOW;
  if (height - takes > load<u32>(OPS + (op << 3), 4)) return STACK_OVERFLOW;
  return OUT_OF_GAS;
}

// @ts-ignore: decorator
@inline
function isDestination(code: usize, at: u64): bool {
  if (at >= <u64>load<u32>(code, CODE_SIZE)) return false;
  return ((<u32>load<u8>(<usize>load<u32>(code, CODE_BITMAP) + <usize>(at >> 3)) >> <u32>(at & 7)) & 1) != 0;
}

/** Runs from the running frame on until the last one has ended. */
export function run(): void {
  while (frame != 0) {
    const fp = frame;
    if (runCompiled(fp)) {
      endFrame(fp, OUT_OF_GAS);
      continue;
    }
    const base = <usize>load<u32>(fp, F_BASE);
    const code = <usize>load<u32>(fp, F_CODE);
    const bytes = code + CODE_BYTES;
    const mem = <usize>load<u32>(fp, F_MEMORY);
    let pc = <usize>load<u32>(fp, F_PC);
    let sp = <usize>load<u32>(fp, F_SP);
    let gas = load<i64>(fp, F_GAS);
    let status: u32 = OUT_OF_GAS;
    while (true) {
      const op = <u32>load<u8>(pc);
      if (isTracing()) {
        // Behind the code there is nothing: it ends by itself.
        const at = <u32>(pc - bytes);
        if (at < load<u32>(code, CODE_SIZE)) hostStep(fp, at, sp, gas, refund);
      }
      const info = load<u64>(OPS + (op << 3));
      gas -= <i64>(info & 0xffff);
      if (i32(gas < 0) | i32(<u32>(sp - base) - (<u32>(info >> 16) & 0xffff) > <u32>(info >> 32))) {
        status = refusal(op, <u32>(sp - base));
        break;
      }
      pc++;
      switch (op) {
        case 0x00: // STOP
          clearReturn();
          status = OK;
          break;
        case 0x01: sp -= 32; addWords(sp, sp + 32, sp); continue;
        case 0x02: sp -= 32; multiplyWords(sp, sp + 32, sp); continue;
        case 0x03: sp -= 32; subtractWords(sp, sp + 32, sp); continue;
        case 0x04: sp -= 32; divideWords(sp, sp + 32, sp); continue;
        case 0x05: sp -= 32; divideSigned(sp, sp + 32, sp); continue;
        case 0x06: sp -= 32; moduloWords(sp, sp + 32, sp); continue;
        case 0x07: sp -= 32; moduloSigned(sp, sp + 32, sp); continue;
        case 0x08: sp -= 64; addModulo(sp, sp + 64, sp + 32, sp); continue;
        case 0x09: sp -= 64; multiplyModulo(sp, sp + 64, sp + 32, sp); continue;
        case 0x0a: // EXP
          gas = power(sp, gas);
          if (gas < 0) break;
          sp -= 32;
          continue;
        case 0x0b: sp -= 32; extendSign(sp, sp + 32, sp); continue;
        case 0x10: sp -= 32; setWord(sp, u64(isBelow(sp + 32, sp))); continue;
        case 0x11: sp -= 32; setWord(sp, u64(isBelow(sp, sp + 32))); continue;
        case 0x12: sp -= 32; setWord(sp, u64(isBelowSigned(sp + 32, sp))); continue;
        case 0x13: sp -= 32; setWord(sp, u64(isBelowSigned(sp, sp + 32))); continue;
        case 0x14: sp -= 32; setWord(sp, u64(isEqual(sp, sp + 32))); continue;
        case 0x15: setWord(sp, u64(isZero(sp))); continue;
        case 0x16: // AND
          sp -= 32;
          v128.store(sp, v128.and(v128.load(sp), v128.load(sp, 32)));
          v128.store(sp, v128.and(v128.load(sp, 16), v128.load(sp, 48)), 16);
          continue;
        case 0x17: // OR
          sp -= 32;
          v128.store(sp, v128.or(v128.load(sp), v128.load(sp, 32)));
          v128.store(sp, v128.or(v128.load(sp, 16), v128.load(sp, 48)), 16);
          continue;
        case 0x18: // XOR
          sp -= 32;
          v128.store(sp, v128.xor(v128.load(sp), v128.load(sp, 32)));
          v128.store(sp, v128.xor(v128.load(sp, 16), v128.load(sp, 48)), 16);
          continue;
        case 0x19: // NOT
          v128.store(sp, v128.not(v128.load(sp)));
          v128.store(sp, v128.not(v128.load(sp, 16)), 16);
          continue;
        case 0x1a: sp -= 32; byteAt(sp, sp + 32, sp); continue;
        case 0x1b: sp -= 32; shiftLeft(sp, sp + 32, sp); continue;
        case 0x1c: sp -= 32; shiftRight(sp, sp + 32, sp); continue;
        case 0x1d: sp -= 32; shiftRightSigned(sp, sp + 32, sp); continue;
        case 0x20: // KECCAK256
          gas = hash(fp, sp, gas);
          if (gas < 0) break;
          sp -= 32;
          continue;
        case 0x30: sp += 32; addressWord(sp, load<u32>(fp, F_SELF)); continue;
        case 0x31: gas = balance(sp, gas); if (gas < 0) break; continue;
        case 0x32: sp += 32; copyWord(sp, ENV_ORIGIN); continue;
        case 0x33: sp += 32; addressWord(sp, load<u32>(fp, F_CALLER)); continue;
        case 0x34: sp += 32; copyWord(sp, fp + F_VALUE); continue;
        case 0x35: callDataLoad(fp, sp); continue;
        case 0x36: sp += 32; setWord(sp, <u64>load<u32>(fp, F_DATA_SIZE)); continue;
        case 0x37: gas = callDataCopy(fp, sp, gas); if (gas < 0) break; sp -= 96; continue;
        case 0x38: sp += 32; setWord(sp, <u64>load<u32>(code, CODE_SIZE)); continue;
        case 0x39: gas = codeCopy(fp, sp, gas); if (gas < 0) break; sp -= 96; continue;
        case 0x3a: sp += 32; copyWord(sp, ENV_GAS_PRICE); continue;
        case 0x3b: gas = extCodeSize(fp, sp, gas); if (gas < 0) break; continue;
        case 0x3c: gas = extCodeCopy(fp, sp, gas); if (gas < 0) break; sp -= 128; continue;
        case 0x3d: sp += 32; setWord(sp, <u64>returnSize); continue;
        case 0x3e: gas = returnDataCopy(fp, sp, gas); if (gas < 0) break; sp -= 96; continue;
        case 0x3f: gas = extCodeHash(sp, gas); if (gas < 0) break; continue;
        case 0x40: blockHash(sp); continue;
        case 0x41: sp += 32; copyWord(sp, ENV_COINBASE); continue;
        case 0x42: sp += 32; copyWord(sp, ENV_TIMESTAMP); continue;
        case 0x43: sp += 32; copyWord(sp, ENV_NUMBER); continue;
        case 0x44: sp += 32; copyWord(sp, ENV_RANDOM); continue;
        case 0x45: sp += 32; copyWord(sp, ENV_GAS_LIMIT); continue;
        case 0x46: sp += 32; copyWord(sp, ENV_CHAIN_ID); continue;
        case 0x47: sp += 32; copyWord(sp, <usize>load<u32>(fp, F_SELF) + A_BALANCE); continue;
        case 0x48: sp += 32; copyWord(sp, ENV_BASE_FEE); continue;
        case 0x49: setWord(sp, 0); continue; // BLOBHASH: there are no blobs
        case 0x4a: sp += 32; copyWord(sp, ENV_BLOB_BASE_FEE); continue;
        case 0x50: sp -= 32; continue;
        case 0x51: { // MLOAD
          const at = toU64(sp);
          if (at + 32 > <u64>load<u32>(fp, F_MEMORY_SIZE) || at > 0xffffffff) {
            gas = at > 0xffffffff ? -1 : expand(fp, at + 32, gas);
            if (gas < 0) break;
          }
          swapWord(sp, mem + <usize>at);
          continue;
        }
        case 0x52: { // MSTORE
          const at = toU64(sp);
          if (at + 32 > <u64>load<u32>(fp, F_MEMORY_SIZE) || at > 0xffffffff) {
            gas = at > 0xffffffff ? -1 : expand(fp, at + 32, gas);
            if (gas < 0) break;
          }
          swapWord(mem + <usize>at, sp - 32);
          sp -= 64;
          continue;
        }
        case 0x53: { // MSTORE8
          const at = toU64(sp);
          gas = at > 0xffffffff ? -1 : expand(fp, at + 1, gas);
          if (gas < 0) break;
          store<u8>(mem + <usize>at, load<u8>(sp - 32));
          sp -= 64;
          continue;
        }
        case 0x54: gas = storageLoad(fp, sp, gas); if (gas < 0) break; continue;
        case 0x55: // SSTORE
          if (load<u32>(fp, F_IS_STATIC)) {
            status = STATIC_STATE_CHANGE;
            break;
          }
          gas = storageStore(fp, sp, gas);
          if (gas < 0) break;
          sp -= 64;
          continue;
        case 0x56: { // JUMP
          const at = toU64(sp);
          sp -= 32;
          if (!isDestination(code, at)) {
            status = INVALID_JUMP;
            break;
          }
          pc = bytes + <usize>at;
          continue;
        }
        case 0x57: { // JUMPI
          const at = toU64(sp);
          sp -= 64;
          if (isZero(sp + 32)) continue;
          if (!isDestination(code, at)) {
            status = INVALID_JUMP;
            break;
          }
          pc = bytes + <usize>at;
          continue;
        }
        case 0x58: sp += 32; setWord(sp, <u64>(pc - 1 - bytes)); continue;
        case 0x59: sp += 32; setWord(sp, <u64>load<u32>(fp, F_MEMORY_SIZE)); continue;
        case 0x5a: sp += 32; setWord(sp, <u64>gas); continue;
        case 0x5b: continue;
        case 0x5c: transientLoad(fp, sp); continue;
        case 0x5d: // TSTORE
          if (load<u32>(fp, F_IS_STATIC)) {
            status = STATIC_STATE_CHANGE;
            break;
          }
          transientStore(fp, sp);
          sp -= 64;
          continue;
        case 0x5e: gas = memoryCopy(fp, sp, gas); if (gas < 0) break; sp -= 96; continue;
        case 0x5f: sp += 32; setWord(sp, 0); continue;
        case 0x60: sp += 32; setWord(sp, <u64>load<u8>(pc)); pc++; continue;
        case 0x61: sp += 32; setWord(sp, (<u64>load<u8>(pc) << 8) | <u64>load<u8>(pc, 1)); pc += 2; continue;
        case 0x62: case 0x63: case 0x64: case 0x65: case 0x66: case 0x67: { // PUSH3 to PUSH8
          const size = op - 0x5f;
          sp += 32;
          setWord(sp, bswap<u64>(load<u64>(pc)) >> <u64>(64 - (size << 3)));
          pc += size;
          continue;
        }
        case 0x68: case 0x69: case 0x6a: case 0x6b: case 0x6c: case 0x6d: case 0x6e: case 0x6f:
        case 0x70: case 0x71: case 0x72: case 0x73: case 0x74: case 0x75: case 0x76: case 0x77:
        case 0x78: case 0x79: case 0x7a: case 0x7b: case 0x7c: case 0x7d: case 0x7e: case 0x7f: { // PUSH9 to PUSH32
          const size = op - 0x5f;
          const mask = MASKS + (<usize>size << 5);
          sp += 32;
          pc += size;
          const high = v128.load(pc - 32);
          const low = v128.load(pc - 16);
          v128.store(sp, v128.and(v128.load(mask), v128.shuffle<u8>(low, low, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)));
          v128.store(sp, v128.and(v128.load(mask, 16), v128.shuffle<u8>(high, high, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)), 16);
          continue;
        }
        case 0x80: sp += 32; copyWord(sp, sp - 32); continue;
        case 0x81: sp += 32; copyWord(sp, sp - 64); continue;
        case 0x82: sp += 32; copyWord(sp, sp - 96); continue;
        case 0x83: case 0x84: case 0x85: case 0x86: case 0x87: case 0x88: case 0x89:
        case 0x8a: case 0x8b: case 0x8c: case 0x8d: case 0x8e: case 0x8f: // DUP4 to DUP16
          sp += 32;
          copyWord(sp, sp - (<usize>(op - 0x7f) << 5));
          continue;
        case 0x90: case 0x91: case 0x92: case 0x93: case 0x94: case 0x95: case 0x96: case 0x97:
        case 0x98: case 0x99: case 0x9a: case 0x9b: case 0x9c: case 0x9d: case 0x9e: case 0x9f: { // SWAP
          const other = sp - (<usize>(op - 0x8f) << 5);
          const low = v128.load(sp);
          const high = v128.load(sp, 16);
          copyWord(sp, other);
          v128.store(other, low);
          v128.store(other, high, 16);
          continue;
        }
        case 0xa0: case 0xa1: case 0xa2: case 0xa3: case 0xa4: // LOG
          if (load<u32>(fp, F_IS_STATIC)) {
            status = STATIC_STATE_CHANGE;
            break;
          }
          gas = log(fp, sp, gas, op - 0xa0);
          if (gas < 0) break;
          sp -= <usize>(op - 0x9e) << 5;
          continue;
        case 0xf0: case 0xf5: case 0xf1: case 0xf2: case 0xf4: case 0xfa: {
          store<u32>(fp, <u32>pc, F_PC);
          store<u32>(fp, <u32>sp, F_SP);
          store<i64>(fp, gas, F_GAS);
          const next = op == 0xf0 || op == 0xf5 ? create(fp, op) : call(fp, op);
          status = next >= HALT ? next - HALT : SWITCH;
          break;
        }
        case 0xf3: case 0xfd: // RETURN, REVERT
          gas = output(fp, sp, gas);
          if (gas < 0) break;
          status = op == 0xf3 ? OK : REVERT;
          break;
        case 0xff: // SELFDESTRUCT
          if (load<u32>(fp, F_IS_STATIC)) {
            status = STATIC_STATE_CHANGE;
            break;
          }
          gas = selfDestruct(fp, sp, gas);
          if (gas < 0) break;
          clearReturn();
          status = OK;
          break;
        default:
          status = INVALID_OPCODE;
          break;
      }
      break;
    }
    if (status == SWITCH) continue;
    store<i64>(fp, gas, F_GAS);
    endFrame(fp, status);
  }
}

/** Bytecode on both engines: what a message leaves behind is the same to the last unit of gas. */
import { standardSuite } from '@hansa/crypto';
import {
  type EngineName,
  loadEngine,
  type Machine,
  type MachineOptions,
  type MessageCall,
  type MessageResult,
  StateOverlay,
} from '@hansa/executor';
import { type AddressHex, bytesToHex, concatBytes, fromHex, type HashHex, type Height } from '@hansa/primitives';
import { accountKey, codeKey, encodeAccount, type StateChange, type StateKey, storageKey } from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { addressOfNumber, codeHashOf, generateLoopingProgram } from '../evm-program.ts';
import { createTarget, type FuzzTarget } from '../target.ts';

const SENDER = 'aa'.repeat(20) as AddressHex;
/** Contracts that a message can call, and that can call each other: `addressOfNumber(0xc1)` and up. */
const CONTRACT_COUNT = 3;
/** Gas of a message by its class: too little, tight, enough. */
const GAS: readonly bigint[] = [700n, 2_600n, 9_000n, 30_000n, 60_000n, 120_000n, 300_000n, 900_000n];
const WITH_VALUE = 0x08;
const IS_CREATE = 0x10;
const WITH_LIST = 0x20;

/**
 * u8 gas class and flags, then per contract u16 size and code, then call data. Two messages run one after the other on one
 * state, so that what one leaves behind meets the next.
 */
type Scenario = { readonly flags: number; readonly codes: readonly Uint8Array[]; readonly data: Uint8Array };

type Outcome = { readonly results: readonly MessageResult[]; readonly changes: readonly StateChange[] };

export function evmTargets(): FuzzTarget[] {
  return [
    createTarget<{ readonly wasm: Outcome; readonly compiled: Outcome; readonly ethereumjs: Outcome }>({
      name: 'evm',
      about: 'bytecode on the own EVM, interpreted and compiled, and on EthereumJS',
      // EthereumJS takes its time.
      budget: { timeMs: 8_000, memoryBase: 512 * 1024 * 1024 },
      keepsInput: true,
      generate: (prng) => generateScenario(prng, generateLoopingProgram),
      decode: async (input) => {
        const scenario = scenarioOf(input);
        return {
          wasm: await runOn('wasm', scenario),
          compiled: await runOn('compiled at once', scenario),
          ethereumjs: await runOn('ethereumjs', scenario),
        };
      },
      check: ({ wasm, compiled, ethereumjs }) => differenceOf(wasm, ethereumjs) ?? tierDifference(wasm, compiled),
    }),
  ];
}

export function generateScenario(prng: Prng, createProgram: (prng: Prng) => Uint8Array): Uint8Array {
  const codes = Array.from({ length: CONTRACT_COUNT }, () => createProgram(prng));
  const sizes = codes.map((code) => concatBytes(Uint8Array.of(code.length >> 8, code.length & 0xff), code));
  return concatBytes(Uint8Array.of(prng.below(256)), ...sizes, fromHex(prng.hex(prng.below(70))));
}

export function scenarioOf(input: Uint8Array): Scenario {
  const codes: Uint8Array[] = [];
  let at = 1;
  for (let i = 0; i < CONTRACT_COUNT; i++) {
    const size = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    codes.push(input.slice(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return { flags: input[0] ?? 0, codes, data: input.slice(at) };
}

/** Both messages in one engine, with a tracer or without. */
export async function runOn(
  engine: EngineName,
  { flags, codes, data }: Scenario,
  tracer?: MachineOptions['tracer'],
): Promise<Outcome> {
  const records = new Map<StateKey, Uint8Array>();
  const put = (address: AddressHex, code: Uint8Array, balance: bigint): void => {
    const codeHash = codeHashOf(code);
    if (code.length > 0) records.set(codeKey(codeHash), code);
    records.set(accountKey(address), encodeAccount({ nonce: 1n, balance, codeHash }));
  };
  put(SENDER, new Uint8Array(0), 10n ** 18n);
  for (const [i, code] of codes.entries()) {
    const address = addressOfNumber(0xc1 + i);
    put(address, code, 1_000n);
    for (let slot = 0; slot < 3; slot++)
      records.set(storageKey(address, wordOf(slot)), fromHex(wordOf(slot === 0 ? 0xff : slot)));
  }
  const overlay = new StateOverlay({ get: (key) => records.get(key) });
  const createMachine = await loadEngine(engine);
  const machine = createMachine({
    suite: standardSuite,
    overlay,
    tracer,
    environment: {
      chainId: 20200,
      height: 1_000 as Height,
      timestamp: 1_700_000_000,
      gasLimit: 30_000_000n,
      baseFee: 7n,
      coinbase: addressOfNumber(0xfee),
      prevRandao: wordOf(0x1234),
      blockHash: (height) => wordOf(height),
    },
  });
  const results = [await runMessage(machine, overlay, messageOf(flags, data))];
  results.push(await runMessage(machine, overlay, messageOf(flags & 0x07, new Uint8Array(0))));
  return { results, changes: overlay.changes() };
}

function messageOf(flags: number, data: Uint8Array): MessageCall {
  const target = addressOfNumber(0xc1 + ((flags >> 6) % CONTRACT_COUNT));
  return {
    caller: SENDER,
    to: (flags & IS_CREATE) !== 0 ? undefined : target,
    value: (flags & WITH_VALUE) !== 0 ? 5n : 0n,
    data,
    gasLimit: GAS[flags & 7] as bigint,
    gasPrice: 9n,
    transactionHash: wordOf(0x7777),
    accessList:
      (flags & WITH_LIST) !== 0 ? [{ address: addressOfNumber(0xc2), storageKeys: [wordOf(0), wordOf(1)] }] : [],
  };
}

/** The host raises the nonce first, as for a transaction. */
async function runMessage(machine: Machine, overlay: StateOverlay, call: MessageCall): Promise<MessageResult> {
  const sender = overlay.account(SENDER);
  if (sender !== undefined) overlay.setAccount(SENDER, { ...sender, nonce: sender.nonce + 1n });
  const result = await machine.run(call);
  overlay.endTransaction();
  return result;
}

/** Every exceptional halt is one: only what a receipt says counts. */
export function differenceOf(wasm: Outcome, ethereumjs: Outcome): string | undefined {
  for (const [i, result] of wasm.results.entries()) {
    const [own, other] = [textOf(result), textOf(ethereumjs.results[i] as MessageResult)];
    if (own !== other) return `message ${i}: wasm ${own}, ethereumjs ${other}`;
  }
  const [own, other] = [wasm.changes.map(changeText), ethereumjs.changes.map(changeText)];
  const at = own.findIndex((text, i) => text !== other[i]);
  if (at >= 0 || own.length !== other.length)
    return `state: wasm ${own[Math.max(at, 0)] ?? 'nothing'}, ethereumjs ${other[Math.max(at, 0)] ?? 'nothing'}`;
  return undefined;
}

/** Which tier has run shows in nothing, not even in the word for a halt. */
function tierDifference(wasm: Outcome, compiled: Outcome): string | undefined {
  for (const [i, { error }] of wasm.results.entries()) {
    const other = compiled.results[i]?.error;
    if (error !== other) return `message ${i}: wasm ${error ?? 'ok'}, compiled ${other ?? 'ok'}`;
  }
  return differenceOf(wasm, compiled)?.replaceAll('ethereumjs', 'compiled');
}

function textOf({ error, gasUsed, gasRefund, output, logs, createdAddress }: MessageResult): string {
  const status = error === undefined ? 'ok' : error === 'revert' ? 'revert' : 'halt';
  const logTexts = logs.map(({ address, topics, data }) => `${address} ${topics.join(' ')} ${bytesToHex(data)}`);
  return [
    status,
    `gas ${gasUsed}`,
    `refund ${status === 'ok' ? gasRefund : 0n}`,
    `output ${status === 'halt' ? '' : bytesToHex(output)}`,
    `created ${status === 'ok' ? (createdAddress ?? 'none') : ''}`,
    `logs ${logTexts.join('; ')}`,
  ].join(', ');
}

const changeText = ({ key, value }: StateChange): string =>
  `${key} = ${value === undefined ? 'nothing' : bytesToHex(value)}`;

const wordOf = (number: number): HashHex => number.toString(16).padStart(64, '0') as HashHex;

import { type Common, type CustomCrypto, createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { EVM, EVMError, type EVMResult, type ExecResult, type Message, NobleBN254 } from '@ethereumjs/evm';
import { Address } from '@ethereumjs/util';
import { ethereumCrypto } from '@hansa/crypto';
import {
  type AddressHex,
  addressToHex,
  assert,
  concatBytes,
  fromHex,
  type HashHex,
  hashToHex,
  ZERO_HASH,
} from '@hansa/primitives';
import { type AccessListEntry, EMPTY_CODE_HASH, type Log } from '@hansa/protocol';
import { CurveBls } from './bls.ts';
import { EvmState } from './evm-state.ts';
import type { EvmFrame, EvmTracer, FrameType } from './evm-tracer.ts';
import type { BlockEnvironment, Machine, MachineOptions, MessageCall, MessageResult } from './machine.ts';
import { NOBODY } from './message.ts';
import { contractDenial, recordCreation } from './permission.ts';
import { pointProofs } from './point-proofs.ts';
import { StateOverlay } from './state-overlay.ts';
import { encodeRevert, runSystemContract, SYSTEM_CONTRACTS } from './system/index.ts';

/** Our engines give the same as those of EthereumJS, several times as fast: ecrecover 0.2 ms instead of 1.4. */
const customCrypto: CustomCrypto = {
  keccak256: (bytes) => ethereumCrypto.keccak256(bytes),
  ecrecover: (digest, v, r, s) => {
    const publicKey = ethereumCrypto.recoverPublicKey(digest, concatBytes(r, s), v === 27n ? 0 : 1);
    // The precompile takes any error as: there is no such key.
    if (publicKey === undefined) throw new EVMError(EVMError.errorMessages.INVALID_INPUTS);
    return publicKey;
  },
  kzg: pointProofs,
};

const bls = new CurveBls();
const PRECOMPILE_COUNT = 0x11;
const commons = new Map<number, Common>();

/** Rules of the fork that genesis names (EXE-21). One object per chain id: making it is slow. */
function commonOf(chainId: number): Common {
  let common = commons.get(chainId);
  if (common === undefined) {
    common = createCustomCommon({ chainId, name: 'hansa' }, Mainnet, { hardfork: Hardfork.Prague, customCrypto });
    commons.set(chainId, common);
  }
  return common;
}

type SystemCallHandler = (address: AddressHex, data: Uint8Array, gasLimit: bigint) => ExecResult;

/** What the rules of permission have to do with a message. */
type PermissionHooks = {
  /** Why a message may not run; undefined: it may. */
  readonly denialOf: (message: Message) => string | undefined;
  readonly onCreated: (contract: AddressHex) => void;
};

/** The EVM with the frames that it is in, so that system contracts know who calls them. */
class FramedEvm extends EVM {
  readonly frames: Message[] = [];
  onSystemCall: SystemCallHandler | undefined;
  permission: PermissionHooks | undefined;

  /** Everything of one message, and nothing of the one before. */
  begin(machine: MachineOptions, onSystemCall: SystemCallHandler, permission: PermissionHooks): void {
    assert(this.stateManager instanceof EvmState, 'the engine was made with our state');
    this.stateManager.bind(machine.overlay);
    this.blockchain = blockHashes(machine.environment);
    this.onSystemCall = onSystemCall;
    this.permission = permission;
    if (machine.tracer !== undefined) attachTracer(this, machine.tracer, machine.overlay);
  }

  end(): void {
    this.events.removeAllListeners();
    this.transientStorage.clear();
    this.onSystemCall = undefined;
    this.permission = undefined;
  }

  protected override async _executeCreate(message: Message): Promise<EVMResult> {
    const result = await super._executeCreate(message);
    const { createdAddress, execResult } = result;
    if (createdAddress !== undefined && execResult.exceptionError === undefined)
      this.permission?.onCreated(addressToHex(createdAddress.bytes));
    return result;
  }

  protected override async _executeCall(message: Parameters<EVM['_executeCall']>[0]): Promise<EVMResult> {
    const denial = this.permission?.denialOf(message);
    // Nothing has moved yet: all that a denied message costs is what led to it.
    if (denial !== undefined) return { execResult: reverted(0n, denial) };
    this.frames.push(message);
    try {
      return await super._executeCall(message);
    } finally {
      this.frames.pop();
    }
  }
}

/** Idle engines of each chain id. A new one costs more than most transactions. */
const IDLE_MAX = 4;
const idle = new Map<number, FramedEvm[]>();

function takeEvm(chainId: number): FramedEvm {
  return idle.get(chainId)?.pop() ?? createEvm(chainId);
}

function giveBack(chainId: number, evm: FramedEvm): void {
  const others = idle.get(chainId) ?? [];
  if (others.length < IDLE_MAX) others.push(evm);
  idle.set(chainId, others);
}

function createEvm(chainId: number): FramedEvm {
  const common = commonOf(chainId);
  const evm: FramedEvm = new FramedEvm({
    common,
    stateManager: new EvmState(new StateOverlay({ get: () => undefined })),
    customPrecompiles: [
      ...SYSTEM_CONTRACTS.map(({ address }) => ({
        address: toAddress(address),
        function: ({ data, gasLimit }: { readonly data: Uint8Array; readonly gasLimit: bigint }): ExecResult => {
          assert(evm.onSystemCall !== undefined, 'a system contract is called within a message');
          return evm.onSystemCall(address, data, gasLimit);
        },
      })),
    ],
    bls,
    bn254: new NobleBN254(),
  });
  // The fork never changes; without this the shared rules would keep every engine alive.
  common.events.removeAllListeners('hardforkChanged');
  return evm;
}

const toAddress = (hex: AddressHex): Address => new Address(fromHex(hex));

/** The only place that knows EthereumJS. One machine per block; one message at a time. */
export class EthereumjsMachine implements Machine {
  readonly #options: MachineOptions;
  readonly #header: BlockHeaderOfEvm;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#header = headerOf(options.environment);
  }

  /** Runs one message to its end and takes back what it must. The sender's nonce and fee are the caller's business. */
  async run(call: MessageCall): Promise<MessageResult> {
    const { environment } = this.#options;
    const evm = takeEvm(environment.chainId);
    const { overlay } = this.#options;
    evm.begin(this.#options, (address, data, gasLimit) => this.#systemCall(evm, call, { address, data, gasLimit }), {
      denialOf: (message) => denialOf(overlay, message),
      onCreated: (contract) => recordCreation(overlay, contract, call.caller),
    });
    const result = await this.#runOn(evm, call);
    // One that threw is in no state to go on.
    evm.end();
    giveBack(environment.chainId, evm);
    return result;
  }

  async #runOn(evm: FramedEvm, call: MessageCall): Promise<MessageResult> {
    const { overlay, tracer, environment } = this.#options;
    warm(evm, call, environment.coinbase);
    if (tracer?.onAccess !== undefined) evm.journal.startReportingAccessList();
    const caller = toAddress(call.caller);
    const { execResult, createdAddress } = await evm.runCall({
      caller,
      origin: caller,
      ...(call.to === undefined ? {} : { to: toAddress(call.to) }),
      value: call.value,
      data: call.data,
      gasLimit: call.gasLimit,
      gasPrice: call.gasPrice,
      skipNonceIncrement: true,
      block: { header: this.#header },
    });
    for (const destroyed of execResult.selfdestruct?.keys() ?? []) {
      // EIP-6780: only what this transaction made goes away (EXE-23).
      if (execResult.createdAddresses?.has(destroyed) !== true) continue;
      const hex = destroyed.slice(2) as AddressHex;
      overlay.clearStorage(hex);
      overlay.setAccount(hex, undefined);
    }
    tracer?.onAccess?.(accessedOf(evm));
    await evm.journal.cleanup();
    return {
      gasUsed: execResult.executionGasUsed,
      gasRefund: execResult.gasRefund ?? 0n,
      output: execResult.returnValue,
      error: errorOf(execResult),
      logs: (execResult.logs ?? []).map(toLog),
      createdAddress: createdAddress === undefined ? undefined : addressToHex(createdAddress.bytes),
    };
  }

  #systemCall(evm: FramedEvm, message: MessageCall, { address, data, gasLimit }: SystemMessage): ExecResult {
    const { suite, overlay, environment } = this.#options;
    const frame = evm.frames.at(-1);
    assert(frame !== undefined, 'a system contract is called within a frame');
    // spec EXE-31. By delegation the caller would be somebody who did not mean this contract.
    if (frame.to === undefined || addressToHex(frame.to.bytes) !== address)
      return reverted(gasLimit, 'a system contract cannot be called by delegation');
    const call = {
      suite,
      state: overlay,
      caller: addressToHex(frame.caller.bytes),
      value: frame.value,
      isStatic: frame.isStatic,
      height: environment.height,
      timestamp: environment.timestamp,
      transactionHash: message.transactionHash ?? ZERO_HASH,
      blockHash: environment.blockHash,
      data,
      createContract: (created: AddressHex, code: Uint8Array): boolean => {
        if (!createContract(overlay, created, code)) return false;
        recordCreation(overlay, created, message.caller);
        return true;
      },
    };
    const { gasUsed, isOutOfGas, outcome } = runSystemContract(address, call, gasLimit);
    if (isOutOfGas)
      return {
        executionGasUsed: gasLimit,
        returnValue: new Uint8Array(0),
        exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS),
      };
    if (outcome.type === 'revert') return reverted(gasUsed, outcome.reason);
    return {
      executionGasUsed: gasUsed,
      returnValue: outcome.output,
      logs: outcome.logs.map((log) => [fromHex(log.address), log.topics.map(fromHex), log.data]),
    };
  }
}

/** spec KV-4: nonce and code beside what balance is there. */
function createContract(overlay: StateOverlay, address: AddressHex, code: Uint8Array): boolean {
  const { nonce, balance, codeHash } = overlay.account(address) ?? NOBODY;
  if (nonce !== 0n || codeHash !== EMPTY_CODE_HASH) return false;
  const hash = hashToHex(ethereumCrypto.keccak256(code));
  overlay.setCode(hash, code);
  overlay.setAccount(address, { nonce: 1n, balance, codeHash: hash });
  return true;
}

type SystemMessage = { readonly address: AddressHex; readonly data: Uint8Array; readonly gasLimit: bigint };

function denialOf(overlay: StateOverlay, message: Message): string | undefined {
  if (message.to === undefined) return undefined;
  return contractDenial(overlay, {
    code: addressToHex(message.codeAddress.bytes),
    to: addressToHex(message.to.bytes),
    caller: addressToHex(message.caller.bytes),
    data: message.data,
    isStatic: message.isStatic,
  });
}

type BlockHeaderOfEvm = NonNullable<Parameters<EVM['runCall']>[0]['block']>['header'];

function headerOf(environment: BlockEnvironment): BlockHeaderOfEvm {
  return {
    number: BigInt(environment.height),
    coinbase: toAddress(environment.coinbase),
    timestamp: BigInt(environment.timestamp),
    difficulty: 0n,
    prevRandao: fromHex(environment.prevRandao),
    gasLimit: environment.gasLimit,
    baseFeePerGas: environment.baseFee,
    getBlobGasPrice: () => 1n,
  };
}

const ALWAYS_WARM: readonly string[] = [
  ...Array.from({ length: PRECOMPILE_COUNT }, (_, i) => (i + 1).toString(16).padStart(40, '0')),
  ...SYSTEM_CONTRACTS.map(({ address }) => address),
];

/** EIP-2929, EIP-2930, EIP-3651 (EXE-25). */
function warm({ journal }: EVM, { caller, to, accessList }: MessageCall, coinbase: AddressHex): void {
  journal.addAlwaysWarmAddress(caller);
  if (to !== undefined) journal.addAlwaysWarmAddress(to);
  journal.addAlwaysWarmAddress(coinbase);
  for (const address of ALWAYS_WARM) journal.addAlwaysWarmAddress(address);
  for (const { address, storageKeys } of accessList) {
    journal.addAlwaysWarmAddress(address);
    for (const key of storageKeys) journal.addAlwaysWarmSlot(address, key);
  }
}

/** Calls of the EVM that opens a frame, by opcode. */
const FRAME_OPCODES: ReadonlyMap<number, FrameType> = new Map([
  [0xf0, 'CREATE'],
  [0xf1, 'CALL'],
  [0xf2, 'CALLCODE'],
  [0xf4, 'DELEGATECALL'],
  [0xf5, 'CREATE2'],
  [0xfa, 'STATICCALL'],
]);

function accessedOf(evm: EVM): AccessListEntry[] {
  return [...(evm.journal.accessList ?? [])].map(([address, keys]) => ({
    address: address as AddressHex,
    storageKeys: [...keys] as HashHex[],
  }));
}

function attachTracer(evm: EVM, tracer: EvmTracer, overlay: StateOverlay): void {
  if (tracer.onStep === undefined && tracer.onEnter === undefined && tracer.onExit === undefined) return;
  // The message itself does not tell CALL from STATICCALL within a static frame: the opcode before it does.
  let opener = 0;
  evm.events.on('step', (step) => {
    opener = step.opcode.code;
    const address = addressToHex(step.address.bytes);
    tracer.onStep?.({
      pc: step.pc,
      name: step.opcode.name,
      opcode: step.opcode.code,
      gas: step.gasLeft,
      gasCost: step.opcode.dynamicFee ?? BigInt(step.opcode.fee),
      refund: step.gasRefund,
      depth: step.depth + 1,
      stack: step.stack,
      memory: step.memory,
      address,
      balance: overlay.account(address)?.balance ?? 0n,
      readSlot: (slot) => overlay.storage(address, slot),
    });
  });
  evm.events.on('beforeMessage', (message) => tracer.onEnter?.(frameOf(message, opener)));
  evm.events.on('afterMessage', ({ execResult, createdAddress }) => {
    const error = errorOf(execResult);
    tracer.onExit?.({
      gasUsed: execResult.executionGasUsed,
      output: execResult.returnValue,
      error,
      createdAddress: createdAddress === undefined ? undefined : addressToHex(createdAddress.bytes),
      logs: error === undefined ? (execResult.logs ?? []).map(toLog) : [],
    });
  });
}

function frameOf(message: Message, opener: number): EvmFrame {
  const isTop = message.depth === 0;
  const type = isTop ? undefined : FRAME_OPCODES.get(opener);
  return {
    type: type ?? (message.to === undefined ? 'CREATE' : 'CALL'),
    depth: message.depth + 1,
    // The caller of delegated code is the account that delegates, whoever called that.
    from: addressToHex((type === 'DELEGATECALL' ? (message.to ?? message.caller) : message.caller).bytes),
    to: message.to === undefined ? undefined : addressToHex(message.codeAddress.bytes),
    value: message.value,
    input: message.data.slice(),
    gas: message.gasLimit,
  };
}

/** The EVM's word for a failure; an error without one is a failure none the less. */
function errorOf({ exceptionError }: ExecResult): string | undefined {
  return exceptionError === undefined ? undefined : (exceptionError.error ?? 'internal error');
}

function reverted(gasUsed: bigint, reason: string): ExecResult {
  return {
    executionGasUsed: gasUsed,
    returnValue: encodeRevert(reason),
    exceptionError: new EVMError(EVMError.errorMessages.REVERT),
  };
}

function toLog([address, topics, data]: NonNullable<ExecResult['logs']>[number]): Log {
  return { address: addressToHex(address), topics: topics.map((topic) => hashHex(topic)), data: data.slice() };
}

function hashHex(topic: Uint8Array): HashHex {
  const padded = new Uint8Array(32);
  padded.set(topic, 32 - topic.length);
  return hashToHex(padded);
}

function blockHashes(environment: BlockEnvironment): NonNullable<ConstructorParameters<typeof EVM>[0]['blockchain']> {
  const chain = {
    getBlock: async (height: number) => ({ hash: () => fromHex(environment.blockHash(height) ?? '0'.repeat(64)) }),
    putBlock: async () => undefined,
    shallowCopy: () => chain,
  };
  return chain;
}

import type { EngineName, MachineFactory } from './machine.ts';
import { preparePairings } from './pairing-modules.ts';
import { WasmMachine } from './wasm-machine.ts';

let ethereumjs: typeof import('./ethereumjs-machine.ts') | undefined;

/** EthereumJS is loaded only when it is asked for by its name. */
export async function loadEngine(engine: EngineName = 'wasm'): Promise<MachineFactory> {
  await preparePairings();
  if (engine !== 'ethereumjs') return (options) => new WasmMachine(options, engine);
  // Kept: even a module that is loaded takes another turn of the event loop to be imported again.
  ethereumjs ??= await import('./ethereumjs-machine.ts');
  const { EthereumjsMachine } = ethereumjs;
  return (options) => new EthereumjsMachine(options);
}

import type { EngineName, MachineFactory } from './machine.ts';
import { preparePairings } from './pairing-modules.ts';
import { WasmMachine } from './wasm-machine.ts';

/** EthereumJS is loaded only when it is asked for: by its name, or for a trace, since the own engine has no hooks. */
export async function loadEngine(engine: EngineName = 'wasm'): Promise<MachineFactory> {
  await preparePairings();
  if (engine === 'wasm') return (options) => new WasmMachine(options);
  const { EthereumjsMachine } = await import('./ethereumjs-machine.ts');
  return (options) => new EthereumjsMachine(options);
}

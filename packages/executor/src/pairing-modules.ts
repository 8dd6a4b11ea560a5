import { isPairingLibraryMissing, type MclModule, usePairingModules } from '@hansa/evm';

let loading: Promise<void> | undefined;

/**
 * Loads mcl once a contract has used a pairing curve: the first use is slow, all others are not, and who never uses one does
 * not pay for it. Results do not depend on it.
 */
export function preparePairings(): Promise<void> | undefined {
  if (!isPairingLibraryMissing()) return undefined;
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  const { default: createModule } = await import('mcl-wasm/dist/mcl_c.js');
  const create = async (): Promise<MclModule> => (await createModule({})) as MclModule;
  usePairingModules(await create(), await create());
}

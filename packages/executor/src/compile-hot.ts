import { generateHotCode } from './wasm-machine.ts';

/** Compiles one code that is called often, if there is one. Whether there was: then there may be more. */
export async function compileHotCode(pause: () => Promise<void>): Promise<boolean> {
  const generated = generateHotCode();
  if (generated === undefined) return false;
  await pause();
  const module = await generated.compile();
  if (module === undefined) return true;
  for (const _ of generated.install(module)) await pause();
  return true;
}

import { generateHotCode } from './wasm-machine.ts';

/** Compiles one code that is called often, if there is one. Whether there was: then there may be more. */
export async function compileHotCode(pause: () => Promise<void>): Promise<boolean> {
  const generated = generateHotCode();
  if (generated === undefined) return false;
  const steps = generated.generate();
  for (;;) {
    await pause();
    const { done, value: made } = steps.next();
    if (done !== true) continue;
    const module = await made?.compile();
    if (module === undefined) return true;
    for (const _ of made?.install(module) ?? []) await pause();
    return true;
  }
}

/** The second build of this source has hooks; in the first one nothing is left of them. */


// @ts-ignore: decorator
@inline
export function isTracing(): bool {
  // @ts-ignore: a constant of the build (scripts/build-evm.ts)
  return hansaTracing != 0;
}

// @ts-ignore: decorator
@external("host", "step")
declare function hostStep(frame: usize, pc: u32, top: usize, gas: i64): void;

// @ts-ignore: decorator
@inline
export function step(fp: usize, pc: u32, sp: usize, gas: i64): void {
  hostStep(fp, pc, sp, gas);
}

/** What a precompiled contract answers: gas of the call's kind and its output; undefined: it fails and uses all gas. */
export type PrecompileResult = { readonly gasUsed: bigint; readonly output: Uint8Array } | undefined;

/** Gas is compared before anything that costs: a result with more than `gas` has no output. */
export type Precompile = (data: Uint8Array, gas: bigint) => PrecompileResult;

export const NOTHING: Uint8Array = new Uint8Array(0);

/** `size` bytes from `start`, with zeros where the data ends. A copy. */
export function slicePadded(data: Uint8Array, start: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  if (start < data.length) bytes.set(data.subarray(start, start + size));
  return bytes;
}

import { bytesToHex } from '@hansa/primitives';
import type { Receipt, StateChange } from '@hansa/protocol';
import type { Executed } from './execute-all.ts';

/** What a block leaves behind, but for its header. */
export type BlockOutcome = Executed & { readonly changes: readonly StateChange[] };

/**
 * The two engines do not agree on a block: one of them is wrong, and a node cannot know which. It stops; the message is the
 * report.
 */
export class EngineDifferenceError extends Error {
  readonly code = 'EXECUTOR_ENGINES_DIFFER';
  readonly height: number;
  readonly difference: string;

  constructor(height: number, difference: string) {
    super(`block ${height}: the engines wasm and ethereumjs differ: ${difference}`);
    this.name = 'EngineDifferenceError';
    this.height = height;
    this.difference = difference;
  }
}

/** @throws EngineDifferenceError naming the first difference */
export function assertSameOutcome(height: number, wasm: BlockOutcome, ethereumjs: BlockOutcome): void {
  const difference = differenceOf(wasm, ethereumjs);
  if (difference !== undefined) throw new EngineDifferenceError(height, difference);
}

/** The first difference, undefined when there is none. Words of engines for a failure are no part of an outcome. */
export function differenceOf(wasm: BlockOutcome, ethereumjs: BlockOutcome): string | undefined {
  return (
    firstDifference('left out', wasm.leftOut.map(leftOutText), ethereumjs.leftOut.map(leftOutText)) ??
    firstDifference('receipt', wasm.receipts.flatMap(receiptTexts), ethereumjs.receipts.flatMap(receiptTexts)) ??
    firstDifference('change', wasm.changes.map(changeText), ethereumjs.changes.map(changeText))
  );
}

function firstDifference(kind: string, wasm: readonly string[], ethereumjs: readonly string[]): string | undefined {
  for (let i = 0; i < Math.max(wasm.length, ethereumjs.length); i++) {
    if (wasm[i] !== ethereumjs[i])
      return `${kind}: wasm ${wasm[i] ?? 'has no more'}, ethereumjs ${ethereumjs[i] ?? 'has no more'}`;
  }
  return undefined;
}

const leftOutText = ({ position, hash, reason }: Executed['leftOut'][number]): string =>
  `${position} ${hash} ${reason}`;

/** One text a field, so that a report names the one that differs. */
function receiptTexts({ transactionHash, status, gasUsed, contractAddress, output, logs }: Receipt): string[] {
  return [
    `status ${status}`,
    `gas ${gasUsed}`,
    `contract ${contractAddress ?? 'none'}`,
    `output ${bytesToHex(output)}`,
    ...logs.map(({ address, topics, data }) => `log of ${address}: ${topics.join(' ')} ${bytesToHex(data)}`),
  ].map((text) => `${transactionHash} ${text}`);
}

const changeText = ({ key, value }: StateChange): string =>
  `${key} = ${value === undefined ? 'nothing' : bytesToHex(value)}`;

import type { Output } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import type { Devnet } from './layout.ts';

const POLL_TIMEOUT_MS = 2_000;

/** The part of `hansa_getStatus` that a status line needs. */
export type NodeStatus = {
  readonly voting: boolean;
  readonly height: string;
  readonly lastBlockAgeMs: number;
  readonly whyNoBlock: string | null;
  readonly validatorCount: number;
  readonly totalWeight: number;
  readonly quorumWeight: number;
};

export type DevnetStatus = {
  readonly votingIndices: readonly number[];
  readonly votingCount: number;
  readonly nodeCount: number;
  readonly height: number;
  readonly toleratedFailures: number;
  readonly lastBlockAgeMs: number | undefined;
  readonly whyNoBlock: string | undefined;
};

/** Asks every node; one that does not answer counts as not voting. */
export async function pollDevnet(devnet: Devnet): Promise<DevnetStatus> {
  const answers = await Promise.all(
    devnet.nodes.map(async (node) => {
      try {
        return {
          index: node.index,
          status: await callRpc<NodeStatus>(node.rpc, 'hansa_getStatus', [], POLL_TIMEOUT_MS),
        };
      } catch {
        return { index: node.index, status: undefined };
      }
    }),
  );
  const voting = answers.filter((answer) => answer.status?.voting === true);
  const present = answers.flatMap((answer) => (answer.status === undefined ? [] : [answer.status]));
  const newest = present.reduce<NodeStatus | undefined>(
    (best, status) => (best === undefined || Number(status.height) > Number(best.height) ? status : best),
    undefined,
  );
  // All members of a devnet begin with weight 1: what is left above the quorum may fail.
  const toleratedFailures = newest === undefined ? 0 : Math.max(0, voting.length - newest.quorumWeight);
  return {
    votingIndices: voting.map((answer) => answer.index),
    votingCount: voting.length,
    nodeCount: newest?.validatorCount ?? devnet.nodes.length,
    height: newest === undefined ? 0 : Number(newest.height),
    toleratedFailures,
    lastBlockAgeMs: newest?.lastBlockAgeMs,
    whyNoBlock: newest?.whyNoBlock ?? (newest === undefined ? 'no node answers' : undefined),
  };
}

/** `4/4 validators · height 12 · tolerates 1 failure · last block 0.8 s ago` */
export function renderStatusLine(status: DevnetStatus): string {
  const failures = status.toleratedFailures === 1 ? '1 failure' : `${status.toleratedFailures} failures`;
  const parts = [
    `${status.votingCount}/${status.nodeCount} validators`,
    `height ${status.height}`,
    `tolerates ${status.toleratedFailures === 0 ? 'no failure' : failures}`,
  ];
  if (status.lastBlockAgeMs !== undefined) parts.push(`last block ${renderAge(status.lastBlockAgeMs)} ago`);
  if (status.whyNoBlock !== undefined) parts.push(status.whyNoBlock);
  return parts.join(' · ');
}

function renderAge(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** On a terminal one line that is kept up to date; elsewhere a line for each change but the age. */
export function createStatusLine(output: Output): { show(status: DevnetStatus): void } {
  let last = '';
  return {
    show: (status) => {
      const key = `${status.votingCount} ${status.height} ${status.whyNoBlock ?? ''}`;
      if (key !== last) output.data({ event: 'status', ...status });
      if (process.stdout.isTTY === true && !output.json) process.stdout.write(`\r\u001b[K${renderStatusLine(status)}`);
      else if (key !== last) output.line(renderStatusLine(status));
      last = key;
    },
  };
}

import type { AddressHex } from '@hansa/primitives';
import { decodeFunctionData, parseAbi } from 'viem';
import { expect, test } from 'vitest';
import { benchAccounts } from '../src/bench/accounts.ts';
import { quantile } from '../src/bench/measure.ts';
import { bytesSent, loopDelayMsP99, parseMetrics } from '../src/bench/metrics.ts';
import { keyValueWorkload } from '../src/bench/workloads.ts';

// What the load generator works out by itself, without a node.

test('metrics: values by name and labels; bytes of all channels are added up', () => {
  const metrics = parseMetrics(
    [
      '# HELP hansa_network_total Counters of the network',
      '# TYPE hansa_network_total counter',
      'hansa_network_total{kind="bytesSent_consensus"} 1200',
      'hansa_network_total{kind="bytesSent_transactions"} 34',
      'hansa_network_total{kind="bytesReceived_sync"} 99',
      'nodejs_eventloop_lag_p99_seconds 0.0125',
      '',
    ].join('\n'),
  );
  expect(metrics.get('hansa_network_total{kind="bytesReceived_sync"}')).toBe(99);
  expect(bytesSent(metrics)).toBe(1234);
  expect(loopDelayMsP99(metrics)).toBe(12.5);
  expect(loopDelayMsP99(parseMetrics(''))).toBeNaN();
});

test('KV-9: puts have keys of their own and a value of their size, and declare little more gas than they use', () => {
  const accounts = benchAccounts(2);
  const workload = keyValueWorkload('11'.repeat(20) as AddressHex, 100);
  const keys = new Set<unknown>();
  for (const account of accounts) {
    for (let i = 0; i < 3; i++) {
      const call = workload.call(accounts, accounts.indexOf(account));
      account.nonce++;
      const { args } = decodeFunctionData({
        abi: parseAbi(['function set(string key, string value)']),
        data: `0x${Buffer.from(call.data).toString('hex')}`,
      });
      keys.add(args[0]);
      expect(args[1]).toHaveLength(100);
      // 30 million of a block for 500 and more of them.
      expect(call.gasLimit).toBeLessThan(60_000n);
    }
  }
  expect(keys.size).toBe(6);
});

test('quantiles: at, between and beyond the samples', () => {
  const sorted = [1, 2, 3, 4];
  expect([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share))).toEqual([1, 3, 4, 4]);
  expect(quantile([], 0.5)).toBeNaN();
});

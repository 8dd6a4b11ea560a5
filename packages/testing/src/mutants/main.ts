/** `npm run mutants -- [--seeds N] [--name TEXT]`: how many seeds the simulator needs to catch each deliberate fault. */
import { parseArgs } from 'node:util';
import { runSeed } from '../simulator/cluster.ts';
import { MUTANTS } from './list.ts';
import { createPatchedReplica } from './patched-replica.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string' }, name: { type: 'string' } } });
const seedMax = Number(values.seeds ?? 100);
const chosen = MUTANTS.filter(({ name }) => values.name === undefined || name.includes(values.name));
let aliveCount = 0;
for (const [index, { name, rule, patches }] of chosen.entries()) {
  const createReplica = await createPatchedReplica(`mutant-${index}`, patches);
  let line = `not in ${seedMax} seeds`;
  for (let seed = 1; seed <= seedMax; seed++) {
    const { violation } = runSeed({ seed, createReplica });
    if (violation === undefined) continue;
    line = `seed ${seed}: ${violation.checker}: ${violation.detail.split('\n')[0]?.slice(0, 100)}`;
    break;
  }
  if (line.startsWith('not')) aliveCount++;
  process.stdout.write(`${name.padEnd(48)} ${rule.padEnd(13)} ${line}\n`);
}
process.stdout.write(`${chosen.length - aliveCount} caught, ${aliveCount} alive\n`);

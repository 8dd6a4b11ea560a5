import { runChild } from './run-seeds.ts';

await runChild(process.argv[2]);

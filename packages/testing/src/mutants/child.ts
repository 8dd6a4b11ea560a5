import { runChild } from './run-mutant.ts';

await runChild(process.argv[2]);

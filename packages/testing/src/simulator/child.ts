import { runChild } from './run-seeds.ts';

runChild(process.argv[2]);

/** `npm run coverage`: the tests of consensus, membership and protocol, and exit code 1 unless every branch is taken. */
import { runGate } from './branch-gate.ts';

const { tests, isClosed } = runGate();
if (tests.failed > 0) process.stdout.write(`${tests.failed} tests failed\n`);
process.exitCode = isClosed && tests.failed === 0 && tests.passed > 0 ? 0 : 1;

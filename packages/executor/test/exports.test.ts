/** The public names of this package. */
import { expect, it } from 'vitest';
import * as executor from '../src/index.ts';

it('exports', () => {
  expect(Object.keys(executor).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_TRACE_LIMITS",
      "EngineDifferenceError",
      "INIT_CODE_SIZE_MAX",
      "SYSTEM_CONTRACTS",
      "SYSTEM_EVENTS",
      "StateOverlay",
      "accountOfNode",
      "argumentTypes",
      "blockEnvironment",
      "buildGenesisBlock",
      "callMessage",
      "createAccessList",
      "createdAddress",
      "decodeAbi",
      "effectiveGasPrice",
      "encodeAbi",
      "encodeCall",
      "estimateGas",
      "executeBlock",
      "intrinsicGas",
      "isFeeFree",
      "isSystemAddress",
      "judgeJoin",
      "loadEngine",
      "selectorOf",
      "topicOf",
      "traceBlock",
      "traceTransaction",
      "wordOf",
    ]
  `);
});

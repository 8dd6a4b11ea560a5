/** The public names of this package. */
import { expect, it } from 'vitest';
import * as executor from '../src/index.ts';

it('exports', () => {
  expect(Object.keys(executor).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_TRACE_LIMITS",
      "EngineDifferenceError",
      "GET_SIGNATURE",
      "INIT_CODE_SIZE_MAX",
      "KV_TABLES_ADDRESS",
      "SET_BYTE_GAS",
      "SET_GAS",
      "SET_SIGNATURE",
      "SYSTEM_CONTRACTS",
      "SYSTEM_EVENTS",
      "StateOverlay",
      "TABLE_MANAGER_ADDRESS",
      "WRITTEN_SIGNATURE",
      "accountOfNode",
      "argumentTypes",
      "blockEnvironment",
      "buildGenesisBlock",
      "callMessage",
      "compileHotCode",
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
      "rowKey",
      "selectorOf",
      "tableAddress",
      "topicOf",
      "traceBlock",
      "traceTransaction",
      "wordOf",
    ]
  `);
});

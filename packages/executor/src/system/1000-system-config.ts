import { organisationOf, PARAMETERS_KEY, SYSTEM_CONFIG_ADDRESS } from '@hansa/membership';
import type { HashHex } from '@hansa/primitives';
import { encodeParameters, type Log, type ProtocolErrorCode, parameterByKey, setParameter } from '@hansa/protocol';
import { decodeAbi, encodeAbi, lowerCaseAscii, topicOf } from '../abi.ts';
import { parametersOf, registryOf, termStateOf } from '../membership-cache.ts';
import { READ_GAS, type SystemContract, type SystemFunction, type SystemOutcome, WRITE_GAS } from './types.ts';

/** Code of FISCO BCOS for a caller without permission. */
const NO_PERMISSION = -50_000n;
const VALUE_CHANGED = 'ValueChanged(string,string,address)';

const revert = (reason: string): SystemOutcome => ({ type: 'revert', reason });

const UNKNOWN = 'unknown parameter';

/** spec EXE-33, EXE-35: the text stands in a receipt, so that it is a rule and not the wording of a library. */
function refusalOf(key: string, code: ProtocolErrorCode): string {
  switch (code) {
    case 'PROTOCOL_PARAMETER_UNKNOWN':
      return UNKNOWN;
    case 'PROTOCOL_PARAMETER_MALFORMED':
      return `malformed value of ${key}`;
    case 'PROTOCOL_PARAMETER_CONFLICT':
      return `${key} contradicts another parameter`;
    default:
      return `${key} out of range`;
  }
}

const setValueByKey: SystemFunction = {
  signature: 'setValueByKey(string,string)',
  isView: false,
  gas: WRITE_GAS,
  run: ({ state, caller }, data) => {
    const decoded = decodeAbi(['string', 'string'], data);
    if (decoded === undefined) return revert('setValueByKey(string,string) is expected');
    const key = lowerCaseAscii(decoded[0] as string);
    const text = decoded[1] as string;
    if (organisationOf(registryOf(state), caller) === undefined) {
      return { type: 'return', output: encodeAbi(['int256'], [NO_PERMISSION]), logs: [] };
    }
    const changed = setParameter(parametersOf(state), key, text);
    if (!changed.ok) return revert(refusalOf(key, changed.error.code));
    state.set(PARAMETERS_KEY, encodeParameters(changed.value));
    const log: Log = {
      address: SYSTEM_CONFIG_ADDRESS,
      topics: [topicOf(VALUE_CHANGED) as HashHex],
      data: encodeAbi(['string', 'string', 'address'], [key, text, caller]),
    };
    return { type: 'return', output: encodeAbi(['int256'], [0n]), logs: [log] };
  },
};

/** (value, height from which it holds): the value in force when nothing is pending, else the pending one. */
const getValueByKey: SystemFunction = {
  signature: 'getValueByKey(string)',
  isView: true,
  gas: 2n * READ_GAS,
  run: ({ state }, data) => {
    const decoded = decodeAbi(['string'], data);
    if (decoded === undefined) return revert('getValueByKey(string) is expected');
    const key = lowerCaseAscii(decoded[0] as string);
    const next = parameterByKey(parametersOf(state), key);
    if (next === undefined) return revert(UNKNOWN);
    const { info } = termStateOf(state);
    const isInForce = parameterByKey(info.parameters, key) === next;
    const since = isInForce ? info.baseHeight + 1 : info.endHeight + 1;
    return { type: 'return', output: encodeAbi(['string', 'int256'], [next, BigInt(since)]), logs: [] };
  },
};

/** Parameters of the chain (EXE-33; FISCO BCOS: SystemConfig). A change takes effect at the start of a term. */
export const systemConfig: SystemContract = {
  address: SYSTEM_CONFIG_ADDRESS,
  name: 'system config',
  functions: [setValueByKey, getValueByKey],
};

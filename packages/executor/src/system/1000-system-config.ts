import { SYSTEM_CONFIG_ADDRESS } from '@hansa/membership';
import { parameterByKey } from '@hansa/protocol';
import { lowerCaseAscii } from '../abi.ts';
import { parametersOf, termStateOf } from '../membership-cache.ts';
import { committeeOnly } from './actions.ts';
import { returns, revert, type SystemContract, type SystemFunction, viewFunction } from './types.ts';

/** (value, height from which it holds): the value in force when nothing is pending, else the pending one. */
const getValueByKey: SystemFunction = viewFunction('getValueByKey(string)', 2n, ({ state }, [text]) => {
  const key = lowerCaseAscii(text as string);
  const next = parameterByKey(parametersOf(state), key);
  if (next === undefined) return revert('unknown parameter');
  const { info } = termStateOf(state);
  const isInForce = parameterByKey(info.parameters, key) === next;
  const since = isInForce ? info.baseHeight + 1 : info.endHeight + 1;
  return returns(['string', 'int256'], [next, BigInt(since)]);
});

/**
 * Parameters of the chain (EXE-33; FISCO BCOS: SystemConfig). The committee changes them (GOV-10); a change takes effect at
 * the start of a term.
 */
export const systemConfig: SystemContract = {
  address: SYSTEM_CONFIG_ADDRESS,
  name: 'system config',
  functions: [...committeeOnly(SYSTEM_CONFIG_ADDRESS), getValueByKey],
};

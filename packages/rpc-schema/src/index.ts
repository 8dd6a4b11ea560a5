export { COMPONENTS } from './components.ts';
export type { JsonSchema, MethodDescription, ParamDescription } from './description.ts';
export { METHODS } from './methods.ts';
export { type OpenRpcDocument, openRpcDocument } from './open-rpc.ts';

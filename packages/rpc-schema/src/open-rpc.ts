import { COMPONENTS } from './components.ts';
import type { JsonSchema } from './description.ts';
import { METHODS } from './methods.ts';

export type OpenRpcDocument = {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly methods: readonly unknown[];
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};

/** Description of all methods (OpenRPC 1.3), as `rpc.discover` answers it. */
export function openRpcDocument(version: string): OpenRpcDocument {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Hansa JSON-RPC',
      version,
      description: "Ethereum's methods, and Hansa's own for consensus, members and proofs.",
    },
    methods: METHODS.map((entry) => ({
      name: entry.name,
      summary: entry.needsSocket === true ? `${entry.summary} (WebSocket only)` : entry.summary,
      paramStructure: 'either',
      params: entry.params,
      result: { name: 'result', schema: entry.result },
    })),
    components: { schemas: COMPONENTS },
  };
}

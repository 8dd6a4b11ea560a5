export type StartedRpc = {
  readonly url: string | undefined;
  readonly metrics: () => Readonly<Record<string, number>>;
  stop(): Promise<void>;
};
export async function startRpc(_dependencies: unknown): Promise<StartedRpc> {
  return { url: undefined, metrics: () => ({}), stop: async () => undefined };
}

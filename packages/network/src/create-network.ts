import type { Network, NetworkDependencies, NetworkOptions } from './types.ts';

export type CreateNetwork = (options: NetworkOptions, dependencies: NetworkDependencies) => Network;
export declare const createNetwork: CreateNetwork;

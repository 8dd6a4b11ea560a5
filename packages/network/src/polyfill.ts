/**
 * libp2p, yamux and it-queue call Promise.withResolvers (ES2024), which Node 20 lacks.
 * MUST be the first import of whatever imports libp2p.
 */
type Resolvers = <T>() => {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (reason?: unknown) => void;
};

const target = Promise as unknown as { withResolvers?: Resolvers };

target.withResolvers ??= function withResolvers<T>(): ReturnType<typeof Promise.withResolvers<T>> {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

export {};

/** Bytes that many holders share. What does not fit is refused, so that the sum stays bounded whoever comes. */
export type Budget = {
  /** False, and nothing is taken, when so many are not left. */
  take(size: number): boolean;
  give(size: number): void;
  taken(): number;
  /** How often something did not fit. */
  refusedCount(): number;
};

export function createBudget(sizeMax: number): Budget {
  let taken = 0;
  let refusedCount = 0;
  return {
    take: (size) => {
      if (taken + size > sizeMax) {
        refusedCount++;
        return false;
      }
      taken += size;
      return true;
    },
    give: (size) => {
      taken -= size;
    },
    taken: () => taken,
    refusedCount: () => refusedCount,
  };
}

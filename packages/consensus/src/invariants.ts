import { assert, type Height } from '@hansa/primitives';
import { bodyLimit } from './bodies.ts';
import { compareClaims, type ReplicaState, stableOf, termOf } from './state.ts';

/** What holds between steps, whatever peers send. @throws InvariantError: the program is wrong and must not go on */
export function checkInvariants(state: ReplicaState): void {
  checkHeights(state);
  checkView(state);
  checkVotes(state);
  checkBounds(state);
}

function checkHeights(state: ReplicaState): void {
  const { decidedHeight, executeSent, commitSent, decided } = state.termState;
  const stable = stableOf(state);
  const { baseHeight, endHeight } = termOf(state);
  assert(stable >= baseHeight, `the final height ${stable} was expected not below the base ${baseHeight} of the term`);
  assert(decidedHeight >= stable, `decided height ${decidedHeight} was expected not below final ${stable}`);
  assert(decidedHeight <= Math.max(endHeight, stable), `decided height ${decidedHeight} was expected within the term`);
  assert(Math.max(executeSent, stable) >= commitSent, 'only executed heights were expected to be committed');
  for (let height = stable + 1; height <= decidedHeight; height++) {
    assert(decided.has(height as Height), `height ${height} was expected to be decided below ${decidedHeight}`);
  }
}

function checkView(state: ReplicaState): void {
  const { view, changing, newView, tip, highestPrepared, previousView } = state.termState;
  assert(
    changing ? newView === undefined : view > 0 === (newView !== undefined),
    'an open view above 0 was expected to have its NEW-VIEW',
  );
  assert(previousView === undefined || previousView < view, 'the previous view was expected below the current one');
  if (tip === undefined) return;
  assert(tip.view < view, `the tip was expected to be of a view below ${view}, got ${tip.view}`);
  assert(
    highestPrepared !== undefined && compareClaims(highestPrepared, tip) >= 0,
    'the highest certificate was expected not below the tip',
  );
}

function checkVotes(state: ReplicaState): void {
  const { termState } = state;
  const { ownPrepares, ownCommits, ownProposals, tip, changing, highestPrepared, view } = termState;
  const stable = stableOf(state);
  if (changing)
    assert(
      ownPrepares.size + ownCommits.size + ownProposals.size === 0,
      'no vote of a view that is changing was expected',
    );
  for (const height of ownPrepares.keys()) {
    const isAllowed = tip === undefined || height >= tip.height;
    assert(height > stable && isAllowed, `no PREPARE at ${height} was expected, final ${stable}, tip ${tip?.height}`);
  }
  for (const [height, digest] of ownCommits) {
    const isCovered = highestPrepared !== undefined && highestPrepared.view >= view;
    assert(isCovered, `the certificate behind the COMMIT of ${height} (${digest}) was expected to be kept`);
  }
}

function checkBounds(state: ReplicaState): void {
  const { termState } = state;
  const { window } = termOf(state).parameters;
  const maps = [
    termState.ownProposals,
    termState.ownPrepares,
    termState.ownCommits,
    termState.previousCommits,
    termState.ownResults,
    termState.candidates,
    termState.prepares,
    termState.commits,
    termState.commitsOfPrevious,
    termState.results,
    termState.certificates,
    termState.decided,
    termState.executed,
  ];
  for (const map of maps)
    assert(map.size <= window, `at most ${window} heights were expected in flight, got ${map.size}`);
  const { proposals, buffer, fetches } = termState;
  assert(proposals.size <= bodyLimit(state) + window, `too many proposals are held: ${proposals.size}`);
  assert(buffer.size <= buffer.capacity, `too many messages are buffered: ${buffer.size}`);
  assert(fetches.size <= bodyLimit(state), `too many fetches are open: ${fetches.size}`);
}

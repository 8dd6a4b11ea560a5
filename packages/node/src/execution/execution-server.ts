import { toFailure } from '../failure.ts';
import type { BlockWriter } from './block-writer.ts';
import type {
  ExecutionAnswerBody,
  ExecutionAnswerMessage,
  ExecutionRequestBody,
  ExecutionRequestMessage,
} from './messages.ts';

/** Answers requests by `post`, one after the other, in the order in which they come. */
export function createExecutionServer(
  writer: BlockWriter,
  post: (answer: ExecutionAnswerMessage) => void,
): (request: ExecutionRequestMessage) => void {
  let isFailed = false;
  let turn: Promise<void> = Promise.resolve();

  async function handle({ id, body }: ExecutionRequestMessage): Promise<void> {
    // After a failure nothing that was in memory can be trusted: the process is about to stop.
    if (isFailed && body.type !== 'close') return;
    try {
      post({ id, body: await answerRequest(writer, body) });
    } catch (error) {
      isFailed = true;
      post({ id, failure: toFailure(error) });
    }
  }

  return (request) => {
    turn = turn.then(() => handle(request));
  };
}

async function answerRequest(writer: BlockWriter, body: ExecutionRequestBody): Promise<ExecutionAnswerBody> {
  switch (body.type) {
    case 'open':
      return writer.open();
    case 'execute':
      return { type: 'executed', blockHash: await writer.execute(body) };
    case 'commit':
      return { type: 'committed', block: await writer.commit(body) };
    case 'import':
      return { type: 'imported', outcome: await writer.importBlock(body) };
    case 'compare':
      return { type: 'compared', compared: writer.compare(body.changes) };
    case 'close':
      await writer.close();
      return { type: 'closed' };
  }
}

/** The signer's durable record: what was signed, before it leaves (docs/spec/signer.md, SGN-5). */
import { ChainError, type HashHex } from '@hansa/primitives';
import type { Pending, VoteFile } from '../consensus/vote-file.ts';
import { createVoteLog, openVoteLog, type VoteLog, type VoteLogOptions } from '../consensus/vote-log.ts';
import type { SignerMark } from '../consensus/vote-record.ts';
import type { NodeErrorCode } from '../errors.ts';
import { type FinalBlock, Protection, type Verdict, type VoteInQuestion } from './protection.ts';
import { decodeSignerRecord, encodeSignerRecord, type SignerRecord } from './signer-record.ts';

/** A log that is smaller is not worth a rewrite. */
const COMPACT_BYTES_MIN = 1024 * 1024;

export type SignerStoreOptions = VoteLogOptions & {
  /** 16 bytes of chance in hex, for a new record. */
  readonly randomId: () => string;
};

export class SignerStore {
  readonly #log: VoteLog;
  readonly #protection = new Protection();
  #genesisHash: HashHex | undefined;
  #mark: SignerMark = { id: '', sequence: 0 };
  #compactAt = COMPACT_BYTES_MIN;

  constructor(log: VoteLog, records: readonly SignerRecord[]) {
    this.#log = log;
    for (const record of records) {
      if (record.type === 'chain') this.#genesisHash = record.genesisHash;
      else if (record.type === 'mark') this.#mark = { id: record.id, sequence: record.sequence };
      else this.#protection.restore(record);
    }
  }

  get genesisHash(): HashHex | undefined {
    return this.#genesisHash;
  }

  /** spec SGN-10. */
  get mark(): SignerMark {
    return this.#mark;
  }

  /** Heals what was found torn or damaged. MUST be completed before anything else. */
  begin(): Pending {
    return this.#rewrite();
  }

  /** spec SGN-4. The caller has checked that it is bound to nothing. */
  bind(genesisHash: HashHex): Pending {
    this.#genesisHash = genesisHash;
    return this.#write([{ type: 'chain', genesisHash }]);
  }

  /**
   * Judges all, in order. `durable` completes when what is new is on disk in both copies; before that nothing of it may
   * be signed, and after its failure nothing ever.
   */
  judge(
    final: FinalBlock,
    questions: readonly VoteInQuestion[],
  ): { readonly verdicts: readonly Verdict[]; readonly durable: Pending } {
    const records: SignerRecord[] = [];
    if (this.#protection.raiseFinal(final)) records.push({ type: 'final', ...final });
    const verdicts = questions.map((question) => this.#protection.judge(question));
    const slots = verdicts.flatMap((verdict) =>
      'record' in verdict && verdict.record !== undefined ? [verdict.record] : [],
    );
    // Heights alone are worth no sync: they come with the next vote, or from the next request.
    return { verdicts, durable: slots.length === 0 ? undefined : this.#write([...records, ...slots]) };
  }

  close(): void {
    this.#log.close();
  }

  #write(records: readonly SignerRecord[]): Pending {
    if (this.#log.size > this.#compactAt) return this.#rewrite();
    this.#mark = { ...this.#mark, sequence: this.#mark.sequence + 1 };
    return this.#log.append([...records, { type: 'mark' as const, ...this.#mark }].map(encodeSignerRecord));
  }

  #rewrite(): Pending {
    this.#mark = { ...this.#mark, sequence: this.#mark.sequence + 1 };
    const records: SignerRecord[] = [{ type: 'mark', ...this.#mark }];
    if (this.#genesisHash !== undefined) records.push({ type: 'chain', genesisHash: this.#genesisHash });
    const content = [...records, ...this.#protection.live()].map(encodeSignerRecord);
    const size = content.reduce((sum, bytes) => sum + bytes.length + 4, 0);
    this.#compactAt = Math.max(COMPACT_BYTES_MIN, 4 * size);
    return this.#log.rewrite(content);
  }
}

/** The empty record of a key that a signer has never signed with. Durable when completed. */
export function createSignerStore(files: readonly VoteFile[], options: SignerStoreOptions): Pending {
  const record: SignerRecord = { type: 'mark', id: options.randomId(), sequence: 1 };
  return createVoteLog(files, options).rewrite([encodeSignerRecord(record)]);
}

/** @throws ChainError SIGNER_RECORD_LOST */
export function openSignerStore(
  files: readonly VoteFile[],
  options: VoteLogOptions,
): {
  readonly store: SignerStore;
  readonly notes: readonly string[];
} {
  const opened = openVoteLog(files, options);
  if (opened.state === 'lost') {
    throw new ChainError<NodeErrorCode>({
      code: 'SIGNER_RECORD_LOST',
      message: `the record of what was signed cannot be trusted: ${opened.loss.detail}`,
      remedy:
        'make a new one by `hansa signer init --force`, and start the node by `hansa start --rebuild`: it votes again when a quorum has told how far the chain has come',
    });
  }
  return { store: new SignerStore(opened.log, opened.records.map(decodeSignerRecord)), notes: opened.notes };
}

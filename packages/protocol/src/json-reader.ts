/**
 * JSON (RFC 8259) for files that people write and everybody must read alike: keys that come twice, numbers that are not
 * whole, and deep nesting are faults, each with its line and column. `JSON.parse` takes the last of two equal keys.
 */
import { fail, ok, type Result } from '@hansa/primitives';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** Keys in the order of the text. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

const DEPTH_MAX = 16;
const WHITE_SPACE = /[ \t\n\r]*/y;
/** A string without its escapes resolved; control characters may not stand in it. */
const STRING = /"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\p{Cc}]*)*"/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** The error says what is wrong and where. */
export function readJson(text: string): Result<JsonValue, string> {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  return reader.finish(value);
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #fault: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  finish(value: JsonValue): Result<JsonValue, string> {
    this.#skip();
    if (this.#at < this.#text.length) this.#fail('nothing more was expected');
    return this.#fault === undefined ? ok(value) : fail(this.#fault);
  }

  value(depth: number): JsonValue {
    this.#skip();
    if (depth > DEPTH_MAX) return this.#fail(`values are nested more than ${DEPTH_MAX} deep`);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, JsonValue>();
    this.#at++;
    if (this.#accept('}')) return entries;
    do {
      this.#skip();
      const start = this.#at;
      const key = this.#string();
      if (entries.has(key)) {
        this.#at = start;
        this.#fail(`the key "${key}" comes twice`);
      }
      this.#expect(':');
      entries.set(key, this.value(depth + 1));
    } while (this.#accept(','));
    this.#expect('}');
    return entries;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#accept(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#accept(','));
    this.#expect(']');
    return items;
  }

  #string(): string {
    const raw = this.#match(STRING);
    if (raw === undefined) {
      this.#fail('a string in double quotes was expected');
      return '';
    }
    return raw
      .slice(1, -1)
      .replace(ESCAPE, (_, hex: string | undefined, character: string) =>
        hex === undefined ? (ESCAPED[character] as string) : String.fromCharCode(Number.parseInt(hex, 16)),
      );
  }

  #number(): number | null {
    const start = this.#at;
    const raw = this.#match(NUMBER);
    if (raw === undefined) return this.#fail('a value was expected');
    const value = Number(raw);
    if (Number.isSafeInteger(value) && /^-?[0-9]+$/.test(raw)) return value;
    this.#at = start;
    return this.#fail(`${raw} is not a whole number up to 2^53 - 1; write larger amounts as strings`);
  }

  #match(pattern: RegExp): string | undefined {
    if (this.#fault !== undefined) return undefined;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#match(WHITE_SPACE);
  }

  /** False after a fault: every loop ends there. */
  #accept(character: string): boolean {
    this.#skip();
    if (this.#fault !== undefined || this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.#fail(`"${character}" was expected`);
  }

  #fail(message: string): null {
    if (this.#fault === undefined) {
      const before = this.#text.slice(0, this.#at).split('\n');
      this.#fault = `line ${before.length}, column ${(before.at(-1) as string).length + 1}: ${message}`;
    }
    return null;
  }
}

// One log as the page holds it: a stretch of whole lines, its place in the file, growing at its end while the job
// writes and at its start as one scrolls up. Small logs are held whole; of a large one only what was looked at.
import { signal } from "@preact/signals";

import { asProblem, fetchApi, getJson, query, type Problem } from "../lib/api";
import { fold, isAlarm, plain } from "./logtext";

const WHOLE = 4 * 1024 * 1024; // up to here the log is held from its start
const STEP = 512 * 1024; // bytes a request
const FOUND = 1000; // matches asked for; all are counted
const MOST = 48 * 1024 * 1024; // beyond, the older half is let go

export interface Match { line: number } // its number in the file

interface Piece { text: string; offset: number; size: number; begun: boolean; firstLine?: number }

export class LogStore {
  readonly version = signal(0); // counts on with every change of lines
  readonly problem = signal<Problem | undefined>(undefined);
  readonly loaded = signal(false);
  readonly size = signal(0); // bytes of the file
  readonly begun = signal(false); // there is a file
  lines: string[] = []; // folded; the last may be unfinished
  firstLine: number | undefined = 1; // number of lines[0]; undefined: not known
  alarms: number[] = []; // indices
  private start = 0; // offset of lines[0]
  private end = 0; // offset behind the last byte held
  private isMiddle = false; // the end of what is held is not that of the file, and nobody wants what is between
  private isGone = false; // what is held is of a file that is no longer there: the next one is read from its start
  private open = ""; // raw text of the unfinished last line
  private decoder = new TextDecoder();
  private busy: Promise<void> | undefined;
  private again = false;

  constructor(readonly jobId: number, readonly attempt?: number, readonly task?: number) {}

  get isWhole(): boolean {
    return this.start === 0 && this.end >= this.size.value;
  }

  get hasLater(): boolean {
    return this.end < this.size.value;
  }

  get hasEarlier(): boolean {
    return this.start > 0;
  }

  /** Number of lines[index] in the file, where it is known. */
  numberOf(index: number): number | undefined {
    return this.firstLine === undefined ? undefined : this.firstLine + index;
  }

  /** First look: the whole log if it is small, else its end. */
  load(): Promise<void> {
    return this.exclusive(async () => {
      const tail = await this.read({ offset: -STEP });
      this.clear();
      this.size.value = tail.size;
      this.begun.value = tail.begun;
      if (tail.offset > 0 && tail.size <= WHOLE) await this.appendFrom(0);
      else this.takeTail(tail);
      this.loaded.value = true;
    });
  }

  /** What came since. Of a stretch in the middle only that there is more: the way to it is `later` or `load`. */
  more(): Promise<void> {
    return this.exclusive(async () => {
      if (!this.loaded.value) return;
      if (this.isMiddle) this.size.value = (await this.read({ offset: -1 })).size;
      else await this.appendFrom(this.end);
    });
  }

  /** The lines behind those held. */
  later(): Promise<void> {
    return this.exclusive(async () => {
      const piece = await this.read({ offset: this.end });
      this.size.value = piece.size;
      if (piece.offset === this.end) this.take(piece.bytes, piece.offset);
      this.isMiddle = this.hasLater;
    });
  }

  /** The lines before those held. Answers how many came. */
  async earlier(): Promise<number> {
    let came = 0;
    await this.exclusive(async () => {
      const from = Math.max(0, this.start - STEP);
      const piece = await this.read({ offset: from, limit: this.start - from });
      const skip = from === 0 ? 0 : piece.text.indexOf("\n") + 1;
      const text = piece.text.slice(skip).replace(/\n$/, "");
      const lines = text.split("\n").map(fold);
      came = lines.length;
      this.start = from + (from === 0 ? 0 : new TextEncoder().encode(piece.text.slice(0, skip)).length);
      this.lines = lines.concat(this.lines);
      this.firstLine = this.start === 0 ? 1 : this.firstLine === undefined ? undefined : this.firstLine - came;
      this.findAlarms();
      this.changed();
    });
    return came;
  }

  /** Holds the neighbourhood of a line instead of what is held now. Answers its index, or -1. */
  async around(line: number): Promise<number> {
    const here = this.firstLine === undefined ? -1 : line - this.firstLine;
    if (here >= 0 && here < this.lines.length) return here;
    const first = Math.max(1, line - 400);
    let index = -1;
    await this.exclusive(async () => {
      const piece = await this.read({ line: first, lines: 2000 });
      if (!piece.text) return;
      this.clear();
      this.start = piece.offset;
      this.firstLine = first;
      this.take(piece.bytes, piece.offset);
      this.isMiddle = this.hasLater;
      index = line - first < this.lines.length ? line - first : -1;
    }, true);
    return index;
  }

  /** Every line that holds the text: exact, over the whole log. */
  async search(text: string, signal: AbortSignal): Promise<{ matches: Match[]; total: number }> {
    if (this.isWhole) return this.searchHere(text);
    const asked = query({ q: text, ignore_case: true, limit: FOUND, attempt: this.attempt, task: this.task });
    const answer = await getJson<{ total: number; items: Match[] }>(`/jobs/${this.jobId}/log/search${asked}`, signal);
    return { matches: answer.items.map(({ line }) => ({ line })), total: answer.total };
  }

  private searchHere(text: string): { matches: Match[]; total: number } {
    const wanted = text.toLowerCase();
    const matches: Match[] = [];
    this.lines.forEach((line, index) => {
      if (plain(line).toLowerCase().includes(wanted)) matches.push({ line: index + 1 });
    });
    return { matches, total: matches.length };
  }

  /** One request at a time. While one is out, a look for more is made up for behind it; what a person asked for waits its turn. */
  private async exclusive(work: () => Promise<void>, isAskedFor = false): Promise<void> {
    while (this.busy) {
      if (!isAskedFor) {
        this.again = true;
        return this.busy;
      }
      await this.busy;
    }
    this.busy = work().then(() => { this.problem.value = undefined; }, (error: unknown) => { this.problem.value = asProblem(error); });
    await this.busy;
    this.busy = undefined;
    if (this.again && this.loaded.value && !this.problem.value) {
      this.again = false;
      await this.more();
    }
    this.again = false;
  }

  private async read(where: { offset?: number; limit?: number; line?: number; lines?: number }): Promise<Piece & { bytes: Uint8Array }> {
    const response = await fetchApi(`/jobs/${this.jobId}/log${query({ attempt: this.attempt, task: this.task, ...where, limit: where.lines ? undefined : (where.limit ?? STEP) })}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const offset = Number(response.headers.get("X-Sluice-Offset") ?? 0);
    const line = response.headers.get("X-Sluice-Line");
    return {
      bytes, text: new TextDecoder().decode(bytes), offset, begun: response.headers.get("X-Sluice-Begun") !== "0", firstLine: line ? Number(line) : undefined,
      size: Number(response.headers.get("X-Sluice-Size") ?? offset + bytes.length),
    };
  }

  private takeTail(tail: Piece & { bytes: Uint8Array }): void {
    const skip = tail.offset === 0 ? 0 : tail.bytes.indexOf(10) + 1;
    this.start = tail.offset + skip;
    this.firstLine = tail.offset === 0 ? 1 : tail.firstLine === undefined ? undefined : tail.firstLine + (skip ? 1 : 0);
    this.take(tail.bytes.subarray(skip), this.start);
  }

  private async appendFrom(offset: number): Promise<void> {
    for (let at = offset; ;) {
      const piece = await this.read({ offset: at });
      if (!piece.begun) {
        this.isGone = at > 0;
        break;
      }
      this.begun.value = true;
      if (piece.size < at || this.isGone) {
        this.isGone = false;
        this.clear();
        at = 0;
        continue;
      }
      this.size.value = piece.size;
      if (piece.bytes.length === 0) break;
      this.take(piece.bytes, piece.offset);
      at = piece.offset + piece.bytes.length;
      if (at >= piece.size) break;
    }
  }

  private take(bytes: Uint8Array, offset: number): void {
    if (this.lines.length && offset !== this.end) return; // not ours to join
    const text = this.open + this.decoder.decode(bytes, { stream: true });
    this.end = offset + bytes.length;
    const fresh = text.split("\n");
    const from = Math.max(0, this.lines.length - (this.open ? 1 : 0));
    if (this.open) this.lines.pop();
    this.open = fresh.pop()!;
    for (const line of fresh) this.lines.push(fold(line));
    if (this.open) this.lines.push(fold(this.open));
    this.findAlarms(from);
    this.letGo();
    this.changed();
  }

  private letGo(): void {
    if (this.end - this.start < MOST) return;
    const half = Math.floor(this.lines.length / 2);
    this.start = Math.floor((this.start + this.end) / 2); // near enough: only tells that something is before
    this.lines = this.lines.slice(half);
    if (this.firstLine !== undefined) this.firstLine += half;
    this.findAlarms();
  }

  private findAlarms(from = 0): void {
    if (from === 0) this.alarms = [];
    while (this.alarms.length && this.alarms[this.alarms.length - 1]! >= from) this.alarms.pop();
    for (let index = from; index < this.lines.length; index++) if (isAlarm(this.lines[index]!)) this.alarms.push(index);
  }

  private clear(): void {
    this.lines = [];
    this.alarms = [];
    this.isMiddle = false;
    this.firstLine = 1;
    this.start = 0;
    this.end = 0;
    this.open = "";
    this.decoder = new TextDecoder();
  }

  private changed(): void {
    this.version.value++;
  }
}

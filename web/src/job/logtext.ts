// Text of a log as lines: carriage returns folded, control sequences taken out but colours, nothing executed. Pure.
import Anser from "anser";

export const MAX_SHOWN = 4000; // characters of one line in the document

/** What a terminal would leave of a line that a progress bar wrote over and over. */
export function fold(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const last = text.lastIndexOf("\r");
  return last < 0 ? text : text.slice(last + 1);
}

// OSC (titles, links), then every CSI that is no colour, then other escapes; colours stay for pieces().
const others = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-9;?]*[@-ln-~]|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[^[\]]/g;
const colours = /\x1b\[[0-9;]*m/g;
// Characters that turn the reading direction: shown by their number.
const turners = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const controls = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/g;

/** The line without any escape sequence: for search, warnings, screen readers. */
export function plain(line: string): string {
  return line.includes("\x1b") ? line.replace(others, "").replace(colours, "") : line;
}

export interface Piece { text: string; class: string }

function visible(text: string): string {
  return text.replace(turners, (c) => `\u2039U+${c.charCodeAt(0).toString(16).toUpperCase()}\u203a`).replace(controls, "\ufffd");
}

function classOf(part: ReturnType<typeof Anser.ansiToJson>[number]): string {
  const fg = part.fg && (/^ansi-(palette|truecolor)/.test(part.fg) ? "ansi-other" : `${part.fg}-fg`);
  const names = [fg, part.bg && `${part.bg}-bg`, ...part.decorations.map((name) => `ansi-${name}`)];
  return names.filter(Boolean).join(" ");
}

/** The line in pieces of one colour each, cut at MAX_SHOWN. */
export function pieces(line: string): Piece[] {
  const text = line.length > MAX_SHOWN * 2 ? line.slice(0, MAX_SHOWN * 2) : line;
  const clean = visible(text.includes("\x1b") ? text.replace(others, "") : text);
  if (!clean.includes("\x1b")) return [{ text: clean.slice(0, MAX_SHOWN), class: "" }];
  let left = MAX_SHOWN;
  const parts: Piece[] = [];
  for (const part of Anser.ansiToJson(clean, { use_classes: true, remove_empty: true })) {
    const shown = part.content.slice(0, left);
    left -= shown.length;
    if (shown) parts.push({ text: shown, class: classOf(part) });
  }
  return parts;
}

const alarms = /\b(?:warn(?:ing)?|error|fatal|critical|exception|traceback)\b/i;
const thrown = /\b[A-Z]\w*(?:Error|Exception|Warning)\b/;

export function isAlarm(line: string): boolean {
  const text = line.length > MAX_SHOWN ? line.slice(0, MAX_SHOWN) : line;
  const said = plain(text);
  return alarms.test(said) || thrown.test(said);
}

/** The pieces with what was searched for marked: the parts that match have mark set. */
export function marked(parts: Piece[], needle: string): (Piece & { mark?: boolean })[] {
  if (!needle) return parts;
  const text = parts.map((part) => part.text).join("").toLowerCase();
  const wanted = needle.toLowerCase();
  const spans: [number, number][] = [];
  for (let at = text.indexOf(wanted); at >= 0 && spans.length < 200; at = text.indexOf(wanted, at + wanted.length)) spans.push([at, at + wanted.length]);
  if (!spans.length) return parts;
  return cut(parts, spans);
}

function cut(parts: Piece[], spans: [number, number][]): (Piece & { mark?: boolean })[] {
  const out: (Piece & { mark?: boolean })[] = [];
  let at = 0;
  for (const part of parts) {
    const edges = new Set([0, part.text.length]);
    for (const [from, to] of spans) for (const edge of [from - at, to - at]) if (edge > 0 && edge < part.text.length) edges.add(edge);
    const sorted = [...edges].sort((a, b) => a - b);
    for (let i = 0; i + 1 < sorted.length; i++) {
      const middle = at + sorted[i]!;
      out.push({ text: part.text.slice(sorted[i], sorted[i + 1]), class: part.class, mark: spans.some(([from, to]) => middle >= from && middle < to) });
    }
    at += part.text.length;
  }
  return out;
}

/** "#L120-140" or "#L120". */
export function lineRange(hash: string): [number, number] | undefined {
  const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (!found) return undefined;
  const from = Number(found[1]);
  const to = found[2] ? Number(found[2]) : from;
  return [Math.min(from, to), Math.max(from, to)];
}

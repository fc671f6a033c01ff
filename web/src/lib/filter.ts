// The filter language as the page edits it: terms, completion, replacing one term. The gateway reads and judges it
// (src/domain/filter.h); here is only what typing needs. Pure.
import { stateWords } from "./states";

export interface Term { from: number; to: number; key?: string; value: string }

/** The terms with their places; quotes as in the gateway: "" inside for one. */
export function terms(text: string): Term[] {
  const found: Term[] = [];
  const pattern = /(?:([a-z]+):)?("(?:[^"]|"")*"?|[^\s"]\S*)|([a-z]+):/g;
  for (const match of text.matchAll(pattern)) {
    const from = match.index;
    const raw = match[2] ?? "";
    const value = raw.startsWith('"') ? raw.slice(1).replace(/"$/, "").replace(/""/g, '"') : raw;
    found.push({ from, to: from + match[0].length, key: match[1] ?? match[3], value });
  }
  return found;
}

export function quote(value: string): string {
  return /[\s":]/.test(value) || value === "" ? `"${value.replace(/"/g, '""')}"` : value;
}

/** The value of key in the filter, where it stands. */
export function termValue(text: string, key: string): string | undefined {
  return terms(text).find((term) => term.key === key)?.value;
}

/** The filter with key set to value; undefined takes the term out. */
export function withTerm(text: string, key: string, value: string | undefined): string {
  const kept = terms(text).filter((term) => term.key !== key).map((term) => text.slice(term.from, term.to));
  if (value !== undefined) kept.unshift(`${key}:${key === "state" || key === "age" ? value : quote(value)}`);
  return kept.join(" ");
}

export interface Vocabulary { cluster?: string[]; project?: string[]; gpu?: string[]; tag?: string[]; group?: string[]; user?: string[] }
export interface Completion { insert: string; note: string; from: number; to: number }

const keyNotes: [string, string][] = [
  ["state:", "failed, running, queued, ended…"],
  ["cluster:", "name of a cluster"],
  ["project:", "name of a project"],
  ["gpu:", "GPU type"],
  ["age:", "<2d younger, >90m older"],
  ["tag:", "a tag"],
  ["name:", "part of the name"],
  ["user:", "who submitted"],
  ["group:", "experiment group"],
  ["archived:", "yes shows those put away too"],
];
const stateGroups: [string, string][] = [
  ["failed", "ended badly, whatever the reason"],
  ["active", "not ended yet"],
  ["running", "running now"],
  ["queued", "waiting"],
  ["ended", "over, well or badly"],
];
const ages = ["<1h", "<1d", "<2d", "<1w", ">1d", ">1w"];

function valuesOf(key: string, words: Vocabulary): [string, string][] {
  if (key === "state") return [...stateGroups, ...stateWords.filter((word) => !stateGroups.some(([one]) => one === word)).map((word): [string, string] => [word === "failed" ? "=failed" : word, "state"])];
  if (key === "age") return ages.map((age) => [age, age.startsWith("<") ? "younger" : "older"]);
  if (key === "archived") return [["yes", "archived ones too"], ["no", ""]];
  return (words[key as keyof Vocabulary] ?? []).map((word) => [quote(word), key]);
}

/** What could stand where the cursor is. */
export function complete(text: string, cursor: number, words: Vocabulary): Completion[] {
  const term = terms(text).find((one) => one.from < cursor && cursor <= one.to);
  const from = term?.from ?? cursor;
  const to = term?.to ?? cursor;
  const typed = text.slice(from, cursor);
  const colon = typed.indexOf(":");
  if (colon < 0)
    return keyNotes.filter(([key]) => key.startsWith(typed)).map(([key, note]) => ({ insert: key, note, from, to }));
  const key = typed.slice(0, colon);
  const parts = typed.slice(colon + 1).split(",");
  const last = parts.pop()!.replace(/^"/, "").toLowerCase();
  const before = `${key}:${parts.map((part) => `${part},`).join("")}`;
  return valuesOf(key, words)
    .filter(([word]) => word.replace(/^"/, "").toLowerCase().includes(last))
    .slice(0, 12)
    .map(([word, note]) => ({ insert: before + word, note, from, to }));
}

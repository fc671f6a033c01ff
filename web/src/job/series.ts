// Metrics as curves: reading the gateway's answer, smoothing, choosing what is shown first. Pure.
import { clock, short, value } from "../lib/format";

export interface Curve {
  name: string;
  key?: string; // the gateway's name for it, where that is another
  step: number[];
  time: number[]; // seconds since the epoch; NaN where not known
  value: (number | null)[];
  low?: (number | null)[];
  high?: (number | null)[];
  last?: number | string | null; // value, also where the points at the end are merged
  odd?: Record<number, string>; // "NaN" and the like, by the place in value: no point of the line
}

function oddWord(value: unknown): string | undefined {
  return value === "NaN" || value === "Infinity" || value === "-Infinity" ? value : undefined;
}

function oddOnes(values: unknown[]): Record<number, string> | undefined {
  const found = values.flatMap((one, at) => { const word = oddWord(one); return word ? [[at, word] as const] : []; });
  return found.length ? Object.fromEntries(found) : undefined;
}

function num(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (oddWord(value) || value === undefined) return null;
  return typeof value === "string" && value !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
}

function seconds(value: unknown): number {
  if (typeof value === "string") return Date.parse(value) / 1000;
  return typeof value === "number" ? (value > 1e11 ? value / 1000 : value) : NaN;
}

type Row = Record<string, unknown>;

function column(item: Row, names: string[]): unknown[] | undefined {
  for (const name of names) if (Array.isArray(item[name])) return item[name] as unknown[];
  return undefined;
}

/** Merged points have only their edges: the line goes between them. */
function middles(low: unknown[], high: unknown[]): unknown[] {
  return low.map((one, at) => {
    const [a, b] = [num(one), num(high[at])];
    return a === null || b === null ? undefined : (a + b) / 2;
  });
}

function fromColumns(name: string, item: Row): Curve | undefined {
  const low = column(item, ["min", "low"]);
  const high = column(item, ["max", "high"]);
  const value = column(item, ["values", "value", "mean"]) ?? (low && high && middles(low, high));
  if (!value) return undefined;
  const step = column(item, ["steps", "step"]) ?? value.map((_, at) => at);
  const time = column(item, ["times", "time"]) ?? [];
  return { name, step: step.map((x, at) => num(x) ?? at), time: step.map((_, at) => seconds(time[at])), value: value.map(num), low: low?.map(num), high: high?.map(num), last: oddWord(item.last) ?? num(item.last), odd: oddOnes(value) };
}

function fromPoints(name: string, points: unknown[]): Curve {
  const rows = points.map((point): Row => (Array.isArray(point) ? { step: point[0], value: point[1], min: point[2], max: point[3] } : (point as Row)));
  const has = (key: string): boolean => rows.some((row) => row[key] !== undefined);
  const values = rows.map((row) => row.value ?? row.mean ?? row.last);
  return {
    name, step: rows.map((row, at) => num(row.step) ?? at), time: rows.map((row) => seconds(row.time ?? row.at)),
    value: values.map(num), odd: oddOnes(values),
    low: has("min") ? rows.map((row) => num(row.min)) : undefined, high: has("max") ? rows.map((row) => num(row.max)) : undefined,
  };
}

/** What was logged last, as it was logged: of a run that diverged that is "NaN", not the last number before it. */
export function lastOf(curve: Curve): number | string | null {
  return curve.last ?? curve.odd?.[curve.value.length - 1] ?? curve.value.findLast((one) => one !== null) ?? null;
}

/** Whether any curve knows the times of its points. */
export function hasTimes(curves: Curve[]): boolean {
  return curves.some((curve) => curve.time.some((time) => !Number.isNaN(time)));
}

/** Whether time sets the points of a chart apart. Those of a run of a moment may all have one: then only steps do. */
export function isSpread(curves: Curve[]): boolean {
  const times = curves.map((curve) => new Set(curve.time.filter((time) => !Number.isNaN(time))).size);
  return times.some((count) => count > 1) || (times.some((count) => count > 0) && curves.every((curve) => curve.step.length <= 1));
}

/** The whole numbers of gaps since the first point that are in view; before it there was no time. */
export function splitsSince(first: number, min: number, max: number, gap: number): number[] {
  const from = Math.max(0, Math.ceil((min - first) / gap - 1e-6));
  const to = Math.floor((max - first) / gap + 1e-6);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => first + (from + at) * gap);
}

/** What stands at them: "1:20:00", below a second "0.25 s", below a hundredth "2.5 ms". */
export function sinceLabel(since: number, gap: number): string {
  if (gap >= 1) return clock(Math.max(0, since));
  return gap < 0.01 ? `${short(Math.round(1e6 * since) / 1000)} ms` : `${short(Math.round(1000 * since) / 1000)} s`;
}

/** The curves of GET /jobs/{id}/metrics, ordered by name. */
export function readCurves(answer: unknown): Curve[] {
  const body = (answer ?? {}) as Row;
  const holder = (body.items ?? body.series ?? body.metrics ?? body.keys ?? []) as unknown;
  const list: [string, Row][] = Array.isArray(holder)
    ? holder.map((item: Row) => [String(item.key ?? item.name ?? ""), item])
    : Object.entries(holder as Record<string, Row>);
  const curves = list.flatMap(([name, item]) => {
    const points = item.points ?? item;
    const curve = Array.isArray(points) ? fromPoints(name, points) : fromColumns(name, { ...item, ...(points as Row) });
    return curve && curve.value.length ? [curve] : [];
  });
  return curves.sort((a, b) => a.name.localeCompare(b.name));
}

/** Exponential smoothing by distance on the x axis, so that it does not depend on how the points were sampled.
 *  amount 0 to 1; gaps stay gaps. */
export function smooth(x: number[], y: (number | null)[], amount: number): (number | null)[] {
  if (amount <= 0 || x.length < 3) return y;
  const range = (x[x.length - 1] ?? 0) - (x[0] ?? 0);
  const reach = Math.max(range, 1e-9) * 0.2 * amount * amount;
  let mean: number | null = null;
  let last = 0;
  return y.map((value, at) => {
    if (value === null) return null;
    const gap = Math.max(0, x[at]! - last);
    mean = mean === null ? value : mean + (value - mean) * (1 - Math.exp(-gap / reach));
    last = x[at]!;
    return mean;
  });
}

/** Steps that go back (after a requeue) would draw a zig-zag: the later of two points at one step counts, in order. */
export function inOrder(curve: Curve, byTime: boolean): { x: number[]; y: (number | null)[]; low?: (number | null)[]; high?: (number | null)[] } {
  const axis = byTime && curve.time.some((time) => !Number.isNaN(time)) ? curve.time : curve.step;
  const at = new Map<number, number>();
  axis.forEach((x, index) => { if (Number.isFinite(x)) at.set(x, index); });
  const order = [...at.keys()].sort((a, b) => a - b);
  const pickFrom = (values?: (number | null)[]): (number | null)[] | undefined => values && order.map((x) => values[at.get(x)!] ?? null);
  return { x: order, y: pickFrom(curve.value)!, low: pickFrom(curve.low), high: pickFrom(curve.high) };
}

/** Where a run began again, on the axis: the first point of each attempt that started after the first one. starts: of
 *  those attempts, in seconds. Where points have no times, a step that goes back tells it. */
export function restarts(curve: Curve, starts: number[], byTime: boolean): number[] {
  if (!starts.length) return [];
  const hasTime = hasTimes([curve]);
  const axis = byTime && hasTime ? curve.time : curve.step;
  const first = hasTime ? starts.map((start) => curve.time.findIndex((time) => time >= start)) : curve.step.flatMap((x, at) => (at && x <= curve.step[at - 1]! ? at : []));
  return [...new Set(first.filter((at) => at > 0).map((at) => axis[at]!))];
}

/** The tasks of an array that have curves ("task7/loss"), and the curves of one of them without that part. */
export function tasksIn(curves: Curve[]): number[] {
  return [...new Set(curves.flatMap(({ name }) => /^task(\d+)\//.exec(name)?.[1] ?? []))].map(Number).sort((a, b) => a - b);
}

export function ofTask(curves: Curve[], task: number | undefined): Curve[] {
  if (task === undefined) return curves;
  const part = `task${task}/`;
  return curves.flatMap((curve) => (curve.name.startsWith(part) ? { ...curve, name: curve.name.slice(part.length), key: curve.name } : []));
}

const fronts = /^(train|training|val|valid|validation|test|eval|evaluation|best|average|avg|mean) (.+)$/i; // as src/text/log_pairs.c takes them

/** "train/loss" and "train loss" -> "train", "loss"; "loss" -> "", "loss". */
export function partsOf(name: string): { front: string; word: string } {
  const slash = name.lastIndexOf("/");
  const [, front = "", word = name] = slash > 0 ? ["", name.slice(0, slash), name.slice(slash + 1)] : (fronts.exec(name) ?? []);
  return { front, word };
}

/** Curves that share their last word (train/loss, eval/loss; "Train Loss", "Val Loss") belong on one chart. */
export function chartsOf(curves: Curve[]): { title: string; curves: Curve[] }[] {
  const charts = new Map<string, Curve[]>();
  for (const curve of curves) {
    const { word } = partsOf(curve.name);
    charts.set(word, [...(charts.get(word) ?? []), curve]);
  }
  const isTrain = (curve: Curve): number => (/^train/i.test(curve.name) ? 0 : 1);
  return [...charts].map(([title, list]) => ({ title, curves: list.sort((a, b) => isTrain(a) - isTrain(b)) })).sort((a, b) => rank(a.title) - rank(b.title) || a.title.localeCompare(b.title));
}

const firsts = [/loss/i, /acc|score|bleu|f1|auc/i, /tok|samples|throughput|it_?\/?s/i, /grad/i, /lr|learning/i];

function rank(title: string): number {
  const found = firsts.findIndex((pattern) => pattern.test(title));
  return found < 0 ? firsts.length : found;
}

/** What stands at the whole steps of an axis; in full where short numbers would all be "1.2k". */
export function stepLabels(steps: number[]): string[] {
  const whole = steps.filter(Number.isInteger);
  const name = new Set(whole.map(short)).size < whole.length ? String : short;
  return steps.map((step) => (Number.isInteger(step) ? name(step) : ""));
}

/** Values below each other: with as many decimals as the longest of them, unless one is no plain number. */
export function inColumn(values: (number | string | null)[]): string[] {
  const said = values.map(value);
  const decimals = said.map((one) => one.split(".")[1]?.length ?? 0);
  if (!said.every((one) => /^(-?\d+(\.\d+)?|–|NaN|-?Infinity)$/.test(one))) return said;
  const most = Math.max(...decimals);
  return said.map((one, at) => (!/\d/.test(one) || decimals[at] === most ? one : `${one}${decimals[at] ? "" : "."}${"0".repeat(most - decimals[at]!)}`));
}

/** "falls from 3.2 to 1.4 over 2,400 points, lowest 1.38": what a chart says without being seen. */
export function summary(curve: Curve, format: (n: number) => string): string {
  const values = curve.value.filter((value): value is number => value !== null);
  const end = lastOf(curve);
  if (!values.length) return `${curve.name}: ${typeof end === "string" ? end : "no values"}`;
  const first = values[0]!;
  const last = values[values.length - 1]!;
  let low = first;
  let high = first;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  const way = last < first ? "falls" : last > first ? "rises" : "stays";
  return `${curve.name} ${way} from ${format(first)} to ${format(last)}, between ${format(low)} and ${format(high)}, ${values.length} points${typeof end === "string" ? `, now ${end}` : ""}`;
}

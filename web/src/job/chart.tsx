// One chart: uPlot on a canvas, its colours from the page's tokens; a summary in words and a table beside it.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

import { short, value } from "../lib/format";
import { Icon } from "../lib/icons";
import { theme } from "../lib/prefs";
import { Dialog } from "../lib/ui";
import { whenSeen, type Piece } from "./inview";
import { inColumn, inOrder, isSpread, lastOf, partsOf, restarts, sinceLabel, smooth, splitsSince, stepLabels, summary, type Curve } from "./series";

/** starts: of the attempts after the first, in seconds since the epoch. */
export interface ChartView { smoothing: number; log: boolean; byTime: boolean; starts?: number[] }

const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

function token(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

const known = new Map<string, string>(); // colours by scheme and token: each question costs a new look at all styles

/** light-dark() tokens are resolved by asking for a colour that uses them. */
function colour(element: HTMLElement, name: string): string {
  const key = `${theme.value} ${matchMedia("(prefers-color-scheme: dark)").matches} ${name}`;
  const found = known.get(key) ?? resolved(element, name);
  known.set(key, found);
  return found;
}

function resolved(element: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found || token(element, name);
}

function fade(rgb: string, alpha: number): string {
  return rgb.replace(/^rgb\(([^)]+)\)$/, (_, parts: string) => `rgba(${parts}, ${alpha})`);
}

/** What the plot tells: where the pointer is; a range that was drawn over, or none: all of it again. What it asks. */
interface Calls { cursor: (index: number | null) => void; zoom: (from?: number, to?: number) => void; restarts: () => number[] }
interface Drawn { data: uPlot.AlignedData; series: uPlot.Series[]; bands: uPlot.Band[] }

/** Each curve gives up to four series: raw as a ghost, smoothed, and the edges of its band. */
function draw(box: HTMLElement, curves: Curve[], view: ChartView): Drawn {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const tables: uPlot.AlignedData[] = [];
  curves.forEach((curve, at) => {
    const line = colour(box, `--c${(at % 6) + 1}`);
    const { x, y, low, high } = inOrder(curve, view.byTime);
    const rows: (number | null)[][] = [];
    if (low && high) {
      bands.push({ series: [series.length + 1, series.length], fill: fade(line, 0.14) });
      series.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
      rows.push(low, high);
    }
    const points = { show: x.length < 2, size: 5 };
    if (view.smoothing > 0) {
      series.push({ stroke: fade(line, 0.3), width: 1, points: { show: false } });
      rows.push(y);
    }
    series.push({ label: curve.name, stroke: line, width: 1.6, points, dash: dashes[Math.floor(at / 4) % dashes.length] });
    rows.push(smooth(x, y, view.smoothing));
    tables.push([x, ...rows] as uPlot.AlignedData);
  });
  return { data: tables.length === 1 ? tables[0]! : uPlot.join(tables), series, bands };
}

/** The horizontal axis: steps, or the time since the first point, counted from there. */
function xAxis(view: ChartView, data: uPlot.AlignedData): Pick<uPlot.Axis, "values" | "splits"> {
  if (!view.byTime) return { values: (_, splits) => stepLabels(splits) };
  const first = (data[0] as number[])[0] ?? 0;
  return {
    splits: (_, __, min, max, gap) => splitsSince(first, min, max, gap),
    values: (_, splits, __, ___, gap) => splits.map((at) => sinceLabel(at - first, gap)),
  };
}

/** A point alone stands in the middle, where uPlot would show all there is from zero on. */
function stretch(u: uPlot, min: number, max: number): [number, number] {
  const x = u.data[0];
  return x.length === 1 ? [x[0]! - 1, x[0]! + 1] : [min, max];
}

function options(box: HTMLElement, drawn: Drawn, view: ChartView, width: number, height: number, calls: Calls): uPlot.Options {
  const faint = colour(box, "--faint");
  const grid = { stroke: colour(box, "--line"), width: 1 };
  const font = `11px ${token(box, "--ui") || "sans-serif"}`;
  return {
    width, height, legend: { show: false }, series: drawn.series, bands: drawn.bands, padding: [8, 16, 0, 0],
    cursor: { drag: { x: true, y: false }, points: { size: 6 }, y: false, sync: { key: view.byTime ? "time" : "step" } },
    scales: { x: { time: false, range: stretch }, y: { distr: view.log ? 3 : 1 } },
    axes: [
      { stroke: faint, font, size: 26, gap: 3, grid: { show: false }, ticks: { show: false }, ...xAxis(view, drawn.data) },
      { stroke: faint, font, size: 46, gap: 4, grid, ticks: { show: false }, values: (_, splits) => splits.map((at) => (at === null ? "" : short(at))), space: 26 },
    ],
    hooks: {
      setCursor: [(u) => calls.cursor(u.cursor.idx ?? null)],
      setSelect: [(u) => u.select.width > 3 && calls.zoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
      draw: [(u) => drawRestarts(u, calls.restarts(), faint)],
      ready: [(u) => u.over.addEventListener("dblclick", () => calls.zoom())],
    },
  };
}

/** A dashed line where the run began again. */
function drawRestarts(u: uPlot, at: number[], stroke: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  for (const x of at.map((value) => u.valToPos(value, "x", true)).filter((pos) => pos >= bbox.left && pos <= bbox.left + bbox.width)) {
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}

function isZoomed({ data, scales }: uPlot): boolean {
  const x = data[0];
  const { min, max } = scales.x!;
  return x.length > 1 && min !== null && max !== null && min !== undefined && max !== undefined && (min > x[0]! || max < x[x.length - 1]!);
}

/** Whether the scheme of the system is dark; tells when it changes. */
function useDark(): boolean {
  const media = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(media.matches);
  useEffect(() => {
    const flip = (): void => setDark(media.matches);
    media.addEventListener("change", flip);
    return () => media.removeEventListener("change", flip);
  }, []);
  return dark;
}

/** What the plot shows now; another frame is another plot, other points go into the one that is there. */
interface Held { frame: string; curves: Curve[]; smoothing: number; shows: number; byTime: boolean }

/** Fills the box with a plot, when it is in view, and keeps it current. Its width comes from an observer: to ask for it
 *  after another chart was put in would lay out the page once a chart. */
function usePlot(curves: Curve[], view: ChartView, height: number, calls: Calls, shows: number): { current: HTMLDivElement | null } {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const held = useRef<Held>();
  const piece = useRef<Piece>();
  const width = useRef(0);
  const latest = useRef(calls);
  latest.current = calls;
  const shape = curves.map((curve) => `${curve.name}${curve.low ? "b" : ""}`).join("|");
  const frame = [shape, view.log, view.smoothing > 0, view.byTime, theme.value, useDark(), height].join("\n");
  const wanted: Held = { frame, curves, smoothing: view.smoothing, shows, byTime: view.byTime };
  const fill = useRef<() => void>();
  fill.current = (): void => {
    const element = box.current!;
    const [was, old] = [held.current, plot.current];
    const drawn = draw(element, curves, view);
    const near = old && was?.shows === shows && was.byTime === view.byTime && isZoomed(old) ? { min: old.scales.x!.min!, max: old.scales.x!.max! } : undefined; // what somebody looks at stays
    if (old && was?.frame === wanted.frame) {
      old.setData(drawn.data);
    } else {
      old?.destroy();
      plot.current = new uPlot(options(element, drawn, view, width.current, height, { cursor: (index) => latest.current.cursor(index), zoom: (from, to) => latest.current.zoom(from, to), restarts: () => latest.current.restarts() }), drawn.data, element);
    }
    if (near) plot.current!.setScale("x", near);
    held.current = wanted;
  };
  useEffect(() => {
    const element = box.current!;
    const own = whenSeen(element, () => fill.current!());
    piece.current = own;
    const watcher = new ResizeObserver(([entry]) => {
      width.current = Math.max(120, entry!.contentRect.width);
      const shown = plot.current;
      if (shown && shown.width !== width.current) shown.setSize({ width: width.current, height: shown.height }); // the same size would be drawn anew
    });
    watcher.observe(element);
    return () => { watcher.disconnect(); own.stop(); plot.current?.destroy(); };
  }, []);
  useEffect(() => {
    const is = held.current;
    if (!is || (Object.keys(wanted) as (keyof Held)[]).some((name) => is[name] !== wanted[name])) piece.current!.due();
  });
  return box;
}

/** Its last points, with the words that are no numbers. */
function endOf(curve: Curve, most: number): (number | string | null)[] {
  const from = Math.max(0, curve.value.length - most);
  return curve.value.slice(from).map((one, at) => curve.odd?.[from + at] ?? one);
}

const TOLD = 200; // points of a curve

function ChartTable({ title, curves, onClose }: { title: string; curves: Curve[]; onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Values" onClose={onClose} class="chartdata">
      <h2>Values of {title}</h2>
      {curves.some((curve) => curve.step.length > TOLD) && <p class="muted sm">The last {TOLD} points{curves.length > 1 && " of each"}</p>}
      <div class="scroller" tabIndex={0} role="region" aria-label="Table of values">
        {curves.map((curve) => (
          <table key={curve.name} class="plain">
            <caption class="mono">{curve.name}</caption>
            <thead><tr><th scope="col">Step</th><th scope="col">Value</th></tr></thead>
            <tbody>{inColumn(endOf(curve, TOLD)).map((said, at, all) => <tr key={at}><td class="num">{curve.step[curve.step.length - all.length + at]}</td><td class="num">{said}</td></tr>)}</tbody>
          </table>
        ))}
      </div>
      <footer><button class="btn" autoFocus onClick={onClose}>Close</button></footer>
    </Dialog>
  );
}

/** Reads a stretch anew, so that what was merged to an edge and a middle comes point by point. */
export type Closer = (names: string[], from: number, to: number) => Promise<Curve[]>;
interface Props { title: string; curves: Curve[]; view: ChartView; closer?: Closer; height?: number; pin?: { on: boolean; set: (on: boolean) => void } }

/** The curves as they are zoomed into, and how to zoom. */
function useZoom(all: Curve[], view: ChartView, closer?: Closer): { curves: Curve[]; zoomed: boolean; zoom: (from?: number, to?: number) => void } {
  const [near, setNear] = useState<Curve[] | undefined>();
  const [zoomed, setZoomed] = useState(false);
  const zoom = (from?: number, to?: number): void => {
    setZoomed(from !== undefined);
    if (from === undefined || to === undefined) { setNear(undefined); return; }
    if (!closer || view.byTime || !all.some((curve) => curve.low)) return;
    closer(all.map((curve) => curve.key ?? curve.name), Math.floor(from), Math.ceil(to)).then((found) => { if (found.length) setNear(found); }, () => undefined); // the coarse curve stays
  };
  useEffect(() => { setNear(undefined); setZoomed(false); }, [view.byTime]);
  return { curves: near ?? all, zoomed, zoom };
}

interface Told { again: number[]; words: string; ordered: ReturnType<typeof inOrder> }

/** What is said beside the plot; once for the same points, not for each move of the pointer. */
function told(curves: Curve[], view: ChartView): Told {
  const again = restarts(curves[0]!, view.starts ?? [], view.byTime);
  const begun = again.length && !view.byTime ? [`Began again at step ${again.map((step) => short(step)).join(", ")}`] : [];
  return { again, words: [...curves.map((curve) => summary(curve, (n) => value(n))), ...begun].join(". "), ordered: inOrder(curves[0]!, view.byTime) };
}

export function Chart({ title, curves: all, view: asked, closer, height = 150, pin }: Props): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const view = useMemo(() => ({ ...asked, byTime: asked.byTime && isSpread(all) }), [asked, all]);
  const { curves, zoomed, zoom } = useZoom(all, view, closer);
  const [shows, setShows] = useState(0); // counts the ways back to the whole
  const starts = view.starts?.join() ?? "";
  const { again, words, ordered } = useMemo(() => told(curves, view), [curves, view.byTime, starts]);
  const box = usePlot(curves, view, height, { cursor: setAt, zoom, restarts: () => again }, shows);
  const shown = at !== null && curves.length === 1 ? ordered.y[at] : lastOf(curves[0]!);
  return (
    <section class="card chart" aria-label={`Chart ${title}`}>
      <header>
        <h2 title={curves.map((curve) => curve.name).join(", ")}>{curves.length === 1 ? curves[0]!.name : title}</h2>
        {curves.length > 1 && <span class="legend">{curves.map((curve, index) => <span key={curve.name} class={`key k${(index % 6) + 1}`}>{partsOf(curve.name).front || curve.name}</span>)}</span>}
        {view.byTime !== asked.byTime && <span class="faint sm" title="All points have the same time">by step</span>}
        <span class="v num">{at !== null ? <span class="faint sm">{view.byTime ? "" : `step ${short(ordered.x[at] ?? 0)} `}</span> : null}{value(shown)}</span>
        {zoomed && <button class="ibtn small" aria-label={`Show all of ${title}`} title="Show all (double click)" onClick={() => { zoom(); setShows(shows + 1); }}><Icon name="undo" /></button>}
        {pin && <button class="ibtn small" aria-pressed={pin.on} aria-label={`Show ${title} on the overview`} title="Show on the overview" onClick={() => pin.set(!pin.on)}><Icon name="tag" /></button>}
        <button class="ibtn small" aria-label={`Values of ${title}`} title="Values" onClick={() => setTable(true)}><Icon name="jobs" /></button>
      </header>
      <div ref={box} class="plot" role="img" aria-label={words} style={{ height: `${height}px` }} />
      {table && <ChartTable title={title} curves={curves} onClose={() => setTable(false)} />}
    </section>
  );
}

// One chart: uPlot on a canvas, its colours from the page's tokens; a summary in words and a table beside it.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

import { clock, short, value } from "../lib/format";
import { Icon } from "../lib/icons";
import { theme } from "../lib/prefs";
import { Dialog } from "../lib/ui";
import { inOrder, smooth, summary, type Curve } from "./series";

export interface ChartView { smoothing: number; log: boolean; byTime: boolean }

const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

function token(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/** light-dark() tokens are resolved by asking for a colour that uses them. */
function colour(element: HTMLElement, name: string): string {
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

function xLabels(view: ChartView, data: uPlot.AlignedData): (u: uPlot, splits: number[]) => string[] {
  const first = (data[0] as number[])[0] ?? 0;
  return (_, splits) => splits.map((at) => (view.byTime ? clock(Math.max(0, at - first)) : short(at)));
}

function options(box: HTMLElement, drawn: Drawn, view: ChartView, width: number, height: number, onCursor: (index: number | null) => void): uPlot.Options {
  const faint = colour(box, "--faint");
  const grid = { stroke: colour(box, "--line"), width: 1 };
  const font = `11px ${token(box, "--ui") || "sans-serif"}`;
  return {
    width, height, legend: { show: false }, series: drawn.series, bands: drawn.bands, padding: [8, 10, 0, 0],
    cursor: { drag: { x: true, y: false }, points: { size: 6 }, y: false },
    scales: { x: { time: false }, y: { distr: view.log ? 3 : 1 } },
    axes: [
      { stroke: faint, font, size: 26, gap: 3, grid: { show: false }, ticks: { show: false }, values: xLabels(view, drawn.data) },
      { stroke: faint, font, size: 46, gap: 4, grid, ticks: { show: false }, values: (_, splits) => splits.map((at) => (at === null ? "" : short(at))), space: 26 },
    ],
    hooks: { setCursor: [(u) => onCursor(u.cursor.idx ?? null)] },
  };
}

function usePlot(curves: Curve[], view: ChartView, height: number, onCursor: (index: number | null) => void): { current: HTMLDivElement | null } {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const [dark, setDark] = useState(0);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const flip = (): void => setDark((n) => n + 1);
    media.addEventListener("change", flip);
    return () => media.removeEventListener("change", flip);
  }, []);
  const shape = curves.map((curve) => `${curve.name}${curve.low ? "b" : ""}`).join("|");
  useEffect(() => {
    const element = box.current!;
    const drawn = draw(element, curves, view);
    plot.current = new uPlot(options(element, drawn, view, Math.max(120, element.clientWidth), height, onCursor), drawn.data, element);
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(120, element.clientWidth), height }));
    watcher.observe(element);
    return () => { watcher.disconnect(); plot.current?.destroy(); plot.current = undefined; };
  }, [shape, view.log, view.smoothing > 0, view.byTime, theme.value, dark, height]);
  useEffect(() => { plot.current?.setData(draw(box.current!, curves, view).data); }, [curves, view.smoothing]);
  return box;
}

function lastValue(curve: Curve): number | null {
  return curve.value.findLast((one) => one !== null) ?? null;
}

function ChartTable({ curves, onClose }: { curves: Curve[]; onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Values" onClose={onClose} class="chartdata">
      <h2>{curves.map((curve) => curve.name).join(", ")}</h2>
      <div class="scroller" tabIndex={0} role="region" aria-label="Table of values">
        {curves.map((curve) => (
          <table key={curve.name} class="plain">
            <caption class="mono">{curve.name}</caption>
            <thead><tr><th scope="col">Step</th><th scope="col">Value</th></tr></thead>
            <tbody>{curve.step.slice(-200).map((step, at, all) => <tr key={at}><td class="num">{step}</td><td class="num">{value(curve.value[curve.value.length - all.length + at])}</td></tr>)}</tbody>
          </table>
        ))}
      </div>
      <footer><button class="btn" autoFocus onClick={onClose}>Close</button></footer>
    </Dialog>
  );
}

interface Props { title: string; curves: Curve[]; view: ChartView; height?: number; pin?: { on: boolean; set: (on: boolean) => void } }

export function Chart({ title, curves, view, height = 150, pin }: Props): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const box = usePlot(curves, view, height, setAt);
  const words = curves.map((curve) => summary(curve, (n) => value(n))).join(". ");
  const ordered = at === null ? undefined : inOrder(curves[0]!, view.byTime);
  const shown = at !== null && curves.length === 1 ? ordered?.y[at] : lastValue(curves[0]!);
  return (
    <section class="card chart" aria-label={`Chart ${title}`}>
      <header>
        <h2 title={curves.map((curve) => curve.name).join(", ")}>{curves.length === 1 ? curves[0]!.name : title}</h2>
        {curves.length > 1 && <span class="legend">{curves.map((curve, index) => <span key={curve.name} class={`key k${(index % 6) + 1}`}>{curve.name.split("/").slice(0, -1).join("/") || curve.name}</span>)}</span>}
        <span class="v num">{at !== null && ordered ? <span class="faint sm">{view.byTime ? "" : `step ${short(ordered.x[at] ?? 0)} `}</span> : null}{value(shown)}</span>
        {pin && <button class="ibtn small" aria-pressed={pin.on} aria-label={`Show ${title} on the overview`} title="Show on the overview" onClick={() => pin.set(!pin.on)}><Icon name="tag" /></button>}
        <button class="ibtn small" aria-label={`Values of ${title}`} title="Values" onClick={() => setTable(true)}><Icon name="jobs" /></button>
      </header>
      <div ref={box} class="plot" role="img" aria-label={words} style={{ height: `${height}px` }} />
      {table && <ChartTable curves={curves} onClose={() => setTable(false)} />}
    </section>
  );
}

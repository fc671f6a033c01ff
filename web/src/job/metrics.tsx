// Curves of a job: three on the overview, all of them with a filter on their own tab.
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { getJson, query } from "../lib/api";
import { Icon } from "../lib/icons";
import { useKeys } from "../lib/keys";
import { recall, remember } from "../lib/prefs";
import { watch } from "../lib/live";
import { coalesce, useResource, type Resource } from "../lib/resource";
import { usePlace } from "../lib/route";
import { isEnded } from "../lib/states";
import type { Job } from "../lib/types";
import { Empty, ProblemBox, Segmented, Skeleton, Toggle } from "../lib/ui";
import { Chart, type ChartView, type Closer } from "./chart";
import { chartsOf, hasTimes, ofTask, readCurves, tasksIn, type Curve } from "./series";

/** The job's curves, kept current while it runs. No metrics yet is an empty list, not a failure. */
export function useCurves(job: Job): Resource<Curve[]> {
  const ended = isEnded(job.state);
  const found = useResource<Curve[]>(async (abort) => {
    if (!job.metrics) return []; // the job's document names what there is
    return readCurves(await getJson(`/jobs/${job.id}/metrics?points=2000&times=true`, abort));
  }, [job.id, ended, job.metrics !== undefined]);
  useEffect(() => {
    if (ended || !job.metrics) return undefined;
    const soon = coalesce(() => void found.reload(), 1000);
    const stop = watch([`log:${job.id}`], soon);
    const timer = setInterval(() => { if (!document.hidden) soon(); }, 5000);
    return () => { stop(); clearInterval(timer); };
  }, [job.id, ended, job.metrics !== undefined]);
  return found;
}

/** Smoothing, axis and scale, from the address; "s" and "l" change them. */
export function useChartView(job: Job): [ChartView, (change: Partial<ChartView>) => void] {
  const { query: asked, setQuery } = usePlace();
  const starts = (job.attempts ?? []).slice(1).map((attempt) => Date.parse(attempt.started_at ?? "") / 1000).filter((at) => at > 0);
  const view = { starts, smoothing: Number(asked.smooth ?? 0.3) || 0, log: asked.log === "1", byTime: asked.x === "time" };
  const set = (change: Partial<ChartView>): void => setQuery({
    smooth: change.smoothing === undefined ? asked.smooth : change.smoothing === 0.3 ? undefined : String(change.smoothing),
    log: change.log === undefined ? asked.log : change.log ? "1" : undefined,
    x: change.byTime === undefined ? asked.x : change.byTime ? "time" : undefined,
  });
  useKeys([
    { keys: "s", label: "More smoothing, then none", group: "Charts", run: () => set({ smoothing: view.smoothing >= 0.9 ? 0 : Math.round((view.smoothing + 0.3) * 10) / 10 }) },
    { keys: "l", label: "Logarithmic axis", group: "Charts", run: () => set({ log: !view.log }) },
  ]);
  return [view, set];
}

const none: Curve[] = [];

/** The same charts while nothing of them changed: each new array would be drawn anew. */
function useCharts(curves: Curve[] = none, task: number | undefined, text = ""): ReturnType<typeof chartsOf> {
  return useMemo(() => chartsOf(ofTask(curves, task).filter((curve) => curve.name.toLowerCase().includes(text.toLowerCase()))), [curves, task, text]);
}

interface Tasks { all: number[]; shown: number | undefined; show: (task: string) => void }

/** Of an array one task's curves are shown: the one that the address names, else the first. */
function useTask(curves: Curve[]): Tasks {
  const { query: asked, setQuery } = usePlace();
  const all = tasksIn(curves);
  const named = all.find((task) => String(task) === asked.task);
  return { all, shown: named ?? all[0], show: (task) => setQuery({ task }) };
}

function TaskPicker({ task }: { task: Tasks }): JSX.Element {
  return <label class="sm">Task <select class="in which" aria-label="Task of the array" value={String(task.shown)} onChange={(event) => task.show(event.currentTarget.value)}>{task.all.map((one) => <option key={one} value={String(one)}>{one}</option>)}</select></label>;
}

export function ChartControls({ view, set, times }: { view: ChartView; set: (change: Partial<ChartView>) => void; times: boolean }): JSX.Element {
  return (
    <div class="chartbar">
      <label class="smoothing">Smoothing <input type="range" min="0" max="1" step="0.05" value={view.smoothing} aria-label="Smoothing" onInput={(event) => set({ smoothing: Number(event.currentTarget.value) })} /></label>
      <Toggle on={view.log} onChange={(log) => set({ log })} title="Logarithmic axis (l)">Log</Toggle>
      {times && <Segmented label="Horizontal axis" name="x-axis" value={view.byTime ? "time" : "step"} choices={[{ value: "step", label: "Step" }, { value: "time", label: "Time" }]} onChange={(to) => set({ byTime: to === "time" })} />}
    </div>
  );
}

function pinsOf(job: Job): string[] {
  try {
    return JSON.parse(recall(`pins.${job.project ?? ""}`) ?? "[]") as string[];
  } catch {
    return [];
  }
}

/** The charts of the overview: those pinned for this project, else the three that matter most. */
export function OverviewCharts({ job, curves }: { job: Job; curves: Resource<Curve[]> }): JSX.Element | null {
  const [view] = useChartView(job);
  const task = useTask(curves.data.value ?? []);
  const charts = useCharts(curves.data.value, task.shown);
  const pins = pinsOf(job);
  const pinned = charts.filter((chart) => pins.includes(chart.title));
  const shown = (pinned.length ? pinned : charts).slice(0, 3);
  if (job.metrics && !curves.data.value && !curves.problem.value) return <div class="charts" aria-hidden="true"><section class="card chart awaited" /></div>;
  if (!shown.length) return null;
  return <div class={`charts n${shown.length}`}>{shown.map((chart) => <Chart key={chart.title} title={chart.title} curves={chart.curves} view={view} closer={closerOf(job)} />)}</div>;
}

function closerOf(job: Job): Closer {
  return async (names, from, to) => readCurves(await getJson(`/jobs/${job.id}/metrics${query({ keys: names.join(","), from, to, points: 2000, times: true })}`));
}

export function MetricsTab({ job, curves }: { job: Job; curves: Resource<Curve[]> }): JSX.Element {
  const [view, setView] = useChartView(job);
  const task = useTask(curves.data.value ?? []);
  const [text, setText] = useState("");
  const [pins, setPins] = useState(() => pinsOf(job));
  const list = curves.data.value;
  const charts = useCharts(list, task.shown, text);
  if (curves.problem.value) return <ProblemBox problem={curves.problem.value} what="The metrics cannot be read" retry={() => void curves.reload()} />;
  if (!list) return <Skeleton rows={8} />;
  if (!list.length) {
    return (
      <section class="card"><Empty icon="compare" title={isEnded(job.state) ? "It logged no metrics" : "No metrics yet"}>
        <p>Lines such as <code>step=100 loss=1.4</code> in the log, a <code>metrics.jsonl</code> in the run's folder, or points sent to the API become curves here.</p>
      </Empty></section>
    );
  }
  const setPin = (title: string, on: boolean): void => {
    const next = on ? [...pins, title] : pins.filter((pin) => pin !== title);
    setPins(next);
    remember(`pins.${job.project ?? ""}`, JSON.stringify(next));
  };
  return (
    <>
      <div class="chartbar wide">
        <label class="in"><Icon name="search" /><input aria-label="Find a metric" placeholder="Find a metric" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        {task.all.length > 0 && <TaskPicker task={task} />}
        <span class="sp" />
        <ChartControls view={view} set={setView} times={hasTimes(list)} />
      </div>
      <div class="charts all">{charts.map((chart) => <Chart key={chart.title} title={chart.title} curves={chart.curves} view={view} closer={closerOf(job)} height={190} pin={{ on: pins.includes(chart.title), set: (on) => setPin(chart.title, on) }} />)}</div>
      {!charts.length && <Empty icon="search" title="No metric of that name"><button class="btn" onClick={() => setText("")}>Show all</button></Empty>}
    </>
  );
}

// The log: rows in view only, colours, follow, search over all of it, warnings, links to lines.
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { base, href } from "../lib/base";
import { query } from "../lib/api";
import { bytes, count, plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { tasksOf } from "../lib/jobtext";
import { useKeys } from "../lib/keys";
import { watch } from "../lib/live";
import { recall, remember } from "../lib/prefs";
import { coalesce } from "../lib/resource";
import { isEnded } from "../lib/states";
import type { Job } from "../lib/types";
import { copyText, Empty, ProblemBox, Skeleton, Toggle } from "../lib/ui";
import { useBoxVirtual } from "./boxvirtual";
import { isAtEnd, useFollow } from "./follow";
import { LogStore, type Match } from "./logstore";
import { lineRange, marked, MAX_SHOWN, pieces, plain } from "./logtext";

interface Found { text: string; matches: Match[]; total: number; at: number; busy: boolean; failed?: string }
const nothing: Found = { text: "", matches: [], total: 0, at: -1, busy: false };

function LogLine({ text, needle, current }: { text: string; needle: string; current: boolean }): JSX.Element {
  const parts = marked(pieces(text), needle);
  return (
    <span class="lx">
      {parts.map((part, at) => (part.mark ? <mark key={at} class={`${part.class}${current ? " cur" : ""}`}>{part.text}</mark> : part.class ? <span key={at} class={part.class}>{part.text}</span> : part.text))}
      {text.length > MAX_SHOWN && <button class="cutoff" onClick={() => void copyText(plain(text), "Copied the whole line")}>{count(text.length - MAX_SHOWN)} more characters, copy</button>}
    </span>
  );
}

/** An array has a log a task: the first that failed, else the first that runs or ran. */
function firstTask(job: Job): number | undefined {
  return tasksOf(job).find((one) => one.started_at !== undefined)?.task;
}

/** Before its start a job has no log to ask for. */
function hasLog(job: Job): boolean {
  if (job.slurm?.array) return firstTask(job) !== undefined;
  return job.started_at !== undefined || job.attempt > 1;
}

/** Why there is no line to show: in a word, and more where there is more to say. */
function emptyText(job: Job, begun: boolean): [title: string, more?: string] {
  if (!isEnded(job.state)) return ["No log yet", "Its first lines will appear here by themselves."];
  if (!hasLog(job)) return [job.state === "submit_failed" ? "No log, as it was not submitted" : "No log, as it never started"];
  return begun ? ["It wrote nothing", "The job ended without a line of output."] : ["No log", "It was never begun, or the file was removed."];
}

function NoLines({ job, begun }: { job: Job; begun: boolean }): JSX.Element {
  const [title, more] = emptyText(job, begun);
  return <Empty icon="jobs" title={title}>{more && <p>{more}</p>}</Empty>;
}

function useStore(job: Job, attempt?: number, task?: number): LogStore {
  const store = useMemo(() => new LogStore(job.id, attempt, task), [job.id, attempt, task]);
  const ended = isEnded(job.state);
  const started = hasLog(job);
  useEffect(() => { if (started) void store.load(); }, [store, started]);
  useEffect(() => {
    if (!started) return undefined;
    const soon = coalesce(() => void (store.loaded.value ? store.more() : store.load()), 150);
    if (ended) { soon(); return undefined; }
    const stop = watch([`log:${job.id}`], soon);
    const timer = setInterval(() => { if (!document.hidden) soon(); }, 2500);
    return () => { stop(); clearInterval(timer); };
  }, [store, ended, started]);
  return store;
}

function useSearch(store: LogStore, initial: string): [Found, (text: string) => void, (step: number) => void] {
  const [found, setFound] = useState<Found>({ ...nothing, text: initial });
  const abort = useRef<AbortController>();
  const run = (text: string): void => {
    abort.current?.abort();
    if (!text) { setFound(nothing); return; }
    const own = new AbortController();
    abort.current = own;
    setFound((was) => ({ ...was, text, busy: true }));
    setTimeout(() => {
      if (own.signal.aborted) return;
      store.search(text, own.signal).then(
        ({ matches, total }) => !own.signal.aborted && setFound((was) => ({ text, matches, total, at: matches.length ? Math.min(Math.max(was.at, 0), matches.length - 1) : -1, busy: false })),
        (error: unknown) => !own.signal.aborted && setFound({ ...nothing, text, failed: String((error as Error).message) }));
    }, 120);
  };
  useEffect(() => { if (found.text && store.loaded.value) run(found.text); }, [store.version.value]);
  const step = (by: number): void => setFound((was) => (was.matches.length ? { ...was, at: (was.at + by + was.matches.length) % was.matches.length } : was));
  return [found, (text) => run(text), step];
}

/** Which of several logs: an attempt's, a task's. */
function Which({ job, attempt, task, onWhich }: { job: Job; attempt?: number; task?: number; onWhich: (which: Which) => void }): JSX.Element | null {
  const tasks = (job.task_list ?? []).filter((one) => one.started_at).sort((a, b) => a.task - b.task);
  return (
    <>
      {tasks.length > 0 && (
        <select class="in which" aria-label="Task" value={task} onChange={(event) => onWhich({ task: event.currentTarget.value })}>
          {tasks.map((one) => <option key={one.task} value={one.task}>task {one.task}</option>)}
        </select>
      )}
      {job.attempt > 1 && tasks.length === 0 && (
        <select class="in which" aria-label="Attempt" value={attempt ?? job.attempt} onChange={(event) => onWhich({ attempt: Number(event.currentTarget.value) === job.attempt ? "" : event.currentTarget.value })}>
          {Array.from({ length: job.attempt }, (_, at) => <option key={at} value={at + 1}>attempt {at + 1}</option>)}
        </select>
      )}
    </>
  );
}

type Which = Record<string, string | undefined>; // as the address names it: attempt, task
interface Props { job: Job; attempt?: number; task?: number; tall?: boolean; search?: string; onSearch?: (text: string) => void; onWhich?: (which: Which) => void }

export function LogView({ job, attempt, task, tall, search = "", onSearch, onWhich }: Props): JSX.Element {
  const store = useStore(job, attempt, task ?? firstTask(job));
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [follow, setFollows] = useState(() => !lineRange(location.hash));
  const [wrap, setWrap] = useState(() => recall("log.wrap") === "on");
  const [chosen, setChosen] = useState<[number, number] | undefined>(() => lineRange(location.hash));
  const [found, setSearch, step] = useSearch(store, search);
  const jumped = useRef(chosen !== undefined); // a link to a line goes before the first match
  const [said, setSaid] = useState("");
  void store.version.value;
  const lines = store.lines;
  const keyOf = useMemo(() => (index: number) => store.numberOf(index) ?? index, [store, store.firstLine]);
  const virtual = useBoxVirtual({ count: lines.length, size: 20, element: () => box.current, keyOf, shape: wrap });
  const show = (index: number): void => { setFollow(false); virtual.scrollToIndex(index, { align: "center" }); };
  const setFollow = (on: boolean): void => {
    if (on && store.hasLater) void store.load().then(() => setFollows(true)); // from a stretch in the middle
    else setFollows(on);
  };
  const goLine = async (line: number): Promise<void> => {
    const index = await store.around(line);
    if (index >= 0) requestAnimationFrame(() => show(index));
  };
  useEffect(() => { if (store.loaded.value && chosen) void goLine(chosen[0]); }, [store.loaded.value]);
  useEffect(() => {
    const match = found.matches[found.at];
    if (match && !jumped.current) void goLine(match.line);
    if (match) jumped.current = false;
  }, [found.at, found.text, found.matches.length > 0]);
  useLayoutEffect(() => { if (!wrap) virtual.measure(); }, [wrap]); // all are of one height again
  const onFollowed = useFollow(box, { follow, leave: () => setFollow(false), shape: [store.version.value, wrap, virtual.getTotalSize(), virtual.scrollRect?.height] });
  const onScroll = (): void => {
    const element = box.current!;
    onFollowed();
    if (element.scrollTop < 400 && store.hasEarlier) void loadEarlier();
    else if (isAtEnd(element) && !follow && store.hasLater) void store.later();
  };
  const loadEarlier = async (): Promise<void> => {
    const came = await store.earlier();
    if (came > 0 && box.current) box.current.scrollTop += came * 20;
  };
  const alarm = (by: number): void => {
    const middle = virtual.getVirtualIndexes()[Math.floor(virtual.getVirtualIndexes().length / 2)] ?? 0;
    const next = by > 0 ? store.alarms.find((index) => index > middle) : store.alarms.findLast((index) => index < middle);
    if (next !== undefined) { show(next); setChosen(store.numberOf(next) ? [store.numberOf(next)!, store.numberOf(next)!] : undefined); }
  };
  const pick = (line: number | undefined, extend: boolean): void => {
    if (line === undefined) return;
    const next: [number, number] = extend && chosen ? [Math.min(chosen[0], line), Math.max(chosen[1], line)] : [line, line];
    setChosen(next);
    setFollow(false);
    history.replaceState(history.state, "", `${location.pathname}${location.search}#L${next[0]}${next[1] !== next[0] ? `-${next[1]}` : ""}`);
  };
  useKeys([
    { keys: "/", label: "Search the log", group: "Log", run: () => { input.current?.focus(); input.current?.select(); } },
    { keys: "f", label: "Follow", group: "Log", run: () => setFollow(!follow) },
    { keys: "w", label: "Wrap long lines", group: "Log", run: () => setWrap(!wrap) },
    { keys: "n", label: "Next match", group: "Log", run: () => step(1) },
    { keys: "N", label: "Previous match", group: "Log", run: () => step(-1) },
    { keys: "]", label: "Next warning", group: "Log", run: () => alarm(1) },
    { keys: "[", label: "Previous warning", group: "Log", run: () => alarm(-1) },
    { keys: "G", label: "End of the log", group: "Log", run: () => setFollow(true) },
    { keys: "g g", label: "Start of the log", group: "Log", run: () => (store.hasEarlier ? void goLine(1) : show(0)) },
  ]);
  const ended = isEnded(job.state);
  const problem = store.problem.value;
  return (
    <section class={`card logcard${tall ? " tall" : ""}`} aria-label="Log">
      <div class="lt">
        <h2>Log</h2>
        {onWhich && <Which job={job} attempt={attempt} task={task ?? firstTask(job)} onWhich={onWhich} />}
        <span class="sm muted hm num">{store.loaded.value ? `${plural(lines.length, "line")}${store.isWhole ? "" : " of a longer log"}, ${bytes(store.size.value)}` : ""}</span>
        <span class="sp" />
        <label class="in"><Icon name="search" />
          <input ref={input} aria-label="Search the whole log" placeholder="Search" defaultValue={search} onInput={(event) => { setSearch(event.currentTarget.value); onSearch?.(event.currentTarget.value); }}
            onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); } else if (event.key === "Escape") event.currentTarget.blur(); }} />
          <span class="sm faint num nw" role="status">{found.text ? (found.failed ? "failed" : found.busy && !found.total ? "…" : found.total ? `${found.at + 1} of ${count(found.total)}${found.total > found.matches.length ? `, the first ${count(found.matches.length)} to step through` : ""}` : "none") : ""}</span>
        </label>
        <button class="ibtn" aria-label="Previous match" disabled={!found.total} onClick={() => step(-1)}><Icon name="up" /></button>
        <button class="ibtn" aria-label="Next match" disabled={!found.total} onClick={() => step(1)}><Icon name="down" /></button>
        {store.alarms.length > 0 && <button class="btn ghost alarms" title="Next warning or error ( ] )" onClick={() => alarm(1)}><Icon name="warn" /><span class="num">{count(store.alarms.length)}</span><span class="sr"> warnings</span></button>}
        <button class="ibtn" aria-label="Wrap long lines" aria-pressed={wrap} title="Wrap long lines (w)" onClick={() => { setWrap(!wrap); remember("log.wrap", wrap ? "off" : "on"); }}><Icon name="wrap" /></button>
        <a class="ibtn" aria-label="Download the log" title="Download" target="_blank" download={`job-${job.id}.log`} href={`${base}/api/v1/jobs/${job.id}/log${query({ attempt, task: task ?? firstTask(job), limit: 1048576 })}`}><Icon name="download" /></a>
        {!tall && <a class="ibtn" aria-label="Full log" title="Full log" href={href(`/jobs/${job.id}/log`)}><Icon name="expand" /></a>}
        <Toggle on={follow} onChange={setFollow} title={ended ? "Stay at the end (f)" : "Follow new lines (f)"}>{!ended && <span class={`spot${follow ? " s-run" : ""}`} />}{ended ? "End" : follow ? "Following" : "Follow"}</Toggle>
      </div>
      {problem && <div class="pad"><ProblemBox problem={problem} what="The log cannot be read" retry={() => void store.load()} /></div>}
      {!store.loaded.value && !problem && hasLog(job) && <Skeleton rows={8} />}
      {(store.loaded.value ? lines.length === 0 : !problem && !hasLog(job)) && <NoLines job={job} begun={store.begun.value} />}
      <div class={`log${wrap ? " wrap" : ""}`} role="log" aria-live="off" aria-label="Lines of the log" tabIndex={0} ref={box} onScroll={onScroll} hidden={lines.length === 0}>
        <div class="rowsbox" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map((item) => {
            const number = store.numberOf(item.index);
            const text = lines[item.index] ?? "";
            const match = found.matches[found.at];
            const isCurrent = match !== undefined && match.line === number;
            const isChosen = chosen !== undefined && number !== undefined && number >= chosen[0] && number <= chosen[1];
            return (
              <div key={item.key} data-index={item.index} ref={wrap ? virtual.measureElement : undefined} class={`ll${isChosen ? " hl" : ""}`} style={{ transform: `translateY(${item.start}px)` }}>
                <a class="ln" aria-hidden="true" tabIndex={-1} href={number ? `#L${number}` : undefined} onClick={(event) => { event.preventDefault(); event.stopPropagation(); pick(number, event.shiftKey); }}>{number ?? ""}</a>
                <LogLine text={text} needle={found.text} current={isCurrent} />
              </div>
            );
          })}
        </div>
      </div>
      <button class="sr" onClick={() => setSaid(plain(lines[lines.length - 1] ?? "").slice(0, 300))}>Read the last line</button>
      <span class="sr" role="status">{said}</span>
    </section>
  );
}

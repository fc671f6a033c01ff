// The filter: one line with completion and help, kept in the address. With rows selected, what can be done to them.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { getJson } from "../lib/api";
import { complete, type Completion, type Vocabulary } from "../lib/filter";
import { count } from "../lib/format";
import { Icon } from "../lib/icons";
import { useKeys } from "../lib/keys";
import { late } from "../lib/late";
import { clearSelection, selected } from "./selection";
import type { JobRows } from "./store";

const BulkBar = late(() => import("./bulk"));
const Views = late(() => import("./views"));
const FilterHelp = late(() => import("./filterhelp"));
const words = signal<Vocabulary>({});
let asked = false;

/** Names to complete, asked for when somebody first types. */
async function learnWords(rows: JobRows): Promise<void> {
  const jobs = rows.jobsOf(rows.ids.value);
  const all = <T,>(list: (T | undefined)[]): T[] => [...new Set(list.filter((one): one is T => one !== undefined && one !== ""))].slice(0, 200);
  words.value = {
    cluster: all(jobs.map((job) => job.cluster)), project: all(jobs.map((job) => job.project)), gpu: all(jobs.map((job) => job.resources?.gpu_type)),
    tag: all(jobs.flatMap((job) => job.tags ?? [])), group: all(jobs.map((job) => job.group)), user: ["me"],
  };
  if (asked) return;
  asked = true;
  const named = (path: string): Promise<string[]> => getJson<{ items: { name: string }[] }>(path).then((list) => list.items.map((one) => one.name), () => []);
  const [clusters, projects] = await Promise.all([named("/clusters"), named("/projects")]);
  words.value = { ...words.value, cluster: all([...clusters, ...(words.value.cluster ?? [])]), project: all([...projects, ...(words.value.project ?? [])]) };
}

interface Props { filter: string; setFilter: (text: string) => void; rows: JobRows }

function useTyped({ filter, setFilter }: Props): [string, (text: string, now?: boolean) => void] {
  const [typed, setTyped] = useState(filter);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const own = useRef(filter);
  useEffect(() => {
    if (filter !== own.current) setTyped(filter);
    own.current = filter;
  }, [filter]);
  const set = (text: string, now = false): void => {
    setTyped(text);
    clearTimeout(timer.current);
    const apply = (): void => { own.current = text.trim(); setFilter(text.trim()); };
    if (now) apply();
    else timer.current = setTimeout(apply, 260);
  };
  return [typed, set];
}

/** Where rows are selected, what can be done to them stands in the filter's place: it comes back first. */
function useFilterKey(input: { current: HTMLInputElement | null }): void {
  const isAsked = useRef(false);
  const focus = (): void => { input.current?.focus(); input.current?.select(); isAsked.current = !input.current; };
  useKeys([{ keys: "/", label: "Filter", group: "This page", run: () => { clearSelection(); focus(); } }]);
  useLayoutEffect(() => { if (isAsked.current) focus(); }, [selected.value]);
}

/** Half-typed terms are not asked for: "state:" is no filter yet. */
function isWhole(text: string): boolean {
  return !/(^|\s)[a-z]+:$/.test(text) && (text.match(/"/g)?.length ?? 0) % 2 === 0;
}

export function FilterBar(props: Props): JSX.Element {
  const { rows } = props;
  const [typed, setTyped] = useTyped({ ...props, setFilter: (text) => isWhole(text) && props.setFilter(text) });
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState<"" | "help" | "views">("");
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  useFilterKey(input);
  const cursor = input.current?.selectionStart ?? typed.length;
  const offers = open ? complete(typed, Math.min(cursor, typed.length), words.value) : [];
  const take = (offer: Completion): void => {
    const isKey = offer.insert.endsWith(":");
    const next = `${typed.slice(0, offer.from)}${offer.insert}${isKey ? "" : " "}${typed.slice(offer.to).trimStart()}`;
    setTyped(next, !isKey);
    setAt(-1);
    input.current?.focus();
    const place = offer.from + offer.insert.length + (isKey ? 0 : 1);
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      if (open && offers.length) setOpen(false);
      else input.current?.blur();
    } else if (event.key === "Enter") {
      if (at >= 0 && offers[at]) take(offers[at]!);
      else { setTyped(typed, true); setOpen(false); }
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && offers.length) {
      setAt((at + (event.key === "ArrowDown" ? 1 : -1) + offers.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % offers.length);
    } else if (event.key === "Tab" && at >= 0 && offers[at]) {
      take(offers[at]!);
    } else {
      return;
    }
    event.preventDefault();
  };
  if (selected.value.size > 0) return <BulkBar rows={rows} />;
  const total = rows.old.value ? undefined : rows.total.value;
  return (
    <div class="filterbar">
      <div class="combo">
        <label class="in"><Icon name="filter" />
          <input ref={input} role="combobox" aria-label="Filter jobs" aria-expanded={offers.length > 0} aria-controls="filter-offers" aria-autocomplete="list"
            aria-activedescendant={at >= 0 ? `offer-${at}` : undefined} autoComplete="off" spellcheck={false} placeholder="state:failed gpu:h100 age:<2d text" value={typed}
            onFocus={() => { setOpen(true); void learnWords(rows); }} onBlur={() => setOpen(false)} onKeyDown={onKey}
            onInput={(event) => { setTyped(event.currentTarget.value); setOpen(true); setAt(-1); }} />
          {typed && <button class="ibtn" aria-label="Clear the filter" onClick={() => setTyped("", true)}><Icon name="cross" /></button>}
        </label>
        <ul id="filter-offers" role="listbox" aria-label="Completions" class="offers" hidden={offers.length === 0}>
          {offers.map((offer, index) => (
            <li key={offer.insert} id={`offer-${index}`} role="option" aria-selected={index === at} onMouseDown={(event) => { event.preventDefault(); take(offer); }}>
              <code>{offer.insert}</code><span class="muted sm">{offer.note}</span>
            </li>
          ))}
        </ul>
      </div>
      <button class="ibtn" aria-label="Help on filters" title="Help on filters" onClick={() => setHelp("help")}><Icon name="question" /></button>
      <button class="btn ghost" onClick={() => setHelp("views")}>Views</button>
      <span class="muted sm num total">{total === undefined ? "" : `${count(total)} ${total === 1 ? "job" : "jobs"}`}</span>
      {help === "help" && <FilterHelp onClose={() => setHelp("")} />}
      {help === "views" && <Views filter={typed.trim()} setFilter={(text) => setTyped(text, true)} onClose={() => setHelp("")} />}
    </div>
  );
}

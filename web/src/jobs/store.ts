// The rows of the jobs list: pages of the server's list by cursor, kept current by what changed since. Each job is a
// signal of its own, so that a change repaints one row. The server filters, sorts and counts; nothing here does.
import { signal, type Signal } from "@preact/signals";

import { asProblem, getJson, query, type Problem } from "../lib/api";
import { takeEarly } from "../lib/early";
import { seen, watch } from "../lib/live";
import { coalesce } from "../lib/resource";
import type { Job, JobList } from "../lib/types";
import { firstPage, listPath, type View } from "./listpath";
import { clearSelection, keepSelected, selected } from "./selection";

const CHANGES = 200;
const MOST = 200; // rows held by a list that nobody scrolls: new ones come on top all day

export class JobRows {
  readonly ids = signal<number[]>([]);
  readonly total = signal<number | undefined>(undefined);
  readonly problem = signal<Problem | undefined>(undefined);
  readonly first = signal(true); // no answer yet
  readonly busy = signal(false); // a page is on its way
  readonly at = signal(0);
  readonly old = signal<View | undefined>(undefined); // what the rows are of, where what was asked for failed
  readonly lists = signal(0); // how many were begun anew: other rows than before
  private readonly jobs = new Map<number, Signal<Job>>();
  private view: View = { filter: "", sort: "", archived: false };
  private shown: View | undefined; // of these rows
  private next: string | number | null = null;
  private event = 0;
  private abort: AbortController | undefined;
  private stop: (() => void) | undefined;
  private readonly changedSoon = coalesce(() => void this.changes(), 120);

  start(): () => void {
    this.stop = watch(["jobs"], (event) => (event.kind === "reset" && !this.first.value ? void this.reload() : this.changedSoon())); // the first answer tells from when on
    return () => { this.stop?.(); this.abort?.abort(); };
  }

  job(id: number): Signal<Job> | undefined {
    return this.jobs.get(id);
  }

  jobsOf(ids: Iterable<number>): Job[] {
    return [...ids].flatMap((id) => this.jobs.get(id)?.value ?? []);
  }

  /** Another filter or order, whatever changed it: the old rows stay until the new ones are there, but what was selected
   *  among them may not be seen again. */
  async show(view: View): Promise<void> {
    const isSame = JSON.stringify(view) === JSON.stringify(this.view);
    if (isSame && (this.busy.value || this.shown === this.view)) return; // on its way, or there
    if (!isSame) {
      clearSelection();
      this.view = view;
    }
    await this.reload();
  }

  async reload(): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.busy.value = true;
    try {
      const early = await takeEarly(listPath(this.view, firstPage));
      const list = (early as JobList | undefined) ?? (await this.page(firstPage, abort.signal));
      if (abort.signal.aborted) return;
      this.take(list, true);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem.value = asProblem(error);
      this.old.value = JSON.stringify(this.shown) === JSON.stringify(this.view) ? undefined : this.shown;
    }
    this.first.value = false;
    this.busy.value = false;
  }

  /** The next page, where there is one and none is on its way. */
  async more(): Promise<void> {
    if (this.busy.value || this.next === null || this.old.value) return;
    this.busy.value = true;
    const abort = this.abort;
    try {
      const list = await this.page({ limit: 200, cursor: this.next }, abort?.signal);
      if (!abort?.signal.aborted) this.take(list, false);
    } catch (error) {
      if (!abort?.signal.aborted) this.problem.value = asProblem(error);
    }
    if (abort === this.abort) this.busy.value = false;
  }

  get hasMore(): boolean {
    return this.next !== null;
  }

  put(job: Job): void {
    const known = this.jobs.get(job.id);
    if (!known) this.jobs.set(job.id, signal(job));
    else if ((job.event ?? 0) >= (known.peek().event ?? 0)) known.value = job;
  }

  private page(extra: Record<string, string | number | boolean | null>, abort?: AbortSignal): Promise<JobList> {
    return getJson<JobList>(listPath(this.view, extra), abort);
  }

  private take(list: JobList, fromStart: boolean): void {
    list.items.forEach((job) => this.put(job));
    const ids = list.items.map((job) => job.id);
    const before = fromStart ? [] : this.ids.value;
    const known = new Set(before);
    this.ids.value = [...before, ...ids.filter((id) => !known.has(id))];
    this.next = list.next;
    if (fromStart) this.begin(list.event ?? 0);
    seen(list.event);
    if (list.total !== null && list.total !== undefined) this.total.value = list.total;
    if (this.next === null) this.total.value = this.ids.value.length;
    this.problem.value = undefined;
    this.at.value = Date.now();
    this.letGo();
  }

  private begin(event: number): void {
    this.event = event;
    this.lists.value++;
    this.shown = this.view;
    this.old.value = undefined;
  }

  /** What left the list is held no longer, and is no longer selected. */
  private letGo(): void {
    const listed = new Set(this.ids.value);
    for (const id of this.jobs.keys()) if (!listed.has(id)) this.jobs.delete(id);
    keepSelected(listed);
  }

  /** More rows than are held for nobody: not scrolled to, and none of them selected. */
  private get isLong(): boolean {
    return this.ids.value.length > MOST && scrollY < innerHeight && selected.peek().size === 0;
  }

  /** What changed since the last answer: all of it, and of that what fits the filter. */
  private async changes(): Promise<void> {
    if (this.first.value || this.busy.value) {
      setTimeout(this.changedSoon, 200);
      return;
    }
    if (this.old.value || !this.shown) return this.reload(); // changes of what was asked for do not belong to these rows
    const { filter } = this.view;
    const since = this.event;
    try {
      const all = await getJson<JobList>(`/jobs${query({ since, limit: CHANGES, archived: true })}`);
      const fit = filter ? await this.page({ since, limit: CHANGES }) : { ...all, items: all.items.filter((job) => !job.archived) };
      const counted = filter ? await this.page({ limit: 1, total: true }) : undefined;
      if (since !== this.event) return;
      if (all.items.length === CHANGES || this.isLong) await this.reload();
      else this.apply(all, fit, counted?.total ?? undefined);
    } catch (error) {
      this.problem.value = asProblem(error);
    }
  }

  private apply(all: JobList, fit: JobList, total: number | undefined): void {
    const fits = new Set(fit.items.map((job) => job.id));
    const ids = this.ids.value;
    const known = new Set(ids);
    all.items.forEach((job) => known.has(job.id) && this.put(job));
    fit.items.forEach((job) => this.put(job));
    const gone = new Set(all.items.filter((job) => known.has(job.id) && !fits.has(job.id)).map((job) => job.id));
    const fresh = fit.items.map((job) => job.id).filter((id) => !known.has(id) && this.belongs(id, ids));
    if (gone.size || fresh.length) {
      const merged = [...ids.filter((id) => !gone.has(id)), ...fresh];
      this.ids.value = merged.sort((a, b) => (this.view.sort === "oldest" ? a - b : b - a));
    }
    if (this.next === null) this.total.value = this.ids.value.length;
    else if (total !== undefined) this.total.value = total;
    else if (this.total.value !== undefined) this.total.value += fresh.length - gone.size;
    this.event = Math.max(all.event ?? 0, this.event);
    this.at.value = Date.now();
    this.problem.value = undefined;
    this.letGo();
  }

  /** Beyond the last page that is loaded it comes with its page. */
  private belongs(id: number, ids: number[]): boolean {
    if (this.next === null || ids.length === 0) return true;
    const last = ids[ids.length - 1]!;
    return this.view.sort === "oldest" ? id < last : id > last;
  }
}

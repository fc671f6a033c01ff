// A value that is fetched: keeps the old one while the new is on its way, tells its age, its error, whether it loads.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";

import { asProblem, type Problem } from "./api";

export interface Resource<T> {
  data: Signal<T | undefined>;
  problem: Signal<Problem | undefined>;
  loading: Signal<boolean>;
  at: Signal<number>; // when data came, ms
  reload: () => Promise<void>;
}

/** fetcher runs at once and again when a dependency changes or reload is called; the one before is aborted. */
export function useResource<T>(fetcher: (signal: AbortSignal) => Promise<T>, deps: unknown[]): Resource<T> {
  const data = useSignal<T | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const loading = useSignal(true);
  const at = useSignal(0);
  const control = useMemo(() => ({ abort: undefined as AbortController | undefined }), []);
  const reload = async (): Promise<void> => {
    control.abort?.abort();
    const abort = new AbortController();
    control.abort = abort;
    loading.value = true;
    try {
      const answer = await fetcher(abort.signal);
      if (abort.signal.aborted) return;
      data.value = answer;
      problem.value = undefined;
      at.value = Date.now();
    } catch (error) {
      if (abort.signal.aborted) return;
      problem.value = asProblem(error);
    }
    loading.value = false;
  };
  useLayoutEffect(() => { // asked for before the frame is painted, not after
    void reload();
    return () => control.abort?.abort();
  }, deps);
  return { data, problem, loading, at, reload };
}

/** Whether all have answered, or ms have passed: what is shown together from then on does not jump. */
export function useSettled(resources: Resource<unknown>[], ms = 3000): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, []);
  return isLate || resources.every((one) => one.data.value !== undefined || one.problem.value !== undefined);
}

/** Runs fn soon, however often it is asked for meanwhile: events come in bursts. */
export function coalesce(fn: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      fn();
    }, ms);
  };
}

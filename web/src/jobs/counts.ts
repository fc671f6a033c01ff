// Jobs by state, for the navigation and the jobs page: asked for once a change, not once a job.
import { computed, signal } from "@preact/signals";

import { getJson } from "../lib/api";
import { watch } from "../lib/live";
import { coalesce } from "../lib/resource";
import { summarize } from "../lib/states";
import type { Counts } from "../lib/types";

export const counts = signal<Counts | undefined>(undefined);
export const jobSummary = computed(() => summarize(counts.value ?? {}));

async function load(): Promise<void> {
  try {
    counts.value = await getJson<Counts>("/counts");
  } catch {
    // the connection's state says it already
  }
}

const soon = coalesce(() => void load(), 400);

export function startCounts(): void {
  watch(["jobs"], soon);
  setTimeout(soon, 0);
}

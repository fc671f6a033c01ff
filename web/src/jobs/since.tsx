// What came to an end while nobody looked: told once somebody is back, for whoever opens the page in the morning.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { getJson, query } from "../lib/api";
import { href } from "../lib/base";
import { now } from "../lib/clock";
import { when } from "../lib/format";
import { newestEvent } from "../lib/live";
import { recall, remember } from "../lib/prefs";
import type { JobList } from "../lib/types";
import { leftLong, type Left } from "./away";

interface Since { at: number; completed: number; failed: number }

async function count(filter: string, since: number): Promise<number> {
  return (await getJson<JobList>(`/jobs${query({ filter, since, limit: 1, total: true })}`)).total ?? 0;
}

async function look(left: Left): Promise<Since> {
  const [completed, failed] = await Promise.all([count("state:completed", left.event), count("state:failed", left.event)]);
  return { at: left.at, completed, failed };
}

export default function SinceLast(): JSX.Element | null {
  const [since, setSince] = useState<Since | undefined>();
  useEffect(() => {
    const back = (): void => {
      const left = leftLong(recall("left"), Date.now());
      if (left) look(left).then(setSince, () => undefined); // the list itself tells what is wrong
    };
    const leave = (): void => { if (newestEvent()) remember("left", JSON.stringify({ event: newestEvent(), at: Date.now() } satisfies Left)); };
    const turn = (): void => (document.hidden ? leave() : back());
    back();
    document.addEventListener("visibilitychange", turn);
    addEventListener("pagehide", leave);
    return () => { leave(); document.removeEventListener("visibilitychange", turn); removeEventListener("pagehide", leave); };
  }, []);
  if (!since || since.completed + since.failed === 0) return null;
  return (
    <p class="since sm muted">Since {when(since.at, now.value)}: {since.completed > 0 && <a href={href("/jobs?filter=state:completed")}>{since.completed} completed</a>}
      {since.completed > 0 && since.failed > 0 && ", "}{since.failed > 0 && <a class="badtext" href={href("/jobs?filter=state:failed")}>{since.failed} failed</a>}</p>
  );
}

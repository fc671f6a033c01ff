// The last failures with what they died of, so that nobody has to open three pages to see the same import error.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { getJson, query } from "../lib/api";
import { href } from "../lib/base";
import { endText, exitText, jobTitle } from "../lib/jobtext";
import { late } from "../lib/late";
import { watch } from "../lib/live";
import { coalesce, useResource } from "../lib/resource";
import { stateRow } from "../lib/states";
import type { Job, JobList } from "../lib/types";
import { Age } from "../lib/ui";

const SinceLast = late(() => import("./since"));

function Failure({ job }: { job: Job }): JSX.Element {
  const [said, line] = endText(job);
  const title = job.verdict?.title ?? stateRow(job.state).label;
  const detail = line || (job.verdict ? "" : (said ?? exitText(job)));
  return (
    <li>
      <a class="ell" href={href(`/jobs/${job.id}`)}><bdi>{jobTitle(job)}</bdi></a>
      <span class="what ell"><b>{title}</b>{detail && <code><bdi>{detail}</bdi></code>}</span>
      <span class="muted sm"><Age at={job.ended_at ?? job.created_at} /></span>
    </li>
  );
}

export function Failures(): JSX.Element | null {
  const list = useResource<JobList>((abort) => getJson(`/jobs${query({ filter: "state:failed age:<7d", limit: 3 })}`, abort), []);
  useEffect(() => watch(["jobs"], coalesce(() => void list.reload(), 1500)), []);
  const items = list.data.value?.items;
  const problem = list.problem.value;
  if (!items && !problem) return <section class="card failures" aria-hidden="true" />;
  return (
    <section class="card failures" aria-label="Last failures">
      <header><h2>Last failures</h2><SinceLast />{items && items.length > 0 && <a class="sm" href={href("/jobs?filter=state:failed")}>All</a>}</header>
      {!items ? <p class="muted">They cannot be read: {problem?.message}</p> : items.length === 0 ? <p class="muted">None in the last seven days.</p> : <ul>{items.map((job) => <Failure key={job.id} job={job} />)}</ul>}
    </section>
  );
}

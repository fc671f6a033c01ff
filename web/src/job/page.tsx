// One job: what it is, how far, why it ended, its log and curves.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { getJson } from "../lib/api";
import { href } from "../lib/base";
import { jobTitle } from "../lib/jobtext";
import { watch } from "../lib/live";
import { coalesce, useResource } from "../lib/resource";
import type { Job } from "../lib/types";
import { ProblemBox, Skeleton, StateBadge } from "../lib/ui";

export default function JobPage({ id }: { id: string }): JSX.Element {
  const found = useResource<Job>((abort) => getJson(`/jobs/${encodeURIComponent(id)}`, abort), [id]);
  useEffect(() => watch([`job:${id}`, "jobs"], coalesce(() => void found.reload(), 150)), [id]);
  const job = found.data.value;
  useEffect(() => { document.title = `${job ? jobTitle(job) : `Job ${id}`} · Sluice`; }, [job?.name, id]);
  if (!job) return found.problem.value ? <ProblemBox problem={found.problem.value} what={`Job ${id} cannot be shown`} retry={() => void found.reload()} /> : <Skeleton rows={10} />;
  return (
    <>
      <div class="crumb"><a href={href("/jobs")}>Jobs</a><span aria-hidden="true">/</span><span class="mono">{job.id}</span></div>
      <div class="jh"><h1><bdi>{jobTitle(job)}</bdi></h1><StateBadge state={job.state} stale={job.stale} /></div>
    </>
  );
}

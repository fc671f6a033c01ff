// What can be done to the selected rows.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { count, plural } from "../lib/format";
import { Icon } from "../lib/icons";
import { jobInFull } from "../lib/jobtext";
import { useKeys } from "../lib/keys";
import { isEnded, isQueued } from "../lib/states";
import type { Job } from "../lib/types";
import { Confirm, Dialog, WriteButton } from "../lib/ui";
import { addTag, archive, cancelJobs } from "./actions";
import { clearSelection, selected } from "./selection";
import type { JobRows } from "./store";

function TagDialog({ n, onTag, onClose }: { n: number; onTag: (tag: string) => void; onClose: () => void }): JSX.Element {
  const [tag, setTag] = useState("");
  const isGood = /^[^\s,"]{1,64}$/.test(tag);
  return (
    <Dialog title="Tag" onClose={onClose} class="confirm">
      <form onSubmit={(event) => { event.preventDefault(); if (isGood) { onTag(tag); onClose(); } }}>
        <h2>Tag {plural(n, "job")}</h2>
        <div class="field">
          <label for="tag-input">Tag, one word</label>
          <input id="tag-input" class="in" autoFocus value={tag} onInput={(event) => setTag(event.currentTarget.value)} aria-invalid={tag !== "" && !isGood} />
        </div>
        <footer><button type="button" class="btn" onClick={onClose}>Close</button><WriteButton class="pri" disabled={!isGood}>Add tag</WriteButton></footer>
      </form>
    </Dialog>
  );
}

const NAMED = 8;

/** Which jobs are meant, the first of them. */
function Named({ jobs }: { jobs: Job[] }): JSX.Element {
  return (
    <ul>
      {jobs.slice(0, NAMED).map((job) => <li key={job.id} class="ell"><bdi>{jobInFull(job)}</bdi></li>)}
      {jobs.length > NAMED && <li class="muted">and {plural(jobs.length - NAMED, "other")}</li>}
    </ul>
  );
}

export default function BulkBar({ rows }: { rows: JobRows }): JSX.Element {
  const [ask, setAsk] = useState<"none" | "cancel" | "tag">("none");
  const jobs = rows.jobsOf(rows.ids.value.filter((id) => selected.value.has(id))); // those that are listed, and no other
  const open = jobs.filter((job) => !isEnded(job.state));
  const running = open.filter((job) => !isQueued(job.state));
  const cancel = (): void => { cancelJobs(open); clearSelection(); };
  const archived = jobs.every((job) => job.archived);
  useKeys([
    { keys: "Escape", label: "Clear the selection", run: clearSelection },
    { keys: "e", label: "Cancel the selected", run: () => (running.length ? setAsk("cancel") : cancel()) },
  ]);
  return (
    <div class="filterbar bulk" role="toolbar" aria-label="Selected jobs">
      <b class="num">{count(jobs.length)} selected</b>
      <WriteButton class="bad" disabled={open.length === 0} onClick={() => (running.length ? setAsk("cancel") : cancel())}><Icon name="stop" />Cancel</WriteButton>
      <WriteButton onClick={() => setAsk("tag")}><Icon name="tag" />Tag</WriteButton>
      <WriteButton onClick={() => { void archive(jobs, !archived); clearSelection(); }}><Icon name="archive" />{archived ? "Unarchive" : "Archive"}</WriteButton>
      <button class="btn ghost" onClick={clearSelection}>Clear</button>
      {ask === "cancel" && (
        <Confirm title={open.length === 1 ? `Cancel ${jobInFull(open[0]!)}?` : `Cancel ${plural(open.length, "job")}?`} action={`Cancel ${plural(open.length, "job")}`} onYes={cancel} onClose={() => setAsk("none")}>
          {open.length > 1 && <Named jobs={open} />}
          <p>{plural(running.length, "job is", "jobs are")} running and will lose what was not saved.</p>
        </Confirm>
      )}
      {ask === "tag" && <TagDialog n={jobs.length} onTag={(tag) => { void addTag(jobs, tag); clearSelection(); }} onClose={() => setAsk("none")} />}
    </div>
  );
}

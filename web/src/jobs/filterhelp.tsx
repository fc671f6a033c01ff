// What the filter language knows.
import "../lib/everywhere";

import type { JSX } from "preact";

import { CopyButton, Dialog } from "../lib/ui";

export default function FilterHelp({ onClose }: { onClose: () => void }): JSX.Element {
  const rows: [string, string][] = [
    ["state:failed", "ended badly; also running, queued, active, ended, or any state; several by comma"],
    ["cluster:alder", "on one cluster"], ["project:resnet", "of one project"], ["gpu:h100", "by GPU type"], ["age:<2d", "younger than two days; age:>90m older (s m h d w)"],
    ["tag:baseline", "with a tag"], ["group:ablation", "of an experiment group"], ["name:lr", "part of the name"], ["user:me", "submitted by you"], ["archived:yes", "those put away too"],
    ["warmup", "any other word: part of the name, or the scheduler's id"], ["\"a b\"", "quotes keep blanks and colons together"],
  ];
  return (
    <Dialog title="Filter" onClose={onClose}>
      <h2>Filter</h2>
      <p class="muted">Terms stand beside each other; a job must fit all of them. The address of the page holds the filter, so it can be shared.</p>
      <dl class="facts filterhelp">{rows.map(([term, note]) => [<dt key={term}><code>{term}</code></dt>, <dd key={`${term}=`}>{note}</dd>])}</dl>
      <footer><CopyButton text={location.href} label="Copy this view's address" /><button class="btn" autoFocus onClick={onClose}>Close</button></footer>
    </Dialog>
  );
}

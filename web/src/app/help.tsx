// The keyboard map: what is live on this page, grouped. Asked for by "?".
import "../lib/everywhere";

import type { JSX } from "preact";

import { bindings, type Binding } from "../lib/keys";
import { singleKeys, setSingleKeys } from "../lib/prefs";
import { Dialog, Kbd } from "../lib/ui";

function grouped(list: Binding[]): Map<string, Binding[]> {
  const groups = new Map<string, Binding[]>();
  for (const binding of list) {
    const name = binding.group ?? "This page";
    const rows = groups.get(name) ?? [];
    if (!rows.some((row) => row.keys === binding.keys)) rows.push(binding);
    groups.set(name, rows);
  }
  return groups;
}

export default function KeyHelp({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keyboard" onClose={onClose} class="keyhelp">
      <h2>Keyboard</h2>
      <div class="keycols">
        {[...grouped(bindings.value)].map(([name, rows]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>{rows.map((row) => [<dt key={row.keys}><Kbd keys={row.keys} /></dt>, <dd key={`${row.keys}=`}>{row.label}</dd>])}</dl>
          </section>
        ))}
      </div>
      <footer>
        <label class="checkrow"><input type="checkbox" checked={singleKeys.value} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />Single-key shortcuts</label>
        <button class="btn" autoFocus onClick={onClose}>Close</button>
      </footer>
    </Dialog>
  );
}

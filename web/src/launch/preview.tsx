// The script as it will be sent, the origin of each of its lines, every resolved value, and the difference to the last run.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useSignal } from "@preact/signals";

import { href } from "../lib/base";
import { valueWord } from "../lib/format";
import { Icon } from "../lib/icons";
import { CopyButton, Skeleton, Toggle } from "../lib/ui";
import { changedLines, diffLines, hunks, type DiffLine } from "./diff";
import { originsOf } from "./origins";
import { paint } from "./paint";
import type { Launch, Rendered } from "./store";

type Tab = "script" | "resolved" | "diff";

function Painted({ text }: { text: string }): JSX.Element {
  return <>{paint(text).map((piece, at) => (piece.kind ? <span key={at} class={piece.kind}>{piece.text}</span> : piece.text))}</>;
}

function Script({ rendered, changed }: { rendered: Rendered; changed: Set<number> }): JSX.Element {
  const shown = useSignal("");
  const origins = originsOf(rendered.lines);
  return (
    <>
      <div class="scr" tabIndex={0} role="region" aria-label="Script as it will be sent">
        <pre class="code lcode">
          {rendered.script.replace(/\n$/, "").split("\n").map((line, index) => {
            const at = index + 1;
            const origin = origins.get(at);
            const show = (): void => { shown.value = origin ? `Line ${at}: ${origin}` : ""; };
            return (
              <span key={at} class={`l${changed.has(at) ? " chg" : ""}${origin ? " has" : ""}`} onMouseEnter={show}>
                {origin ? <button type="button" class="ln" aria-label={`Line ${at} comes from ${origin}`} onFocus={show}>{at}</button> : <span class="ln">{at}</span>}
                <Painted text={line} />{"\n"}
              </span>
            );
          })}
        </pre>
      </div>
      <p class="from sm" aria-hidden="true">{shown.value || "Point at a line to see where it comes from"}</p>
    </>
  );
}

function valueText(path: string, value: unknown): string {
  return value === null || value === undefined ? "–" : valueWord(path, value);
}

function Resolved({ rendered }: { rendered: Rendered }): JSX.Element {
  const [all, setAll] = useState(false);
  const rows = Object.entries(rendered.resolved ?? {}).filter(([, { origin }]) => all || origin?.layer !== "built-in");
  return (
    <div class="scr" tabIndex={0} role="region" aria-label="Resolved values">
      <div class="restool"><Toggle on={all} onChange={setAll}>Built-in defaults too</Toggle></div>
      <table class="res">
        <thead><tr><th scope="col">Key</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
        <tbody>{rows.map(([path, { value, origin }]) => <tr key={path}><th scope="row" class="mono">{path}</th><td class="mono" title={valueText(path, value) === String(value) || typeof value !== "number" ? undefined : String(value)}>{valueText(path, value)}</td><td class="sm">{origin?.text}</td></tr>)}</tbody>
      </table>
    </div>
  );
}

const signs = { same: " ", old: "−", new: "+" };

function Diff({ lines, store }: { lines: DiffLine[]; store: Launch }): JSX.Element {
  const last = store.lastRun.value;
  if (!last) return <p class="pad muted">This project has no earlier run to compare with.</p>;
  const parts = hunks(lines);
  return (
    <div class="scr" tabIndex={0} role="region" aria-label="Differences to the last run">
      <p class="restool sm muted">Compared with <a href={href(`/jobs/${last.id}`)}>{last.name || "job"} <span class="num">#{last.id}</span></a></p>
      {parts.length === 0 && <p class="pad">The same script.</p>}
      {parts.map((part, at) => (
        <div key={at}>
          {part.skipped > 0 && <p class="skipped sm">{part.skipped} equal lines</p>}
          <pre class="code lcode">{part.lines.map((line, index) => <span key={index} class={`l d-${line.kind}`}><span class="ln" aria-hidden="true">{line.at ?? ""}</span><span class="sign">{signs[line.kind]}</span><Painted text={line.text} />{"\n"}</span>)}</pre>
        </div>
      ))}
    </div>
  );
}

export function Preview({ store }: { store: Launch }): JSX.Element {
  const [tab, setTab] = useState<Tab>("script");
  const list = useRef<HTMLDivElement>(null);
  const rendered = store.rendered.value;
  const last = store.lastRun.value;
  const lines = rendered && last ? diffLines(last.script, rendered.script) : [];
  const changed = changedLines(lines);
  const count = lines.filter((line) => line.kind === "new").length || lines.filter((line) => line.kind === "old").length;
  const tabs: [Tab, string][] = [["script", "Script"], ["resolved", "Resolved"], ["diff", "Diff to last run"]];
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.findIndex(([name]) => name === tab) + step + tabs.length) % tabs.length]![0];
    setTab(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <section class="card preview" aria-label="Preview">
      <div class="tabs">
        <div role="tablist" aria-label="Preview" ref={list} onKeyDown={move}>
          {tabs.map(([name, label]) => (
            <button key={name} type="button" role="tab" id={`tab-${name}`} aria-controls="preview-panel" aria-selected={tab === name} tabIndex={tab === name ? 0 : -1} onClick={() => setTab(name)}>
              {label}{name === "diff" && last && <span class="num k">{count}</span>}
            </button>
          ))}
        </div>
        <span class="sp" />
        {rendered && <CopyButton compact text={rendered.script} label="Copy the script" />}
      </div>
      <div id="preview-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {rendered && store.renderProblem.value && <p class="oldnote sm"><Icon name="warn" /> The script before the form had faults.</p>}
        {!rendered && (store.renderProblem.value ? <p class="pad muted"><Icon name="warn" /> No script yet: the form has faults.</p> : <Skeleton rows={12} height={20} />)}
        {rendered && tab === "script" && <Script rendered={rendered} changed={changed} />}
        {rendered && tab === "resolved" && <Resolved rendered={rendered} />}
        {rendered && tab === "diff" && <Diff lines={lines} store={store} />}
      </div>
    </section>
  );
}

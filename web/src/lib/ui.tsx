// The parts every page is made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Problem } from "./api";
import { now } from "./clock";
import { ago, millis, stamp } from "./format";
import { Icon } from "./icons";
import { link } from "./live";
import { stateRow } from "./states";
import { toast } from "./toast";

type Children = { children?: ComponentChildren };

export function StateBadge({ state, stale }: { state: string; stale?: boolean }): JSX.Element {
  const row = stateRow(state);
  return (
    <span class={`badge b-${row.tone}${stale ? " stale" : ""}`} title={stale ? "The cluster cannot be reached: this is what was seen last" : undefined}>
      <Icon name={row.icon} />{row.label}
    </span>
  );
}

/** Somebody's own words, apart from the text around them where they may turn its direction. Most cannot, and an element and
 *  the browser's work for two directions are spared. */
export function own(text: string | undefined): ComponentChildren {
  return text && /[\u0590-\uffff]/.test(text) ? <bdi>{text}</bdi> : text;
}

/** "12 s ago", counting on; the whole time in its title. */
export function Age({ at, prefix = "", class: name = "num nw", role }: { at: string | number | undefined; prefix?: string; class?: string; role?: "cell" }): JSX.Element | null {
  const ms = typeof at === "number" ? at : millis(at);
  if (!ms) return null;
  return <time role={role} class={name} dateTime={new Date(ms).toISOString()} title={stamp(ms)}>{prefix}{ago(ms, now.value)}</time>;
}

/** A write's button: off, with the reason, while the gateway cannot be reached. */
export function WriteButton({ children, class: name = "", disabled, ...rest }: JSX.HTMLAttributes<HTMLButtonElement> & { class?: string; disabled?: boolean }): JSX.Element {
  const offline = link.value === "offline";
  return (
    <button {...rest} class={`btn ${name}`} disabled={disabled || offline} title={offline ? "The gateway cannot be reached" : (rest.title as string | undefined)}>
      {children}
    </button>
  );
}

export function Card({ title, extra, class: name = "", label, children }: Children & { title?: ComponentChildren; extra?: ComponentChildren; class?: string; label?: string }): JSX.Element {
  return (
    <section class={`card ${name}`} aria-label={label}>
      {title && <header class="ct"><h2>{title}</h2>{extra}</header>}
      {children}
    </section>
  );
}

export function Empty({ icon = "info", title, children }: Children & { icon?: string; title: string }): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What failed, in whose words, and what to do: retry, copy. */
export function ProblemBox({ problem, what, retry }: { problem: Problem; what: string; retry?: () => void }): JSX.Element {
  const details = [`${what}: ${problem.message}`, problem.code && `code: ${problem.code}`, problem.status && `status: ${problem.status}`, problem.upstream]
    .filter(Boolean).join("\n");
  return (
    <div class="notice n-bad" role="alert">
      <Icon name="warn" />
      <div class="grow">
        <b>{what}</b>
        <p>{problem.message}</p>
        {problem.upstream && <pre class="code sunken">{problem.upstream}</pre>}
        {problem.errors.length > 0 && <FieldErrors problem={problem} />}
        {problem.hint && <p class="muted">{problem.hint}</p>}
        <p class="acts">
          {retry && <button class="btn" onClick={retry}><Icon name="refresh" />Retry</button>}
          <CopyButton text={details} label="Copy details" />
        </p>
      </div>
    </div>
  );
}

function FieldErrors({ problem }: { problem: Problem }): JSX.Element {
  return (
    <ul class="errs">
      {problem.errors.map((error) => (
        <li key={error.pointer + error.detail}>
          <code>{error.origin ?? error.pointer}</code> {error.detail}{error.hint && <span class="muted"> {error.hint}</span>}
        </li>
      ))}
    </ul>
  );
}

export function Notice({ tone = "warn", icon, children }: Children & { tone?: "warn" | "bad" | "info" | "ok"; icon?: string }): JSX.Element {
  return <div class={`notice n-${tone}`}><Icon name={icon ?? (tone === "info" ? "info" : tone === "ok" ? "check" : "warn")} /><div class="grow">{children}</div></div>;
}

/** Nothing for 150 ms, then bars of the height that will be there. */
export function Skeleton({ rows = 6, height = 20 }: { rows?: number; height?: number }): JSX.Element | null {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`skel${shown ? " on" : ""}`} role="progressbar" aria-label="Loading">
      {Array.from({ length: rows }, (_, at) => <i key={at} style={{ height: `${height - 8}px` }} />)}
    </div>
  );
}

export async function copyText(text: string, what = "Copied"): Promise<void> {
  try {
    await (navigator.clipboard?.writeText(text) ?? Promise.reject()).catch(() => copyBySelection(text));
    toast(what, { tone: "ok", ms: 1800 });
  } catch {
    toast("The browser did not allow to copy", { tone: "bad" });
  }
}

// Plain http on another host has no clipboard interface; a window without the focus may not use it.
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

export function CopyButton({ text, label, compact }: { text: string; label: string; compact?: boolean }): JSX.Element {
  if (compact) return <button class="ibtn" aria-label={label} title={label} onClick={() => void copyText(text)}><Icon name="copy" /></button>;
  return <button class="btn" onClick={() => void copyText(text)}><Icon name="copy" />{label}</button>;
}

/** A command as it is typed, with a button that copies it. */
export function CommandLine({ text }: { text: string }): JSX.Element {
  return <div class="cmd"><code>{text}</code><CopyButton compact text={text} label="Copy the command" /></div>;
}

export function Kbd({ keys }: { keys: string }): JSX.Element {
  const isMac = navigator.platform.startsWith("Mac");
  return <>{keys.split(" ").map((key, at) => <kbd key={at}>{key.replace("mod+", isMac ? "\u2318" : "Ctrl ").replace("alt+", "Alt ").replace(/k$/, (k) => (key.includes("+") ? "K" : k))}</kbd>)}</>;
}

/** Tab goes round within the box. */
function keepFocus(box: HTMLElement, event: KeyboardEvent): void {
  const stops = [...box.querySelectorAll<HTMLElement>("a[href],button,input,select,textarea,[tabindex='0']")].filter((one) => !one.matches(":disabled") && one.checkVisibility());
  const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (document.activeElement !== edge && box.contains(document.activeElement)) return;
  event.preventDefault();
  other?.focus();
}

/** Over all else, closed by Escape and by a click beside it; focus stays inside, and comes back. Not showModal(): it makes
 *  the page behind inert, for which the browser looks at the style of each of its elements anew, twice a dialog. */
export function Dialog({ title, onClose, children, class: name = "" }: Children & { title: string; onClose: () => void; class?: string }): JSX.Element {
  const veil = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const box = veil.current!.firstElementChild as HTMLDialogElement;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Tab") keepFocus(box, event);
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      event.preventDefault();
      close.current();
    };
    veil.current!.showPopover();
    box.show();
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      before?.focus?.();
    };
  }, []);
  return (
    <div ref={veil} class="veil" popover="manual" onClick={(event) => event.target === veil.current && onClose()}>
      <dialog class={`dialog ${name}`} aria-label={title} aria-modal="true" tabIndex={-1}><div class="dialog-in">{children}</div></dialog>
    </div>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, children, action, onYes, onClose }: Children & { title: string; action: string; onYes: () => void; onClose: () => void }): JSX.Element {
  return (
    <Dialog title={title} onClose={onClose} class="confirm">
      <h2>{title}</h2>
      <div class="body">{children}</div>
      <footer>
        <button class="btn" autoFocus onClick={onClose}>Keep</button>
        <WriteButton class="bad solid" onClick={() => { onYes(); onClose(); }}>{action}</WriteButton>
      </footer>
    </Dialog>
  );
}

export interface Choice<T extends string> { value: T; label: string; disabled?: boolean }

/** One of a few, side by side: radio buttons underneath. */
export function Segmented<T extends string>({ label, name, value, choices, onChange }: { label: string; name: string; value: T; choices: Choice<T>[]; onChange: (value: T) => void }): JSX.Element {
  return (
    <fieldset class="seg">
      <legend class="sr">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input type="radio" name={name} value={choice.value} checked={choice.value === value} disabled={choice.disabled} onChange={() => onChange(choice.value)} />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}

/** A pressed-or-not button. */
export function Toggle({ on, onChange, children, title }: Children & { on: boolean; onChange: (on: boolean) => void; title?: string }): JSX.Element {
  return <button class="tog" aria-pressed={on} title={title} onClick={() => onChange(!on)}>{children}</button>;
}

/** Name and value pairs. */
export function Facts({ rows }: { rows: [string, ComponentChildren, boolean?][] }): JSX.Element {
  const shown = rows.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return <dl class="facts">{shown.map(([name, value, mono]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`} class={mono ? "mono" : ""}>{value}</dd>])}</dl>;
}

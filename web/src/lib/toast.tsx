// Short messages at the foot of the page, in one polite region. With an action (undo) or a problem they stay longer.
import { signal } from "@preact/signals";
import type { JSX } from "preact";

import { asProblem } from "./api";
import { Icon } from "./icons";

export interface Toast { id: number; text: string; tone: "calm" | "ok" | "bad"; action?: { label: string; run: () => void }; until: number }

const toasts = signal<Toast[]>([]);
let last = 0;

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function toast(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"]; ms?: number } = {}): number {
  const id = ++last;
  const ms = options.ms ?? (options.tone === "bad" ? 9000 : options.action ? 6000 : 3500);
  toasts.value = [...toasts.value.slice(-3), { id, text, tone: options.tone ?? "calm", action: options.action, until: Date.now() + ms }];
  setTimeout(() => dismiss(id), ms);
  return id;
}

/** What failed, in one line: "Cannot cancel job 12: cluster alder is offline". */
export function toastProblem(what: string, error: unknown): void {
  const problem = asProblem(error);
  toast(`${what}: ${problem.message}`, { tone: "bad" });
}

export function Toasts(): JSX.Element {
  return (
    <output class="toasts" role="status" aria-live="polite">
      {toasts.value.map((item) => (
        <div key={item.id} class={`toast t-${item.tone}`}>
          {item.tone !== "calm" && <Icon name={item.tone === "ok" ? "check" : "warn"} />}
          <span>{item.text}</span>
          {item.action && (
            <button class="btn link" onClick={() => { dismiss(item.id); item.action?.run(); }}>{item.action.label}</button>
          )}
          <button class="ibtn" aria-label="Dismiss" onClick={() => dismiss(item.id)}><Icon name="cross" /></button>
        </div>
      ))}
    </output>
  );
}

// The keyboard: single keys, two-key sequences ("g j") and modified keys ("mod+k"). Single keys are off while typing
// and can be switched off altogether (WCAG 2.1.4). The newest handler of a key wins; the help lists what is live.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import { singleKeys } from "./prefs";

export interface Binding { keys: string; label: string; run: (event: KeyboardEvent) => void; group?: string }

export const bindings = signal<Binding[]>([]);
const SEQUENCE_MS = 1200; // between its keys, by when they were pressed: a busy page may hear of them late
let pending = "";
let pendingAt = 0;

/** "mod+k", "Escape", "j", "G": what the event is called in the table. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): string {
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const alt = event.altKey ? "alt+" : "";
  return mod + alt + (mod || alt ? event.key.toLowerCase() : event.key);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}

function find(keys: string): Binding | undefined {
  return bindings.value.findLast((binding) => binding.keys === keys);
}

function isControl(event: KeyboardEvent): boolean {
  const onControl = event.target instanceof HTMLElement && event.target.closest("button,a,summary,[role=menuitem],input") !== null;
  return onControl && (event.key === "Enter" || event.key === " ");
}

function run(binding: Binding, event: KeyboardEvent): void {
  event.preventDefault();
  pending = "";
  binding.run(event);
}

function onKey(event: KeyboardEvent): void {
  const name = keyName(event);
  if (event.defaultPrevented || ["Shift", "Control", "Meta", "Alt"].includes(event.key)) return;
  const isSingle = !name.includes("+") && event.key !== "Escape";
  if (isSingle && (isTyping(event.target) || !singleKeys.value || isControl(event))) return;
  if (document.querySelector("dialog[open]") && !name.includes("+")) return;
  const first = event.timeStamp - pendingAt < SEQUENCE_MS ? pending : "";
  const binding = (first ? find(`${first} ${name}`) : undefined) ?? find(name);
  pending = "";
  if (binding) {
    run(binding, event);
  } else if (bindings.value.some((one) => one.keys.startsWith(`${name} `))) {
    pending = name;
    pendingAt = event.timeStamp;
  }
}

export function startKeys(): void {
  addEventListener("keydown", onKey);
}

/** These keys work while the component is there: from the moment it is seen, as the next key may come before the next frame. */
export function useKeys(list: Binding[]): void {
  const current = useRef(list);
  current.current = list;
  useLayoutEffect(() => {
    const mine = list.map((binding, at) => ({ ...binding, run: (event: KeyboardEvent) => current.current[at]?.run(event) }));
    bindings.value = [...bindings.value, ...mine];
    return () => { bindings.value = bindings.value.filter((one) => !mine.includes(one as (typeof mine)[number])); };
  }, [list.map((binding) => binding.keys).join("|")]);
}

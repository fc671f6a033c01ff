// What this browser remembers of its user: theme, density, single-key shortcuts. Nothing leaves the browser.
import { signal, type Signal } from "@preact/signals";

import { showUtc } from "./format";
import type { Occasion } from "./told";

function stored(key: string): string | null {
  try {
    return localStorage.getItem(`sluice.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`sluice.${key}`, value);
  } catch {
    // no storage: it holds until the page is left
  }
}

export function recall(key: string): string | null {
  return stored(key);
}

export type Theme = "system" | "light" | "dark";
export type Density = "dense" | "roomy";

export const theme: Signal<Theme> = signal((stored("theme") as Theme) ?? "system");
export const density: Signal<Density> = signal((stored("density") as Density) ?? "dense");
export type Zone = "local" | "utc";
export const zone: Signal<Zone> = signal((stored("zone") as Zone) ?? "local");
showUtc(zone.value === "utc");

export const singleKeys = signal(stored("keys") !== "off");

export function setTheme(value: Theme): void {
  theme.value = value;
  remember("theme", value);
  const root = document.documentElement;
  if (value === "system") delete root.dataset.theme;
  else root.dataset.theme = value;
}

export function setDensity(value: Density): void {
  density.value = value;
  remember("density", value);
  const root = document.documentElement;
  if (value === "dense") delete root.dataset.density;
  else root.dataset.density = value;
}

export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  remember("keys", on ? "on" : "off");
}

/** Of what the browser tells; empty: nothing. */
export const notifyOf: Signal<Occasion[]> = signal((stored("notify") ?? "").split(",").filter(Boolean) as Occasion[]);

export function setNotifyOf(list: Occasion[]): void {
  notifyOf.value = list;
  remember("notify", list.join(","));
}

// What one tab is told to do, all of them do.
addEventListener("storage", (event) => {
  if (event.key === "sluice.notify") notifyOf.value = (event.newValue ?? "").split(",").filter(Boolean) as Occasion[];
});

export function setZone(value: Zone): void {
  zone.value = value;
  showUtc(value === "utc");
  remember("zone", value);
}

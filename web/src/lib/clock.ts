// Time as a signal: ages count on by themselves, and stand still while nobody looks.
import { signal } from "@preact/signals";

/** Wall clock in ms, renewed every second while the page is visible. */
export const now = signal(Date.now());

function tick(): void {
  if (!document.hidden) now.value = Date.now();
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

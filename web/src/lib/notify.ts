// Notifications of the browser, where somebody has switched them on: how jobs end, or that they start. One tab tells,
// the one that leads (lib/live); events of a moment are told together, and with what a job died of.
import "./everywhere";

import { href } from "./base";
import { getJson } from "./api";
import { isLeading, watch } from "./live";
import { notifyOf } from "./prefs";
import { messagesOf, occasionOf, type Message } from "./told";
import type { GatewayEvent, Job } from "./types";

const GATHER_MS = 2500; // a verdict comes a moment after the end
const MOST_ASKED = 50;

function show(message: Message): void {
  const note = new Notification(message.title, { body: message.body, tag: message.tag });
  note.onclick = () => { focus(); location.assign(href(message.path)); note.close(); };
}

const gathered = new Set<number>();
let timer: ReturnType<typeof setTimeout> | undefined;

async function tell(): Promise<void> {
  timer = undefined;
  const ids = [...gathered].slice(-MOST_ASKED);
  gathered.clear();
  const jobs = await Promise.all(ids.map((id) => getJson<Job>(`/jobs/${id}`).catch(() => undefined)));
  if (isAllowed()) messagesOf(jobs.filter((job): job is Job => job !== undefined), new Set(notifyOf.value)).forEach(show);
}

function onEvent(event: GatewayEvent): void {
  if (event.kind !== "state" || event.job === undefined || !isLeading() || !notifyOf.value.length) return;
  const to = (event.data as { state?: string } | undefined)?.state ?? "";
  const occasion = occasionOf(to);
  if (!occasion || !notifyOf.value.includes(occasion)) return;
  gathered.add(event.job);
  timer ??= setTimeout(() => void tell(), GATHER_MS);
}

function isAllowed(): boolean {
  return typeof Notification !== "undefined" && Notification.permission === "granted";
}

let isWatching = false;

/** From now on, in this tab. */
export function startNotify(): void {
  if (isWatching) return;
  isWatching = true;
  watch(["jobs"], onEvent);
}

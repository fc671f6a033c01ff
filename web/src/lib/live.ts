// Live data: one event stream for all tabs of this browser. The tab that holds the lock is the leader: it keeps the
// stream open for every topic that any tab watches and passes events on by BroadcastChannel. Where the browser has
// no locks (plain http on another host) every tab streams for itself; where the gateway has no stream, the page asks
// every few seconds what has changed. Listeners get hints, not truth: they fetch what they show.
import { signal } from "@preact/signals";

import { base } from "./base";
import { getJson } from "./api";
import { readStream, type Frame } from "./sse";
import type { EventList, GatewayEvent } from "./types";

export type Link = "connecting" | "live" | "polling" | "offline";

/** How the page hears of changes, and when it last heard from the gateway (ms). */
export const link = signal<Link>("connecting");
export const lastHeard = signal(0);

type Listener = (event: GatewayEvent) => void;
interface Watch { topics: string[]; listener: Listener }

const POLL_MS = 2500;
const RETRY_STREAM_MS = 60_000;
const SILENCE_MS = 40_000; // the gateway beats every 15 s
const OFFLINE_AFTER_MS = 5000;
const MAX_OF_A_KIND = 8; // jobs and logs in one stream
const RESET: GatewayEvent = { id: 0, kind: "reset" };

const watches = new Set<Watch>();
const peers = new Map<string, { topics: string[]; at: number }>();
const self = Math.random().toString(36).slice(2);
const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(`sluice${base}`);
let isLeader = false;
let stream: AbortController | undefined;
let streamTopics = "";
let openedAt = 0;
let lastEvent = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls listener for every event of these topics until the returned function is called. A `reset` event (no topic)
 *  comes when events may have been missed: fetch everything again. */
export function watch(topics: string[], listener: Listener): () => void {
  const entry = { topics, listener };
  watches.add(entry);
  changed();
  return () => {
    watches.delete(entry);
    changed();
  };
}

function ownTopics(): string[] {
  const topics = new Set<string>();
  for (const entry of watches)
    for (const topic of entry.topics)
      if (!document.hidden || !(topic.startsWith("log:") || topic === "gpus")) topics.add(topic);
  return [...topics];
}

function changed(): void {
  channel?.postMessage({ type: "topics", from: self, topics: ownTopics() });
  if (isLeader) schedule(30);
}

function allTopics(): string {
  const topics = new Set(ownTopics());
  for (const [id, peer] of peers) {
    if (Date.now() - peer.at > 45_000) peers.delete(id);
    else peer.topics.forEach((topic) => topics.add(topic));
  }
  topics.add("jobs"); // holds every job:ID
  const logs = [...topics].filter((topic) => topic.startsWith("log:")).slice(-MAX_OF_A_KIND);
  return [...[...topics].filter((topic) => !topic.includes(":")), ...logs].sort().join(",");
}

function matches(entry: Watch, event: GatewayEvent): boolean {
  if (event.kind === "reset" || !event.topic) return true;
  return entry.topics.includes(event.topic) || (event.topic === "jobs" && entry.topics.includes(`job:${event.job}`));
}

function deliver(event: GatewayEvent): void {
  for (const entry of [...watches]) if (matches(entry, event)) entry.listener(event);
}

function publish(event: GatewayEvent): void {
  lastEvent = Math.max(lastEvent, event.id);
  channel?.postMessage({ type: "event", event });
  deliver(event);
}

function setLink(state: Link): void {
  link.value = state;
  if (state === "live" || state === "polling") lastHeard.value = Date.now();
  channel?.postMessage({ type: "link", state, lastEvent });
}

function onMessage({ data }: MessageEvent): void {
  if (data.type === "topics") {
    peers.set(data.from, { topics: data.topics, at: Date.now() });
    if (isLeader && allTopics() !== streamTopics) schedule(30);
  } else if (data.type === "bye") {
    peers.delete(data.from);
  } else if (isLeader) {
    return;
  } else if (data.type === "event") {
    lastEvent = Math.max(lastEvent, data.event.id);
    lastHeard.value = Date.now();
    deliver(data.event);
  } else if (data.type === "link") {
    link.value = data.state;
    if (data.state !== "offline") lastHeard.value = Date.now();
  }
}

function schedule(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(step, ms);
}

/** The leader's turn: keeps the stream on the right topics. */
function step(): void {
  const topics = allTopics();
  if (stream && topics === streamTopics) schedule(15_000);
  else void open(topics);
}

async function open(topics: string): Promise<void> {
  stream?.abort();
  const own = new AbortController();
  stream = own;
  streamTopics = topics;
  schedule(15_000);
  openedAt = Date.now();
  const status = await readStream(`${base}/api/v1/events?stream=true&topics=${encodeURIComponent(topics)}`, lastEvent, own.signal, SILENCE_MS, {
    open: () => { setLink("live"); if (!lastEvent) publish(RESET); },
    beat: () => { if (Date.now() - lastHeard.value > 1000) setLink("live"); },
    frame: onFrame,
  });
  if (stream !== own) return;
  stream = undefined;
  if (status >= 400 && status < 500) void poll(Date.now());
  else retry();
}

/** The stream ended: at once anew where it had lasted, else a little later; after five seconds it is told. */
function retry(): void {
  const lasted = Date.now() - openedAt > 3000;
  if (Date.now() - lastHeard.value > OFFLINE_AFTER_MS) setLink("offline");
  clearTimeout(timer);
  timer = setTimeout(() => void open(allTopics()), lasted ? 200 : 2000);
}

function onFrame(frame: Frame): void {
  try {
    const body = JSON.parse(frame.data) as GatewayEvent;
    const kind = frame.event ?? body.kind;
    if (kind === "reset") publish({ ...RESET, id: Number(frame.id) || 0 });
    else if (kind !== "dropped") publish({ ...body, kind, id: Number(frame.id) || 0, topic: topicOf(kind, body) });
  } catch {
    // not ours to understand
  }
}

/** Notices (log bytes, GPU figures) have their kind for a topic; stored events name it. */
function topicOf(kind: string, body: GatewayEvent): string | undefined {
  if (kind === "log") return `log:${body.job}`;
  return body.topic ?? kind;
}

/** Without a stream: what happened since, every few seconds. Tries the stream again once a minute. */
async function poll(since: number): Promise<void> {
  try {
    if (!document.hidden || link.value !== "polling") await pollOnce();
    if (link.value !== "polling") setLink("polling");
    lastHeard.value = Date.now();
  } catch {
    setLink("offline");
  }
  if (stream) return;
  clearTimeout(timer);
  timer = setTimeout(() => (Date.now() - since > RETRY_STREAM_MS ? void open(allTopics()) : void poll(since)), POLL_MS);
}

async function pollOnce(): Promise<void> {
  if (!lastEvent) {
    const newest = await getJson<{ event?: number }>("/jobs?limit=1");
    lastEvent = newest.event ?? 0;
    deliver(RESET);
  }
  const list = await getJson<EventList>(`/events?after=${lastEvent}&limit=200`);
  for (const event of list.items) publish({ ...event, topic: event.topic ?? "jobs" });
  for (const topic of allTopics().split(","))
    if (topic.startsWith("log:") || topic === "gpus") publish({ id: lastEvent, kind: "look", topic });
}

/** A list was read as of this event: the stream can go on from there. */
export function seen(event: number | undefined): void {
  if (lastEvent || !event) return;
  lastEvent = event;
  if (isLeader && !stream) schedule(0);
}

function lead(): Promise<void> {
  isLeader = true;
  schedule(400); // the first list tells from which event on
  return new Promise(() => undefined);
}

/** The newest event that is known of; 0: none yet. */
export function newestEvent(): number {
  return lastEvent;
}

/** Whether this tab does what only one of them may do. */
export function isLeading(): boolean {
  return isLeader;
}

/** Starts listening; once, from main. */
export function startLive(): void {
  if (channel) channel.onmessage = onMessage;
  document.addEventListener("visibilitychange", changed);
  addEventListener("pagehide", () => channel?.postMessage({ type: "bye", from: self }));
  setInterval(() => channel?.postMessage({ type: "topics", from: self, topics: ownTopics() }), 20_000);
  if (channel && navigator.locks) void navigator.locks.request(`sluice${base}`, lead);
  else void lead();
}

/** Whether writes make sense: the gateway has been heard lately. */
export function isOnline(): boolean {
  return link.value !== "offline";
}

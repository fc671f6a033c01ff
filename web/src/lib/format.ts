// Numbers, times, durations and sizes as people read them. Pure.

const narrow = "\u202f"; // narrow no-break space between number and unit

function pad(n: number): string {
  return String(n).padStart(2, "0");
}

/** 4 s, 3 min, 4 h 56 min, 2 d 3 h. Two units at most. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}${narrow}s`;
  const units: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"]];
  let at = units.findIndex(([size]) => s >= size);
  if (at < 0) at = 2;
  const [size, name] = units[at]!;
  const whole = Math.floor(s / size);
  const next = units[at + 1];
  const rest = next ? Math.floor((s % size) / next[0]) : s < 600 ? s % 60 : 0;
  const tail = rest ? ` ${rest}${narrow}${next ? next[1] : "s"}` : "";
  return `${whole}${narrow}${name}${tail}`;
}

/** 4:56:07, 12:30, 0:04: run times that stand below each other. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(s / 3600);
  const tail = `${hours ? pad(Math.floor((s % 3600) / 60)) : Math.floor(s / 60)}:${pad(s % 60)}`;
  if (hours >= 48) return `${Math.floor(hours / 24)}d ${pad(hours % 24)}:${pad(Math.floor((s % 3600) / 60))}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** now, 12 s ago, 5 min ago, 3 h ago, 2 d ago; "in 5 min" for what lies ahead. */
export function ago(at: number, now: number): string {
  const s = Math.round((now - at) / 1000);
  if (s < 0) return s > -5 ? "now" : `in ${coarse(-s)}`;
  return s < 2 ? "now" : `${coarse(s)} ago`;
}

/** One unit: 12 s, 5 min, 3 h, 2 d. */
export function coarse(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}${narrow}s`;
  if (s < 3600) return `${Math.floor(s / 60)}${narrow}min`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)}${narrow}h`;
  return `${Math.floor(s / 86400)}${narrow}d`;
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

let isUtc = false;

/** Whether when() and stamp() tell times in UTC instead of the browser's zone. */
export function showUtc(on: boolean): void {
  isUtc = on;
}

/** A date whose local fields are those of the zone that is shown. */
function shown(at: number): Date {
  return isUtc ? new Date(at + new Date(at).getTimezoneOffset() * 60_000) : new Date(at);
}

/** 14:22 today, Sat 03:20 within six days, 12 Mar 14:20, 12 Mar 2025. Local time. */
export function when(at: number, now: number, seconds = false): string {
  const date = shown(at);
  const today = shown(now);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}${seconds ? `:${pad(date.getSeconds())}` : ""}`;
  if (date.toDateString() === today.toDateString()) return time;
  const gap = Math.abs(now - at) / 86_400_000;
  if (gap < 6) return `${days[date.getDay()]} ${time}`;
  const day = `${date.getDate()} ${months[date.getMonth()]}`;
  return date.getFullYear() === today.getFullYear() ? `${day} ${time}` : `${day} ${date.getFullYear()}`;
}

/** The whole moment, for titles: 2026-03-12 14:22:05 (local time). */
export function stamp(at: number): string {
  const d = shown(at);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

/** Milliseconds of an RFC 3339 time; undefined where there is none or it is broken. */
export function millis(time: string | undefined | null): number | undefined {
  if (!time) return undefined;
  const at = Date.parse(time);
  return Number.isNaN(at) ? undefined : at;
}

/** 1,234 */
export function count(n: number): string {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** 375.8k, 1.2M */
export function short(n: number): string {
  const size = Math.abs(n);
  if (size >= 1e15) return n.toExponential(2).replace(/\.?0+e\+/, "e").replace("e+", "e"); // a loss that runs away: no unit is known for it
  const units: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  for (const [unit, name] of units)
    if (size >= unit) return `${trim((n / unit).toPrecision(size / unit >= 100 ? 4 : 3))}${name}`;
  return size && size < 1e-3 ? n.toExponential(3).replace(/\.?0+e/, "e") : trim(n.toPrecision(4));
}

function trim(text: string): string {
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

/** A metric's value: 1.400, 0.0003, 3e-5, NaN, 375.8k. */
export function value(n: number | string | undefined | null): string {
  if (n === undefined || n === null) return "–";
  if (typeof n === "string") return n;
  if (!Number.isFinite(n)) return String(n);
  const size = Math.abs(n);
  if (size !== 0 && size < 1e-3) return n.toExponential(2).replace(/\.?0+e/, "e").replace("e-0", "e-");
  if (size >= 10_000) return short(n);
  return Number.isInteger(n) ? String(n) : trim(n.toPrecision(4));
}

/** 73.1 GB */
export function bytes(n: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = n;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1024;
    at++;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)}${narrow}${units[at]}`;
}

/** 64G of bytes, where it is whole: 68719476736 is 64G. */
export function sizeText(bytes: number): string {
  for (const [name, size] of [["T", 2 ** 40], ["G", 2 ** 30], ["M", 2 ** 20], ["K", 2 ** 10]] as const) if (bytes >= size && bytes % size === 0) return `${bytes / size}${name}`;
  return String(bytes);
}

/** 10m, 1h30m, 1d of seconds: as it may be typed. */
export function timeWord(seconds: number): string {
  let rest = seconds;
  return [[86400, "d"] as const, [3600, "h"] as const, [60, "m"] as const, [1, "s"] as const].map(([size, name]) => {
    const n = Math.floor(rest / size);
    rest -= n * size;
    return n ? `${n}${name}` : "";
  }).join("") || "0s";
}

const sizes = ["resources.mem", "resources.mem_per_gpu", "resources.gpu_mem", "code.max_size"];

/** A resolved value as one would write it: sizes and times come in bytes and seconds. */
export function valueWord(key: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && sizes.includes(key)) return sizeText(value);
  if (typeof value === "number" && key === "resources.time") return timeWord(value);
  return JSON.stringify(value);
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)}${narrow}%`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

// How long somebody was away, and what was the newest then. Pure.
export interface Left { event: number; at: number }

const AWAY_MS = 10 * 60_000; // shorter than this is no absence

/** What was kept when the page was left; undefined: never, or only a moment ago. Pure. */
export function leftLong(text: string | null, at: number): Left | undefined {
  try {
    const left = JSON.parse(text ?? "null") as Left | null;
    return left && left.event > 0 && at - left.at >= AWAY_MS ? left : undefined;
  } catch {
    return undefined;
  }
}

// An answer that was asked for before the page's code was there (first.ts), handed to the code that would ask for it.
import { base } from "./base";

declare global {
  var sluiceEarly: { path: string; answer: Promise<unknown> } | undefined; // two scripts share it
}

/** Asks for a GET below /api/v1. What goes wrong is not told: the code asks again, and tells. */
export function askEarly(path: string): void {
  const answer = fetch(`${base}/api/v1${path}`).then((response) => (response.ok ? response.json() : undefined), () => undefined);
  globalThis.sluiceEarly = { path, answer: answer.catch(() => undefined) };
}

/** The answer to this very question, once; its value is undefined where there was none. */
export function takeEarly(path: string): Promise<unknown> | undefined {
  const early = globalThis.sluiceEarly;
  if (early?.path !== path) return undefined;
  globalThis.sluiceEarly = undefined;
  return early.answer;
}

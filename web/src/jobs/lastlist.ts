// Which list was looked at last: a job page leads back to it.
import { query } from "../lib/api";

let last = "";

export function rememberList(filter: string, sort: string): void {
  last = query({ filter, sort });
}

/** Where the way back leads, below the base. */
export function lastList(): string {
  return `/jobs${last}`;
}

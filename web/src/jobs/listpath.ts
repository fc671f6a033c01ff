// The address of the jobs list below /api/v1.
import { query } from "../lib/api";
import { base } from "../lib/base";

export interface View { filter: string; sort: string; archived: boolean }
type Extra = Record<string, string | number | boolean | null>;

const PAGE = 40; // more than fit a window; the next page comes when the list stands

/** What a list begins with. */
export const firstPage: Extra = { limit: PAGE, total: true };

export function listPath({ filter, sort, archived }: View, extra: Extra): string {
  return `/jobs${query({ filter, sort, archived, ...extra })}`;
}

/** What the list shows first, where this address shows the list. */
export function viewHere(): View | undefined {
  if (![`${base}/`, `${base}/jobs`].includes(location.pathname)) return undefined;
  const asked = new URLSearchParams(location.search);
  return { filter: asked.get("filter") ?? "", sort: asked.get("sort") ?? "", archived: false };
}

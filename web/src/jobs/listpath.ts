// The address of the jobs list below /api/v1.
import { query } from "../lib/api";

export interface View { filter: string; sort: string; archived: boolean }
type Extra = Record<string, string | number | boolean | null>;

const PAGE = 100;

/** What a list begins with. */
export const firstPage: Extra = { limit: PAGE, total: true };

export function listPath({ filter, sort, archived }: View, extra: Extra): string {
  return `/jobs${query({ filter, sort, archived, ...extra })}`;
}

// Where the page is: path below the base, query as state. All view state lives in the query string.
import { useLocation } from "preact-iso/router";

import { base, href } from "./base";

export interface Place {
  path: string; // below the base: "/jobs/12"
  query: Record<string, string>;
  go: (path: string, replace?: boolean) => void;
  /** Changes some of the query; undefined or "" removes. Replaces the entry: filters are no history. */
  setQuery: (change: Record<string, string | undefined>) => void;
}

export function usePlace(): Place {
  const location = useLocation();
  const path = location.path.startsWith(base) ? location.path.slice(base.length) || "/" : location.path;
  const go = (to: string, replace = false): void => location.route(href(to), replace);
  return {
    path,
    query: location.query,
    go,
    setQuery: (change) => {
      const next = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(change)) {
        if (value === undefined || value === "") next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      location.route(`${window.location.pathname}${text ? `?${text}` : ""}`, true);
    },
  };
}

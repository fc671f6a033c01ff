// Whether this gateway has an operation: an older one, or one built with less, is not asked for what it lacks.
import { getJson } from "./api";

let paths: Promise<Record<string, unknown>> | undefined;

export async function offers(path: string): Promise<boolean> {
  paths ??= getJson<{ paths?: Record<string, unknown> }>("/openapi.json").then((document) => document.paths ?? {}, () => ({}));
  return `/api/v1${path}` in (await paths);
}

// Whether this gateway has an operation: an older one, or one built with less, is not asked for what it lacks.
import { getJson } from "./api";

let paths: Promise<Record<string, unknown>> | undefined;

async function read(): Promise<Record<string, unknown>> {
  try {
    return (await getJson<{ paths?: Record<string, unknown> }>("/openapi.json")).paths ?? {};
  } catch (error) {
    paths = undefined; // the next question asks again
    throw error;
  }
}

/** Throws where the gateway cannot tell now: that is not a no. */
export async function offers(path: string): Promise<boolean> {
  paths ??= read();
  return `/api/v1${path}` in (await paths);
}

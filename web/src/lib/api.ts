// The one way to the gateway: typed by its own OpenAPI document (schema.d.ts), with RFC 9457 problems as errors.
import { base } from "./base";
import type { paths } from "./schema";
import type { FieldError, ProblemBody } from "./types";

/** Why a call failed, in the gateway's words. status 0: it could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly hint?: string;
  readonly upstream?: string;
  readonly errors: FieldError[];

  constructor(status: number, body: ProblemBody) {
    super(body.detail || body.title || `the gateway answered ${status}`);
    this.status = status;
    this.code = body.code ?? (status ? "unknown" : "unreachable");
    this.title = body.title ?? (status ? "The gateway refused" : "The gateway cannot be reached");
    this.hint = body.hint;
    this.upstream = body.upstream;
    this.errors = body.errors ?? [];
  }
}

const READ_MS = 90_000; // for a read with its body: a cluster may be asked for it first

const isNamed = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name;

function problemBody(error: unknown): ProblemBody {
  if (error && typeof error === "object") return error as ProblemBody;
  return { detail: typeof error === "string" && error.length < 300 ? error : undefined };
}

/** A plain fetch below the API, for text and for what the document does not type. What changes nothing (a signal comes
 *  with it, or it is a GET) has a limit; of a write that is given up one would not know whether it was done. */
export async function fetchApi(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  const limit = init.signal || !init.method ? AbortSignal.any([AbortSignal.timeout(READ_MS), ...(init.signal ? [init.signal] : [])]) : undefined;
  try {
    response = await fetch(`${base}/api/v1${path}`, { ...init, signal: limit });
  } catch (error) {
    if (limit?.aborted) throw error;
    throw new Problem(0, { detail: "No connection to the gateway. It may be restarting, or the network is down." });
  }
  if (response.ok) return response;
  throw new Problem(response.status, problemBody(await response.json().catch(() => undefined)));
}

type Answer<Operation> = Operation extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;

/** A GET without parameters in its path, its answer typed by the document: get("/api/v1/clusters"). */
export function get<Path extends keyof paths>(path: Path, signal?: AbortSignal): Promise<Answer<paths[Path] extends { get: infer G } ? G : never>> {
  return getJson(String(path).replace("/api/v1", ""), signal);
}

/** For answers that types.ts makes more precise than the document. path is below /api/v1. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await fetchApi(path, { signal })).json()) as T;
}

const KEEPALIVE_CHARS = 8192; // browsers allow 64 KiB in all

/** A write with a body. Every POST carries a key: sent twice, it counts once. Small ones go on though the page is left. */
export async function send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, key = newKey()): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = key;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetchApi(path, { method, headers, body: sent, keepalive: (sent?.length ?? 0) < KEEPALIVE_CHARS });
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** A fresh Idempotency-Key. Works on plain http too, where randomUUID does not exist. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function query(params: Record<string, string | number | boolean | undefined | null>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== null && value !== "" && value !== false) search.set(name, String(value));
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** Whether nobody answered: the network, or a proxy in the gateway's place. With the gateway back another try may do. */
export function isAway(problem: Problem | undefined): boolean {
  return problem !== undefined && (problem.code === "unreachable" || (problem.status >= 502 && problem.code === "unknown"));
}

export function asProblem(error: unknown): Problem {
  if (isNamed(error, "TimeoutError")) return new Problem(0, { code: "timeout", detail: "The gateway has not answered for too long. It may be busy, or wait for a cluster." });
  return error instanceof Problem ? error : new Problem(0, { title: "Something went wrong here", detail: String(error) });
}

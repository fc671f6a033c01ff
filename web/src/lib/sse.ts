// text/event-stream, read by fetch: unlike EventSource it tells the answer's status, takes events of any name, and
// notices silence (the gateway beats every 15 s).

export interface Frame { id?: string; event?: string; data: string }

/** Cuts a stream of text into frames; feed() gives those that are whole. Pure but for its own rest. */
export class FrameReader {
  private rest = "";

  feed(text: string): Frame[] {
    this.rest += text.replace(/\r\n?/g, "\n");
    const frames: Frame[] = [];
    for (let end = this.rest.indexOf("\n\n"); end >= 0; end = this.rest.indexOf("\n\n")) {
      const frame = parseFrame(this.rest.slice(0, end));
      this.rest = this.rest.slice(end + 2);
      if (frame) frames.push(frame);
    }
    return frames;
  }
}

function parseFrame(text: string): Frame | undefined {
  const frame: Frame = { data: "" };
  const data: string[] = [];
  for (const line of text.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/s.exec(line) ?? [];
    if (name === "data") data.push(value!);
    else if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
  }
  if (!data.length) return undefined;
  frame.data = data.join("\n");
  return frame;
}

export interface StreamCalls { open: () => void; frame: (frame: Frame) => void; beat: () => void }

/** Reads until the stream ends, abort fires or it is silent for too long. Answers the HTTP status; 0: never reached. */
export async function readStream(url: string, after: number, abort: AbortSignal, silenceMs: number, calls: StreamCalls): Promise<number> {
  const control = new AbortController();
  const stop = (): void => control.abort();
  abort.addEventListener("abort", stop);
  let timer = setTimeout(stop, silenceMs);
  let status = 0;
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (after) headers["Last-Event-ID"] = String(after);
    const answer = await fetch(url, { headers, signal: control.signal, cache: "no-store" });
    status = answer.status;
    if (!answer.ok || !answer.body || !answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer.ok ? 406 : status;
    calls.open();
    await pump(answer.body, (text, frames) => {
      clearTimeout(timer);
      timer = setTimeout(stop, silenceMs);
      if (text) calls.beat();
      frames.forEach(calls.frame);
    });
  } catch {
    // the connection broke, or was ended by us
  } finally {
    clearTimeout(timer);
    abort.removeEventListener("abort", stop);
  }
  return status;
}

async function pump(body: ReadableStream<Uint8Array>, take: (text: string, frames: Frame[]) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const frames = new FrameReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const text = decoder.decode(value, { stream: true });
    take(text, frames.feed(text));
  }
}

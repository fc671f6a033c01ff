// A cluster that lets only a person in: its login's questions, answered here. What is typed goes to the gateway and is
// kept nowhere.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { asProblem, send, type Problem } from "../lib/api";
import { Icon } from "../lib/icons";
import { toast } from "../lib/toast";
import { ProblemBox, WriteButton } from "../lib/ui";
import { needsPerson, type Cluster } from "./shape";

interface Prompt { text: string; echo: boolean }
interface Told { state: string; prompts: Prompt[]; error?: string; instructions?: string }

interface LoginForm { told: Told | undefined; busy: boolean; problem: Problem | undefined; send: (answers?: string[]) => Promise<void> }

function useLogin(cluster: Cluster, onUp: () => void): LoginForm {
  const [told, setTold] = useState<Told | undefined>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>();
  const connect = async (answers?: string[]): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const next = await send<Told>("POST", `/clusters/${encodeURIComponent(cluster.name)}/connect`, answers ? { answers } : {});
      setTold(next);
      if (next.state === "up") {
        toast(`${cluster.name} is connected`, { tone: "ok" });
        onUp();
      }
    } catch (error) {
      setProblem(asProblem(error));
      setTold(undefined);
    }
    setBusy(false);
  };
  return { told, busy, problem, send: connect };
}

function Questions({ prompts, busy, answer }: { prompts: Prompt[]; busy: boolean; answer: (answers: string[]) => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    const fields = [...form.current!.querySelectorAll("input")];
    answer(fields.map((field) => field.value));
    fields.forEach((field) => { field.value = ""; });
  };
  return (
    <form ref={form} class="loginform" aria-label="Login" onSubmit={submit}>
      {prompts.map((prompt, at) => (
        <div class="field" key={`${at}${prompt.text}`}><label for={`login-${at}`}><bdi>{prompt.text}</bdi></label>
          <input id={`login-${at}`} class="in mono" type={prompt.echo ? "text" : "password"} autoComplete="one-time-code" autoFocus={at === 0} spellcheck={false} /></div>
      ))}
      <WriteButton class="pri" disabled={busy}>{busy ? "Logging in…" : "Answer"}</WriteButton>
    </form>
  );
}

/** Shown where the gateway cannot get in by itself. */
export function Login({ cluster, onUp }: { cluster: Cluster; onUp: () => void }): JSX.Element | null {
  const { told, busy, problem, send: connect } = useLogin(cluster, onUp);
  const prompts = told?.prompts.length ? told.prompts : undefined;
  if (!needsPerson(cluster) && !told && !problem) return null;
  if (told?.state === "up") return null;
  return (
    <div class="login">
      {problem && <ProblemBox problem={problem} what={`${cluster.name} cannot be connected`} />}
      {told?.error && !prompts && <p class="wrongtext" role="alert"><Icon name="warn" />{told.error}</p>}
      {prompts
        ? <Questions key={prompts.map((one) => one.text).join()} prompts={prompts} busy={busy} answer={(answers) => void connect(answers)} />
        : <p class="acts"><WriteButton class="pri" disabled={busy} onClick={() => void connect()}><Icon name={cluster.connection?.state === "backoff" ? "refresh" : "key"} />{busy ? "Connecting…" : cluster.connection?.state === "backoff" ? "Try now" : "Log in"}</WriteButton><span class="sm muted">Jobs are safe meanwhile: nothing is lost, only not seen.</span></p>}
    </div>
  );
}

// Settings: how the page looks in this browser, who is told of what, what this gateway is.
import "../lib/everywhere";

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { asProblem, getJson, Problem, send } from "../lib/api";
import { href } from "../lib/base";
import { Icon } from "../lib/icons";
import { density, notifyOf, setDensity, setNotifyOf, setSingleKeys, setTheme, setZone, singleKeys, theme, zone, type Density, type Theme } from "../lib/prefs";
import type { Occasion } from "../lib/told";
import { offers } from "../lib/offers";
import { useResource } from "../lib/resource";
import { toast } from "../lib/toast";
import { Age, Card, Facts, ProblemBox, Segmented, Skeleton, WriteButton } from "../lib/ui";
import { licences } from "./licences";

function Setting({ title, help, children }: { title: string; help?: string; children: JSX.Element }): JSX.Element {
  return <div class="setting"><div><b>{title}</b>{help && <p class="sm muted">{help}</p>}</div><div>{children}</div></div>;
}

function Appearance(): JSX.Element {
  const themes: { value: Theme; label: string }[] = [{ value: "system", label: "System" }, { value: "light", label: "Light" }, { value: "dark", label: "Dark" }];
  const densities: { value: Density; label: string }[] = [{ value: "dense", label: "Dense" }, { value: "roomy", label: "Roomy" }];
  return (
    <Card title="Appearance" extra={<span class="sm muted">kept in this browser</span>}>
      <Setting title="Theme"><Segmented label="Theme" name="theme" value={theme.value} choices={themes} onChange={setTheme} /></Setting>
      <Setting title="Density" help="Height of the rows in lists"><Segmented label="Density" name="density" value={density.value} choices={densities} onChange={setDensity} /></Setting>
      <Setting title="Single-key shortcuts" help="Press ? anywhere to see them">
        <label class="checkrow"><input type="checkbox" checked={singleKeys.value} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />On</label>
      </Setting>
      <Setting title="Time zone" help={`Local here is ${Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"}`}>
        <Segmented label="Time zone" name="zone" value={zone.value} choices={[{ value: "local", label: "Local" }, { value: "utc", label: "UTC" }]} onChange={setZone} />
      </Setting>
    </Card>
  );
}

const occasions: [Occasion, string, string][] = [
  ["failed", "A job failed", "with what it died of"], ["ended", "A job ended otherwise", "completed or cancelled"], ["started", "A job started", "its wait is over"],
];

/** Why the browser shows none; "" where it may. */
function whyNone(permission: NotificationPermission | "none"): string {
  if (permission === "none") return "This browser shows none here: it wants https, or the gateway on this machine.";
  return permission === "denied" ? "This browser was told not to show any from here. Allow them in its settings for this site." : "";
}

/** Asks for the permission only when somebody clicks. */
function Browser(): JSX.Element {
  const [permission, setPermission] = useState<NotificationPermission | "none">(typeof Notification === "undefined" ? "none" : Notification.permission);
  const why = whyNone(permission);
  const set = async (one: Occasion, on: boolean): Promise<void> => {
    if (on && permission === "default") {
      const told = await Notification.requestPermission();
      setPermission(told);
      if (told !== "granted") return;
    }
    setNotifyOf(on ? [...notifyOf.value, one] : notifyOf.value.filter((other) => other !== one));
  };
  return (
    <Card title="In this browser" extra={<span class="sm muted">while a tab of Sluice is open; one tab tells</span>}>
      {why && <p class="pad wrongtext"><Icon name="warn" />{why}</p>}
      {occasions.map(([one, label, note]) => (
        <Setting key={one} title={label} help={note}>
          <label class="checkrow"><input type="checkbox" aria-label={`Notify: ${label}`} disabled={why !== ""} checked={!why && permission === "granted" && notifyOf.value.includes(one)} onChange={(event) => { const on = event.currentTarget.checked; event.currentTarget.checked = !on; void set(one, on); }} />Notify</label>
        </Setting>
      ))}
      <Setting title="Try it" help={permission === "granted" ? "Shows one now" : "After something is switched on"}>
        <button class="btn" disabled={permission !== "granted"} onClick={() => { const note = new Notification("Sluice", { body: "This is how it tells of your jobs.", tag: "sluice-test" }); note.onclick = () => { focus(); note.close(); }; }}><Icon name="bell" />Test</button>
      </Setting>
    </Card>
  );
}

interface Delivery { occasion?: string; last_try_at?: string; error?: string; answer?: number }
interface Notifier { name: string; type: string; waiting?: number; delivered?: number; dead?: number; last_delivery?: Delivery; last_failure?: Delivery; problem?: string }
interface Tested { ok: boolean; status?: number; answer?: string; error?: string; elapsed_ms?: number }

function counts({ delivered = 0, waiting = 0, dead = 0 }: Notifier): string {
  return [`${delivered} delivered`, waiting && `${waiting} waiting`, dead && `${dead} given up`].filter(Boolean).join(", ");
}

function NotifierLine({ notifier }: { notifier: Notifier }): JSX.Element {
  const [result, setResult] = useState<Problem | "sent" | "busy" | undefined>();
  const test = async (): Promise<void> => {
    setResult("busy");
    try {
      const told = await send<Tested>("POST", `/notifiers/${encodeURIComponent(notifier.name)}/test`);
      if (!told.ok) throw new Problem(told.status ?? 0, { detail: told.error ?? told.answer ?? `It answered ${told.status}` });
      setResult("sent");
      toast(`A test message went to ${notifier.name}`, { tone: "ok" });
    } catch (error) {
      setResult(asProblem(error));
    }
  };
  return (
    <li>
      <Icon name="bell" /><span class="grow"><b>{notifier.name}</b> <span class="muted">{notifier.type}</span><span class="sm muted block">{counts(notifier)}{notifier.last_delivery?.last_try_at && <>, last <Age at={notifier.last_delivery.last_try_at} /></>}</span>
        {notifier.problem && <span class="wrongtext"><Icon name="warn" />{notifier.problem}</span>}
        {notifier.last_failure?.error && <span class="sm warntext block">Last failure{notifier.last_failure.last_try_at && <>, <Age at={notifier.last_failure.last_try_at} /></>}: {notifier.last_failure.error}</span>}
        {result instanceof Problem && <span class="wrongtext" role="alert"><Icon name="warn" />{result.message}</span>}</span>
      <WriteButton disabled={result === "busy"} aria-label={`Send a test message to ${notifier.name}`} onClick={() => void test()}>{result === "busy" ? "Sending…" : result === "sent" ? "Sent" : "Test"}</WriteButton>
    </li>
  );
}

async function notifiers(abort: AbortSignal): Promise<{ items: Notifier[] }> {
  return (await offers("/notifiers")) ? getJson<{ items: Notifier[] }>("/notifiers", abort) : { items: [] };
}

function Notifications(): JSX.Element {
  const found = useResource<{ items: Notifier[] }>(notifiers, []);
  const list = found.data.value?.items;
  return (
    <Card title="Elsewhere" extra={<span class="sm muted">Slack, Discord, webhook, ntfy, mail; from clusters.yaml</span>}>
      {found.problem.value && <div class="pad"><ProblemBox problem={found.problem.value} what="Notifiers cannot be read" retry={() => void found.reload()} /></div>}
      {!list && !found.problem.value && <Skeleton rows={2} height={34} />}
      {list?.length === 0 && <p class="pad muted">None is configured. Describe them under <code>notifiers:</code>, and failures reach you where you are.</p>}
      <ul class="notifiers">{list?.map((notifier) => <NotifierLine key={notifier.name} notifier={notifier} />)}</ul>
    </Card>
  );
}

interface Version { name: string; version: string; api: string; started_at: string }

function About(): JSX.Element {
  const found = useResource<Version>((abort) => getJson("/version", abort), []);
  const version = found.data.value;
  return (
    <Card title="About">
      <div class="pad">
        {version && <Facts rows={[["Version", version.version, true], ["API", <a key="docs" href={href("/docs")} target="_blank" rel="noopener">{version.api}, documentation</a>], ["Started", <Age key="age" at={version.started_at} />], ["Licence", "MIT"]]} />}
        <details class="licences"><summary>Licences of what it is made of</summary>
          <table class="list"><thead><tr><th scope="col">Software</th><th scope="col">Licence</th><th scope="col">For</th></tr></thead>
            <tbody>{licences.map(([name, licence, use]) => <tr key={name}><th scope="row">{name}</th><td>{licence}</td><td class="muted">{use}</td></tr>)}</tbody></table>
        </details>
      </div>
    </Card>
  );
}

export default function SettingsPage(): JSX.Element {
  useEffect(() => { document.title = "Settings · Sluice"; }, []);
  return <><div class="pagehead"><h1>Settings</h1></div><div class="settings"><Appearance /><Browser /><Notifications /><About /></div></>;
}

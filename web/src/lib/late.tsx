// Code that comes when it is needed, and what is shown in its place where it does not come.
import { effect } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import lazy from "preact-iso/lazy";
import { useEffect, useState } from "preact/hooks";

import { Icon } from "./icons";
import { link } from "./live";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/** Asks for the code again when the gateway is heard again. A newer gateway has other files: then only a reload helps. */
function standIn<P extends object>(load: Load<P>): ComponentType<P> {
  return function Late(props: P): JSX.Element {
    const [View, setView] = useState<ComponentType<P>>();
    useEffect(() => effect(() => { if (link.value === "live" || link.value === "polling") load().then((code) => setView(() => code.default), () => undefined); }), []);
    if (View) return <View {...props} />;
    return (
      <div class="notice n-bad" role="alert">
        <Icon name="warn" />
        <div class="grow">
          <b>This part of the page did not come</b>
          <p>The gateway is away, or another version of it runs there now. What was typed into the launch form is kept.</p>
          <p class="acts"><button type="button" class="btn" onClick={() => location.reload()}><Icon name="refresh" />Reload the page</button></p>
        </div>
      </div>
    );
  };
}

export function late<P extends object>(load: Load<P>): ComponentType<P> {
  return lazy(() => load().catch(() => ({ default: standIn(load) }))) as ComponentType<P>;
}

// The frame of the page as index.html holds it: seen before any code has come, taken over by it. Runs in the build, under
// stand-ins for what a browser has (web/build.mjs).
import { LocationProvider } from "preact-iso/router";
import { renderToString } from "preact-render-to-string";

import { Shell } from "./app/shell";

export const still: string = renderToString(<LocationProvider><Shell>{null}</Shell></LocationProvider>);

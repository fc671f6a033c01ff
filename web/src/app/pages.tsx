// The pages there are: addresses, names in the navigation, keys, and the code that comes when one is opened.
// The jobs page is part of the first load; every other page is a chunk of its own, and imports lib/everywhere first.
import lazy from "preact-iso/lazy";

import { JobsPage } from "../jobs/page";
import { knownPages, type Page } from "./known";

export const pages: Page[] = [
  { path: "/jobs", title: "Jobs", icon: "jobs", key: "j", view: JobsPage },
  { path: "/jobs/:id/:tab?", title: "Job", view: lazy(() => import("../job/page")) },
  { path: "/launch", title: "Launch", icon: "launch", key: "l", view: lazy(() => import("../launch/page")) },
  { path: "/projects", title: "Projects", icon: "projects", key: "p", section: "deep", view: lazy(() => import("../projects/page")) },
  { path: "/projects/:id", title: "Project", view: lazy(() => import("../projects/one")) },
  { path: "/clusters", title: "Clusters", icon: "clusters", key: "u", section: "deep", view: lazy(() => import("../clusters/page")) },
  { path: "/clusters/:id", title: "Cluster", view: lazy(() => import("../clusters/one")) },
  { path: "/settings", title: "Settings", icon: "settings", section: "deep", view: lazy(() => import("../settings/page")) },
];

knownPages.value = pages;

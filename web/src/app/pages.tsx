// The pages there are: addresses, names in the navigation, keys, and the code that comes when one is opened.
// The jobs page is part of the first load; every other page is a chunk of its own, and imports lib/everywhere first.
import { JobsPage } from "../jobs/page";
import { late } from "../lib/late";
import { knownPages, type Page } from "./known";

export const pages: Page[] = [
  { path: "/jobs", title: "Jobs", icon: "jobs", key: "j", view: JobsPage },
  { path: "/jobs/:id/:tab?", title: "Job", view: late(() => import("../job/page")) },
  { path: "/launch", title: "Launch", icon: "launch", key: "l", view: late(() => import("../launch/page")) },
  { path: "/projects", title: "Projects", icon: "projects", key: "p", section: "deep", view: late(() => import("../projects/page")) },
  { path: "/projects/:id", title: "Project", view: late(() => import("../projects/one")) },
  { path: "/clusters", title: "Clusters", icon: "clusters", key: "u", section: "deep", view: late(() => import("../clusters/page")) },
  { path: "/clusters/:id", title: "Cluster", view: late(() => import("../clusters/one")) },
  { path: "/settings", title: "Settings", icon: "settings", section: "deep", view: late(() => import("../settings/page")) },
];

knownPages.value = pages;

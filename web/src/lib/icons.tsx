// Icons drawn for this project on a grid of 16, stroked by the text's colour.
import type { JSX } from "preact";

const paths: Record<string, string> = {
  jobs: "M3 5h10M3 8h10M3 11h6",
  launch: "M5 3.5v9l7-4.5z",
  queue: "M3.5 3h9a1 1 0 0 1 1 1v1a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM3.5 8h9a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z",
  sweeps: "M3 12V4M8 12V7M13 12V2.5",
  compare: "M2.5 11c2-6 4-6 5.5-2.5s3.500 3.500 6-4.500",
  projects: "M2.500 4.500a1 1 0 0 1 1-1h3l1.500 2h4.500a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1z",
  clusters: "M3.5 3h9a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM3.5 9h9a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-2a1 1 0 0 1 1-1zM5 5h.01M5 11h.01",
  settings: "M6 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M8 2v2M8 12v2M2 8h2M12 8h2M3.800 3.800l1.400 1.400M10.800 10.800l1.400 1.400M12.200 3.800l-1.400 1.400M5.200 10.800l-1.400 1.400",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  search: "M3 7a4 4 0 1 0 8 0 4 4 0 1 0-8 0M10 10l3.500 3.500",
  check: "M3.500 8.500l3 3 6-7",
  cross: "M4.500 4.500l7 7M11.500 4.500l-7 7",
  warn: "M8 2.800l5.800 10.200H2.200zM8 6.500v3M8 11.200h.01",
  info: "M2.500 8a5.500 5.500 0 1 0 11 0 5.500 5.500 0 1 0-11 0M8 7.300v3.700M8 5h.01",
  question: "M5.800 6.200a2.200 2.200 0 1 1 3.300 1.900c-.8.5-1.100.9-1.100 1.700M8 12.200h.01",
  clock: "M2.500 8a5.500 5.500 0 1 0 11 0 5.500 5.500 0 1 0-11 0M8 5v3l2 1.500",
  pause: "M5.500 4v8M10.500 4v8",
  stop: "M4.500 4h7a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5h-7a.5.5 0 0 1-.5-.5v-7a.5.5 0 0 1 .5-.5z",
  undo: "M6 4L3 7l3 3M3.200 7H10a3 3 0 0 1 0 6H7.500",
  upload: "M8 12.500v-7M5 8l3-3 3 3M3 3h10",
  download: "M8 3v7M5 7.500L8 10.500l3-3M3 13h10",
  copy: "M6.500 5.500H12a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H6.500a1 1 0 0 1-1-1V6.500a1 1 0 0 1 1-1zM3 10.500V4a1 1 0 0 1 1-1h6.500",
  external: "M9 3h4v4M13 3L7.500 8.500M11 9.500V12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1h2.500",
  branch: "M5 3.500v9M11 5.500a3 3 0 0 1-3 3H5M3.800 3a1.200 1.200 0 1 0 2.400 0 1.200 1.200 0 1 0-2.400 0M3.800 13a1.200 1.200 0 1 0 2.400 0 1.200 1.200 0 1 0-2.400 0M9.800 4.300a1.200 1.200 0 1 0 2.400 0 1.200 1.200 0 1 0-2.400 0",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  left: "M10 4L6 8l4 4",
  right: "M6 4l4 4-4 4",
  tag: "M3 3.500h4.500l5.500 5.500-4 4L3.500 7.500zM5.600 6h.01",
  archive: "M2.500 3.500h11v2.500h-11zM3.500 6v6.500h9V6M6.500 8.500h3",
  memory: "M4 4.500h8v7H4zM6 4.500v-2M10 4.500v-2M6 13.500v-2M10 13.500v-2M4 8H2.500M13.500 8H12",
  wrap: "M2.500 4h11M2.500 8h8.500a2 2 0 0 1 0 4H8.500M10 10.300L8.300 12l1.700 1.700M2.500 12h3",
  expand: "M9.500 3H13v3.500M6.500 13H3V9.500M13 3L9 7M3 13l4-4",
  refresh: "M12.800 6.500A5 5 0 1 0 13 9M13 3v3.500H9.500",
  sort: "M5 3.500v9M3 10.500l2 2 2-2M11 12.500v-9M9 5.500l2-2 2 2",
  link: "M6.800 9.200a2.500 2.500 0 0 0 3.500 0l2-2a2.500 2.500 0 0 0-3.500-3.500l-.8.8M9.200 6.800a2.500 2.500 0 0 0-3.500 0l-2 2a2.500 2.500 0 0 0 3.500 3.500l.8-.8",
  bell: "M4 11V7.500a4 4 0 0 1 8 0V11l1 1.200H3zM6.800 14h2.400",
  filter: "M2.500 3.500h11L9.500 8.500v4l-3-1.500V8.500z",
  plus: "M8 3.500v9M3.500 8h9",
  key: "M3 9.500a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0M7.500 8L13 2.500M11 4.500L12.500 6",
  dot: "",
};

export function Icon({ name, label }: { name: string; label?: string }): JSX.Element {
  const named = label ? ({ role: "img", "aria-label": label } as const) : ({ "aria-hidden": "true" } as const);
  if (name === "dot") return <svg class="i" viewBox="0 0 16 16" {...named}><circle cx="8" cy="8" r="3.2" class="fill" /></svg>;
  return <svg class="i" viewBox="0 0 16 16" {...named}><path d={paths[name] ?? paths.question} /></svg>;
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M2.500 14.500 8 3.500l2.500 5 2-2.500 3 8.500" />
    </svg>
  );
}

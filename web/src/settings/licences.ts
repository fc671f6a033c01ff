// What is linked into the gateway or sent to the browser, and under which licence.
export const licences: [name: string, licence: string, use: string][] = [
  ["Preact", "MIT", "the page"],
  ["Preact Signals", "MIT", "the page"],
  ["preact-iso", "MIT", "the page's addresses"],
  ["TanStack Virtual", "MIT", "long lists"],
  ["uPlot", "MIT", "curves"],
  ["Anser", "MIT", "colours in logs"],
  ["libuv", "MIT", "events and processes"],
  ["libmicrohttpd", "LGPL-2.1-or-later", "HTTP"],
  ["libssh2", "BSD-3-Clause", "SSH"],
  ["SQLite", "public domain", "the store"],
  ["Jansson", "MIT", "JSON"],
  ["LibYAML", "MIT", "YAML"],
  ["uthash", "BSD-1-Clause", "tables and lists"],
];

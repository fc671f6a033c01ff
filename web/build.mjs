// Builds the page: node build.mjs OUT_DIR. Split, hashed, minified; .gz and .br beside each file that gains by it.
// index.html keeps the mark {{base}} for the gateway, which knows under which path it stands.
import { build } from "esbuild";
import subsetFont from "subset-font";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../build/web"));

const common = {
  bundle: true, minify: true, outdir: join(out, "assets"), target: ["es2022", "firefox115", "safari16.4", "chrome111"],
  entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]", loader: { ".woff2": "file" }, write: false, metafile: true,
  legalComments: "none", logLevel: "warning", absWorkingDir: here,
};

/** The characters of a unicode-range of styles/fonts.css. */
function charactersOf(range) {
  const bounds = [...range.matchAll(/U\+([0-9A-F]+)(?:-([0-9A-F]+))?/g)].map(([, from, to]) => [parseInt(from, 16), parseInt(to ?? from, 16)]);
  return bounds.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at))).join("");
}

/** Typefaces hold the characters and weights that styles/fonts.css asks for, and no more: they share a slow line with the code. */
const lighterFonts = {
  name: "lighter fonts",
  setup({ onLoad }) {
    const css = readFileSync(join(here, "src/styles/fonts.css"), "utf8");
    onLoad({ filter: /\.woff2$/ }, async ({ path }) => {
      const [, min, max, range] = css.match(new RegExp(`font-weight: (\\d+) (\\d+);.*${basename(path)}.*unicode-range: ([^}]*)`));
      const wght = { min: Number(min), max: Number(max), default: Number(min) };
      return { contents: await subsetFont(readFileSync(path), charactersOf(range), { targetFormat: "woff2", variationAxes: { wght } }), loader: "file" };
    });
  },
};

async function bundle() {
  const page = await build({ ...common, entryPoints: ["src/main.tsx", "src/styles/page.css"], format: "esm", splitting: true, plugins: [lighterFonts],
    jsx: "automatic", jsxImportSource: "preact", define: { "process.env.NODE_ENV": '"production"' } });
  const { outputFiles: [script] } = await build({ ...common, entryPoints: ["src/first.ts"], format: "iife" });
  return { page, script: script.text.trim() };
}

/** The frame of the page as text. The page's own modules draw it; of a browser they ask no more than this when they are loaded. */
async function still() {
  const { outputFiles: [file] } = await build({ ...common, entryPoints: ["src/still.tsx"], format: "esm", platform: "neutral", mainFields: ["module", "main"], minify: false, metafile: false, jsx: "automatic", jsxImportSource: "preact" });
  Object.assign(globalThis, {
    document: { querySelector: () => ({ content: "{{base}}" }), addEventListener: () => undefined }, setInterval: () => 0, location: new URL("http://localhost/{{base}}/"), BroadcastChannel: undefined,
    addEventListener: () => undefined, matchMedia: () => ({ addEventListener: () => undefined }), innerHeight: 0, scrollY: 0,
  });
  const place = join(out, "still.mjs");
  put(place, file.contents);
  const { still: text } = await import(place);
  rmSync(place);
  return text;
}

function entries({ metafile }) {
  const files = new Map();
  let chunks = [], fonts = [];
  for (const [path, info] of Object.entries(metafile.outputs)) {
    const name = (p) => relative(out, resolve(here, p));
    if (path.endsWith(".woff2")) fonts.push(name(path));
    if (!info.entryPoint) continue;
    files.set(info.entryPoint, name(path));
    if (info.entryPoint === "src/main.tsx")
      chunks = info.imports.filter((i) => i.kind === "import-statement").map((i) => name(i.path));
  }
  return { files, chunks, fonts };
}

function page({ files, chunks, fonts, frame, script }) {
  const at = (file) => `{{base}}/${file}`;
  const faces = fonts.map((file) => `<link rel="preload" as="font" type="font/woff2" crossorigin href="${at(file)}">`).join("");
  const modules = chunks.map((file) => `<link rel="modulepreload" href="${at(file)}">`).join("");
  return readFileSync(join(here, "src/index.html"), "utf8")
    .replace("<!--frame-->", () => frame)
    .replace("<!--head-->", () => `<script>${script}</script>` + // in the page itself: no way to the gateway and back; allowed by its hash (src/api/policy.h)
      `<link rel="stylesheet" href="${at(files.get("src/styles/page.css"))}">${modules}${faces}` +
      `<script type="module" src="${at(files.get("src/main.tsx"))}"></script>`);
}

function put(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

// The brotli quality of a release; 11 of 11, as it is done once.
function putCompressed(path, bytes) {
  put(path, bytes);
  if (bytes.length < 400 || path.endsWith(".woff2")) return; // a font is compressed already
  put(path + ".gz", gzipSync(bytes, { level: 9 }));
  put(path + ".br", brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
}

const { page: made, script } = await bundle();
rmSync(out, { recursive: true, force: true });
for (const file of made.outputFiles) putCompressed(file.path, Buffer.from(file.contents));
put(join(out, "index.html"), Buffer.from(page({ ...entries(made), frame: await still(), script })));

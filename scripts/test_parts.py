"""The parts of `make test`. Each fills a Tally; none stops at its first failure, and none passes by running nothing."""
import collections
import concurrent.futures
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree

JOBS = int(os.environ.get("JOBS") or os.cpu_count() or 2)
# What strangers' bytes reach first is fuzzed for 20 s, the rest for 10; FUZZ_SECONDS is for all of them.
FUZZ_LONG = {"config", "directive", "frame", "gres", "http", "json", "known_hosts", "log_lines", "metrics", "nodelist", "nodes",
             "regex", "request", "sacct", "sinfo_partitions", "squeue", "ssh_config", "template", "yaml"}
PROGRAM_SECONDS = 600
PART_SECONDS = 2400
# Integration tests side by side, each with a bed of its own: they wait more than they work.
WORKERS = os.environ.get("WORKERS") or "4"
SHOWN_LINES = 80

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:abort_on_error=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
# The line that says most of why a program failed.
CAUSE = re.compile(r"^E  |^ERROR: |^ *error: |ERROR: \w+Sanitizer|runtime error:|SUMMARY|Error: |[Aa]ssertion|Failed: |^error: |: error: |must hold: ")
# A test that failed in node's TAP, and the YAML that says why.
NODE_FAILURE = re.compile(r"^( *)not ok \d+ - ([^\n]*)\n\1  ---\n(.*?)\n\1  \.\.\.$", re.M | re.S)
VALGRIND = ("valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible --track-fds=yes"
            " --child-silent-after-fork=yes --suppressions=tests/checks/valgrind.supp").split()


class Tally:
    """What one part found. A failure is told at once, with the end of what the program said."""

    def __init__(self, part):
        self.part, self.passed, self.failures, self.skips, self.flakies = part, 0, {}, [], {}
        self.folder = os.path.join("build", "log", part)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def count(self):
        return self.passed + len(self.failures) + len(self.skips)

    def fail(self, what, why):
        self.failures[what] = self.tell("FAILED", what, why)

    def flaky(self, what, why):
        """It failed once and then passed: counted as passed, and never hidden."""
        self.flakies[what] = self.tell("FLAKY", what, why)
        self.passed += 1

    def tell(self, word, what, why):
        """Prints the end of what the program said, and every cause before that; the first cause."""
        lines = why.rstrip().split("\n")
        before, shown = lines[:-SHOWN_LINES], lines[-SHOWN_LINES:]
        if before:
            causes = [line for line in before if CAUSE.search(line)][:SHOWN_LINES]
            shown = causes + [f"({len(before) - len(causes)} lines more before these)"] + shown
        print(f"{word}: {self.part}: {what}\n  " + "\n  ".join(shown), flush=True)
        causes = [line for line in lines if CAUSE.search(line)] or lines[-1:]
        more = f" (and {len(causes) - 1} more)" * (len(causes) > 1)
        return causes[0].strip()[:200] + more

    def skip(self, what, why):
        self.skips.append((what, why))

    def log(self, name, text):
        path = os.path.join(self.folder, name.replace("/", "-") + ".log")
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)


Done = collections.namedtuple("Done", "code out err seconds")


def end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(argv, env=None, seconds=PART_SECONDS):
    """A program to its end, in a process group of its own. Its standard input is empty; past seconds the group is
    killed and code is None: nothing hangs the run."""
    began = time.monotonic()
    with subprocess.Popen(argv, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True) as process:
        try:
            out, err = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            end_group(process)
            out, err = process.communicate()
            code, err = None, f"{err}\nstopped after {seconds} s"
        except BaseException:
            end_group(process)
            raise
    return Done(code, out, err, time.monotonic() - began)


def side_by_side(function, items):
    """function(item) for each, JOBS at a time; results in the order of items."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(function, items))


def check(tally, name, argv, env=None):
    """One program is one test: status 0 passes."""
    done = run(argv, env)
    tally.log(name, done.out + done.err)
    if done.code == 0:
        tally.passed += 1
    else:
        tally.fail(name, done.out + done.err)
    return done


def make(tally, *words):
    """Builds; a build that fails is a failure of the part."""
    done = run(["make", "-s", f"-j{JOBS}", "-k", *words])
    tally.log("make", done.out + done.err)
    if done.code != 0:
        lines = (done.out + done.err).split("\n")
        tally.fail("make " + " ".join(words), "\n".join(line for line in lines if not re.match(r" +CC ", line)))
    return done.code == 0


def unit_programs(variant):
    sources = sorted(glob.glob("tests/unit/**/test_*.c", recursive=True))
    return [f"build/{variant}/test/{source[6:-2]}" for source in sources]


def count_tap(tally, name, done):
    """What a cmocka program said in TAP. A crash, a leak or an early end fails it too."""
    results = re.findall(r"^(not ok|ok) \d+( # SKIP| -) ?(.*)$", done.out, re.M)
    results = [(verdict, title, "SKIP" in mark) for verdict, mark, title in results]
    bad = [title for verdict, title, skipped in results if verdict == "not ok" and not skipped]
    for verdict, title, skipped in results:
        if skipped:
            tally.skip(f"{name} {title}", "the test says so")
        elif verdict == "ok":
            tally.passed += 1
    said = done.out + done.err
    if bad:
        shown = "\n".join(line for line in said.split("\n") if not line.startswith("ok "))
        for title in bad[:-1]:
            tally.failures[f"{name} {title}"] = "told with the next"
        tally.fail(f"{name} {bad[-1]}", shown)
    elif done.code != 0:
        tally.fail(f"{name} (status {done.code})", said)
    elif not results:
        tally.fail(f"{name} (no test ran)", said)


def run_units(tally, programs, run_one):
    """run_one(program) for each that was built, JOBS at a time; each test of theirs counts."""
    names = {program: program.split("/test/unit/")[1] for program in programs if os.path.exists(program)}
    results = list(zip(names.values(), side_by_side(run_one, names)))
    for name, done in results:
        tally.log(name, done.out + done.err)
        count_tap(tally, name, done)
    slow = sorted(results, key=lambda result: -result[1].seconds)[:4]
    print("  slowest: " + ", ".join(f"{name} {done.seconds:.1f} s" for name, done in slow), flush=True)


def run_tap(program, env, before=()):
    return run([*before, program], {"CMOCKA_MESSAGE_OUTPUT": "TAP", **env}, PROGRAM_SECONDS)


def part_unit(tally):
    make(tally, "units")
    run_units(tally, unit_programs("release"), lambda program: run_tap(program, {}))


def part_asan(tally):
    make(tally, "VARIANT=asan", "units")
    run_units(tally, unit_programs("asan"), lambda program: run_tap(program, SANITIZERS))


def valgrind_found(log):
    """What it says in the log of the test's own process, less the descriptors it was started with. (No exit status of
    its own: forked children would end with it, too, and tests look at theirs.)"""
    text = re.sub(r"(?m)^==\d+== ?", "", log)
    text = re.sub(r"(?m)^FILE DESCRIPTORS: .*\n", "", text)
    text = re.sub(r"Open (?:file descriptor|\S+ socket) \d+:.*\n +<inherited from parent>\n", "", text)
    return text.strip()


def part_valgrind(tally):
    make(tally, "units")

    def one(program):
        log = os.path.join(tally.folder, program.split("/test/unit/")[1].replace("/", "-") + ".valgrind")
        done = run_tap(program, {"SLUICE_VALGRIND": "1"}, [*VALGRIND, f"--log-file={log}"])
        with open(log, encoding="utf-8", errors="replace") as file:
            found = valgrind_found(file.read())
        return done._replace(code=done.code or ("see what valgrind found" if found else 0), err=done.err + found)

    run_units(tally, unit_programs("release"), one)


def fuzz_seeds():
    """Target -> its files: tests/fuzz/corpus/TARGET/*, and what tests/fuzz/seeds names of the samples."""
    seeds = collections.defaultdict(list)
    with open("tests/fuzz/seeds", encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            for pattern in words[1:]:
                found = sorted(glob.glob(pattern, recursive=True))
                if not found:
                    raise FileNotFoundError(f"tests/fuzz/seeds: {pattern} names no file")
                seeds[words[0]] += [path for path in found if os.path.isfile(path)]
    for source in sorted(glob.glob("tests/fuzz/fuzz_*.c")):
        target = os.path.basename(source)[:-2]
        seeds[target] += sorted(glob.glob(f"tests/fuzz/corpus/{target}/*"))
    return seeds


def part_corpus(tally):
    make(tally, "fuzzers")
    for target, files in sorted(fuzz_seeds().items()):
        check(tally, target, [f"build/release/test/fuzz/{target}", *files])


def part_fuzz(tally):
    make(tally, "VARIANT=fuzz", "fuzzers")

    given = os.environ.get("FUZZ_SECONDS")

    def seconds_of(target):
        return int(given) if given else 20 if target[5:] in FUZZ_LONG else 10

    def one(item):
        target, files = item
        seconds = seconds_of(target)
        with tempfile.TemporaryDirectory(prefix="sluice-fuzz-") as corpus:
            for number, path in enumerate(files):
                shutil.copy(path, os.path.join(corpus, f"seed{number}"))
            return run([f"build/fuzz/test/fuzz/{target}", f"-max_total_time={seconds}", "-timeout=10",
                        "-rss_limit_mb=1500", "-print_final_stats=1", f"-artifact_prefix={tally.folder}/{target}-",
                        corpus], SANITIZERS, seconds + 300)

    seeds = sorted(fuzz_seeds().items())
    for (target, _), done in zip(seeds, side_by_side(one, seeds)):
        tally.log(target, done.out + done.err)
        if done.code == 0:
            tally.passed += 1
            runs = re.search(r"number_of_executed_units: (\d+)", done.out + done.err)
            print(f"  {target}: {runs.group(1) if runs else '?'} inputs in {seconds_of(target)} s", flush=True)
        else:
            tally.fail(target, done.out + done.err)


def pytest(tally, folder, env=None, options=(), before=()):
    report = os.path.join(tally.folder, "pytest.xml")
    done = run([*before, "/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", report,
                *options, folder], env)
    tally.log("pytest", done.out + done.err)
    if not os.path.exists(report):
        tally.fail(folder, done.out + done.err)
        return
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        name, ends = f"{case.get('classname')}::{case.get('name')}", {child.tag: child for child in case}
        bad = ends.get("failure", ends.get("error"))
        if bad is not None:
            tally.fail(name, (bad.text or "") + "\n" + (case.findtext("system-out") or ""))
        elif "skipped" in ends:
            tally.skip(name, ends["skipped"].get("message", ""))
        else:
            tally.passed += 1


def part_checks(tally):
    pytest(tally, "tests/checks")


def part_integration(tally):
    if make(tally, "VARIANT=asan", "all"):
        binary = os.path.abspath("build/asan/sluice")  # has the crash points too
        pytest(tally, "tests/integration", {"SLUICE_BIN": binary, "SLUICE_FAULT_BIN": binary, **SANITIZERS},
               ["-n", WORKERS, "--dist", "loadgroup"])  # tests of one xdist_group share their special bed


# Unit programs that hand work to libuv's pool, or have threads beside them.
THREADED = ["cli/test_submit", "cli/test_verb_connect", "cli/test_verbs", "exec/test_ssh_login", "exec/test_transport_auto", "exec/test_transport_local", "exec/test_transport_ssh",
            "io/test_fetch", "io/test_loop", "io/test_spawn", "svc/submit/test_submit"]


def part_tsan(tally):
    """Threads under ThreadSanitizer: those unit programs, and the integration tests marked `threads`. It maps its memory
    at fixed places: kernels that move programs about more (vm.mmap_rnd_bits above 28) must not while it runs."""
    if not make(tally, "VARIANT=tsan", "all", *(f"build/tsan/test/unit/{name}" for name in THREADED)):
        return
    with open("/proc/sys/vm/mmap_rnd_bits", encoding="utf-8") as file:
        before = ["setarch", "-R"] if int(file.read()) > 28 else []
    options = {"TSAN_OPTIONS": f"suppressions={os.path.abspath('tests/checks/tsan.supp')}:second_deadlock_stack=1"}
    programs = [f"build/tsan/test/unit/{name}" for name in THREADED]
    run_units(tally, programs, lambda program: run_tap(program, options, before))
    binary = os.path.abspath("build/tsan/sluice")
    pytest(tally, "tests/integration", {"SLUICE_BIN": binary, "SLUICE_FAULT_BIN": binary, **options},
           ["-m", "threads", "-n", "2"], before)


def part_torture(tally):
    if make(tally, "VARIANT=asan", "all") and make(tally, "build/fault_inject.so"):
        pytest(tally, "tests/torture", {"SLUICE_BIN": os.path.abspath("build/asan/sluice"), **SANITIZERS},
               ["-n", os.environ.get("WORKERS") or "6"])


def part_layers(tally):
    check(tally, "check-layers", ["scripts/check-layers"])


def part_style(tally):
    check(tally, "check-style", ["scripts/check-style"])
    scripts = [path for path in run(["git", "ls-files", "scripts", "tests"]).out.split("\n") if path.endswith(".py")]
    check(tally, "pyflakes", ["/usr/bin/python3", "-m", "pyflakes", *filter(os.path.exists, scripts or glob.glob("tests/**/*.py", recursive=True))])


def part_format(tally):
    files = [path for path in run(["git", "ls-files", "src", "tests"]).out.split("\n") if path.endswith((".c", ".h"))]
    files = files or glob.glob("src/**/*.[ch]", recursive=True) + glob.glob("tests/**/*.[ch]", recursive=True)
    check(tally, "clang-format", ["clang-format", "--dry-run", "-Werror", *filter(os.path.exists, files)])


def part_analyzer(tally):
    check(tally, "gcc -fanalyzer", ["make", "-s", "-k", f"-j{JOBS}", "VARIANT=analyze", "WERROR=1", "objects"])


def part_tidy(tally):
    check(tally, "clang-tidy", ["make", "-s", "-k", f"-j{JOBS}", "tidy"])


def part_cppcheck(tally):
    os.makedirs("build/cppcheck", exist_ok=True)
    # Version 2.10 does not know the cleanup attribute (resourceLeak), trips over compound literals in ?: and nested
    # macros (internalAstError, preprocessorErrorDirective), and ctunullpointer follows no conditions: the sanitizers
    # and -fanalyzer look at those. readdir and getpwuid are not shared here.
    unused = ["missingIncludeSystem", "resourceLeak", "internalAstError", "preprocessorErrorDirective",
              "ctunullpointer", "readdirCalled", "getpwuidCalled"]
    check(tally, "cppcheck", ["cppcheck", "--quiet", f"-j{JOBS}", "--std=c11", "--error-exitcode=1",
                              "--enable=warning,performance,portability", "--cppcheck-build-dir=build/cppcheck",
                              *(f"--suppress={name}" for name in unused), "--library=posix", "-D_GNU_SOURCE",
                              "--include=tests/checks/cppcheck.h", "-Isrc", "src"])


def part_coverage(tally):
    check(tally, "goals of scripts/coverage", ["scripts/coverage", "unit"])


def part_openapi(tally):
    if make(tally, "build/release/openapi.json"):
        check(tally, "redocly lint", ["tests/openapi/lint", "build/release/openapi.json"])


def node_tests(tally, target, passes_alone=lambda title, why: False):
    """A make target whose tests node counts itself (`# pass 3`). passes_alone: whether one that failed is only flaky."""
    if os.environ.get("NO_WEB") == "1":
        tally.skip("the page", "NO_WEB=1")
        return
    done = run(["make", "-s", target])
    tally.log(f"make {target}", done.out + done.err)
    bad = [(title, re.sub(r"error: \|-\n +", "error: ", why))
           for _, title, why in NODE_FAILURE.findall(done.out) if "subtestsFailed" not in why]
    for title, why in bad:
        if passes_alone(title, why):
            tally.flaky(title, why)
        else:
            tally.fail(title, why)
    if done.code != 0 and not bad:
        tally.fail(f"make {target}", done.out + done.err)
    tests = {word: int(number) for word, number in re.findall(r"^\S* ?(pass|skipped) (\d+)$", done.out, re.M)}
    tally.passed += tests.get("pass", 0)
    tally.skips += [("a test of the page", "it says so")] * tests.get("skipped", 0)


def page_test_passes_alone(title, why):
    """A browser, a gateway and a cluster side by side on a busy machine: what fails among the others is tried once more
    by itself, and told as flaky where that passes."""
    place = re.search(r"location: '(\S+\.test\.mjs):", why)
    if not place:
        return False
    done = run(["node", "tests/e2e/run.mjs", place.group(1)], {"ONLY": title})
    return done.code == 0 and re.search(r"^# pass [1-9]", done.out, re.M) is not None


def part_web(tally):
    node_tests(tally, "web-check")


def part_page(tally):
    node_tests(tally, "test-page", page_test_passes_alone)


Part = collections.namedtuple("Part", "run what fast")
PARTS = {
    "layers": Part(part_layers, "includes against docs/architecture.md", True),
    "style": Part(part_style, "lengths, banned functions, sources without a test", True),
    "format": Part(part_format, "clang-format", True),
    "checks": Part(part_checks, "the checks themselves fire", True),
    "unit": Part(part_unit, "unit tests, as released", True),
    "corpus": Part(part_corpus, "fuzz entries over their corpora", True),
    "web": Part(part_web, "types and tests of the page", True),
    "openapi": Part(part_openapi, "the OpenAPI document by @redocly/cli", False),
    "asan": Part(part_asan, "unit tests under ASan, UBSan and LSan", False),
    "valgrind": Part(part_valgrind, "unit tests under valgrind, descriptors tracked", False),
    "tsan": Part(part_tsan, "threads under ThreadSanitizer", False),
    "integration": Part(part_integration, "the gateway (ASan, UBSan, LSan) on a real Slurm", False),
    "torture": Part(part_torture, "the gateway (ASan, UBSan, LSan) while its calls fail", False),
    "page": Part(part_page, "the page in Chromium", False),
    "fuzz": Part(part_fuzz, "libFuzzer", False),
    "coverage": Part(part_coverage, "lines and branches that unit tests reach", False),
    "analyzer": Part(part_analyzer, "gcc -fanalyzer", False),
    "tidy": Part(part_tidy, "clang-tidy", False),
    "cppcheck": Part(part_cppcheck, "cppcheck", False),
}

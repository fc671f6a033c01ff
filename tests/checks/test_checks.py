"""scripts/check-layers and scripts/check-style fire: each rule on a small tree that breaks it and nothing else."""
import pathlib
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

GOOD = {
    "src/base/mem.h": "/* Memory. */\nint mem_size(void);\n",
    "src/base/mem.c": '#include "base/mem.h"\n\n#include <stdlib.h>\n\nint mem_size(void)\n{\n    return malloc(1) != 0;\n}\n',
    "src/domain/job.h": '#include "base/mem.h"\n',
    "src/main.c": '#include <stdlib.h>\n\nint main(void)\n{\n    return getenv("HOME") ? 0 : 1;\n}\n',
    "tests/unit/base/test_mem.c": '#include "base/mem.h"\n',
    "tests/integration/test_spine.py": "\n",
}


def function(lines, name="f"):
    return f"void {name}(void)\n{{\n" + "    name();\n" * (lines - 2) + "}\n"


def write(root, files):
    for name, text in {**GOOD, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(script, argument):
    done = subprocess.run([SCRIPTS / script, argument], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert (done.returncode == 0) == (len(lines) == 1), done.stdout
    return lines[:-1]


def include(*headers):
    return "".join(f'#include "{header}"\n' for header in headers)


LAYERS = {
    "an include to the right": ({"src/base/mem.c": include("domain/job.h")}, "base may not include domain/job.h"),
    "exec and store do not know each other": (
        {"src/exec/run.h": "\n", "src/store/db.c": include("exec/run.h")}, "store may not include exec/run.h"),
    "api reaches around svc": ({"src/io/loop.h": "\n", "src/api/http.c": include("io/loop.h")},
                               "api may not include io/loop.h"),
    "cli opens the store": ({"src/store/db.h": "\n", "src/cli/ls.c": include("store/db.h")},
                            "cli may not include store/db.h"),
    "main does more than dispatch": ({"src/svc/watch/poll.h": "\n", "src/main.c": include("svc/watch/poll.h")},
                                     "main.c may not include svc/watch/poll.h"),
    "a layer knows the daemon": ({"src/daemon.h": "\n", "src/svc/watch/poll.c": include("daemon.h")},
                                 "svc may not include daemon.h"),
    "a new layer": ({"src/utils/misc.c": "\n"}, "utils is no layer"),
    "a path beside the file": ({"src/base/mem.c": include("mem.h")}, '"mem.h" is not below'),
    "a cycle of headers": ({"src/base/a.h": include("base/b.h"), "src/base/b.h": include("base/a.h")},
                           "cycle of 2 modules: base/a -> base/b"),
    "a cycle through a source": ({"src/base/a.c": include("base/b.h"), "src/base/a.h": "\n",
                                  "src/base/b.c": include("base/a.h"), "src/base/b.h": "\n"},
                                 "cycle of 2 modules: base/b -> base/a"),
    "a longer cycle": ({"src/base/a.h": include("base/b.h"), "src/base/b.h": include("base/c.h"),
                        "src/base/c.h": include("base/a.h")}, "cycle of 3 modules: base/c -> base/a"),
    "a foreign header out of place": ({"src/svc/watch/poll.c": "#include <uv.h>\n"}, "<uv.h> belongs to exec, io"),
    "an unknown library": ({"src/svc/watch/poll.c": "#include <glib.h>\n"}, "<glib.h> is no library of ours"),
    "a descriptor in a pure layer": ({"src/slurm/row.c": "#include <fcntl.h>\n"}, "slurm is pure: no <fcntl.h>"),
    "a log line in a pure layer": ({"src/text/yaml.c": "void f(void)\n{\n    log_info(1);\n}\n"},
                                   "text is pure: no log_info"),
    "eleven includes": ({f"src/base/h{n}.h": "\n" for n in range(11)}
                        | {"src/base/mem.c": include(*(f"base/h{n}.h" for n in range(11)))},
                        "11 includes of ours, at most 10"),
    "a long header": ({"src/base/mem.h": "\n" * 121}, "121 lines, a header has at most 120"),
}

STYLE = {
    "a key that nothing reads": (
        {"src/domain/schema_daemon.c": 'static const struct schema_row rows[] = {\n    { "limits.body", SCHEMA_SIZE, .help = "x" },\n'
                                       '    { "limits.later", SCHEMA_SIZE, .flags = SCHEMA_LATER },\n'
                                       '    { "log.level", SCHEMA_STR, .help = "x" },\n};\n',
         "src/domain/job.c": 'static const struct bind binds[] = {\n    AT("limits.body", BIND_INT, limits.body_bytes),\n'
                             '    AT("log.level", BIND_ENUM, log_level),\n};\nint f(struct c *c)\n{\n    return c->log_level;\n}\n',
         "tests/unit/domain/test_x.c": "/* Covers: domain/job, domain/schema_daemon. */\n"},
        "nothing reads the key limits.body"),
    "a long function": ({"src/base/mem.c": function(61)}, "f has 61 lines"),
    "a long function of a test": ({"tests/unit/base/test_mem.c": function(61)}, "f has 61 lines"),
    "a long file": ({"src/base/mem.c": "\n" * 601}, "601 lines, a file has at most 600"),
    "deep nesting": ({"src/base/mem.c": "void f(void)\n{\n    if (a) {\n        for (;;) {\n            while (b) {\n"
                      "                if (c)\n                    d();\n            }\n        }\n    }\n}\n"},
                     "nesting 4, at most 3"),
    "many parameters": ({"src/base/mem.c": "int f(int a, int b, int c,\n      int d, int e, int g, struct err *err)\n{\n}\n"},
                        "f has 6 parameters besides err"),
    "a jump": ({"src/base/mem.c": "void f(void)\n{\n    goto out;\nout:;\n}\n"}, "goto: an early return"),
    "a line comment": ({"src/base/mem.h": "int x; // why\n"}, "a // comment"),
    "memory by hand": ({"src/main.c": "char *f(void)\n{\n    return strdup(\"\");\n}\n"}, "strdup outside base/mem.c"),
    "the environment": ({"src/base/mem.c": 'char *f(void)\n{\n    return getenv("A");\n}\n'}, "getenv outside main.c"),
    "a source without a test": ({"src/base/other.c": "\n"}, "no test: no tests/unit/base/test_other.c"),
    "main without integration tests": ({"tests/integration/test_spine.py": None}, "src/main.c:1: no test"),
    "a blank at the end": ({"src/base/mem.h": "int x; \n"}, "blanks at the end"),
    "a tab": ({"src/base/mem.h": "\tint x;\n"}, "a tab"),
    "no line end": ({"src/base/mem.h": "int x;"}, "no line end at the end"),
    "carriage returns": ({"scripts/setup": "#!/bin/sh\r\n"}, "blanks at the end"),
}
STYLE |= {f"banned {name}": ({"src/base/mem.c": f"void f(void)\n{{\n    {name}(a, b);\n}}\n"}, f"{name} is banned")
          for name in ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "sscanf", "gets", "system", "popen")}
STYLE |= {f"left behind: {word[:3]}": ({"docs/notes.md": f"{word}: more\n"}, "left behind: ")
          for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "a st" + "ub", "Not yet " + "implemented")}


@pytest.mark.parametrize("script, argument", [("check-layers", "src"), ("check-style", "")])
def test_a_good_tree_passes(tmp_path, script, argument):
    write(tmp_path, {})
    assert run(script, tmp_path / argument) == []


@pytest.mark.parametrize("files, said", LAYERS.values(), ids=LAYERS.keys())
def test_layers_fires_on(tmp_path, files, said):
    write(tmp_path, files)
    assert [line for line in run("check-layers", tmp_path / "src") if said in line]


@pytest.mark.parametrize("files, said", STYLE.values(), ids=STYLE.keys())
def test_style_fires_on(tmp_path, files, said):
    write(tmp_path, {name: text for name, text in files.items() if text is not None})
    for name in (name for name, text in files.items() if text is None):
        (tmp_path / name).unlink()
        (tmp_path / name).parent.rmdir()
    assert [line for line in run("check-style", tmp_path) if said in line]


@pytest.mark.parametrize("text", ["/* malloc(1) // goto */\n", 'const char *s = "goto system(1) //";\n',
                                  "int x = row->malloc(1) + my_system(2);\n"])
def test_comments_strings_and_longer_names_are_left_alone(tmp_path, text):
    write(tmp_path, {"src/base/mem.c": text})
    assert run("check-style", tmp_path) == []


def test_five_parameters_and_err_at_nesting_three_pass(tmp_path):
    write(tmp_path, {"src/base/mem.c": "int f(int a, int b, int c, int d, int e, struct err *err)\n{\n    if (a) {\n"
                     "        if (b) {\n            if (c)\n                d();\n        }\n    }\n}\n"})
    assert run("check-style", tmp_path) == []


def test_a_part_is_tested_with_its_module(tmp_path):
    write(tmp_path, {"src/base/mem_pool.c": "\n"})
    assert run("check-style", tmp_path) == []


def test_a_test_may_say_what_it_covers(tmp_path):
    write(tmp_path, {"src/base/other.c": "\n", "tests/unit/base/test_mem.c": "/* Covers: base/pool,\n * base/other. */\n"})
    assert run("check-style", tmp_path) == []


@pytest.mark.parametrize("script", ["check-layers", "check-style"])
def test_no_sources_is_no_pass(tmp_path, script):
    assert subprocess.run([SCRIPTS / script, tmp_path], capture_output=True, check=False).returncode == 1

"""What check-layers and check-style share: C text without comments and strings, its includes, its functions."""
import os
import re

TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
OWN_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
FOREIGN_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+<([^>]+)>", re.M)


def read(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def files_under(folder, endings):
    """The files of these endings below folder, in order."""
    found = []
    for base, dirs, names in os.walk(folder):
        dirs[:] = sorted(d for d in dirs if d not in ("node_modules", "__pycache__"))
        found += [os.path.join(base, name) for name in sorted(names) if name.endswith(endings)]
    return found


def blank(text):
    """Comments, strings and character constants become spaces; line breaks stay."""
    return TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def functions(text):
    """(name, first line, lines from brace to brace) of each function definition."""
    code, depth, start, head_from, name, found = blank(text), 0, -1, 0, "", []
    for at, char in enumerate(code):
        if char == "{":
            if depth == 0:
                head = code[head_from:at]
                match = re.search(r"([A-Za-z_]\w*)\s*\([^;{}]*\)\s*$", head, re.S)
                start = at if match and "=" not in head.split("(")[0] else -1
                name = match.group(1) if match else ""
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if start >= 0:
                    found.append((name, line_of(code, start), code.count("\n", start, at) + 1))
                head_from = at + 1
        elif char == ";" and depth == 0:
            head_from = at + 1
    return found

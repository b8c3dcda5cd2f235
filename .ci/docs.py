#!/usr/bin/env python3
"""What docc does not check of the documentation; docs.sh calls it with the folder of the symbols.

Every public symbol has a comment, every block of Swift in an article or a comment stands in a file that is compiled,
every block of Python is Python, every relative link leads somewhere, every file that a page names is there, and every
name of asyncio has its line.
"""
import ast
import asyncio
import asyncio.subprocess
import glob
import json
import os
import re
import subprocess
import sys

FAILURES = []


def fail(place, what):
    FAILURES.append(f"docs: {place}: {what}")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        check=True, capture_output=True, text=True)
    return [path for path in listed.stdout.split("\n") if path]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# Symbols

def check_symbols(folder):
    """Every public symbol of ours has a comment; returns how many there are."""
    count = 0
    for path in glob.glob(os.path.join(folder, "*.symbols", "*.symbols.json")):
        for symbol in json.loads(read(path))["symbols"]:
            # One without a place in our sources is the compiler's or inherited.
            if "location" not in symbol:
                continue
            count += 1
            if not symbol.get("docComment", {}).get("lines"):
                fail(os.path.basename(path), ".".join(symbol["pathComponents"]) + " has no documentation")
    if count == 0:
        fail(folder, "there are no symbols")
    return count


# Blocks

def dedented(lines):
    """The lines without the space that they all begin with, and without that at their ends."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    cut = min(indents, default=0)
    return [line[cut:].rstrip() for line in lines]


def blocks(text, language):
    """Each fenced block of a language, with the number of its line."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines):
        if start is None and line.strip() == "```" + language:
            start = number
        elif start is not None and line.strip() == "```":
            yield start + 1, dedented(lines[start + 1:number])
            start = None


def comment_text(source):
    """The documentation comments of a Swift file, line for line, other lines empty."""
    found = []
    for line in source.split("\n"):
        match = re.match(r"\s*/// ?(.*)$", line)
        found.append(match.group(1) if match else "")
    return "\n".join(found)


def stands_in(block, sources):
    """Whether the block's lines stand in one of the files one after the other, at any depth."""
    for lines in sources:
        for start in range(len(lines) - len(block) + 1):
            if lines[start].strip() != block[0].strip():
                continue
            if dedented(lines[start:start + len(block)]) == block:
                return True
    return False


def check_blocks():
    compiled = [read(path).split("\n") for path in tracked("Examples/*.swift")]
    # consumer.sh builds these.
    compiled += [block for _, block in blocks(read("README.md"), "swift")]
    count = 0
    texts = [(path, read(path)) for path in tracked("Sources/*.md", "*.md")]
    texts += [(path, comment_text(read(path))) for path in tracked("Sources/*.swift", "Examples/*.swift")]
    for path, text in texts:
        for line, block in blocks(text, "swift"):
            count += 1
            if not stands_in(block, compiled):
                fail(f"{path}:{line}", "a block of Swift that is in no compiled file under Examples")
        for line, block in blocks(text, "python"):
            try:
                ast.parse("\n".join(block))
            except SyntaxError as error:
                fail(f"{path}:{line}", f"a block of Python that is none: {error}")
    return count


# Links

def anchors(text):
    """The anchors of a Markdown file's headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links():
    count = 0
    for path in tracked("*.md"):
        text = re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S)
        targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text)
        for target in targets:
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            name, _, anchor = target.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if not os.path.exists(file):
                fail(path, f"the link to {target} leads nowhere")
            elif anchor and file.endswith(".md") and anchor not in anchors(read(file)):
                fail(path, f"{file} has no heading for #{anchor}")
    return count


# Named, and none of ours: the system's, and the one that somebody is told how to write.
OTHERS = {"sysexits.h", "uv.h", "watch.c"}


def check_files():
    """Every file that a page at the top names in ticks is there."""
    paths = set(tracked())
    names = {os.path.basename(path) for path in paths}
    for page in tracked(":(glob)*.md"):
        for name in re.findall(r"`([\w+./-]+\.(?:swift|c|h|sh|py|md|svg|json|txt))`", read(page)):
            if "/" not in name:
                found = name in names or name in OTHERS
            else:
                # `mine/Package.swift` is the reader's own.
                found = name in paths or not os.path.isdir(name.split("/")[0])
            if not found:
                fail(page, f"there is no {name}")


# asyncio

def check_asyncio():
    """Every public name of the layers that have a counterpart here."""
    article = "Sources/Fluvial/Fluvial.docc/FromAsyncio.md"
    text = re.sub(r"^```.*?^```", "", read(article), flags=re.M | re.S)
    # Links to our own symbols, which have two ticks, are the other column.
    code = re.findall(r"`([^`\n]+)`", re.sub(r"``[^`\n]+``", "", text))
    named = {word for part in code for word in re.findall(r"\w+", part)}
    classes = [
        asyncio.StreamReader, asyncio.StreamWriter, asyncio.Server, asyncio.BaseTransport,
        asyncio.ReadTransport, asyncio.WriteTransport, asyncio.Transport, asyncio.DatagramTransport,
        asyncio.SubprocessTransport, asyncio.BaseProtocol, asyncio.Protocol, asyncio.BufferedProtocol,
        asyncio.DatagramProtocol, asyncio.SubprocessProtocol, asyncio.subprocess.Process,
    ]
    wanted = set(asyncio.streams.__all__) | set(asyncio.subprocess.__all__)
    # Since Python 3.13.
    wanted |= {"close_clients", "abort_clients"}
    for each in classes:
        wanted |= {name for name in vars(each) if not name.startswith("_")}
    for name in sorted(wanted - named):
        fail(article, f"asyncio's {name} has no line")
    return len(wanted)


def main():
    symbols = check_symbols(sys.argv[1]) if len(sys.argv) > 1 else None
    code = check_blocks()
    links = check_links()
    check_files()
    names = check_asyncio()
    for failure in FAILURES:
        print(failure, file=sys.stderr)
    if FAILURES:
        sys.exit(1)
    if symbols is not None:
        print(f"docs: {symbols} public symbols are documented")
    print(f"docs: {code} blocks of Swift are compiled, {links} relative links lead somewhere")
    print(f"docs: {names} names of asyncio have a line")


main()

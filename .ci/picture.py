#!/usr/bin/env python3
"""Draws the README's picture: a chat of three, typed into the real programs on a pseudo-terminal, as tmux shows it.

Needs tmux and the built programs; writes Pictures/chat-light.svg and Pictures/chat-dark.svg. The screen is the
client's: nothing here draws a letter that it did not.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from html import escape

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS, ROWS = 72, 12
# A tmux server of our own, so that nobody's sessions are touched.
TMUX = ["tmux", "-L", f"fluvial-picture-{os.getpid()}", "-f", "/dev/null"]
DEADLINE = 20

# A cell, in the units of the drawing.
WIDTH, HEIGHT, SIZE = 8.43, 19, 14
MARGIN, BAR = 16, 34
THEMES = {
    "dark": {
        "back": "#161b22", "bar": "#21262d", "edge": "#30363d", "text": "#e6edf3", "dim": "#8b949e",
        "colors": ["#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#e6edf3"],
    },
    "light": {
        "back": "#ffffff", "bar": "#f6f8fa", "edge": "#d0d7de", "text": "#1f2328", "dim": "#59636e",
        "colors": ["#24292f", "#cf222e", "#1a7f37", "#9a6700", "#0969da", "#8250df", "#1b7c83", "#59636e"],
    },
}
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


# The run

def tmux(*words):
    return subprocess.run([*TMUX, *words], check=True, capture_output=True, text=True).stdout


def screen():
    return tmux("capture-pane", "-p", "-t", "ann")


def wait_for(what, look):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if what in look():
            return
        time.sleep(0.05)
    sys.exit(f"picture: waited for '{what}', and the screen was:\n{look()}")


class Guest:
    """Somebody else in the room, who says a line when told to."""

    def __init__(self, programs, port, name):
        self.process = subprocess.Popen(
            [f"{programs}/chat-client", "127.0.0.1", str(port), name],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        wait_for(line.removeprefix("/me "), screen)

    def leave(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(timeout=DEADLINE)


def typed(text):
    tmux("send-keys", "-t", "ann", "-l", text)
    wait_for(text, screen)


def say(text):
    typed(text)
    tmux("send-keys", "-t", "ann", "Enter")
    wait_for(f"<ann> {text}", screen)


def chat(programs):
    """Plays the scene, and returns the screen with its colours and the cursor's place."""
    server = subprocess.Popen(
        [f"{programs}/chat-server", "127.0.0.1", "0"], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL)
    guests = []
    try:
        port = server.stdout.readline().split()[-1]
        tmux(
            "new-session", "-d", "-s", "ann", "-x", str(COLUMNS), "-y", str(ROWS),
            "env", "PS1=$ ", f"PATH={programs}:{os.environ['PATH']}", "sh")
        tmux("set", "-g", "status", "off")
        wait_for("$", screen)
        typed(f"chat-client 127.0.0.1 {port} ann")
        tmux("send-keys", "-t", "ann", "Enter")
        wait_for("Welcome, ann!", screen)
        bob = Guest(programs, port, "bob")
        guests.append(bob)
        wait_for("bob joined", screen)
        bob.say("hello ann, is this a terminal or a web page?")
        say("a terminal, and a program in Swift on an event loop")
        zoe = Guest(programs, port, "zoé")
        guests.append(zoe)
        wait_for("zoé joined", screen)
        zoe.say("and 漢字 and e\u0301 and 👋 keep their columns")
        bob.say("/me types while others talk")
        typed("yes, my line stays where it is wh")
        zoe.say("this came in above it")
        cursor = tmux("display", "-p", "-t", "ann", "#{cursor_x} #{cursor_y}").split()
        return tmux("capture-pane", "-p", "-e", "-t", "ann"), (int(cursor[0]), int(cursor[1]))
    finally:
        for guest in guests:
            guest.leave()
        subprocess.run([*TMUX, "kill-server"], check=False, capture_output=True)
        server.terminate()
        server.wait(timeout=DEADLINE)


# The drawing

def cells(text):
    """How many columns a piece of text takes."""
    count = 0
    for letter in text:
        if unicodedata.combining(letter) or letter in "\u200d\ufe0f":
            continue
        count += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    return count


PLAIN = {"color": None, "bold": False, "dim": False}


def runs(row, style):
    """The pieces of a row that look alike: text and its style, which goes on from row to row."""
    for part in re.split(r"(\x1b\[[0-9;]*m)", row):
        if not part.startswith("\x1b["):
            if part:
                yield part, dict(style)
            continue
        for code in (int(number or 0) for number in part[2:-1].split(";")):
            if code == 0:
                style.update(PLAIN)
            elif code == 1:
                style["bold"] = True
            elif code == 2:
                style["dim"] = True
            elif code == 22:
                style.update(bold=False, dim=False)
            elif 30 <= code <= 37:
                style["color"] = code - 30
            elif code == 39:
                style["color"] = None
            elif 90 <= code <= 97:
                style["color"] = code - 90


def draw(text, cursor, theme):
    colors = THEMES[theme]
    rows = text.split("\n")[:ROWS]
    # A screen that is not full yet has nothing at its top.
    empty = next((number for number, row in enumerate(rows) if row.strip()), 0)
    width = COLUMNS * WIDTH + 2 * MARGIN
    height = (ROWS - empty) * HEIGHT + MARGIN + BAR
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="title">',
        '<title id="title">Three people chat; the line that is being typed stays below what comes in.</title>',
        f'<rect x="0.5" y="0.5" width="{width - 1:.1f}" height="{height - 1:.1f}" rx="8" '
        f'fill="{colors["back"]}" stroke="{colors["edge"]}"/>',
        f'<path d="M0.5 {BAR - 8}V8.5a8 8 0 0 1 8-8H{width - 8.5:.1f}a8 8 0 0 1 8 8V{BAR - 8}z" '
        f'fill="{colors["bar"]}" stroke="{colors["edge"]}"/>',
    ]
    for place in range(3):
        out.append(f'<circle cx="{18 + 18 * place}" cy="{(BAR - 8) / 2:.0f}" r="5" fill="{colors["edge"]}"/>')
    out.append(f'<g font-family="{FONT}" font-size="{SIZE}" xml:space="preserve">')
    x, y = MARGIN + cursor[0] * WIDTH, BAR + (cursor[1] - empty) * HEIGHT
    out.append(
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT - 2}" fill="{colors["text"]}"/>')
    style = dict(PLAIN)
    for number, row in enumerate(rows[empty:]):
        column = 0
        for piece, look in runs(row.rstrip(), style):
            start, column = column, column + cells(piece)
            shown = piece.strip()
            if not shown:
                continue
            start += cells(piece[:len(piece) - len(piece.lstrip())])
            color = colors["text"] if look["color"] is None else colors["colors"][look["color"]]
            if look["dim"]:
                color = colors["dim"]
            weight = ' font-weight="bold"' if look["bold"] else ""
            out.append(
                f'<text x="{MARGIN + start * WIDTH:.1f}" y="{BAR + number * HEIGHT + SIZE:.1f}" '
                f'textLength="{cells(shown) * WIDTH:.1f}" fill="{color}"{weight}>{escape(shown)}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    if not shutil.which("tmux"):
        sys.exit("picture: needs tmux")
    for product in ("chat-server", "chat-client"):
        subprocess.run(["swift", "build", "--product", product], check=True, cwd=ROOT)
    programs = subprocess.run(
        ["swift", "build", "--show-bin-path"], check=True, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    text, cursor = chat(programs)
    folder = os.path.join(ROOT, "Pictures")
    os.makedirs(folder, exist_ok=True)
    for theme in THEMES:
        with open(os.path.join(folder, f"chat-{theme}.svg"), "w", encoding="utf-8") as file:
            file.write(draw(text, cursor, theme))
    print(f"picture: {len(THEMES)} drawings in Pictures, of this screen:\n{screen_text(text)}")


def screen_text(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()


main()

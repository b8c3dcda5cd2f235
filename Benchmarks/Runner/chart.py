"""The table as a picture: a panel for each workload, a bar for each server."""
import catalog

BAR, GAP, HEAD, LABEL, PANEL, COLUMNS, MARGIN = 11, 3, 26, 104, 320, 3, 14
LONGEST = 3.0  # times uv-c; what is longer is cut off and says so
STYLE = """
  text { font: 11px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 12px; }
  .note { fill: #57606a; }
  .streams { fill: #d1242f; } .protocol { fill: #e5733d; } .lend { fill: #eaa15f; }
  .peer { fill: #8c959f; } .base { fill: #0969da; }
  line { stroke: #0969da; stroke-dasharray: 3 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .note { fill: #9198a1; }
    .streams { fill: #ff6b6b; } .protocol { fill: #ff9457; } .lend { fill: #f2b880; }
    .peer { fill: #6e7681; } .base { fill: #4493f8; } line { stroke: #4493f8; }
  }
"""


def bar(x, y, name, value, unit):
    kind = name if name in catalog.OURS else "base" if name == catalog.BASE else "peer"
    length = min(value, LONGEST) * unit
    cut = " »" if value > LONGEST else ""
    return [f'<text x="{x + LABEL - 6}" y="{y + BAR - 2}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{x + LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="1.5"/>',
            f'<text class="note" x="{x + LABEL + length + 4:.1f}" y="{y + BAR - 2}">{value:.2f}{cut}</text>']


def panel(x, y, name, values):
    unit = (PANEL - LABEL - 56) / LONGEST
    parts = [f'<text class="title" x="{x + LABEL}" y="{y + 14}">{name}</text>']
    top = y + HEAD
    for row, (server, value) in enumerate(values):
        parts += bar(x, top + row * (BAR + GAP), server, value, unit)
    bottom = top + len(values) * (BAR + GAP)
    one = x + LABEL + unit
    parts.append(f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{top - 4}" y2="{bottom}"/>')
    return parts


def draw(figures, workloads, servers):
    """An SVG document, legible on a light and on a dark page."""
    panels = []
    for name in workloads:
        if catalog.WORKLOADS[name].kind == "idle":
            continue
        values = [(server, figures.ratio(name, server)) for server in servers]
        values = [(server, value) for server, value in values if value is not None]
        if values:
            panels.append((name, values))
    rows = [panels[i:i + COLUMNS] for i in range(0, len(panels), COLUMNS)]
    width = COLUMNS * PANEL + 2 * MARGIN
    y, parts = MARGIN + 36, []
    for row in rows:
        for column, (name, values) in enumerate(row):
            parts += panel(MARGIN + column * PANEL, y, name, values)
        y += HEAD + max(len(values) for _, values in row) * (BAR + GAP) + 14
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img">',
            "<title>Server CPU a message against plain C on libuv</title>", f"<style>{STYLE}</style>",
            f'<text class="title" x="{MARGIN}" y="{MARGIN + 8}">Server CPU a message, times that of plain C on libuv'
            " (less is better)</text>",
            f'<text class="note" x="{MARGIN}" y="{MARGIN + 24}">streams, protocol and lend are Fluvial\'s; what is'
            f" longer than {LONGEST:.0f} times is cut off</text>"]
    return "\n".join([*head, *parts, "</svg>", ""])

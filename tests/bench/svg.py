"""Bars and lines as SVG, with nothing but the standard library: the same figures give the same bytes."""

from html import escape
from math import ceil, floor, log10

FONT = "font-family='system-ui, sans-serif' font-size='13'"
INK, FAINT = "#1f2328", "#d0d7de"


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height, self.title = width, height, title
        self.parts = []

    def text(self, x, y, words, anchor="start", fill=INK, weight="normal"):
        self.parts.append(
            f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{fill}' font-weight='{weight}'>{escape(words)}</text>"
        )

    def box(self, x, y, width, height, fill):
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0.5):.1f}' height='{height:.1f}' fill='{fill}'/>")

    def line(self, points, stroke=FAINT, width=1.0):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f"<polyline points='{path}' fill='none' stroke='{stroke}' stroke-width='{width}'/>")

    def dot(self, x, y, fill):
        self.parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{fill}'/>")

    def save(self, file):
        head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}' width='{self.width}' role='img'>"
        title = f"<title>{escape(self.title)}</title><rect width='100%' height='100%' fill='white'/>"
        file.write_text(f"{head}{title}<g {FONT}>\n" + "\n".join(self.parts) + "\n</g></svg>\n")


def legend(picture, x, y, entries):
    for name, fill in entries:
        picture.box(x, y - 10, 12, 12, fill)
        picture.text(x + 17, y, name)
        x += 40 + 7.2 * len(name)


def bars(title, rows, unit, colours=None, label=250, width=820):
    """Horizontal bars; a row is (name, [(part, value)…], colour or None), or a heading where the second is None.

    `colours` names the parts of stacked bars; the sum stands behind each bar.
    """
    height = 64 + sum(26 if parts is not None else 34 for _, parts, _ in rows) + (24 if colours else 0)
    picture = Picture(width, height, title)
    picture.text(16, 26, title, weight="bold")
    y = 46
    if colours:
        legend(picture, 16, y + 4, colours.items())
        y += 24
    longest = max(sum(value for _, value in parts) for _, parts, _ in rows if parts is not None)
    scale = (width - label - 110) / longest
    for name, parts, colour in rows:
        if parts is None:
            picture.text(16, y + 24, name, weight="bold")
            y += 34
            continue
        picture.text(label - 8, y + 15, name, anchor="end")
        x = label
        for part, value in parts:
            picture.box(x, y + 2, value * scale, 18, colour or colours[part])
            x += value * scale
        picture.text(x + 6, y + 16, f"{short(sum(value for _, value in parts))} {unit}")
        y += 26
    return picture


def lines(title, series, x_title, y_title, width=820, height=380):
    """Lines over a logarithmic x axis from zero up; a series is (name, colour, [(x, y)…])."""
    picture = Picture(width, height, title)
    picture.text(16, 26, title, weight="bold")
    legend(picture, 16, 50, [(name, colour) for name, colour, _ in series])
    left, right, top, bottom = 76, width - 30, 76, height - 52
    xs = [x for _, _, points in series for x, _ in points]
    low, high = floor(log10(min(xs))), ceil(log10(max(xs)))
    step = nice(max(y for _, _, points in series for _, y in points) / 5)
    most = step * ceil(max(y for _, _, points in series for _, y in points) / step)

    def place(x, y):
        return left + (right - left) * (log10(x) - low) / max(high - low, 1), bottom - (bottom - top) * y / most

    for number in range(int(most / step) + 1):
        _, y = place(10**low, number * step)
        picture.line([(left, y), (right, y)])
        picture.text(left - 8, y + 4, short(number * step), anchor="end")
    for power in range(low, high + 1):
        x, _ = place(10**power, 0)
        picture.text(x, bottom + 20, f"{10**power:,}", anchor="middle")
    picture.text((left + right) / 2, height - 10, x_title, anchor="middle")
    picture.text(left, top - 10, y_title)
    for _, colour, points in series:
        placed = [place(x, y) for x, y in points]
        picture.line(placed, colour, 2.0)
        for x, y in placed:
            picture.dot(x, y, colour)
    return picture


def nice(step):
    """The next 1, 2 or 5 times a power of ten."""
    power = 10 ** floor(log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)


def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value else "0"

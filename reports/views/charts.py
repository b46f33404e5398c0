"""Lines through time as SVG: presentation attributes and classes only, a sign of its own for each line, gaps where data are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 420, 170
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 10, 22


@dataclass(frozen=True)
class ChartLine:
    """One line: its name, its values from old to new (None: no data), and its class, ``first`` or ``second``."""

    label: str
    values: Sequence[Fraction | None]
    tone: str


def line_chart(
    lines: Sequence[ChartLine],
    labels: Sequence[str],
    *,
    title: str,
    description: str,
    seams: Mapping[int, str],
    marks: Mapping[Fraction, str],
) -> SafeString:
    """Draw lines over places that lie equally far apart.

    ``labels``: under the places, empty ones are left out. ``seams``: upright lines before a place, with their meaning in
    words. ``marks``: heights with their labels; the highest is the top of the picture, and 0 its foot.
    """
    most = max(marks)
    across = (WIDTH - LEFT - RIGHT) / max(len(labels) - 1, 1)
    place_x = [round(LEFT + place * across, 1) for place in range(len(labels))]

    def height_y(value: Fraction) -> float:
        return round(HEIGHT - BOTTOM - float(min(value, most) / most) * (HEIGHT - TOP - BOTTOM), 1)

    grid = format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="scale" x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT, WIDTH - RIGHT, height_y(mark), height_y(mark), LEFT - 5, height_y(mark) + 4, label) for mark, label in marks.items()),
    )
    below = format_html_join(
        "",
        '<text class="scale" x="{}" y="{}" text-anchor="{}">{}</text>',
        (
            (place_x[place], HEIGHT - 6, "end" if place == len(labels) - 1 else "start" if place == 0 else "middle", label)
            for place, label in enumerate(labels)
            if label
        ),
    )
    seam_lines = format_html_join(
        "",
        '<g class="seam"><title>{}</title><line x1="{}" x2="{}" y1="{}" y2="{}"/></g>',
        ((words, *(2 * (place_x[place] - across / 2,)), TOP, HEIGHT - BOTTOM) for place, words in seams.items()),
    )
    drawn = SafeString(
        "".join(_line(line, place_x, [None if value is None else height_y(value) for value in line.values]) for line in lines)
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}{}{}{}</svg>',
        WIDTH, HEIGHT, f"{title}. {description}", title, description, grid, below, seam_lines, drawn,
    )  # fmt: skip


def _line(line: ChartLine, place_x: Sequence[float], heights: Sequence[float | None]) -> SafeString:
    points = [(x, y) for x, y in zip(place_x, heights, strict=True) if y is not None]
    if line.tone == "first":
        signs = format_html_join("", '<circle cx="{}" cy="{}" r="3"/>', points)
    else:
        signs = format_html_join(
            "", '<rect x="{}" y="{}" width="5" height="5"/>', ((round(x - 2.5, 1), round(y - 2.5, 1)) for x, y in points)
        )
    runs = format_html_join("", '<polyline points="{}"/>', ((" ".join(f"{x},{y}" for x, y in run),) for run in _runs(place_x, heights)))
    return format_html('<g class="line {}">{}{}</g>', line.tone, runs, signs)


def _runs(place_x: Sequence[float], heights: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """Stretches of places without a gap: what is not known is not drawn."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(place_x, heights, strict=True):
        if y is not None:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]

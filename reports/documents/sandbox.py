"""Templates that staff bring are run in a box: only fields, loops over lists, conditions and a few harmless filters.

Whatever a template says, it stops after so many rows and so much text: no report needs more.
"""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as USUAL
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS = ("upper", "lower", "capitalize", "length", "join", "first", "last", "default", "trim")
_COUNTED = "counted"
DEEPEST_LOOP = 3
MOST_ROUNDS = 50_000
MOST_TEXT = 12_000_000
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.For, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter,
)  # fmt: skip


class _Bounded(Template):
    """Stops as soon as the text of all templates of its box is longer than any paper."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        pieces = []
        for piece in self.generate(*args, **kwargs):
            self.environment.write(len(piece))  # type: ignore[attr-defined]  # of the box
            pieces.append(piece)
        return "".join(pieces)


class Box(ImmutableSandboxedEnvironment):
    """Runs the templates of one paper, and counts what they do together."""

    template_class = _Bounded

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=True)
        self.globals.clear()
        self.tests = {name: self.tests[name] for name in ("defined", "none")}
        self.filters = {name: self.filters[name] for name in FILTERS} | {"join": _join, _COUNTED: self._counted}
        # Shared with the overlays of the box.
        self._done = {"rounds": 0, "text": 0}

    def from_string(self, source: Any, *args: Any, **kwargs: Any) -> Template:
        """Read every template anew, also one that stands where nobody looked when the file was brought."""
        check(source)
        return super().from_string(source, *args, **kwargs)

    def write(self, length: int) -> None:
        self._done["text"] += length
        if self._done["text"] > MOST_TEXT:
            raise SecurityError(_("it makes far more text than a paper holds"))

    def go_round(self, rounds: int) -> None:
        """Count rows that a loop, or a row of a sheet, comes for."""
        self._done["rounds"] += rounds
        if self._done["rounds"] > MOST_ROUNDS:
            raise SecurityError(_("it goes through far more rows than a paper holds"))

    def _counted(self, rows: Any) -> Any:
        if not isinstance(rows, list):
            raise SecurityError(_("it loops over something that is no list"))
        self.go_round(len(rows))
        return rows

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """Let every loop be counted before it begins. A hook that jinja2 offers."""
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
        return super()._generate(source, *args, **kwargs)


@pass_eval_context
def _join(context: Any, rows: Any, between: str = "", attribute: str | None = None) -> Any:
    """The usual filter, for lists alone: texts joined with texts would grow without end."""
    if not isinstance(rows, list) or len(rows) * len(str(between)) > MOST_TEXT:
        raise SecurityError(_("only the rows of a list can be joined"))
    return USUAL["join"](context, rows, between, attribute)


def environment() -> Box:
    """Return the box: a field that is unknown is an error, and nothing can be called."""
    return Box()


_READER = Box()


def check(source: str) -> nodes.Template:
    """Read a template or one field of it. Raises ValidationError for what is broken, or does more than a template may."""
    try:
        tree = _READER.parse(source)
    except TemplateSyntaxError as error:
        raise ValidationError(_("it cannot be read: %(why)s"), code="syntax", params={"why": (error.message or "").rstrip(".")}) from error
    for node, depth in _nodes(tree, 0):
        if not isinstance(node, _ALLOWED):
            raise ValidationError(
                _("it does more than a template may (%(what)s): use only fields, {%% for %%} and {%% if %%}"),
                code="too-much",
                params={"what": type(node).__name__.lower()},
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ValidationError(_("there is no filter “%(name)s”"), code="filter", params={"name": node.name})
        if depth > DEEPEST_LOOP:
            raise ValidationError(_("loops stand too deep in each other"), code="too-deep")
    return tree


def _nodes(node: Any, depth: int) -> Iterator[tuple[Any, int]]:
    yield node, depth
    inside = depth + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from _nodes(child, inside)

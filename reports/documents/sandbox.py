"""Templates that staff bring are run in a box: only fields, loops over lists, conditions and a few harmless filters."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS = ("upper", "lower", "capitalize", "length", "join", "first", "last", "default", "trim")
DEEPEST_LOOP = 3
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.For, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter,
)  # fmt: skip


def environment() -> ImmutableSandboxedEnvironment:
    """Return the box: a field that is unknown is an error, and nothing can be called."""
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    made.globals.clear()
    made.tests = {name: made.tests[name] for name in ("defined", "none")}
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


def check(source: str) -> nodes.Template:
    """Read a template or one field of it. Raises ValidationError for what is broken, or does more than a template may."""
    try:
        tree = environment().parse(source)
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

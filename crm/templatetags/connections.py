"""Words of the pages about connections."""

from datetime import timedelta

from django import template
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def span(seconds: int | None) -> str:
    """A length of time in its largest unit: seconds, minutes, hours or days; a dash where none is known."""
    if seconds is None:
        return "—"
    length = timedelta(seconds=seconds)
    if length.days >= 2:
        return ngettext("%(n)s day", "%(n)s days", length.days) % {"n": length.days}
    if seconds >= 7200:
        return ngettext("%(n)s hour", "%(n)s hours", seconds // 3600) % {"n": seconds // 3600}
    if seconds >= 120:
        return ngettext("%(n)s minute", "%(n)s minutes", seconds // 60) % {"n": seconds // 60}
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}

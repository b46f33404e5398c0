"""The words that templates use: icons, signs of status, days, numbers and small pictures. See docs/design-system.md."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from heroicons.templatetags.heroicons import heroicon_outline

from crm.permissions import Permission

register = template.Library()

# One word, one sign, one colour on every page, so that a status is read without colour and without learning twice.
SIGNS: dict[str, tuple[str, str]] = {
    "covered": ("●", "good"),
    "due": ("◐", "due"),
    "never": ("○", "bad"),
    "overdue": ("▲", "bad"),
    "exempt": ("⊘", ""),
    "planned": ("◌", "plan"),
    "held": ("●", "good"),
    "draft": ("◌", ""),
    "cancelled": ("⊘", ""),
    "open": ("○", "plan"),
    "done": ("●", "good"),
    "dropped": ("⊘", ""),
    "active": ("●", "good"),
    "prospect": ("○", "plan"),
    "dormant": ("◐", "due"),
    "closed": ("⊘", ""),
    "unconfirmed": ("◐", "due"),
    "restricted": ("▲", "bad"),
    "archived": ("⊘", ""),
    "uploaded": ("○", ""),
    "checking": ("◐", "plan"),
    "checked": ("◌", "plan"),
    "queued": ("○", ""),
    "running": ("◐", "plan"),
    "failed": ("▲", "bad"),
    "preview": ("◌", "plan"),
    "applied": ("●", "good"),
    "undoing": ("◐", "plan"),
    "undone": ("⊘", ""),
    "network": ("●", ""),
    "unit": ("◐", ""),
    "occasion": ("★", ""),
    "ending": ("◧", "due"),
    "negotiated": ("◌", "plan"),
    "to_come": ("◔", "plan"),
    "in_force": ("●", "good"),
    "ended": ("⊘", ""),
    "ended_early": ("⊘", "due"),
    "reported": ("●", "good"),
    "declared": ("◌", ""),
    "silent": ("○", "bad"),
    "behind": ("▲", "bad"),
    "on_track": ("◐", "good"),
    "attained": ("●", "good"),
    "not_begun": ("○", ""),
    "under_way": ("◐", "plan"),
    "target": ("◧", "bad"),
    "red": ("▲", "bad"),
    "amber": ("◐", "due"),
    "on_time": ("●", "good"),
    "late": ("◐", "due"),
    "broken": ("⊘", "bad"),
    "in_progress": ("◐", "plan"),
    "paused": ("◐", "due"),
    "disabled": ("⊘", "bad"),
    "waiting": ("◌", "plan"),
    "delivered": ("●", "good"),
    "given_up": ("▲", "bad"),
}
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
BAND_TONES = {"close": "good", "kept": "", "thin": "due", "cold": "bad"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Heroicon in the size of the text; silent for screen readers unless it has a label."""
    return _drawn(name, str(label))


@lru_cache(maxsize=512)
def _drawn(name: str, label: str) -> SafeString:
    spoken = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return SafeString(heroicon_outline(name, size=20, **{"class": "icon", "focusable": "false"}, **spoken))


@register.simple_tag
def status(code: str, label: Any) -> SafeString:
    """A status as sign, colour and word."""
    sign, tone = SIGNS.get(str(code), ("○", ""))
    return format_html('<span class="status {}"><span class="sign" aria-hidden="true">{}</span>{}</span>', tone, sign, label)


@register.simple_tag
def sign(code: str) -> SafeString:
    """The sign of a status alone, where a list of signs beside it says what they mean."""
    shown, tone = SIGNS.get(str(code), ("○", ""))
    return format_html('<span class="status {}"><span class="sign" aria-hidden="true">{}</span></span>', tone, shown)


@register.simple_tag
def tag(label: Any, tone: str = "") -> SafeString:
    """A small marked word; ``tone`` is good, due, bad, plan or empty."""
    return format_html('<span class="tag {}">{}</span>', tone, label)


@register.simple_tag
def fact(label: Any, value: Any, empty: str = "") -> SafeString:
    """One line of a ``dl.facts``. Without a value nothing, or the text given as ``empty``."""
    if value in (None, ""):
        if not empty:
            return SafeString("")
        value = format_html('<span class="soft">{}</span>', empty)
    return format_html("<dt>{}</dt><dd>{}</dd>", label, value)


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """A day in the reader's form, readable for machines; a dash where there is none."""
    if value is None or value == "":
        return "—"
    value = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}" class="nowrap">{}</time>', value.isoformat(), date_format(value, "SHORT_DATE_FORMAT"))


@register.filter
def ago(value: date | datetime | None) -> str:
    """How far away a day is, in words: today, 3 days ago, in 2 months. Empty where there is none."""
    if not value:
        return ""
    value = timezone.localtime(value).date() if isinstance(value, datetime) else value
    days = (timezone.localdate() - value).days
    if days in (-1, 0, 1):
        return {0: _("today"), 1: _("yesterday"), -1: _("tomorrow")}[days]
    return _past(days) if days > 0 else _future(-days)


def _past(days: int) -> str:
    if days < 60:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    if days < 730:
        return ngettext("%(n)s month ago", "%(n)s months ago", days // 30) % {"n": days // 30}
    return ngettext("%(n)s year ago", "%(n)s years ago", days // 365) % {"n": days // 365}


def _future(days: int) -> str:
    if days < 60:
        return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    if days < 730:
        return ngettext("in %(n)s month", "in %(n)s months", days // 30) % {"n": days // 30}
    return ngettext("in %(n)s year", "in %(n)s years", days // 365) % {"n": days // 365}


@register.filter
def number(value: float | Decimal | None, decimals: int | None = None) -> str:
    """A number with the reader's separators; a dash where there is none, for no data is never 0."""
    return "—" if value is None else number_format(value, decimal_pos=decimals, force_grouping=True)


@register.filter
def signed(value: float | Decimal | None, decimals: int = 3) -> str:
    """A number that may go either way, always with its sign."""
    if value is None:
        return "—"
    exact = Decimal(value)
    return ("+" if exact > 0 else "−" if exact < 0 else "±") + number_format(abs(exact), decimal_pos=decimals)


@register.filter
def percent(share: float | Decimal | None) -> str:
    """A share between 0 and 1 as whole percent."""
    return "—" if share is None else f"{number_format(round(share * 100))}\N{NO-BREAK SPACE}%"


@register.filter
def capped(count: int, cap: int = 1000) -> str:
    """A count that was taken only up to ``cap`` + 1: 1 000+ where there are more."""
    return f"{number_format(cap, force_grouping=True)}+" if count > cap else number_format(count, force_grouping=True)


@register.filter
def same(left: Any, right: Any) -> str:
    """``true`` or ``false``, for aria attributes."""
    return "true" if left == right else "false"


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The entry of a mapping by a key that the template holds in a variable."""
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def active_theme(context: Context) -> str:
    """``light`` or ``dark`` as the reader chose; ``auto``, as the system says, without a valid choice or a request."""
    request = context.get("request")
    chosen = request.COOKIES.get(THEME_COOKIE) if request is not None else None
    return chosen if chosen in THEMES else "auto"


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str) -> bool:
    """Whether the signed-in account holds the permission."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and user.may(Permission(permission)))


@register.simple_tag
def form_fields(form: BaseForm) -> SafeString:
    """The error summary and all fields of a form, in the look of the product."""
    return form.render("crm/forms/form.html")


@register.simple_tag
def bar(value: float | None, maximum: float, label: str, tone: str = "") -> SafeString:
    """A horizontal bar as SVG, filled to value / maximum, with its meaning in words as ``label``."""
    share = min(max((value or 0) / maximum, 0), 1) if maximum else 0
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="ground" width="100" height="6"/><rect width="{}" height="6"/></svg>',
        tone,
        label,
        round(share * 100, 1),
    )


@register.simple_tag
def index_meter(index: float | Decimal | None, band: str = "", band_label: Any = "", size: str = "") -> SafeString:
    """The engagement index (0 to 100, one decimal) with its bar and band; ``no data`` where there is none."""
    if index is None:
        return format_html('<span class="soft">{}</span>', _("no data"))
    shown = number_format(index, decimal_pos=1)
    label = _("Engagement index %(index)s of 100") % {"index": shown}
    name = format_html('<span class="band-name">{}</span>', band_label) if band_label else ""
    picture = bar(float(index), 100, label, BAND_TONES.get(str(band), ""))
    return format_html('<span class="meter {}"><span class="value">{}</span>{}{}</span>', size, shown, picture, name)


@register.simple_tag
def sparkline(values: Sequence[float | None], label: str, maximum: float = 100) -> SafeString:
    """A line of values from old to new as SVG; gaps where there is no data."""
    step = 100 / max(len(values) - 1, 1)
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    points = [(round(place * step, 1), round(28 - 26 * min(value / maximum, 1), 1)) for place, value in known]
    if not points:
        return format_html('<span class="soft">{}</span>', _("no data"))
    line = format_html_join(" ", "{},{}", points)
    end_x, end_y = points[-1]
    return format_html(
        '<svg class="spark" viewBox="-2 0 106 30" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.4"/></svg>',
        label,
        line,
        end_x,
        end_y,
    )

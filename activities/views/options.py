"""What the boxes for picking a colleague, a unit or a province answer."""

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.generic import SignedInRequest
from crm.models import Field, Province, ProvinceName, Unit, User
from crm.permissions import Permission, requires
from crm.text import fold
from partners.views.options import SHOWN, show_options, words_of


@requires(Permission.EXCHANGE_VIEW)
def colleague_options(request: SignedInRequest) -> HttpResponse:
    """Colleagues by name, without marks and case; those of the reader's own units first."""
    words = fold(words_of(request)).split()
    own = set(User.objects.filter(memberships__unit__in=request.user.scope.unit_ids).values_list("pk", flat=True))
    people = User.objects.filter(is_active=True, is_program=False).order_by("full_name", "pk")
    found = [user for user in people if all(word in fold(f"{user.full_name} {user.username}") for word in words)]
    shown = sorted(found, key=lambda user: user.pk not in own)[:SHOWN]
    return show_options(request, ({"value": user.public_id, "label": str(user), "hint": ""} for user in shown))


@requires(Permission.EXCHANGE_VIEW)
def unit_options(request: SignedInRequest) -> HttpResponse:
    """Units that exist today, by any part of their names."""
    words = fold(words_of(request)).split()
    units = Unit.objects.on(timezone.localdate()).order_by("path")
    found = [unit for unit in units if all(word in fold(f"{unit.name_vi} {unit.name_en} {unit.short_name} {unit.code}") for word in words)]
    return show_options(request, ({"value": unit.public_id, "label": unit.name, "hint": unit.get_kind_display()} for unit in found[:SHOWN]))


@requires(Permission.EXCHANGE_VIEW)
def province_options(request: SignedInRequest) -> HttpResponse:
    """Provinces by any of their names, today's first; a former one says until when it existed."""
    found = Province.objects.all()
    for word in fold(words_of(request)).split():
        found = found.filter(pk__in=ProvinceName.objects.filter(folded__contains=word).values("province"))
    today = timezone.localdate()
    shown = sorted(found, key=lambda province: (province.valid_to is not None and province.valid_to <= today, province.sort_key))[:SHOWN]
    return show_options(request, ({"value": province.slug, "label": province.name, "hint": _years(province)} for province in shown))


def _years(province: Province) -> str:
    if province.valid_to is None:
        return ""
    return _("until %(day)s") % {"day": date_format(province.valid_to, "SHORT_DATE_FORMAT")}


@requires(Permission.EXCHANGE_VIEW)
def field_options(request: SignedInRequest) -> HttpResponse:
    """Fields of cooperation by any part of their labels, without marks and case."""
    words = fold(words_of(request)).split()
    today = timezone.localdate()
    offered = Field.objects.select_related("parent").filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today)).order_by("bit")
    found = [field for field in offered if all(word in fold(f"{field.label_vi} {field.label_en}") for word in words)]
    return show_options(request, ({"value": field.code, "label": field.label, "hint": str(field.parent or "")} for field in found[:SHOWN]))

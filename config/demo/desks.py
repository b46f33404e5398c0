"""What lies on the desks: lists kept under a name, and lines typed in a hurry that became no exchange yet."""

import re
from datetime import date, timedelta

from activities.models import ExchangeDraft
from config.demo.accounts import Colleagues
from config.demo.surroundings import Surroundings
from config.demo.tables import document, rows_of
from crm.actions.records import save_record
from crm.models import SavedView, ViewPin, ViewSubscription

DAYS_BEFORE = re.compile(r"\{days:(\d+)\}")


def make_desks(around: Surroundings) -> None:
    """Make the views of ``saved_views.toml`` and the drafts of ``drafts.csv``."""
    _make_views(around)
    _make_drafts(around.colleagues)


def _make_views(around: Surroundings) -> None:
    accounts = around.colleagues.by_username
    for row in document("saved_views.toml")["view"]:
        view = SavedView(
            noun=row["noun"],
            name=row["name"],
            query=_dated(row["query"], around.today),
            order=row["order"],
            audience=row["audience"],
            unit=around.units[row["unit"]] if "unit" in row else None,
        )
        save_record(view, by=accounts[row["by"]])
        ViewPin.objects.bulk_create(ViewPin(user=accounts[name], view=view) for name in row.get("pinned_by", []))
        ViewSubscription.objects.bulk_create(ViewSubscription(user=accounts[name], view=view) for name in row.get("subscribed_by", []))


def _dated(query: str, today: date) -> str:
    """Write days in place of ``{days:n}``, n days before today."""
    return DAYS_BEFORE.sub(lambda found: (today - timedelta(days=int(found[1]))).isoformat(), query)


def _make_drafts(colleagues: Colleagues) -> None:
    ExchangeDraft.objects.bulk_create(
        ExchangeDraft(user=colleagues.by_username[row["username"]], text=row["text"]) for row in rows_of("drafts.csv")
    )

"""The four addresses of a noun that offices write by their own keys: its keys, many rows, a file, and one row."""

from typing import Any

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from crm.api.batches import BatchView
from crm.api.push_job_views import PushJobsView
from crm.api.source_views import SourceListView, SourceView
from crm.api.source_words import SourceNoun


class AnyTextConverter(StringConverter):
    """What is left of an address, whatever characters it holds: line breaks too, so that they are refused as the API refuses."""

    regex = "(?s:.+)"


register_converter(AnyTextConverter, "any")


def source_paths(noun: SourceNoun) -> list[URLPattern]:
    """The addresses below ``sources/{unit}/{noun}/``. Keys come last: what stands beside them goes before."""
    single = _view_of(SourceView, noun)
    below, name = f"sources/<str:unit>/{noun.name}", f"{noun.noun}-source"
    return [
        path(f"{below}/", _view_of(SourceListView, noun).as_view(), name=f"{name}-list"),
        path(f"{below}/batch/", _view_of(BatchView, noun, single=single).as_view(), name=f"{name}-batch"),
        path(f"{below}/jobs/", _view_of(PushJobsView, noun, single=single).as_view(), name=f"{name}-jobs"),
        path(f"{below}/<any:external_id>/", single.as_view(), name=name),
    ]


def _view_of(view: Any, noun: SourceNoun, **more: Any) -> Any:
    """The view for one noun, under a name of its own; its docstring goes along, since the description tells it."""
    rights = {"permission": noun.permission, "write_permission": noun.write_permission}
    return type(f"{noun.noun.capitalize()}{view.__name__}", (view,), {"__doc__": view.__doc__, "noun": noun, **rights, **more})

"""The views that the API of each app is made of: lists and single records, written through the actions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from crm.actions.audit import trace_readings
from crm.actions.differences import changed_since
from crm.api.filters import refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.preconditions import ANY, etag_of, hold_match, read_tags, stale
from crm.api.problems import KINDS
from crm.api.serializers import StrictSerializer
from crm.models import User
from crm.models.records import Record
from crm.permissions import Permission


class ReferenceViewSet(OfficeView, GenericViewSet):
    """Reference rows: a list and single rows, for reading.

    ``order`` is the keyset of the list; ``serializer_class`` the representation.
    """

    permission = Permission.REFERENCE_VIEW
    order: ClassVar[tuple[str, ...]]
    http_method_names = ["get", "head", "options"]

    @property
    def account(self) -> User:
        """The account that calls; the permission has been checked, so it is nobody anonymous."""
        return cast("User", self.request.user)

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        self.complete(rows)
        trace_readings(rows, by=self.account, request=request)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def retrieve(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, self.extra_parameters)
        row = self.get_object()
        self.complete([row])
        return Response(self.get_serializer(row).data)

    def complete(self, rows: Sequence[Any]) -> None:
        """Put on the rows of one page what the representation needs and the queryset did not bring."""

    def get_object(self) -> Any:
        row = self.get_queryset().filter(**{self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}).first()
        if row is None:
            raise NotFound
        return row


class RecordViewSet(ReferenceViewSet):
    """Records that people write: read as far as the account may see, written through the noun's actions.

    A subclass says which rows there are (``get_queryset``, always ``visible_to`` the account, with all that the
    representation needs), ``input_class`` the body, and ``store``, ``archive_record`` and ``restore_record`` the actions.
    """

    write_permission: ClassVar[Permission]
    input_class: ClassVar[type[serializers.Serializer]]
    model: ClassVar[type[Record]]
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    http_method_names = ["get", "head", "options", "post", "patch"]
    matching = {"partial_update": True, "archive": True, "restore": True}
    # Rows that hang on the record and stand in its representation: name there → (model, its foreign key to the record).
    versioned_parts: ClassVar[Mapping[str, tuple[type[Model], str]]] = {}
    # Columns that the representation calls otherwise.
    told_as: ClassVar[Mapping[str, str]] = {"archived_at": "archived"}

    def store(self, record: Any, given: dict[str, Any]) -> None:
        """Put what the body gave onto the record, new or stored, and call the action."""
        raise NotImplementedError

    def archive_record(self, record: Any) -> None:
        raise NotImplementedError

    def restore_record(self, record: Any) -> None:
        raise NotImplementedError

    def retrieve(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, self.extra_parameters)
        record = self.get_object()
        if record.is_archived and (survivor := getattr(record, "merged_into", None)) is not None:
            return self.lead_to(request, record, survivor)
        trace_readings([record], by=self.account, request=request)
        return self.respond(record)

    def lead_to(self, request: Request, record: Any, survivor: Any) -> Response:
        """Answer for a record that was merged: 307 to the survivor, since the merge may be taken apart again."""
        location = request.build_absolute_uri(reverse(f"api:{self.basename}-detail", args=[survivor.public_id]))
        body = {"id": str(record.public_id), "merged_into": str(survivor.public_id)}
        return Response(body, status=status.HTTP_307_TEMPORARY_REDIRECT, headers={"Location": location})

    def create(self, request: Request) -> Response:
        record = self.model()
        self.store(record, self.read_body())
        stored = self.get_queryset().get(pk=record.pk)
        location = request.build_absolute_uri(reverse(f"api:{self.basename}-detail", args=[stored.public_id]))
        return self.respond(stored, status=status.HTTP_201_CREATED, headers={"Location": location})

    def partial_update(self, request: Request, **key: Any) -> Response:
        record = self.get_matching()
        given = self.read_body(changing=record)
        if given:
            with self.held(record):
                self.store(record, given)
        return self.respond(self.get_object())

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, **key: Any) -> Response:
        record = self.get_matching()
        self.refuse_body()
        with self.held(record):
            self.archive_record(record)
        return self.respond(self.get_object())

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, **key: Any) -> Response:
        record = self.get_matching()
        self.refuse_body()
        with self.held(record):
            self.restore_record(record)
        return self.respond(self.get_object())

    def get_matching(self) -> Any:
        """Return the record of the address for changing it, where If-Match names its revision."""
        record = self.get_editable()
        hold_match(self.request, record.revision, current=self.represent_stored, differs=self.names_changed_since)
        return record

    @contextmanager
    def held(self, record: Record) -> Iterator[None]:
        """Say the same to whom another overtook between reading the record and storing it as to whom he overtook before."""
        try:
            yield
        except ValidationError as error:
            if getattr(error, "code", None) != "changed-meanwhile" or read_tags(self.request) == [ANY]:
                raise
            stands = self.get_object().revision
            raise stale(self.request, stands, current=self.represent_stored, differs=self.names_changed_since) from error

    def represent_stored(self) -> dict[str, Any]:
        """The representation that stands."""
        record = self.get_object()
        self.complete([record])
        return dict(self.get_serializer(record).data)

    def names_changed_since(self, revision: int) -> list[str] | None:
        """Names of the representation whose stored values differ from those of the revision; None where it never was."""
        record = self.model._default_manager.get(public_id=self.kwargs["public_id"])
        changed = changed_since(record, revision, parts=self.versioned_parts)
        if changed is None:
            return None
        told = {self.told_as.get(name, name) for name in changed}
        return sorted(told.intersection(cast("Any", self.get_serializer()).fields))

    def get_editable(self) -> Any:
        """Return the record of the address, as stored, for changing it: 404 where it is not visible, 403 where it may not be changed."""
        editable = self.model.objects.editable_by(self.account)  # type: ignore[attr-defined]  # every noun's queryset has it
        record = editable.filter(public_id=self.kwargs["public_id"]).first()
        if record is None:
            self.get_object()
            raise PermissionDenied
        return record

    def read_body(self, *, changing: Record | None = None) -> dict[str, Any]:
        """Return what the body gives: a whole new record, or what changes of the one stored. Raises ValidationError and its like."""
        if self.request.stream is None:
            raise ParseError(str(KINDS["malformed-body"].detail))
        body = self.input_class(changing, data=self.request.data, partial=changing is not None, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def refuse_body(self) -> None:
        """What is done by the address alone takes neither parameters nor fields: nothing, or an object without names."""
        if self.request.stream is not None:
            StrictSerializer(data=self.request.data).is_valid(raise_exception=True)

    def respond(self, record: Record, **kwargs: Any) -> Response:
        self.complete([record])
        response = Response(self.get_serializer(record).data, **kwargs)
        response["ETag"] = etag_of(record.revision)
        return response


class UnknownAddress(OfficeView):
    """Any address of the API that is none: 404 as problem details rather than a page."""

    permission = Permission.SIGNED_IN
    write_permission = Permission.SIGNED_IN
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound


def set_values(record: Model, values: dict[str, Any]) -> None:
    """Put plain values onto the record's columns."""
    for name, value in values.items():
        setattr(record, name, value)

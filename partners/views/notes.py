from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import trace_readings
from crm.generic import ArchiveView, CreateView, Question, UpdateView
from crm.permissions import Permission
from partners.actions.notes import archive_note
from partners.forms.notes import PersonNoteForm
from partners.models import Person, PersonNote


class NoteCreate(CreateView):
    """A note on the person that the address names; who may see the person may keep notes for the own unit."""

    permission = Permission.PERSON_EDIT
    model = PersonNote
    template_name = "partners/note_form.html"
    form_class = PersonNoteForm
    success_message = _("The note is kept.")

    @cached_property
    def person(self) -> Person:
        return get_object_or_404(Person.objects.visible_to(self.request.user), public_id=self.kwargs["public_id"])

    def get_form_arguments(self) -> dict[str, Any]:
        return {"instance": PersonNote(person=self.person)}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"person": self.person}

    def get_success_url(self) -> str:
        return self.person.get_absolute_url()


class NoteEdit(UpdateView):
    permission = Permission.PERSON_EDIT
    model = PersonNote
    template_name = "partners/note_form.html"
    form_class = PersonNoteForm

    def get_queryset(self) -> QuerySet[PersonNote]:
        rows: QuerySet[PersonNote] = super().get_queryset()
        return rows.filter(archived_at=None).select_related("person")

    def get_object(self) -> PersonNote:
        note: PersonNote = super().get_object()
        trace_readings([note], by=self.request.user, request=self.request)
        return note

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"person": self.object.person}

    def get_success_url(self) -> str:
        address: str = self.object.person.get_absolute_url()
        return address


class NoteArchive(ArchiveView):
    permission = Permission.PERSON_EDIT
    model = PersonNote
    action = staticmethod(archive_note)  # type: ignore[assignment]  # takes its own noun, not any record
    success_message = _("Archived")
    question = Question(_("Archive this note?"), _("It goes off the person's page. The history keeps it."), _("Archive"))

    def get_queryset(self) -> QuerySet[PersonNote]:
        rows: QuerySet[PersonNote] = super().get_queryset()
        return rows.filter(archived_at=None).select_related("person")

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"object": self.object.person}

    def get_success_url(self) -> str:
        address: str = self.object.person.get_absolute_url()
        return address

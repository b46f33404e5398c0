from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.generic import ActionView, FormView, Question
from crm.permissions import Permission
from partners.actions.consent import keep_the_least
from partners.forms.succession import SuccessionForm
from partners.models import Person, Post
from partners.views.people import trace_reading


class PostSuccession(FormView):
    """End a post and name the successor in one form."""

    permission = Permission.PERSON_EDIT
    model = Post
    template_name = "partners/succession_form.html"
    form_class = SuccessionForm
    success_message = _("The post is handed over.")

    @cached_property
    def post_held(self) -> Post:
        posts = Post.objects.live().filter(person__in=Person.objects.editable_by(self.request.user))
        post: Post = get_object_or_404(posts.select_related("person__country", "partner"), public_id=self.kwargs["public_id"])
        return post

    def get_form_arguments(self) -> dict[str, Any]:
        return {"post": self.post_held}

    def get_context(self, **context: Any) -> dict[str, Any]:
        trace_reading(self.post_held.person, self.request)
        return super().get_context(**context) | {"held": self.post_held, "person": self.post_held.person}

    def get_success_url(self) -> str:
        address: str = self.object.person.get_absolute_url()
        return address


class ConsentWithdraw(ActionView):
    """A person withdraws consent: what is not published is erased."""

    permission = Permission.PERSON_EDIT
    model = Person
    action = staticmethod(keep_the_least)
    success_message = _("Contact data and notes are erased.")
    question = Question(
        _("Note that consent is withdrawn, and erase contact data?"),
        _(
            "E-mail, phone, languages, protocol notes and all notes on this person are erased, also in earlier versions. "
            "This is final: nobody can bring them back. The name, the posts and the exchanges stay."
        ),
        _("Erase for good"),
    )

    def get_object(self) -> Person:
        person = trace_reading(super().get_object(), self.request)
        if person.is_archived and person.merged_into_id:
            raise Http404
        return person

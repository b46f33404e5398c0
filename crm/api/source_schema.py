"""The description of the addresses by the offices' own keys: names of operations, bodies of each noun, what each row may tell."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from crm.api.pagination import MOST_ROWS, PAGE_SIZE
from crm.api.schema import ProblemAwareSchema


class SourceSchema(ProblemAwareSchema):
    """``exchange_source_put``, ``exchange_source_batch`` …: the view says what is done here, the noun with what."""

    def get_operation_id(self) -> str:
        return f"{self.view.noun.noun}_source_{self._done}"

    def get_summary(self) -> str:
        summary: str = self.view.summaries[self._done]
        return summary % {"noun": self.view.noun.noun}

    @property
    def _done(self) -> str:
        name: str = self.view.does[self.method.lower()]
        return name

    def get_request_serializer(self) -> Any:
        return self.view.body_class() if self.method in ("POST", "PUT") else None

    def get_response_serializers(self) -> Any:
        return dict.fromkeys(self.view.codes[self._done], self.view.answers[self._done])

    def get_override_parameters(self) -> list[Any]:
        parameters = super().get_override_parameters()
        if self._done == "list":
            parameters += [
                OpenApiParameter("cursor", str, description="Where the page begins. Follow `next` and `previous` as they are."),
                OpenApiParameter(
                    "limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_SIZE}, description="Rows on a page."
                ),
                OpenApiParameter("count", str, enum=["exact"], description="`exact` adds `count`, at the cost of a second query."),
            ]
        if self.method == "DELETE":
            parameters.append(OpenApiParameter("version", int, description="The version of the row at the source when it was deleted."))
            parameters.append(OpenApiParameter("changed_at", str, description="When it was deleted at the source, instead of a version."))
        return parameters

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _problem_codes(self) -> tuple[str, ...]:
        codes = super()._problem_codes()
        return (*codes, "ambiguous-match", "changed-on-both-sides") if self.method == "PUT" else codes

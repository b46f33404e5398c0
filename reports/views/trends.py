from django.http import HttpResponse
from django.views.decorators.http import require_safe

from crm.generic import SignedInRequest
from crm.permissions import Permission, requires


@require_safe
@requires(Permission.COVERAGE_VIEW)
def trends(request: SignedInRequest) -> HttpResponse:
    return HttpResponse()

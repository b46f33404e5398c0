"""Whether this process can do its work, for load balancers and containers."""

import logging
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm.permissions import Permission, requires

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
@never_cache
@requires(Permission.PUBLIC)
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database and cache work, and 503 naming the one that does not; why is in the log only."""
    works = {"database": _works(_ask_database), "cache": _works(_ask_cache)}
    if all(works.values()):
        return JsonResponse({"status": "ok", **works})
    return JsonResponse({"status": "failing", **works}, status=503)


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # Each backend has failures of its own, and every one of them means the same here.
        logger.exception("Health check failed")
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    cache.get("health")

"""How long answers are kept for programs that repeat themselves."""

from datetime import timedelta

from django.utils import timezone

from crm.models import StoredAnswer

KEPT_FOR = timedelta(days=7)


def thin_stored_answers() -> int:
    """Remove answers that are no longer given again; return how many."""
    return StoredAnswer.objects.filter(at__lte=timezone.now() - KEPT_FOR).delete()[0]

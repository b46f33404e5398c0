"""Tasks that only the worker of the tests knows."""

from celery import shared_task
from django.contrib.auth.models import Group


@shared_task
def leave_a_group(name: str) -> None:
    """Leave a row that shows the worker was here, on the database of the test."""
    Group.objects.create(name=name)

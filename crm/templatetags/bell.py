"""The bell in the masthead."""

from typing import Any

from django import template
from django.template import Context

from crm.models import Notification

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_notifications(context: Context) -> int:
    """How many lines the signed-in account has not read yet; 0 for strangers and on pages made without a request."""
    user: Any = getattr(context.get("request"), "user", None)
    return Notification.objects.visible_to(user).unread().count() if user is not None and user.is_authenticated else 0

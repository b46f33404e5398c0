from django import template
from django.conf import settings

register = template.Library()


@register.inclusion_tag("crm/components/sandbox.html")
def sandbox_banner() -> dict[str, bool]:
    """Says over every page that this is the sandbox; nothing on the real site. Needs no context, so errors show it too."""
    return {"sandbox": settings.SANDBOX}

"""What people choose for themselves."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.choices import DigestRhythm
from crm.models import User

CHOSEN_BY_ONESELF = ("language", "digest", "single_key_shortcuts")


@transaction.atomic
def save_preferences(account: User, *, by: User) -> User:
    """Save language, e-mail digest and shortcuts of the account, which only its owner chooses.

    Raises ValidationError for a digest where the account has no address.
    """
    if account.pk != by.pk:
        raise ValidationError(_("Everybody chooses only for themselves."), code="not-allowed")
    if account.digest != DigestRhythm.NEVER and not account.email:
        message = _("This account has no e-mail address yet. Ask the administrator to enter one.")
        raise ValidationError({"digest": ValidationError(message, code="no-address")})
    account.full_clean(exclude={field.name for field in User._meta.fields} - set(CHOSEN_BY_ONESELF), validate_unique=False)
    account._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    account.save(update_fields=CHOSEN_BY_ONESELF)
    return account

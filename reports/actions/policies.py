from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from activities.choices import merit_code
from crm.models import Tier, User
from reports.actions.policy_files import PolicyFile
from reports.metrics.weights import weight_of_age
from reports.models import PolicyCadence, PolicyPoints, PolicyVersion, PolicyWeight


@transaction.atomic
def load_policy(text: str, *, by: User | None = None) -> tuple[PolicyVersion, bool]:
    """Load a policy version from the text of its file; return it and whether it is new.

    To load one, we also expand it into its points (42 rows), its weights (one row a day of the window) and its
    cadences. A version is immutable: the same content again changes nothing, and a code that stands for other
    content is refused, so that no old figure is ever rewritten. ``by``: who approved it here. Raises ValidationError.
    """
    file = PolicyFile(text)
    values = file.values()
    existing = PolicyVersion.objects.filter(code=values["code"]).first()
    if existing is not None and existing.content_sha256 == file.sha256:
        # Versions loaded before their file was kept get it now; it means what they are.
        PolicyVersion.objects.filter(pk=existing.pk, source="").update(source=text)
        return existing, False
    if existing is not None:
        raise ValidationError(
            _("Policy version %(code)s is loaded already with other content, and never changes. Give the new one its own code."),
            code="policy-immutable",
            params={"code": existing.code},
        )
    policy = PolicyVersion(**values, content_sha256=file.sha256, source=text, approved_by=by)
    policy.full_clean()
    policy.save()
    _expand(policy, file)
    return policy, True


def _expand(policy: PolicyVersion, file: PolicyFile) -> None:
    PolicyPoints.objects.bulk_create(
        PolicyPoints(
            policy=policy, merit=merit_code(points_class, level, one_sided=one_sided), points_class=points_class, hundredths=hundredths
        )
        for points_class, level, one_sided, hundredths in file.points()
    )
    PolicyWeight.objects.bulk_create(
        PolicyWeight(policy=policy, age=age, billionths=weight_of_age(age, policy.half_life_days)) for age in range(policy.window_days)
    )
    cadences = file.cadences()
    tiers = {tier.code: tier for tier in Tier.objects.filter(code__in=cadences)}
    if unknown := sorted(cadences.keys() - tiers.keys()):
        raise ValidationError(
            _("There is no tier %(codes)s. Load the reference data first (sync_reference_data), or correct the code."),
            code="unknown-tier",
            params={"codes": ", ".join(unknown)},
        )
    PolicyCadence.objects.bulk_create(PolicyCadence(policy=policy, tier=tiers[code], **asked) for code, asked in cadences.items())

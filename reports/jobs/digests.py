"""The weekly digest as a job: made for everybody who wants it, then mailed. What a mail server did not take goes with the next try."""

from datetime import date

from django.core.mail import get_connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import progress, run_again, start_job
from crm.choices import JobState
from crm.models import JobRun
from reports.actions.digests import make_digest, send_digests, subscriptions, week_of

DIGESTS = "reports.weekly_digest"


class MailNotTakenError(Exception):
    """Some digests wait for a mail server that answers."""


def start_digests(today: date) -> JobRun:
    """Ask for the digests of the week; asked for again, what could not be mailed is tried once more."""
    run = start_job(DIGESTS, key=week_of(today).isoformat())
    if run.state == JobState.FAILED:
        run_again(run, by=None)
    return run


@job_kind(DIGESTS, gettext_lazy("Weekly digests"))
def make_and_mail(run: JobRun) -> Result:
    wanted, today = subscriptions(), timezone.localdate()
    for number, subscription in enumerate(wanted, 1):
        make_digest(subscription, today)
        progress(run, number, total=len(wanted))
    sent, failed = send_digests(week_of(today), mail=get_connection())
    if failed:
        message = _("The mail server did not take %(failed)s digests. They wait, and go with the next try; %(sent)s were sent.")
        raise MailNotTakenError(message % {"failed": failed, "sent": sent})
    return {"digests": len(wanted), "mailed": sent}

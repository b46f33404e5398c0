"""Where the demonstration must not be loaded by mistake."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from config.demo.loading import Loaded
from config.management.commands import load_demo
from crm.models import User
from partners.models import Partner
from tests.factories import make_partner, make_user

pytestmark = pytest.mark.django_db


def test_beside_real_partners_it_is_refused(reference_data: None) -> None:
    make_partner()
    with pytest.raises(CommandError, match="NO_DEMO=1"):
        call_command("load_demo")
    assert not Partner.objects.filter(is_demo=True).exists()


def test_beside_real_partners_it_loads_when_forced(reference_data: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_partner()
    days: list[date] = []

    def load(today: date) -> Loaded:
        days.append(today)
        return Loaded(partners=0, people=0, exchanges=0, follow_ups=0)

    monkeypatch.setattr(load_demo, "load", load)
    call_command("load_demo", "--force")
    assert days == [timezone.localdate()]


def test_on_a_site_served_over_https_it_is_refused(reference_data: None, settings: Settings) -> None:
    settings.HTTPS = True
    with pytest.raises(CommandError, match="--force"):
        call_command("load_demo")


def test_a_sign_in_name_that_somebody_real_has_is_left_alone(reference_data: None) -> None:
    make_user("can-bo", full_name="Somebody real")
    with pytest.raises(CommandError, match="can-bo"):
        call_command("load_demo")
    assert User.objects.get(username="can-bo").full_name == "Somebody real"
    assert not Partner.objects.exists()

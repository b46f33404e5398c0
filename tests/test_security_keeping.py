"""What must stay with its owner: tokens of a secret that was replaced, and the files of the site."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.bootstrap.places import var_dir
from crm.actions.offices import renew_secret
from crm.models import User
from tests.api.caller import Caller, ask_token, make_credential


@pytest.mark.django_db
def test_a_new_secret_ends_the_tokens_of_the_old_one(an: User, chau: User, son: User) -> None:
    credential = make_credential(an, expires_on=timezone.localdate() + timedelta(days=90))
    caller = Caller(token=ask_token(credential).json()["access_token"])
    other = Caller(token=ask_token(make_credential(chau)).json()["access_token"])
    assert caller.get("/tiers/", limit=1).status_code == 200
    secret = renew_secret(credential, by=son)
    assert caller.get("/tiers/", limit=1).status_code == 401
    assert other.get("/tiers/", limit=1).status_code == 200
    assert ask_token(credential, secret=secret).status_code == 200


def test_the_folder_of_the_site_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "site"))
    assert var_dir().stat().st_mode & 0o777 == 0o700

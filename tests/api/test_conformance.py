"""The scenarios that offices run against a test server, run by us against the site as it is served: every one passes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bed.own_site import Office, OwnSite

CLIENT = Path(__file__).parents[2] / "clients" / "python"
UNIT = "PU-40"
# A credential that has ended; two partners that became one.
_PREPARE = """
import datetime, json
from crm.actions.offices import issue_credential
from crm.choices import Role
from crm.models import Country, Membership, OfficeClient, Unit, User
from partners.actions.merges import merge_partners
from partners.actions.partners import save_partner
from partners.models import Partner, PartnerKind
by = User.objects.get(username="quan-tri-thu")
today = datetime.date.today()
client = OfficeClient(name="Đã hết hạn", unit=Unit.objects.get(code="PU-40"), expires_on=today + datetime.timedelta(days=30))
secret = issue_credential(client, role=Role.OFFICER, by=by)
OfficeClient.objects.filter(pk=client.pk).update(expires_on=today)
centre = User.objects.create(username="thu-ky-thu", full_name="Thư ký thử")
Membership.objects.create(user=centre, unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)
kind, country = PartnerKind.objects.get(code="FOREIGN_NGO"), Country.objects.get(alpha2="LA")
kept, merged = (
    save_partner(Partner(name=name, kind=kind, country=country), by=centre) for name in ("Quỹ Hoa Sen", "Quỹ Sen Hoa")
)
merge_partners(kept, merged, by=centre)
print(json.dumps([client.client_id, secret, str(merged.public_id)]))
"""


@pytest.fixture(scope="module")
def site(own_site: OwnSite) -> OwnSite:
    """A test server as an office meets it: gunicorn, PostgreSQL, Redis and a worker."""
    own_site.fresh("conformance")
    own_site.start_worker()
    return own_site


def run(site: OwnSite, office: Office, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nhip_cau_client.conformance", "--url", site.address, "--unit", office.unit]
    credential = ["--client-id", office.client_id, "--client-secret", office.client_secret]
    return subprocess.run([*command, *credential, *more], cwd=CLIENT, capture_output=True, text=True, timeout=900, check=False)


def test_every_scenario_passes_and_nothing_is_left_behind(site: OwnSite) -> None:
    client_id, secret, merged_id = json.loads(site.run_python(_PREPARE).splitlines()[-1])
    done = run(site, site.offices[UNIT], "--quick", "--expired-client", f"{client_id}:{secret}", "--merged-id", merged_id)
    assert done.returncode == 0, done.stdout + done.stderr
    passed, of = map(int, re.findall(r"passes (\d+) of (\d+)$", done.stdout, re.MULTILINE)[0])
    assert passed == of >= 60
    assert site.rows("SELECT count(*) FROM activities_exchange WHERE archived_at IS NULL") == [(0,)]
    assert site.rows("SELECT name FROM partners_partner WHERE archived_at IS NULL") == [("Quỹ Hoa Sen",)]


def test_a_server_that_breaks_a_promise_fails(site: OwnSite) -> None:
    nobody = Office(UNIT, site.offices[UNIT].client_id, "not the secret")
    done = run(site, nobody, "--only", "a row that is put twice")
    assert done.returncode == 1
    assert "FAILED  repeat" in done.stdout
    assert "passes 0 of 1" in done.stdout

"""Two offices and the centre change one partner at once: every accepted word stands, every other is told why."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.bed.own_site import OwnSite
from tests.faults.province import Item, Pusher

ROUNDS = 25
PARTNER = {"name": "Hội Hữu nghị Lào - Việt Nam tỉnh Xiêng Khoảng", "kind": "FRIENDSHIP_ASSOCIATION", "country": "LA"}
LEAD, OTHER, CENTRE = "PU-40", "PU-14", "VUFO"


def body(version: int, **data: object) -> Item:
    return {"version": version, "data": {**PARTNER, **data}}


def test_two_offices_and_the_centre_change_one_partner_at_once(own_site: OwnSite) -> None:
    own_site.fresh("three_writers")
    with ExitStack() as lines:
        _change_at_once(own_site, *(lines.enter_context(Pusher(own_site, unit, tries=5)) for unit in (LEAD, OTHER, CENTRE)))


def _change_at_once(own_site: OwnSite, lead: Pusher, other: Pusher, centre: Pusher) -> None:
    made = lead.send("PUT", f"/sources/{LEAD}/partners/XK-1/", body(1, city="Phôn-sa-vẳn 0"))
    assert (made.status_code, made.json()["result"]) == (201, "created")
    address = f"/partners/{made.json()['id']}/"
    linked = other.send("PUT", f"/sources/{OTHER}/partners/14-7/", body(1))
    assert (linked.json()["result"], linked.json()["id"]) == ("linked", made.json()["id"])

    def by_lead() -> list[int]:
        answers = [lead.send("PUT", f"/sources/{LEAD}/partners/XK-1/", body(n + 1, city=f"Phôn-sa-vẳn {n}")) for n in range(1, ROUNDS + 1)]
        return [answer.status_code for answer in answers]

    def by_other() -> list[int]:
        answers = [other.send("PUT", f"/sources/{OTHER}/partners/14-7/", body(n + 1, founded_year=1950 + n)) for n in range(1, ROUNDS + 1)]
        return [answer.status_code for answer in answers]

    def by_centre() -> int:
        """Read, change and send again where somebody came between; return how often that was."""
        late = 0
        for n in range(1, ROUNDS + 1):
            while True:
                read = centre.client.get(address)
                said = {"website": f"https://example.org/{n}"}
                answer = centre.client.patch(address, json=said, headers={"If-Match": read.headers["ETag"]})
                if answer.status_code == 200:
                    break
                assert answer.status_code in (409, 412), answer.text
                late += 1
        return late

    with ThreadPoolExecutor(3) as writers:
        of_lead, of_other = writers.submit(by_lead), writers.submit(by_other)
        of_centre = writers.submit(by_centre)
        assert set(of_lead.result()) == {200}
        assert set(of_other.result()) <= {200, 202}
        late = of_centre.result()

    stands = centre.client.get(address).json()
    assert (stands["city"], stands["website"]) == (f"Phôn-sa-vẳn {ROUNDS}", f"https://example.org/{ROUNDS}")
    assert stands["founded_year"] is None, "a unit that does not lead proposes; it does not write"
    # Each accepted change is one revision, none written over another: that of making it, and two series.
    assert stands["revision"] == 1 + 2 * ROUNDS, f"{late} times late"
    versions = own_site.rows("SELECT count(*), count(DISTINCT revision) FROM partners_historicalpartner")
    assert versions[0][1] == 1 + 2 * ROUNDS
    proposals = own_site.rows("SELECT state, changes FROM partners_changeproposal")
    assert [state for state, _changes in proposals] == ["open"]
    assert proposals[0][1]["founded_year"][1] == 1950 + ROUNDS
    assert own_site.rows("SELECT count(*) FROM partners_partner") == [(1,)]

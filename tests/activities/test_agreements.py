"""Entering, renewing and ending agreements; who may; what survives the merger of provinces and of partners."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from activities.actions.agreements import (
    archive_agreement,
    end_agreement,
    renew_agreement,
    renewal_of,
    restore_agreement,
    save_agreement,
)
from activities.choices import AgreementStanding, AgreementState
from activities.lookup.provinces import kin_of, today_of, told
from activities.models import Agreement
from crm.choices import Confidentiality
from crm.models import Province, ProvinceSuccession, Unit, User
from partners.actions.merges import merge_partners
from partners.models import Partner
from tests.activities.agreeing import make_agreement, ours, theirs
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def code_of(error: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str]:
    ((name, errors),) = error.value.error_dict.items()
    return name, errors[0].code or ""


# --- Entering ----------------------------------------------------------------------------------------


def test_one_signed_without_a_day_of_effect_holds_from_its_signing(an: User, nghe_an: Unit, partner: Partner) -> None:
    agreement = make_agreement(partner, by=an)
    assert (agreement.unit, agreement.valid_from) == (nghe_an, date(2024, 3, 18))
    assert list(Agreement.objects.in_force(date(2024, 3, 18))) == [agreement]
    assert not Agreement.objects.in_force(date(2024, 3, 17)).exists()
    assert not Agreement.objects.in_force(date(2029, 3, 18)).exists()


def test_several_parties_on_each_side_keep_their_order_and_titles(an: User, nghe_an: Unit, quang_ninh: Unit, partner: Partner) -> None:
    second = make_partner("Hội Sen")
    parties = [
        ours(unit=nghe_an, signatory="Trần Thị Hoa", signatory_title="Phó Chủ tịch"), ours(unit=quang_ninh),
        theirs(second), theirs(partner), theirs(name="Huyện Mường Xén"),
    ]  # fmt: skip
    agreement = make_agreement(partner, by=an, parties=parties)
    assert [str(party) for party in agreement.parties.filter(side="theirs")] == [str(second), str(partner), "Huyện Mường Xén"]
    first = agreement.parties.get(unit=nghe_an)
    assert (first.signatory, first.signatory_title, first.rank) == ("Trần Thị Hoa", "Phó Chủ tịch", 1)


def test_a_change_of_one_party_leaves_the_rows_of_the_others(an: User, nghe_an: Unit, partner: Partner) -> None:
    agreement = make_agreement(partner, by=an)
    before = dict(agreement.parties.values_list("side", "pk"))
    agreement = Agreement.objects.get(pk=agreement.pk)

    save_agreement(agreement, by=an, parties=[ours(unit=nghe_an), theirs(partner, signatory="Bounmy"), theirs(name="Hội Tre")])

    after = {party.pk: party for party in agreement.parties.all()}
    assert set(before.values()) < set(after)
    assert after[before["theirs"]].signatory == "Bounmy"
    assert after[before["ours"]].history.count() == 1
    assert after[before["theirs"]].history.count() == 2


@pytest.mark.parametrize(
    ("sides", "code"), [("theirs", "ours-required"), ("ours", "theirs-required"), ("twice", "twice"), ("archived", "archived")]
)
def test_parties_that_make_no_agreement_are_refused(sides: str, code: str, an: User, nghe_an: Unit, partner: Partner) -> None:
    gone = make_partner("Hội đã lưu trữ", archived_at=timezone.now(), archived_by=an)
    parties = {
        "theirs": [theirs(partner)],
        "ours": [ours(unit=nghe_an)],
        "twice": [ours(unit=nghe_an), theirs(partner), theirs(partner)],
        "archived": [ours(unit=nghe_an), theirs(gone)],
    }
    with pytest.raises(ValidationError) as error:
        make_agreement(partner, by=an, parties=parties[sides])
    assert code_of(error) == ("parties", code)
    assert not Agreement.objects.exists()


@pytest.mark.parametrize(
    ("values", "name", "code"),
    [
        ({"signed_on": None}, "signed_on", "required"),
        ({"signed_on": timezone.localdate() + timedelta(days=1), "valid_to": None}, "signed_on", "future-signed"),
        ({"state": "negotiated"}, "signed_on", "negotiated-signed"),
        ({"valid_to": date(2024, 3, 18)}, "valid_to", "ends-before-start"),
        ({"state": "ended_early", "valid_to": None}, "valid_to", "required"),
        ({"valid_from": date(2024, 3, 17)}, "valid_from", "effective-before-signed"),
    ],
)
def test_days_that_contradict_the_state_are_refused(values: dict[str, Any], name: str, code: str, an: User, partner: Partner) -> None:
    with pytest.raises(ValidationError) as error:
        make_agreement(partner, by=an, **values)
    assert code_of(error) == (name, code)


# --- Who may -----------------------------------------------------------------------------------------


def test_another_unit_neither_reads_nor_changes_it_unless_it_is_a_party(an: User, chau: User, quang_ninh: Unit, partner: Partner) -> None:
    alone = make_agreement(partner, by=an)
    together = make_agreement(
        partner, by=an, title="Chung", parties=[ours(unit=alone.unit), ours(unit=quang_ninh), theirs(partner)]
    )  # fmt: skip
    assert list(Agreement.objects.visible_to(chau)) == [together]
    assert not Agreement.objects.editable_by(chau).exists()
    with pytest.raises(PermissionDenied):
        save_agreement(together, by=chau)


def test_a_viewer_enters_none_and_nobody_hands_one_to_a_foreign_unit(an: User, dung: User, quang_ninh: Unit, partner: Partner) -> None:
    with pytest.raises(PermissionDenied):
        make_agreement(partner, by=dung)
    with pytest.raises(PermissionDenied):
        make_agreement(partner, by=an, unit=quang_ninh)
    agreement = make_agreement(partner, by=an)
    agreement.unit = quang_ninh
    with pytest.raises(ValidationError) as error:
        save_agreement(agreement, by=an)
    assert code_of(error) == ("unit", "not-allowed")


def test_a_restricted_one_is_for_its_author_the_lead_and_the_secretariat(
    an: User, binh: User, khoa: User, ha: User, nghe_an: Unit, partner: Partner
) -> None:
    make_agreement(partner, by=binh, confidentiality=Confidentiality.RESTRICTED)
    seen = [Agreement.objects.visible_to(user).exists() for user in (an, binh, khoa, ha)]
    assert seen == [False, True, False, True]


# --- Renewing and ending ------------------------------------------------------------------------------


def test_a_renewal_is_a_row_of_its_own_filled_in_from_the_old_one_which_stays(an: User, partner: Partner) -> None:
    old = make_agreement(partner, by=an, signed_on=date(2019, 3, 18), valid_to=date(2024, 3, 18), legal_basis="Pháp lệnh 2007")
    renewal, parties = renewal_of(old)
    assert (renewal.valid_from, renewal.valid_to, renewal.state) == (date(2024, 3, 18), date(2029, 3, 18), AgreementState.NEGOTIATED)
    assert (renewal.title, renewal.legal_basis, renewal.signed_on) == (old.title, old.legal_basis, None)

    renew_agreement(old, by=an, renewal=renewal, parties=parties)

    stored = Agreement.objects.get(pk=old.pk)
    assert (stored.renewal, stored.valid_to, stored.revision) == (renewal, date(2024, 3, 18), 1)
    assert [str(party) for party in renewal.parties.all()] == [str(party) for party in old.parties.all()]


def test_only_a_signed_renewal_takes_the_old_one_off_the_list_of_those_ending(an: User, partner: Partner) -> None:
    old = make_agreement(partner, by=an, signed_on=date(2021, 12, 1), valid_to=date(2026, 12, 1))
    assert list(Agreement.objects.ending(TODAY, TODAY + timedelta(days=92))) == [old]
    renewal, parties = renewal_of(old)
    renew_agreement(old, by=an, renewal=renewal, parties=parties)
    assert list(Agreement.objects.ending(TODAY, TODAY + timedelta(days=92))) == [old]
    assert list(Agreement.objects.renewed()) == [old]
    renewal.state, renewal.signed_on, renewal.valid_from = AgreementState.SIGNED, date(2026, 11, 1), None
    save_agreement(renewal, by=an)
    assert not Agreement.objects.ending(TODAY, TODAY + timedelta(days=92)).exists()


def test_what_ran_out_without_a_step_is_overdue_unless_it_goes_on_by_itself(an: User, partner: Partner) -> None:
    over = make_agreement(partner, by=an, valid_to=date(2025, 3, 18))
    goes_on = make_agreement(partner, by=an, title="Tự gia hạn", valid_to=date(2025, 3, 18), renews_itself=True)
    assert list(Agreement.objects.ended_unrenewed(TODAY)) == [over]
    assert list(Agreement.objects.in_force(TODAY)) == [goes_on]
    assert (over.standing(TODAY), goes_on.standing(TODAY)) == (AgreementStanding.ENDED, AgreementStanding.IN_FORCE)


def test_a_second_renewal_and_a_circle_are_refused(an: User, partner: Partner) -> None:
    old = make_agreement(partner, by=an)
    renewal = make_agreement(partner, by=an, title="Hai", renews=old)
    with pytest.raises(ValidationError) as error:
        make_agreement(partner, by=an, title="Ba", renews=old)
    assert code_of(error) == ("renews", "renewed-already")
    old.renews = renewal
    with pytest.raises(ValidationError) as circle:
        save_agreement(old, by=an)
    assert code_of(circle) == ("renews", "circle")


def test_one_ended_early_held_until_that_day_and_says_why(an: User, partner: Partner) -> None:
    agreement = make_agreement(partner, by=an)
    end_agreement(agreement, by=an, on=date(2026, 6, 1), reason="Bạn đề nghị thôi.")
    assert list(Agreement.objects.in_force(date(2026, 5, 31))) == [agreement]
    assert not Agreement.objects.in_force(date(2026, 6, 1)).exists()
    assert agreement.standing(date(2026, 6, 1)) == AgreementStanding.ENDED_EARLY
    assert "Bạn đề nghị thôi." in agreement.summary
    with pytest.raises(ValidationError) as error:
        end_agreement(agreement, by=an, on=date(2026, 5, 1), reason="Vì")
    assert error.value.code == "not-signed"


def test_it_is_archived_and_restored_with_a_version_each(an: User, partner: Partner) -> None:
    agreement = make_agreement(partner, by=an)
    archive_agreement(agreement, by=an)
    assert not Agreement.objects.in_force(TODAY).exists()
    restore_agreement(agreement, by=an)
    assert agreement.history.count() == 3
    assert list(Agreement.objects.in_force(TODAY)) == [agreement]


# --- Twinning ----------------------------------------------------------------------------------------


def test_a_twinning_names_the_province_of_the_day_of_signing(ha: User, partner: Partner) -> None:
    twinning: dict[str, Any] = {"kind": "TWINNING_PROVINCE", "by": ha, "signed_on": date(2009, 4, 18), "valid_to": None}
    agreement = make_agreement(partner, parties=[ours(province="quang-nam"), theirs(partner)], **twinning)
    province = agreement.parties.get(side="ours").province
    assert province is not None
    assert told(province).startswith("Quảng Nam (")
    for parties, code in (
        ([ours(unit=agreement.unit), theirs(partner)], "province-required"),
        ([ours(province="lam-dong"), theirs(partner)], "province-of-another-day"),
    ):
        with pytest.raises(ValidationError) as error:
            make_agreement(partner, parties=parties, **twinning)
        assert code_of(error) == ("parties", code)


def test_a_province_is_followed_through_every_merger(reference_data: None) -> None:
    quang_nam, da_nang = Province.objects.get(slug="quang-nam"), Province.objects.get(slug="da-nang")
    older = Province.objects.create(slug="quang-nam-da-nang", name_vi="Quảng Nam - Đà Nẵng", name_en="QNDN", valid_to=date(1997, 1, 1))
    ProvinceSuccession.objects.create(predecessor=older, successor=quang_nam, happened_on=date(1997, 1, 1))
    assert today_of(older) == today_of(quang_nam) == [da_nang]
    assert {older.pk, quang_nam.pk, da_nang.pk} <= kin_of([older])
    assert kin_of([quang_nam]) == {older.pk, quang_nam.pk, da_nang.pk}
    former = Province.objects.get(slug="da-nang-until-2025")
    assert former.pk in kin_of([da_nang])
    assert former.pk not in kin_of([quang_nam])
    assert told(former) == "Đà Nẵng"


def test_agreements_of_merged_partners_pass_over_and_name_the_survivor_once(an: User, nghe_an: Unit, partner: Partner) -> None:
    double = make_partner("Hội Hữu nghị Lào-Việt Nam", unit=nghe_an)
    Partner.objects.filter(pk=partner.pk).update(unit=nghe_an)
    alone = make_agreement(double, by=an)
    both = make_agreement(double, by=an, title="Cả hai", parties=[ours(unit=nghe_an), theirs(partner), theirs(double)])

    merge_partners(partner, double, by=an)

    assert [party.partner for party in alone.parties.filter(side="theirs")] == [partner]
    assert [party.partner for party in both.parties.filter(side="theirs")] == [partner]

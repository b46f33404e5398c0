"""The participants of an event become people in posts, and their organisations partners, without doubles."""

from typing import Any

from crm.actions.undoing import undo_change_set
from crm.models import ImportJob, Unit, User
from partners import tasks
from partners.models import Partner, PartnerKind, Person, Post
from tests.factories import make_partner
from tests.partners.test_import_page import address, signed_in
from tests.partners.test_import_workbooks import apply, brought, check

LIST = """Họ và tên,Chức vụ,Cơ quan,Nước,Email
Khamla Sengsavang,Vice President,Hội Sen,Lào,khamla@sen.example.org
Bounmy Phommachanh,,Quỹ Tre,Lào,
Nguyễn Thị Hoa,Giám đốc,Hội Sen,Lào,
"""
MAPPING = {"Họ và tên": "full_name", "Chức vụ": "title", "Cơ quan": "organisation", "Nước": "country", "Email": "email"}


def checked(user: User, unit: Unit, content: str = LIST, **values: Any) -> ImportJob:
    kind = PartnerKind.objects.get(code="COMPANY")
    return check(user, brought(user, unit, content.encode(), noun="people", kind=kind.pk, **values), **MAPPING)


def test_participants_become_people_in_posts_at_known_and_new_partners(an: User, nghe_an: Unit) -> None:
    known = make_partner("Hội Sen", country="LA")
    job = apply(an, checked(an, nghe_an))
    assert job.counts["created"] == 3
    assert set(Post.objects.values_list("person__full_name", "partner__name", "title_vi", "title_en")) == {
        ("Khamla Sengsavang", "Hội Sen", "", "Vice President"),
        ("Bounmy Phommachanh", "Quỹ Tre", "Đại diện", "Representative"),
        ("Nguyễn Thị Hoa", "Hội Sen", "Giám đốc", ""),
    }
    assert Partner.objects.filter(name="Hội Sen").get() == known
    assert Person.objects.get(full_name="Khamla Sengsavang").unit == nghe_an
    assert check(an, brought(an, nghe_an, LIST.encode(), noun="people"), **MAPPING).counts["unchanged"] == 3


def test_rows_that_are_not_ticked_are_left_out(an: User, nghe_an: Unit) -> None:
    make_partner("Hội Sen", country="LA")
    job = checked(an, nghe_an)
    page = signed_in(an).get(address("detail", job)).content.decode()
    assert 'name="take_2"' in page
    shown = {f"shown_{row}": "1" for row in (2, 3, 4)}
    job = apply(an, job, **shown, take_2="on")
    assert (job.counts["created"], job.counts["skipped"]) == (1, 2)
    assert Person.objects.get().full_name == "Khamla Sengsavang"


def test_organisation_like_a_known_one_is_asked_and_the_answer_followed(an: User, nghe_an: Unit) -> None:
    known = make_partner("Hội Hữu nghị Sen Vàng", country="LA")
    job = checked(an, nghe_an, LIST.replace("Hội Sen", "Hội HN Sen Vàng"))
    assert [error["code"] for error in job.errors] == ["unknown-organisation"] * 2
    [asked] = [each for each in job.preview["organisations"] if each["candidates"]]
    signed_in(an).post(address("decide", job), {asked["key"]: str(known.public_id)})
    job = check(an, job, **MAPPING)
    assert job.counts["refused"] == 0
    apply(an, job)
    assert Post.objects.filter(partner=known).count() == 2


def test_undo_takes_people_posts_and_new_partners_back_and_the_list_may_come_again(an: User, nghe_an: Unit) -> None:
    make_partner("Hội Sen", country="LA")
    job = apply(an, checked(an, nghe_an))
    assert job.change_set is not None
    undo_change_set(job.change_set, by=an)
    assert not Person.objects.live().exists()
    assert not Post.objects.live().exists()
    assert set(Partner.objects.live().values_list("name", flat=True)) == {"Hội Sen"}
    again = apply(an, checked(an, nghe_an))
    assert again.counts["restored"] == 3
    assert (Person.objects.live().count(), Person.objects.count(), Partner.objects.live().count()) == (3, 3, 2)


def test_namesake_elsewhere_is_offered_not_taken(an: User, nghe_an: Unit, khoa: User) -> None:
    make_partner("Hội Sen", country="LA")
    other = Person.objects.create(full_name="Khamla Sengsavang", unit=nghe_an)
    job = checked(an, nghe_an)
    assert job.counts["created"] == 3
    assert job.preview["likely"][0]["candidates"][0]["partner"] == str(other.public_id)
    apply(an, job, **{"2": str(other.public_id)})
    other.refresh_from_db()
    assert (other.email, other.posts.get().partner.name, Person.objects.count()) == ("khamla@sen.example.org", "Hội Sen", 3)


def test_all_rows_can_be_left_out_at_once_and_single_ones_taken_again(an: User, nghe_an: Unit) -> None:
    make_partner("Hội Sen", country="LA")
    job = checked(an, nghe_an)
    signed_in(an).post(address("decide", job), {"for_all": "skip"})
    page = signed_in(an).get(address("detail", job))
    assert [row["take"].value() for row in page.context["form"].rows()] == [False] * 3
    shown = {f"shown_{row}": "1" for row in (2, 3, 4)}
    assert apply(an, job, **shown, take_4="on").counts["created"] == 1


def test_kind_of_new_organisations_is_chosen_with_the_columns(an: User, nghe_an: Unit) -> None:
    job = check(an, brought(an, nghe_an, LIST.encode(), noun="people", kind=""), **MAPPING)
    assert [error["code"] for error in job.errors] == ["unknown-organisation"] * 3
    page = signed_in(an).get(address("detail", job)).content.decode()
    assert address("apply", job) not in page
    assert address("decide", job) in page
    columns = {f"column_{job.columns.index(column)}": name for column, name in MAPPING.items()}
    signed_in(an).post(address("mapping", job), {**columns, "kind": "COMPANY", "country": ""})
    tasks.check_import(job.pk)
    job.refresh_from_db()
    assert (job.counts["created"], job.counts["refused"]) == (3, 0)

"""What each picture of the user guide shows: who is signed in, and what is done before the picture is taken."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

PARTNER = "/partners/?q=Phu+Champa+Lao-Viet"
CLERK, SECRETARIAT = "nghe-an", "thu-ky"
LINES = {
    "vi": "hôm qua tiếp đoàn Hội Phụ nữ Sai Nặm 8 người @Nghệ An #giáo dục -> gửi danh sách trước 30/12",
    "en": "yesterday received delegation Sai Nam Women's Circle 8 people @Nghệ An #education -> send the list by 30/12",
}
# A list as an office keeps it: a title, a header, a former name of a province, a country to be asked about, a total.
OLD_LIST = """DANH SÁCH ĐỐI TÁC NĂM 2024,,,
Tên tổ chức,Nước,Thành phố,Năm thành lập
Hội Hữu nghị Lào - Việt Hoa Đại,Lào,Pạc Xế,1998
Quỹ Sông Trong,Korea,Seoul,2004
Hội Phụ nữ Sai Nặm,Lào,Xiêng Khoảng,1988
Câu lạc bộ Bạn Việt Nam,Pháp,Lyon,hai nghìn linh một
Tổng cộng: 4,,,
"""


@dataclass(frozen=True)
class Picture:
    name: str
    pose: Callable[[Page], None]
    account: str = CLERK
    password: str = "nhip-cau-minh-hoa"  # noqa: S105  # The sample data's own, known to everybody.


def at(address: str) -> Callable[[Page], None]:
    def pose(page: Page) -> None:
        page.goto(address)

    return pose


def first_of(address: str, link: str) -> Callable[[Page], None]:
    """Open a list, and from it the first link that fits."""

    def pose(page: Page) -> None:
        page.goto(address)
        page.locator(link).first.click()
        page.wait_for_load_state()

    return pose


def a_line(page: Page) -> None:
    page.keyboard.press("+")
    language = page.locator("html").get_attribute("lang") or "vi"
    page.locator("#log-line").fill(LINES[language])
    page.locator("#log-chip-partners .label").wait_for()


def a_person(page: Page) -> None:
    first_of(PARTNER, "main tbody a")(page)
    page.goto(page.locator("main a[href*='/partners/people/']").first.get_attribute("href") or "")


def the_keys(page: Page) -> None:
    page.goto("/partners/")
    page.locator("[data-shows-keys]").click()


def a_pair(page: Page) -> None:
    first_of("/partners/duplicates/?whose=all", "#rows a[href*='/merge/']")(page)


def an_old_list(page: Page) -> None:
    """Bring a list as far as the look at what would become of it."""
    page.goto("/partners/imports/new/")
    page.locator("[name=file]").set_input_files({"name": "danh-sach-2024.csv", "mimeType": "text/csv", "buffer": OLD_LIST.encode()})
    page.locator("[name=kind]").select_option(index=1)
    page.locator("main form button.primary").click()
    for _step in ("how it is read", "which column is which"):
        page.locator("main form button.primary").first.click()
    page.locator("form[action$='/apply/']").wait_for()


def somebody_leaving(page: Page) -> None:
    first_of("/activities/hand-over/?q=khoa", "main ul.lines a.strong")(page)


PICTURES = (
    Picture("desk", at("/")),
    Picture("log", a_line),
    Picture("partner", first_of(PARTNER, "main tbody a")),
    Picture("person", a_person),
    Picture("search", at("/search/?q=phu+champa")),
    Picture("list", at("/partners/?tier=NEIGHBOUR&family=peoples_organisation")),
    Picture("duplicates", a_pair, account=SECRETARIAT),
    Picture("import", an_old_list),
    Picture("hand-over", somebody_leaving, account=SECRETARIAT),
    Picture("calendar", at("/activities/calendar/"), account=SECRETARIAT),
    Picture("coverage", at("/reports/coverage/"), account=SECRETARIAT),
    Picture("shortcuts", the_keys),
)

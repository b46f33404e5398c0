"""Reports of the demonstration: one that is issued, and drafts whose text is still to be written."""

from datetime import date

from config.demo.accounts import Colleagues
from crm.models import Unit, User
from reports.actions.periodic_papers import default_title
from reports.actions.periodic_reports import issue_report, save_periodic_report
from reports.choices import PeriodKind
from reports.documents.render import draw
from reports.metrics.periods import Period, last_over
from reports.models import PeriodicReport

UNIT, CENTRE = "PU-40", "VUFO"
TEXTS = {
    "assessment": (
        "Công tác đối ngoại nhân dân được triển khai theo kế hoạch năm, bám sát Chỉ thị số 12-CT/TW.\n"
        "Quan hệ với các đối tác truyền thống được giữ vững; một số đối tác mới đã có hoạt động đầu tiên."
    ),
    "difficulties": "Cán bộ phần lớn kiêm nhiệm; một số lời hứa với đối tác còn chậm so với thời hạn.",
    "ahead": "Tiếp tục thực hiện kế hoạch năm; chuẩn bị các đoàn đã thống nhất với đối tác; rà soát các thỏa thuận sắp hết hạn.",
    "proposals": "Đề nghị Trung ương sớm thông báo kế hoạch đoàn năm sau để địa phương chủ động.",
}


def make_periodic_reports(colleagues: Colleagues, today: date) -> None:
    """Make the half-year of a provincial union, issued; its last quarter and the half-year of the centre, as drafts."""
    unit, centre = Unit.objects.get(code=UNIT), Unit.objects.get(code=CENTRE)
    issued = _report(unit, last_over(PeriodKind.HALF_YEAR, today), by=colleagues.secretariat, texts=TEXTS)
    issue_report(issued, by=colleagues.secretariat, draw=draw)
    _report(unit, last_over(PeriodKind.QUARTER, today), by=colleagues.secretariat, texts={})
    _report(centre, last_over(PeriodKind.HALF_YEAR, today), by=colleagues.secretariat, texts={})


def _report(unit: Unit, period: Period, *, by: User, texts: dict[str, str]) -> PeriodicReport:
    report = PeriodicReport(unit=unit, period_kind=period.kind, period_from=period.start, period_to=period.end, is_demo=True)
    report.title, report.place = default_title(report), unit.province.name_vi if unit.province else "Hà Nội"
    report.addressee = unit.parent.name_vi if unit.parent else "Đoàn Chủ tịch"
    report.signatory_title, report.signatory = ("Chủ tịch", "Trần Thị Bình") if unit.parent else ("Tổng Thư ký", "Đỗ Thu Hà")
    save_periodic_report(report, by=by)
    if texts:
        save_periodic_report(report, by=by, texts=texts)
    return report

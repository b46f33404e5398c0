"""Words about exchanges as the program of the union of Nghệ An writes them."""

from typing import Any

from partners.models import Partner

KEYS = "/sources/PU-40/exchanges"


def data(*partners: Any, **values: Any) -> dict[str, Any]:
    named = [str(partner.public_id) if isinstance(partner, Partner) else partner for partner in partners]
    return {"kind": "WORKING_MEETING", "starts_on": "2026-03-16", "partners": named, **values}


def row(key: str, *partners: Any, version: int | None = 1, **values: Any) -> dict[str, Any]:
    return {"external_id": key, "version": version, "data": data(*partners, **values)}

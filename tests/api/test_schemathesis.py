"""What nobody thought of, asked from the description itself: no answer is a failure of ours, each is one that is described."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from crm.models import User
from tests.api.caller import ask_token, make_credential
from tests.api.description import description

# What a description cannot say: codes that this register has, records that are there, rules between fields.
_ASKED_IN_VAIN = ["2xx", "307", "400", "403", "404", "409", "410", "412", "422"]
_REFUSED = ["400", "401", "403", "404", "406", "409", "410", "411", "412", "413", "415", "422", "428"]
_CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": _ASKED_IN_VAIN},
            "negative_data_rejection": {"expected-statuses": _REFUSED},
            "missing_required_header": {"expected-statuses": ["400", "403", "404", "428"]},
        },
        # Thousands of cases for each way to be just within or beyond a bound: minutes, which .ci/run takes once.
        "phases": {"coverage": {"enabled": "SCHEMATHESIS_COVERAGE" in os.environ}},
    }
)


_SCHEMA = schemathesis.openapi.from_dict(description(), config=_CONFIG)
_SCHEMA.app = get_wsgi_application()


@schemathesis.serializer("application/x-ndjson")
def write_lines(context: Any, value: Any) -> bytes:
    """A file of rows: one JSON document a line."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture
def token(an: User, settings: Any) -> Iterator[str]:
    """The token of an office; the connection of the test then outlives each request, as with Django's own test client."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    got = ask_token(make_credential(an)).json()["access_token"]
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield str(got)
    for signal in signals:
        signal.connect(close_old_connections)


@_SCHEMA.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_is_described(case: Any, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

"""What docs/api/webhooks.md shows works as it stands there: both ways to check a message, and every type is named."""

import re
from pathlib import Path
from typing import Any

import pytest

from crm.actions.webhook_messages import RESYNC_KIND
from crm.actions.webhook_sending import send_due
from crm.actions.webhooks import TEST_KIND, renew_endpoint_secret
from crm.choices import FeedNoun
from crm.models import Unit, User
from tests.bed.receiver import Receiver
from tests.webhooks import make_client, make_messages, make_webhook

PAGE = (Path(__file__).parents[2] / "docs" / "api" / "webhooks.md").read_text(encoding="utf-8")


def block_with(words: str) -> str:
    [code] = [code for code in re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL) if words in code]
    return str(code)


@pytest.mark.django_db
def test_both_ways_to_check_a_message_take_real_ones_and_refuse_altered_ones(receiver: Receiver, nghe_an: Unit, binh: User) -> None:
    endpoint, old = make_webhook(receiver, client=make_client(nghe_an, by=binh), by=binh)
    new = renew_endpoint_secret(endpoint, by=binh)
    make_messages(endpoint)
    send_due()
    [message] = receiver.messages
    kept: dict[str, Any] = {}
    by_library: dict[str, Any] = {"remember": kept.__setitem__}
    exec(block_with("def take").replace("whsec_…", new), by_library)  # noqa: S102  (the page itself)
    by_hand: dict[str, Any] = {}
    exec(block_with("def is_ours"), by_hand)  # noqa: S102  (the same)
    altered = message.body.replace(b"partner", b"person")

    assert by_library["take"](message.headers, message.body) == 204
    assert kept[message.id]["type"] == "partner.changed"
    assert by_library["take"](message.headers, altered) == 401
    assert by_hand["is_ours"](new, message.headers, message.body)
    assert by_hand["is_ours"](old, message.headers, message.body)
    assert not by_hand["is_ours"](new, message.headers, altered)


@pytest.mark.parametrize("kind", [*(f"{noun}.changed" for noun in FeedNoun.values), "partner.removed", RESYNC_KIND, TEST_KIND])
def test_every_type_of_message_is_named(kind: str) -> None:
    assert f"`{kind}`" in PAGE

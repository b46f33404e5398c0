"""A province pushes 5,000 rows while everything breaks: nothing is lost, nothing doubled, and the figures are the same."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings

from tests.bed.own_site import OwnSite
from tests.faults.conftest import Ended, Rows
from tests.faults.province import Item, Pusher, twice_shuffled

CLIENT = Path(settings.BASE_DIR) / "clients" / "python"


def test_the_client_is_killed_again_and_again(own_site: OwnSite, rows: Rows, clean: Ended, tmp_path: Path) -> None:
    own_site.fresh("killed_client")
    office = own_site.offices["PU-40"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(CLIENT),
        "NHIP_CAU_URL": own_site.address,
        "NHIP_CAU_UNIT": "PU-40",
        "NHIP_CAU_CLIENT_ID": office.client_id,
        "NHIP_CAU_CLIENT_SECRET": office.client_secret,
    }
    client = [sys.executable, "-m", "nhip_cau_client", "--state", str(tmp_path / "state.sqlite3")]

    for noun, items in (("partners", rows.partners), ("exchanges", rows.exchanges)):
        file = tmp_path / f"{noun}.jsonl"
        file.write_text("".join(json.dumps(item) + "\n" for item in items))
        subprocess.run([*client, "queue", noun, str(file)], env=environment, check=True)

    chance = random.Random(11)
    for _kill in range(8):
        sync = subprocess.Popen([*client, "sync"], env=environment)
        time.sleep(chance.uniform(0.3, 3.0))
        os.kill(sync.pid, signal.SIGKILL)
        sync.wait()
    subprocess.run([*client, "sync"], env=environment, check=True)

    assert Ended.of(own_site) == clean
    mirrored = subprocess.run([*client, "status"], env=environment, check=True, capture_output=True, text=True).stdout
    assert "waiting: 0" in mirrored
    assert "refused: 0" in mirrored


def test_each_request_is_sent_twice_and_in_random_order(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("shuffled")
    pusher = Pusher(own_site, "PU-40")
    pusher.push("partners", list(twice_shuffled(rows.partners, seed=1)), size=17)
    batches = [(f"batch-{start}", rows.exchanges[start : start + 250]) for start in range(0, len(rows.exchanges), 250)]
    order = [*batches, *batches]
    random.Random(2).shuffle(order)
    answers: dict[str, list[list[Item]]] = {}
    for key, items in order:
        answers.setdefault(key, []).append(pusher.send_batch("exchanges", items, key=key))
    assert all(first == second for first, second in answers.values())
    assert Ended.of(own_site) == clean


def test_words_about_one_row_arrive_in_any_order(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("any_order")
    pusher = Pusher(own_site, "PU-40")
    pusher.push("partners", rows.partners)
    # Every row was different once, and some were deleted before: only the last word counts.
    before = [{**item, "version": item["version"] - 2, "data": {**item["data"], "place": "Chỗ cũ"}} for item in rows.exchanges]
    deleted = [{"external_id": item["external_id"], "version": item["version"] - 1, "delete": True} for item in rows.exchanges[::7]]
    words = list(twice_shuffled([*before, *deleted, *rows.exchanges], seed=3))
    pusher.push("exchanges", words, size=500)
    assert Ended.of(own_site) == clean


def test_the_web_server_is_killed_in_the_middle_of_batches(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("killed_web")
    kills = 0

    def push() -> None:
        pusher = Pusher(own_site, "PU-40", before_retry=lambda: time.sleep(0.5))
        pusher.push("partners", rows.partners)
        pusher.push("exchanges", rows.exchanges, size=500)

    pushing = threading.Thread(target=push)
    pushing.start()
    chance = random.Random(4)
    while pushing.is_alive() and kills < 6:
        time.sleep(chance.uniform(0.4, 1.5))
        own_site.kill_web()
        own_site.start_web()
        kills += 1
    pushing.join()
    assert kills >= 3
    assert Ended.of(own_site) == clean


def test_the_database_is_restarted_in_the_middle_of_batches(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("restarted")
    restarts = 0

    def push() -> None:
        pusher = Pusher(own_site, "PU-40", before_retry=lambda: time.sleep(0.5))
        pusher.push("partners", rows.partners)
        pusher.push("exchanges", rows.exchanges, size=250)

    pushing = threading.Thread(target=push)
    pushing.start()
    chance = random.Random(6)
    while pushing.is_alive() and restarts < 4:
        time.sleep(chance.uniform(0.4, 1.5))
        own_site.restart_postgresql()
        restarts += 1
    pushing.join()
    assert restarts >= 2
    assert Ended.of(own_site) == clean


def test_redis_is_emptied_all_the_time(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("emptied")
    over = threading.Event()

    def empty() -> None:
        while not over.wait(0.1):
            own_site.empty_redis()

    emptying = threading.Thread(target=empty)
    emptying.start()
    try:
        pusher = Pusher(own_site, "PU-40")
        pusher.push("partners", rows.partners)
        pusher.push("exchanges", rows.exchanges, size=250)
    finally:
        over.set()
        emptying.join()
    assert Ended.of(own_site) == clean

"""A province pushes 5,000 rows while everything breaks: nothing is lost, nothing doubled, and the figures are the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from django.conf import settings

from tests.bed.own_site import OwnSite
from tests.bed.waiting import wait_until
from tests.faults.conftest import Ended, Rows
from tests.faults.province import Item, Pusher, push_all, twice_shuffled

FILE_SECONDS = 180
# What the sweep does once the worker has been silent for long enough.
_TAKE_UP = """
from datetime import timedelta
from django.utils import timezone
from crm.actions.job_sweep import sweep_jobs
from crm.models import JobRun
JobRun.objects.filter(state="running").update(heartbeat_at=timezone.now() - timedelta(days=1))
print(sweep_jobs())
"""
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
    batches = [(f"batch-{start}", rows.exchanges[start : start + 250]) for start in range(0, len(rows.exchanges), 250)]
    order = [*batches, *batches]
    random.Random(2).shuffle(order)
    answers: dict[str, list[list[Item]]] = {}
    with Pusher(own_site, "PU-40") as pusher:
        pusher.push("partners", list(twice_shuffled(rows.partners, seed=1)), size=17)
        for key, items in order:
            answers.setdefault(key, []).append(pusher.send_batch("exchanges", items, key=key))
    assert [key for key, (first, second) in answers.items() if first != second] == []
    assert Ended.of(own_site) == clean


def test_words_about_one_row_arrive_in_any_order(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("any_order")
    # Some rows were different once, and some were deleted before: only the last word counts.
    before = [{**item, "version": item["version"] - 2, "data": {**item["data"], "place": "Chỗ cũ"}} for item in rows.exchanges[::5]]
    deleted = [{"external_id": item["external_id"], "version": item["version"] - 1, "delete": True} for item in rows.exchanges[::7]]
    words = list(twice_shuffled([*before, *deleted, *rows.exchanges[::5], *rows.exchanges[::7]], seed=3))
    push_all(own_site, rows.partners, [*words, *rows.exchanges], size=500)
    assert Ended.of(own_site) == clean


def test_the_web_server_is_killed_in_the_middle_of_batches(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("killed_web")

    def kill() -> None:
        own_site.kill_web()
        own_site.start_web()

    assert _while_it_is_pushed(own_site, rows, kill) >= 2
    assert Ended.of(own_site) == clean


def test_the_database_is_restarted_in_the_middle_of_batches(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("restarted")
    assert _while_it_is_pushed(own_site, rows, own_site.restart_postgresql) >= 2
    assert Ended.of(own_site) == clean


def test_redis_is_emptied_all_the_time(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("emptied")
    assert _while_it_is_pushed(own_site, rows, own_site.empty_redis) >= 2
    assert Ended.of(own_site) == clean


def test_the_worker_is_killed_in_the_middle_of_a_file(own_site: OwnSite, rows: Rows, clean: Ended) -> None:
    own_site.fresh("killed_worker")
    body = "".join(json.dumps(item) + "\n" for item in rows.exchanges)
    with Pusher(own_site, "PU-40") as pusher:
        pusher.push("partners", rows.partners)
        received = pusher.client.post("/sources/PU-40/exchanges/jobs/", content=body, headers={"Content-Type": "application/x-ndjson"})
        assert received.status_code == 202, received.text
        done = [_killed_when_more_is_done(own_site) for _kill in range(3)]
        assert 0 < done[0] < done[1] < done[2] < len(rows.exchanges)
        own_site.start_worker()
        wait_until(lambda: own_site.rows("SELECT state FROM crm_pushjob") == [("done",)], seconds=FILE_SECONDS)
        job = pusher.client.get(received.headers["Location"]).json()
        lines = pusher.client.get(job["results"]).text.splitlines()
    assert job["counts"] == {"created": len(rows.exchanges)}
    assert [json.loads(line)["external_id"] for line in lines] == [item["external_id"] for item in rows.exchanges]
    assert Ended.of(own_site) == clean


def _killed_when_more_is_done(site: OwnSite) -> int:
    """Let a worker write at least one more piece of the file and kill it in the next; have its run taken up. Return the rows done."""
    before = site.rows("SELECT done FROM crm_pushjob")
    site.start_worker()
    wait_until(lambda: site.rows("SELECT done FROM crm_pushjob") != before, seconds=FILE_SECONDS)
    site.kill_worker()
    assert site.run_python(_TAKE_UP).split() == ["1"]
    done: int = site.rows("SELECT done FROM crm_pushjob")[0][0]
    return done


def _while_it_is_pushed(site: OwnSite, rows: Rows, disturb: Callable[[], None], *, most: int = 6) -> int:
    """Push everything, and meanwhile do this at random moments; return how often it was done before all was pushed."""
    chance, done = random.Random(4), 0
    with ThreadPoolExecutor(1) as pusher:
        pushing = pusher.submit(push_all, site, rows.partners, rows.exchanges, size=100, patience=0.5)
        while done < most and not wait([pushing], timeout=chance.uniform(0.3, 1.2)).done:
            disturb()
            done += 1
        refused = [result for result in pushing.result() if result["result"] == "refused"]
    assert refused == []
    return done

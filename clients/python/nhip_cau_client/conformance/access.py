"""Tokens and credentials: what is wrong, revoked or too narrow is refused in its own words."""

import httpx

from nhip_cau_client.conformance.trial import NotTriedError, Trial, expect, expect_true, refused, scenario
from nhip_cau_client.connection import API, Connection
from nhip_cau_client.patience import Patience
from nhip_cau_client.problems import CredentialError
from nhip_cau_client.tokens import Tokens

GROUP = "access"


def _plain(trial: Trial, token: str) -> httpx.Response:
    return httpx.get(f"{trial.target.url}{API}countries/", headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


def _token(trial: Trial, scope: str = "read") -> str:
    form = {"grant_type": "client_credentials", "scope": scope}
    credential = (trial.target.client_id, trial.target.client_secret)
    answer = httpx.post(f"{trial.target.url}/oauth/token/", data=form, auth=credential)
    expect("a token is given", 200, answer.status_code)
    return str(answer.json()["access_token"])


@scenario(GROUP, "without a token: 401 not-authenticated, with a challenge")
def no_token(trial: Trial) -> None:
    answer = httpx.get(f"{trial.target.url}{API}countries/")
    expect("status and code", (401, "not-authenticated"), (answer.status_code, answer.json()["code"]))
    expect_true("a challenge", answer.headers.get("WWW-Authenticate", "").startswith("Bearer"), answer.headers.get("WWW-Authenticate"))


@scenario(GROUP, "a made-up token: 401 invalid-token")
def made_up_token(trial: Trial) -> None:
    answer = _plain(trial, "no-such-token")
    expect("status and code", (401, "invalid-token"), (answer.status_code, answer.json()["code"]))


@scenario(GROUP, "a wrong secret: invalid_client, and no token")
def wrong_secret(trial: Trial) -> None:
    tokens = Tokens(trial.target.client_id, "not the secret")
    with Connection(trial.target.url, tokens, patience=Patience(tries=1)) as connection:
        try:
            connection.send("GET", "countries/")
        except CredentialError as error:
            expect("error of the token address", "invalid_client", error.code)
        else:
            expect("a wrong secret", "refused", "accepted")


@scenario(GROUP, "a revoked token is refused at once, and the client asks for another by itself")
def revoked_token(trial: Trial) -> None:
    token = _token(trial)
    expect("before", 200, _plain(trial, token).status_code)
    credential = (trial.target.client_id, trial.target.client_secret)
    httpx.post(f"{trial.target.url}/oauth/revoke_token/", data={"token": token}, auth=credential)
    expect("after", 401, _plain(trial, token).status_code)
    office = trial.connect()
    office.connection.send("GET", "countries/", params={"limit": 1})
    value = office.connection.tokens._value
    httpx.post(f"{trial.target.url}/oauth/revoke_token/", data={"token": value}, auth=credential)
    expect("the client goes on", 200, office.connection.send("GET", "countries/", params={"limit": 1}).status_code)


@scenario(GROUP, "an expired credential gets no token")
def expired_credential(trial: Trial) -> None:
    if trial.target.expired is None:
        raise NotTriedError("give --expired-client ID:SECRET")
    form = {"grant_type": "client_credentials", "scope": "read"}
    answer = httpx.post(f"{trial.target.url}/oauth/token/", data=form, auth=trial.target.expired)
    expect("status", 401, answer.status_code)


@scenario(GROUP, "a token for reading does not write: 403 insufficient-scope")
def narrow_scope(trial: Trial) -> None:
    office = trial.connect(scope="read")
    with refused("writing with a token for reading", "insufficient-scope", status=403):
        office.put("partners", trial.new())


@scenario(GROUP, "the keys of another unit are refused: 403 or 404")
def foreign_unit(trial: Trial) -> None:
    office = trial.connect()
    office.unit = "PU-22" if trial.target.unit != "PU-22" else "PU-40"
    with refused("writing with keys of another unit", "permission-denied", "not-found"):
        office.put("partners", trial.new())
    office.unit = "NO-SUCH-UNIT"
    with refused("a unit that there is not", "not-found", status=404):
        office.put("partners", trial.new())


@scenario(GROUP, "every answer says how much of the limit is left")
def limits(trial: Trial) -> None:
    answer = trial.office.connection.send("GET", "countries/", params={"limit": 1})
    for name in ("RateLimit-Policy", "RateLimit"):
        expect_true(f"the header {name}", answer.headers.get(name), dict(answer.headers))


@scenario(GROUP, "errors come in the language asked for, with the same codes")
def languages(trial: Trial) -> None:
    said = {}
    for language in ("vi", "en"):
        with refused("a name that is missing", "validation-failed", status=422, rule="required", pointer="/name") as caught:
            trial.connect(language=language).connection.send("POST", "partners/", {"kind": "FOREIGN_NGO"})
        said[language] = caught[0].places[0].detail
    expect_true("other words", said["vi"] != said["en"], said)

"""The journal in files for other programs."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api import HOST, Api, sha256
from raw_client import Raw

import fakereg
from fakereg import FakeRegistry, faults
from fakereg.double.journal import KEPT_BODY, Entry, Journal
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Request, Response

BINARY = bytes(range(256)) * 4
AWKWARD = b'it\'s\n"$HOME" `id` \\ 100%\n'

# HAR 1.2: the keys that each object must have, and those that it may have beside `comment` and `_...`.
MUST = {
    "log": {"version", "creator", "entries"},
    "creator": {"name", "version"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {
        *("method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"),
    },
    "response": {
        *("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"),
        *("headersSize", "bodySize"),
    },
    "cookie": {"name", "value"},
    "header": {"name", "value"},
    "query": {"name", "value"},
    "postData": {"mimeType", "text"},
    "content": {"size", "mimeType"},
    "timings": {"send", "wait", "receive"},
}
MAY = {"log": {"pages", "browser"}, "entry": {"connection", "serverIPAddress", "pageref"}, "request": {"postData"}}
MAY |= {"content": {"text", "encoding", "compression"}}


def check(kind: str, document: dict[str, Any]) -> None:
    """The document has the keys of its kind, and no others."""
    keys = {key for key in document if not key.startswith("_") and key != "comment"}
    assert keys >= MUST[kind], (kind, document)
    assert keys <= MUST[kind] | MAY.get(kind, set()), (kind, document)


def check_entry(entry: dict[str, Any]) -> None:
    check("entry", entry)
    request, response = entry["request"], entry["response"]
    check("request", request)
    check("response", response)
    check("content", response["content"])
    check("timings", entry["timings"])
    for kind, documents in (
        ("cookie", request["cookies"] + response["cookies"]),
        ("header", request["headers"] + response["headers"]),
        ("query", request["queryString"]),
        ("postData", [request["postData"]] if "postData" in request else []),
    ):
        for document in documents:
            check(kind, document)
            assert all(isinstance(value, str) for value in document.values())
    assert request["url"].startswith("http://")
    assert entry["time"] == sum(entry["timings"].values())
    assert datetime.fromisoformat(entry["startedDateTime"]).utcoffset() == timedelta(0)


@pytest.fixture(autouse=True)
def _asked(api: Api) -> None:
    """1-6: an image with a binary layer; 7: a GET; 8: what is not there; 9: an upload in chunks, with awkward text."""
    api.push_image("team/app", "v1", layers=(BINARY,))
    api("GET", "/v2/team/app/manifests/v1", headers={"Accept": "*/*", "Cookie": "a=1; b=2"})
    api("GET", f"/v2/team/app/blobs/{sha256(BINARY)}", headers={"Range": "bytes=0-999"})
    api("GET", "/v2/team/app/tags/list", n=0, last="v 1")
    upload = api.start_upload("team/app")
    upload.patch(AWKWARD[:5], at=0)
    upload.put(AWKWARD[5:], sha256(AWKWARD))


class TestHar:
    def test_the_format(self, journal: Journal) -> None:
        """All that HAR 1.2 asks for is there, and nothing that it does not know."""
        log = json.loads(journal.to_har())["log"]

        check("log", log)
        assert log["version"] == "1.2"
        assert log["creator"] == {"name": "fakereg", "version": fakereg.__version__}
        assert len(log["entries"]) == len(journal)
        for entry in log["entries"]:
            check_entry(entry)

    def test_a_request(self, journal: Journal) -> None:
        """Method, absolute URL, query, headers, cookies without values, and what was answered."""
        entries = json.loads(journal.to_har())["log"]["entries"]
        manifest, tags = entries[5], entries[7]

        assert manifest["request"]["url"] == f"http://{HOST}/v2/team/app/manifests/v1"
        assert manifest["request"]["cookies"] == [
            {"name": "a", "value": "REDACTED"},
            {"name": "b", "value": "REDACTED"},
        ]
        assert {"name": "Accept", "value": "*/*"} in manifest["request"]["headers"]
        assert (manifest["response"]["status"], manifest["response"]["statusText"]) == (200, "OK")
        assert json.loads(manifest["response"]["content"]["text"])["schemaVersion"] == 2
        assert tags["request"]["queryString"] == [{"name": "n", "value": "0"}, {"name": "last", "value": "v 1"}]

    def test_bodies(self, journal: Journal) -> None:
        """Text as text, anything else in base64, and sizes as they were on the wire."""
        entries = json.loads(journal.to_har())["log"]["entries"]
        pushed, pulled = entries[3]["request"]["postData"], entries[6]["response"]["content"]

        assert base64.b64decode(pushed["text"]) == BINARY
        assert pushed["_encoding"] == "base64"
        assert base64.b64decode(pulled["text"]) == BINARY[:1000]
        assert (pulled["encoding"], pulled["size"]) == ("base64", 1000)
        assert entries[3]["request"]["bodySize"] == len(BINARY)
        assert "postData" not in entries[5]["request"]

    def test_when(self, api: Api, journal: Journal) -> None:
        """The time is that of the wall."""
        api("GET", "/v2/")
        started = json.loads(journal.to_har())["log"]["entries"][-1]["startedDateTime"]

        assert abs(datetime.now(UTC) - datetime.fromisoformat(started)) < timedelta(minutes=1)

    def test_what_is_out_of_the_ordinary(self, journal: Journal) -> None:
        """No answer, a body that was not kept, a redirect, a fault: none of them breaks the format."""
        entry = journal.open(Request("PUT", "/v2/a/manifests/v1", Headers({"Content-Type": "a/b"})))
        for _ in range(3):
            entry.received += KEPT_BODY
            entry.keep(b"x" * KEPT_BODY)
        other = journal.open(Request("GET", "/v2/a/blobs/b"))
        other.faults = ("Redirect",)
        other.user = "ann"
        other.answer(Response.of(307, {"Location": "http://a/?sig=abc", "Set-Cookie": "a=b; Path=/"}, b"x" * 70_000))

        documents = json.loads(journal.to_har())["log"]["entries"][-2:]
        for document in documents:
            check_entry(document)
        assert documents[0]["response"]["status"] == 0
        assert documents[0]["request"]["postData"]["comment"] == "the body was not kept"
        assert documents[0]["request"]["url"] == "http://fakereg.invalid/v2/a/manifests/v1"
        assert documents[1]["response"]["redirectURL"] == "http://a/?sig=REDACTED"
        assert documents[1]["response"]["content"]["comment"] == "the body was not kept"
        assert documents[1]["comment"] == "request 13; fault: Redirect; as ann"


class TestLines:
    def test_an_object_per_request(self, journal: Journal) -> None:
        """Each line is an object with all that an entry tells."""
        documents = [json.loads(line) for line in journal.to_jsonl().splitlines()]

        assert [document["number"] for document in documents] == list(range(1, len(journal) + 1))
        manifest = documents[4]
        assert (manifest["method"], manifest["endpoint"], manifest["endpoint_id"]) == ("PUT", "put_manifest", "end-7a")
        assert (manifest["repository"], manifest["reference"], manifest["status"]) == ("team/app", "v1", 201)
        assert manifest["request_body"]["text"].encode() == journal[4].request_body
        assert base64.b64decode(documents[3]["request_body"]["base64"]) == BINARY
        assert documents[7]["query"] == {"n": ["0"], "last": ["v 1"]}

    def test_the_keys(self, journal: Journal) -> None:
        """They are the attributes of an entry."""
        methods = {"answer", "end", "forget_bodies", "keep", "note_fault"}

        document = json.loads(journal.to_jsonl().splitlines()[0])
        assert set(document) == {name for name in dir(Entry) if not name.startswith("_")} - methods
        assert (document["url"], document["has_ended"]) == (f"http://{HOST}/v2/team/app/blobs/uploads/", True)

    def test_answered_early(self, registry: FakeRegistry) -> None:
        """A body that the answer did not wait for is none that was empty, and every form says so."""
        with registry.fault(faults.Respond(503), on="put_manifest"), Raw(registry) as client:
            client.request("PUT", "/v2/team/app/manifests/v1", b'{"a": 1}', Content_Type="a/b")

        (entry,) = registry.journal
        assert (entry.request_body, entry.received, entry.unread) == (None, 0, 8)
        assert json.loads(registry.journal.to_jsonl())["request_body"] is None
        assert "#    it was answered before its body of 8 bytes arrived: what is sent" in registry.journal.to_curl()
        posted = json.loads(registry.journal.to_har())["log"]["entries"][0]["request"]["postData"]
        assert posted["comment"] == "the request was answered before its body arrived"

    def test_a_refusal(self, api: Api, journal: Journal) -> None:
        """Code and message stand apart."""
        api("GET", "/v2/nowhere/tags/list")

        error = json.loads(journal.to_jsonl().splitlines()[-1])["error"]
        assert error["code"] == "NAME_UNKNOWN"
        assert error["message"].startswith("repository nowhere is not known")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
class TestScript:
    def replay(self, path: Path) -> tuple[FakeRegistry, list[str]]:
        """What the script prints against another registry, whose upload ids are other ones."""
        with FakeRegistry(seed=7) as other:
            environ = {**os.environ, "FAKEREG_URL": other.url}
            done = subprocess.run(["sh", path], env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return other, done.stdout.splitlines()

    def test_the_same_again(self, journal: Journal, tmp_path: Path) -> None:
        """Another registry is asked the same, gives the same answers, and holds the same afterwards."""
        journal.save(tmp_path / "journal.sh")

        other, printed = self.replay(tmp_path / "journal.sh")
        assert printed == [f"{entry.number} {entry.method} {entry.status}" for entry in journal]
        assert [entry.request_body for entry in other.journal] == [entry.request_body for entry in journal]
        assert [entry.status for entry in other.journal] == [entry.status for entry in journal]
        assert other.journal[6].request_headers["Range"] == "bytes=0-999"
        assert other.repository("team/app").blob(sha256(AWKWARD)) == AWKWARD
        assert other.repository("team/app").tags == ["v1"]

    def test_what_cannot_be_repeated_is_said(self, journal: Journal, tmp_path: Path) -> None:
        """Bodies that were not kept, credentials, and what was not HTTP stand in comments."""
        secret = Headers({"Authorization": "Bearer abc", "Accept": "a/b", "X-Empty": ""})
        journal.open(Request("GET", "/v2/?token=abc", secret))
        long = journal.open(Request("POST", "/v2/a/blobs/uploads/"))
        long.received = KEPT_BODY + 1
        long.keep(b"x" * (KEPT_BODY + 1))
        journal.open(Request("?", "?")).error = "UNSUPPORTED: two\nlines"
        journal.save(tmp_path / "journal.sh")
        script = (tmp_path / "journal.sh").read_text()

        other, printed = self.replay(tmp_path / "journal.sh")
        assert "abc" not in script
        assert "#    it carried credentials, which the journal does not give out" in script
        assert f"#    its body of {KEPT_BODY + 1} bytes was not kept: what is sent here has none" in script
        assert "#    left out: curl cannot ask for that" in script
        assert "#    UNSUPPORTED: two\\nlines" in script
        assert printed[-2:] == ["12 GET 200", "13 POST 202"]
        asked = other.journal[-2].request_headers
        assert (asked.get("Authorization"), asked["Accept"], asked["X-Empty"]) == (None, "a/b", "")

    def test_without_a_registry(self, journal: Journal) -> None:
        """Without the variable it says what is missing."""
        environ = {key: value for key, value in os.environ.items() if key != "FAKEREG_URL"}
        done = subprocess.run(
            ["sh", "-c", journal.to_curl()], env=environ, capture_output=True, text=True, timeout=60, check=False
        )

        assert done.returncode != 0
        assert "FAKEREG_URL: set it to the URL" in done.stderr


class TestSaving:
    @pytest.mark.parametrize(("name", "kind"), [("j.har", None), ("J.HAR", None), ("x", "har"), ("x.txt", ".har")])
    def test_by_suffix_or_by_name(self, journal: Journal, tmp_path: Path, name: str, kind: str | None) -> None:
        """The suffix tells the format, or else the caller."""
        journal.save(tmp_path / name, kind)

        assert json.loads((tmp_path / name).read_text())["log"]["version"] == "1.2"

    def test_a_script_can_be_run(self, journal: Journal, tmp_path: Path) -> None:
        """A script is executable; other files are not."""
        journal.save(str(tmp_path / "j.sh"))
        journal.save(str(tmp_path / "j.jsonl"))

        assert os.access(tmp_path / "j.sh", os.X_OK)
        assert not os.access(tmp_path / "j.jsonl", os.X_OK) or os.name == "nt"

    def test_unknown(self, journal: Journal, tmp_path: Path) -> None:
        """Another suffix is refused, the known ones are named, and nothing is written."""
        with pytest.raises(ValueError, match=r"saved as \.har, \.jsonl, \.sh; 'j\.txt'"):
            journal.save(tmp_path / "j.txt")

        assert list(tmp_path.iterdir()) == []

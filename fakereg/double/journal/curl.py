"""The journal as a shell script that asks the same of another registry, with curl.

An upload session has another id there, so the script takes it from the answer that opens it.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Sequence

from fakereg.double.journal.entry import Entry
from fakereg.double.journal.har import as_text
from fakereg.double.journal.redaction import HIDDEN
from fakereg.double.journal.text import counted, printable

_HEAD = """\
#!/bin/sh
# {count}, as the registry's journal has them; each command prints number, method and status.
# sh THIS-FILE with FAKEREG_URL=http://127.0.0.1:PORT
: "${{FAKEREG_URL:?set it to the URL of the registry that is to be asked}}"
"""

# curl makes these itself.
_OWN = {"host", "content-length", "transfer-encoding", "connection", "expect", "keep-alive", "proxy-connection"}

_ACCEPTED = 202


def script(entries: Sequence[Entry]) -> str:
    """All requests, one after the other."""
    replay = _Replay()
    parts = [_HEAD.format(count=counted(len(entries), "request")), *(replay.command(entry) for entry in entries)]
    return "\n".join(parts)


class _Replay:
    """Knows which sessions were opened so far, and what the script calls them."""

    def __init__(self) -> None:
        self._sessions: dict[str, str] = {}

    def command(self, entry: Entry) -> str:
        """One request, below a comment that says what came of it."""
        outcome = "no answer" if entry.status is None else entry.status
        lines = [f"# {entry.number}: {outcome} to {printable(entry.method)} {printable(entry.target)}"]
        lines += [f"#    {printable(remark)}" for remark in _remarks(entry)]
        if not _can_be_asked(entry):
            return "\n".join([*lines, "#    left out: curl cannot ask for that", ""])
        body, pipe = _body(entry)
        words = ["curl -sS -g --path-as-is -o /dev/null", f"-w '{entry.number} {entry.method} %{{http_code}}\\n'"]
        words += ["--head"] if entry.method == "HEAD" else ["-X", shlex.quote(entry.method)]
        words += [f"-H {shlex.quote(line)}" for line in _headers(entry, has_body=bool(body))]
        command = f"{pipe}{' '.join([*words, *body])}"
        return "\n".join([*lines, self._sent(entry, command), ""])

    def _sent(self, entry: Entry, command: str) -> str:
        session = entry.session
        url = self._url(entry)
        if session is None or entry.status != _ACCEPTED or session in self._sessions:
            return f"{command} {url}"
        name = self._sessions[session] = f"upload_{len(self._sessions) + 1}"
        # The headers first, then what -w prints.
        find = r"sed -n 's/^[Ll]ocation:.*\/\([^/?]*\).*$/\1/p'"
        taken = f'{name}=$(printf "%s\\n" "$answer" | tr -d "\\r" | {find})'
        return "\n".join([f"answer=$({command} -D - {url})", 'printf "%s\\n" "$answer" | tail -n 1', taken])

    def _url(self, entry: Entry) -> str:
        base = '"$FAKEREG_URL"'
        name = self._sessions.get(entry.session or "")
        if name is None or f"/{entry.session}" not in entry.target:
            return base + shlex.quote(entry.target)
        before, _, after = entry.target.partition(str(entry.session))
        return f'{base}{shlex.quote(before)}"${name}"{shlex.quote(after) if after else ""}'


def _remarks(entry: Entry) -> Iterable[str]:
    yield from (f"fault: {name}" for name in entry.faults)
    if entry.error:
        yield entry.error
    if HIDDEN in entry.target or any(HIDDEN in value for _, value in entry.request_headers):
        yield "it carried credentials, which the journal does not give out"
    if entry.unread:
        announced = entry.received + entry.unread
        yield f"it was answered before its body of {announced} bytes arrived: what is sent here has none"
    elif entry.received and entry.request_body is None:
        yield f"its body of {entry.received} bytes was not kept: what is sent here has none"


def _can_be_asked(entry: Entry) -> bool:
    return entry.method.isalpha() and entry.target.startswith("/") and entry.target.isprintable()


def _headers(entry: Entry, *, has_body: bool) -> list[str]:
    found = [(name, value) for name, value in entry.request_headers if name.lower() not in _OWN and value.isprintable()]
    lines = [f"{name}: {value}" if value else f"{name};" for name, value in found if HIDDEN not in value]
    # curl would call it a form.
    if has_body and not any(name.lower() == "content-type" for name, _ in found):
        lines.append("Content-Type:")
    return lines


def _body(entry: Entry) -> tuple[list[str], str]:
    """The words that send the body, and what is piped into the command."""
    body = entry.request_body or b""
    if not body:
        return (["--data-raw", "''"] if entry.method in ("POST", "PUT", "PATCH") else []), ""
    text = as_text(body)
    if text is not None:
        return ["--data-raw", shlex.quote(text)], ""
    return ["--data-binary", "@-"], f"printf %s '{base64.b64encode(body).decode()}' | base64 -d | "

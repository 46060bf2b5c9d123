"""The requests of containerd's registry client, which buildkit uses too: core/remotes/docker of containerd 2.3.

It quotes nothing in the query of a mount, and writes the query of a Location anew.
"""

from __future__ import annotations

from api import IMAGE, INDEX
from pieces import DOCKER_IMAGE, DOCKER_LIST, Piece
from raw_client import Answer
from replay import Replay

HEAD_MANIFEST = """
HEAD /v2/team/app/manifests/{reference} HTTP/1.1
Host: {host}
User-Agent: {agent}
Accept: {kind}, */*
"""
HEAD_BLOB = """
HEAD /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Accept: {kind}, */*
"""
START = """
POST /v2/team/app/blobs/uploads/{query} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: 0
Accept-Encoding: gzip
"""
PUT_BLOB = """
PUT {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: {length}
Content-Type: application/octet-stream
Accept-Encoding: gzip
"""
PUT_MANIFEST = """
PUT /v2/team/app/manifests/{reference} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: {length}
Content-Type: {kind}
Accept-Encoding: gzip
"""
RESOLVE = f"""
HEAD /v2/team/app/manifests/{{reference}} HTTP/1.1
Host: {{host}}
User-Agent: {{agent}}
Accept: {DOCKER_IMAGE}, {DOCKER_LIST}, {IMAGE}, {INDEX}, */*
"""
FETCH = """
GET /v2/team/app/{what}/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Accept: {kind}, */*
Accept-Encoding: zstd;q=1.0, gzip;q=0.8, deflate;q=0.5
{range}
"""


def upload(client: Replay, piece: Piece, started: Answer) -> None:
    """Put the whole blob to where the session is; a digest in the answer must be the expected one."""
    assert started.status == 202, started
    target = client.closing_target(started, piece.digest)
    answer = client(PUT_BLOB, piece.content, target=target)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, piece.digest)

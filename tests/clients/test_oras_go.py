"""oras-go, of which oras, notation and helm are made, through a program of our own: HEAD, POST, one PUT."""

from __future__ import annotations

from client import Recovery
from go_program import GoProgram, SaysWhatItCannot, built_from
from scenarios import Scenarios
from variants import BY_DIGEST, ReferrersByTag, Sha512ByDigest


class OrasGo(GoProgram):
    name = "oras-go"
    needs = (built_from("oras-go"),)
    cannot = {"tag_delete": "it deletes by descriptor, and that has a digest and no tag"}
    notes = {"sha512": BY_DIGEST}
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP


class TestOrasGo(SaysWhatItCannot, ReferrersByTag, Sha512ByDigest, Scenarios):
    Client = OrasGo

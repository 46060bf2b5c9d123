"""Every branch in which the admin API refuses is taken out, and exactly the cases fail that claim it."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest
from saboteur import ROOT, Sabotage, Workshop

WORKERS = 2

CASES = "control/test_bad_admin_requests.py"
GUARD = "control/test_admin_guard.py"


@dataclass(frozen=True)
class Refusal:
    """An edit that takes a refusal out of `file`, and the cases of CASES, or tests of GUARD, that must notice."""

    file: str
    before: str
    after: str
    cases: tuple[str, ...]

    @property
    def sabotage(self) -> Sabotage:
        file = self.file if self.file.startswith("oci/") else f"control/{self.file}"
        return Sabotage(" and ".join(self.cases), file, self.before, self.after, CASES)


REFUSALS = [
    # The head
    Refusal("admin.py", "        raise MalformedRequest(error.message) from error", "        del error", ("escape",)),
    Refusal("route.py", "        return decode(text)", "        return text", ("escape that is not UTF-8",)),
    Refusal("route.py", "if request.method not in methods:", "if False:", ("method",)),
    Refusal(
        "route.py",
        'raise UnknownRoute(f"the admin',
        'raise ValueError(f"the admin',
        ("unknown route", "unknown version"),
    ),
    Refusal(
        "admin.py",
        "if kind not in route.body.value:",
        "if False:",
        ("no content type", "a form", "JSON where an archive is taken", "test_what_a_form_can_send_is_refused"),
    ),
    Refusal("admin.py", 'if coding is not None and coding.lower() != "identity":', "if False:", ("compressed",)),
    Refusal(
        "admin.py",
        "            found.append(Flaw(name, f\"is unknown; known are {', '.join(route.query) or 'none'}\"))",
        "            continue",
        ("unknown parameter",),
    ),
    Refusal("admin.py", 'found.append(Flaw(name, "stands more than once"))', "pass", ("parameter twice",)),
    Refusal(
        "admin.py",
        "found += flaws(schema, values[name], name)",
        "pass",
        (
            "export in an unknown format",
            "fault that perhaps must fire",
            "parameter of another type",
            "unknown format",
            "waiting too long",
        ),
    ),
    # The body
    Refusal("admin.py", "if self._size > self.route.limit:", "if False:", ("too large, and nobody said so",)),
    Refusal(
        "admin.py",
        '    except ValueError as error:\n        raise NotJson(f"the body',
        '    except ZeroDivisionError as error:\n        raise NotJson(f"the body',
        (
            "not UTF-8",
            "not JSON",
            "nested too deep",
            "a number that JSON does not have",
            "a number of 5000 digits",
            "a key twice",
        ),
    ),
    Refusal("admin.py", "if _ESCAPED_SURROGATE.search(content):", "if False:", ("half of a surrogate pair",)),
    Refusal("admin.py", "if not isinstance(document, dict):", "if False:", ("no object",)),
    Refusal(
        "oci/strict_json.py",
        "parse_constant=_no_constant",
        "parse_constant=float",
        ("a number that JSON does not have",),
    ),
    Refusal("oci/strict_json.py", "object_pairs_hook=_unique", "object_pairs_hook=dict", ("a key twice",)),
    Refusal(
        "oci/strict_json.py",
        "        return int(digits)",
        "        return int(digits[:1000])",
        ("a number of 5000 digits",),
    ),
    # Fields
    Refusal(
        "shapes.py",
        'yield Flaw(within(place, name), "is missing")',
        "pass",
        ("missing field", "assertion without its field", "file that is no file"),
    ),
    Refusal(
        "shapes.py",
        "elif others is False:",
        "elif False:",
        (
            "unknown field",
            "a field where none is",
            "assertion on an unknown criterion",
            "assertion that nothing was asked, so often",
            "assertion with a field of another kind",
            "assertion without its field",
            "order of an unknown criterion",
            "file that is no file",
            "mode that is no mode",
            "option of one of several faults",
            "scenario with a target",
            "unknown setting",
            "unsafe file",
        ),
    ),
    Refusal(
        "shapes.py",
        'if "enum" in schema and',
        "if False and",
        ("assertion of an unknown kind", "export in an unknown format", "unknown format"),
    ),
    Refusal(
        "shapes.py",
        'return not ("minimum" in schema and',
        "return not (False and",
        ("backwards", "fault never", "wrong setting"),
    ),
    Refusal("shapes.py", '"maximum" in schema and value', "False and value", ("waiting too long",)),
    # Operations
    Refusal(
        "operations/state.py", "if wanted is not None and not _is_id(wanted):", "if False:", ("an id that is no id",)
    ),
    Refusal("desk.py", "if identity in self._snapshots:", "if False:", ("snapshot that is there",)),
    Refusal(
        "desk.py",
        'raise _nothing("snapshot", identity, found)',
        "raise ValueError",
        ("unknown snapshot", "unknown snapshot to compare with", "unknown snapshot to delete"),
    ),
    Refusal("desk.py", 'raise _nothing("fault", identity, found)', "raise ValueError", ("unknown fault to remove",)),
    Refusal(
        "operations/contents.py", 'if not re.fullmatch(r"0?[0-7]{3,4}", mode):', "if False:", ("mode that is no mode",)
    ),
    Refusal(
        "operations/contents.py",
        "    except ValueError as error:\n        raise invalid([Flaw(place",
        "    except ZeroDivisionError as error:\n        raise invalid([Flaw(place",
        ("layer that is no base64",),
    ),
    Refusal(
        "operations/contents.py", "if ask.file is None or not ask.file.read(1):", "if False:", ("an empty archive",)
    ),
    Refusal(
        "operations/contents.py",
        "    except LayoutError as error:\n        raise InvalidArchive",
        "    except ZeroDivisionError as error:\n        raise InvalidArchive",
        ("no archive", "an archive of something else"),
    ),
    Refusal(
        "operations/contents.py",
        "    except LayoutError as error:\n        raise CannotExport",
        "    except ZeroDivisionError as error:\n        raise CannotExport",
        ("export of what the format cannot hold",),
    ),
    Refusal("operations/contents.py", "if not store.has(name):", "if False:", ("unknown repository",)),
    Refusal("operations/faults.py", "if len(kinds) != 1:", "if not kinds:", ("fault and scenario",)),
    Refusal("operations/faults.py", "if len(kinds) != 1:", "if len(kinds) > 1:", ("no fault",)),
    Refusal(
        "operations/faults.py",
        "    except (TypeError, ValueError) as error:\n        raise InvalidFields",
        "    except ZeroDivisionError as error:\n        raise InvalidFields",
        ("fault on an unknown endpoint", "fault that needs a request"),
    ),
    Refusal(
        "operations/faults.py",
        "    except (TypeError, ValueError) as error:\n        raise invalid",
        "    except ZeroDivisionError as error:\n        raise invalid",
        ("wrong argument of a scenario",),
    ),
    Refusal(
        "operations/faults.py",
        "except FormError as error:",
        "except ZeroDivisionError as error:",
        (
            "unknown fault",
            "missing field of a fault",
            "wrong field of a fault",
            "wrong field of one of several faults",
        ),
    ),
    Refusal("operations/faults.py", "if make is None:", "if False:", ("unknown scenario",)),
    Refusal(
        "operations/faults.py", "if name not in known_arguments:", "if False:", ("unknown argument of a scenario",)
    ),
    Refusal(
        "operations/faults.py",
        "for name in options if name not in OPTIONS]",
        "for name in options if False]",
        ("field of another fault",),
    ),
    Refusal(
        "operations/contents.py",
        "except (TypeError, ValueError) as error:",
        "except ZeroDivisionError as error:",
        ("image with a digest", "unsafe file", "contradicting arguments"),
    ),
    Refusal(
        "operations/conduct.py",
        "except (TypeError, ValueError) as error:",
        "except ZeroDivisionError as error:",
        ("nothing forbidden",),
    ),
    Refusal(
        "operations/conduct.py",
        'on=ask.body.get("on"))\n    except ValueError as error:',
        'on=ask.body.get("on"))\n    except ZeroDivisionError as error:',
        ("warning on two lines",),
    ),
    Refusal(
        "operations/assertions.py",
        '    except (TypeError, ValueError) as error:\n        raise invalid([Flaw("",',
        '    except ZeroDivisionError as error:\n        raise invalid([Flaw("",',
        ("assertion with two bounds", "assertion on a wrong path"),
    ),
    Refusal(
        "operations/assertions.py",
        '    except (TypeError, ValueError) as error:\n        raise invalid([Flaw(f"steps',
        '    except ZeroDivisionError as error:\n        raise invalid([Flaw(f"steps',
        ("order of an unknown endpoint",),
    ),
    Refusal(
        "operations/assertions.py",
        "except RegistryError as error:",
        "except ZeroDivisionError as error:",
        ("assertion on a wrong image", "assertion on a wrong digest"),
    ),
    Refusal(
        "operations/assertions.py",
        "if found := list(flaws(kind.takes, ask.body)):",
        "if found := []:",
        (
            "assertion on an unknown criterion",
            "assertion that nothing was asked, so often",
            "assertion with a field of another kind",
            "assertion without its field",
            "order of an unknown criterion",
            "order of what is no step",
        ),
    ),
    Refusal(
        "operations/journal.py",
        "        return find()\n    except (TypeError, ValueError) as error:",
        "        return find()\n    except ZeroDivisionError as error:",
        ("unknown endpoint",),
    ),
    Refusal(
        "operations/journal.py",
        "        raise WaitedInVain(str(error)) from error\n    except (TypeError, ValueError) as error:",
        "        raise WaitedInVain(str(error)) from error\n    except ZeroDivisionError as error:",
        ("unknown endpoint to wait for",),
    ),
    Refusal("operations/journal.py", 'if "times" in ask.query:', "if False:", ("times without wait",)),
    Refusal(
        "operations/assertions.py",
        "except AssertionError as error:",
        "except ZeroDivisionError as error:",
        ("assertion that fails", "push that never was"),
    ),
    Refusal("operations/conduct.py", "if not ask.body:", "if False:", ("no setting",)),
    # Who may ask
    Refusal("guard.py", "if not self.is_on:", "if False:", ("test_switched_off",)),
    Refusal(
        "guard.py",
        "if self.token is None and not is_loopback(bound):",
        "if False:",
        ("test_where_others_reach_it", "test_without_a_token_it_is_off"),
    ),
    Refusal(
        "guard.py",
        "            _check_host(request, {bound, name})",
        "            pass",
        ("test_a_foreign_host_is_refused", "test_no_host_is_refused"),
    ),
    Refusal(
        "guard.py",
        'if scheme not in ("http", "https") or authority',
        "if False and authority",
        (
            "test_a_page_elsewhere_is_refused",
            "test_a_page_elsewhere_is_refused_all_the_same",
            "test_nothing_is_allowed_to_other_pages",
        ),
    ),
    Refusal("guard.py", "if site not in _OWN:", "if False:", ("test_a_page_elsewhere_is_refused",)),
    Refusal(
        "guard.py",
        "            self._check_token(request, self.token)",
        "            pass",
        ("test_without_it_nothing_is_done",),
    ),
]


def test_every_edit_still_fits() -> None:
    """The edits are kept up with the code: each finds its place, once, and changes it."""
    for refusal in REFUSALS:
        text = (ROOT / "fakereg" / refusal.sabotage.file).read_text()

        assert refusal.sabotage.applied_to(text) != text


def failing(folder: Path) -> set[str]:
    """The names of the cases, and of the tests of the guard, that fail in a copy."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rf"]
    done = subprocess.run(
        [*command, f"tests/{CASES}", f"tests/{GUARD}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    cases = re.findall(r"^FAILED \S+::test_it_is_refused\[(.*?)\](?: - |$)", done.stdout, re.MULTILINE)
    tests = re.findall(r"^FAILED \S+test_admin_guard\.py::\w+::(\w+)", done.stdout, re.MULTILINE)
    return {*cases, *tests}


def try_out(workshop: Workshop, folder: Path, refusal: Refusal) -> set[str]:
    path = folder / "fakereg" / refusal.sabotage.file
    whole = path.read_text()
    try:
        path.write_text(refusal.sabotage.applied_to(whole))
        return failing(folder)
    finally:
        path.write_text(whole)


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> list[set[str]]:
    """Which cases fail for each refusal that is taken out, tried on several copies at once."""
    workshops: SimpleQueue[tuple[Workshop, Path]] = SimpleQueue()
    for _ in range(WORKERS):
        folder = tmp_path_factory.mktemp("refusals") / "copy"
        workshops.put((Workshop(folder), folder))

    def run(refusal: Refusal) -> set[str]:
        workshop, folder = workshops.get()
        try:
            return try_out(workshop, folder, refusal)
        finally:
            workshops.put((workshop, folder))

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, REFUSALS))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(REFUSALS)), ids=lambda number: REFUSALS[number].sabotage.behaviour)
def test_exactly_its_cases_fail(number: int, noticed: list[set[str]]) -> None:
    """A refusal is claimed by its own cases, and by no others."""
    assert noticed[number] == set(REFUSALS[number].cases)

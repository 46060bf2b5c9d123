"""Faults, as values: what a registry does wrong, on cue.

    with registry.fault(faults.Respond(429, retry_after=1), on="get_blob", times=2) as fault:
        ...
    assert fault.fired == 2

Each is a frozen dataclass, and each says in its docstring what a client sees of it.
"""

from fakereg.double.fault import Fault
from fakereg.double.faults.answers import EmptyAnswer, Redirect, Respond
from fakereg.double.faults.breaks import ChunkedEncoding, ContentEncoding, Corrupt, LoseAnswer, Pad, Reset, Truncate
from fakereg.double.faults.headers import (
    DropHeader,
    EndlessPages,
    Relocate,
    SetHeader,
    SetStatus,
    WrongContentRange,
)
from fakereg.double.faults.requests import (
    DeclineMount,
    ForgetUpload,
    IgnoreFilter,
    IgnoreRange,
    LaggingList,
    MultipartRange,
    PartialAccept,
    SetQuery,
    StaleRead,
)
from fakereg.double.faults.timing import Delay, Lognormal, SlowTls, Stall, Throttle, Uniform

__all__ = [
    "ChunkedEncoding",
    "ContentEncoding",
    "Corrupt",
    "DeclineMount",
    "Delay",
    "DropHeader",
    "EmptyAnswer",
    "EndlessPages",
    "Fault",
    "ForgetUpload",
    "IgnoreFilter",
    "IgnoreRange",
    "LaggingList",
    "Lognormal",
    "LoseAnswer",
    "MultipartRange",
    "Pad",
    "PartialAccept",
    "Redirect",
    "Relocate",
    "Reset",
    "Respond",
    "SetHeader",
    "SetQuery",
    "SetStatus",
    "SlowTls",
    "StaleRead",
    "Stall",
    "Throttle",
    "Truncate",
    "Uniform",
    "WrongContentRange",
]

"""Random straight-line programs whose accesses are known, for the reference stepper.

Each step states what it reads and writes as functions of the registers before it; that
is written down here by hand from the manuals and asks neither engine nor decoder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

#: (is write, address, size)
Access = tuple[bool, int, int]
Registers = dict[str, int]


@dataclass(frozen=True)
class Step:
    """One instruction: text for people, bytes for the machine, accesses for the judge."""

    text: str
    code: bytes
    accesses: Callable[[Registers], list[Access]]


def _nothing(_regs: Registers) -> list[Access]:
    return []


def _plain(text: str, code: str) -> Step:
    return Step(text, bytes.fromhex(code), _nothing)


#: Prefix of `[rbx+disp8]` forms, what they do (r, w, rw) and the size; disp8 follows.
_BASED = [
    ("mov [rbx+{0}],cl", "884b", "w", 1),
    ("mov [rbx+{0}],cx", "66894b", "w", 2),
    ("mov [rbx+{0}],ecx", "894b", "w", 4),
    ("mov [rbx+{0}],rcx", "48894b", "w", 8),
    ("mov cl,[rbx+{0}]", "8a4b", "r", 1),
    ("mov rdx,[rbx+{0}]", "488b53", "r", 8),
    ("movzx edx,word [rbx+{0}]", "0fb753", "r", 2),
    ("add [rbx+{0}],rcx", "48014b", "rw", 8),
    ("sub [rbx+{0}],cl", "284b", "rw", 1),
    ("adc rdx,[rbx+{0}]", "481353", "r", 8),
    ("inc dword [rbx+{0}]", "ff43", "rw", 4),
    ("neg word [rbx+{0}]", "66f75b", "rw", 2),
    ("lock xadd [rbx+{0}],rcx", "f0480fc14b", "rw", 8),
    ("xchg [rbx+{0}],ecx", "874b", "rw", 4),
    ("cmpxchg [rbx+{0}],rcx", "480fb14b", "rw", 8),
    ("cmp [rbx+{0}],rcx", "48394b", "r", 8),
    ("test [rbx+{0}],cl", "844b", "r", 1),
    ("shl dword [rbx+{0}],cl", "d363", "rw", 4),
    ("cmovz rdx,[rbx+{0}]", "480f4453", "r", 8),
    ("setc [rbx+{0}]", "0f9243", "w", 1),
    ("movdqu [rbx+{0}],xmm0", "f30f7f43", "w", 16),
    ("movups xmm0,[rbx+{0}]", "0f1043", "r", 16),
    ("movq [rbx+{0}],xmm0", "660fd643", "w", 8),
    ("lea rdx,[rbx+{0}]", "488d53", "", 8),
    ("prefetcht0 [rbx+{0}]", "0f184b", "", 1),
    ("fld qword [rbx+{0}]", "dd43", "r", 8),
    ("fst dword [rbx+{0}]", "d953", "w", 4),
]

#: Its operand must lie on 16 bytes: the base is 8 short of that.
_WIDE = ("cmpxchg16b [rbx+{0}]", "480fc74b", "rw", 16)


def _based(form: tuple[str, str, str, int], disp: int) -> Step:
    text, prefix, does, size = form

    def accesses(regs: Registers) -> list[Access]:
        address = regs["rbx"] + disp
        return [(letter == "w", address, size) for letter in does]

    return Step(text.format(disp), bytes.fromhex(prefix) + bytes([disp]), accesses)


def _stack(text: str, code: str, write: bool) -> Step:
    def accesses(regs: Registers) -> list[Access]:
        return [(write, regs["rsp"] - (8 if write else 0), 8)]

    return Step(text, bytes.fromhex(code), accesses)


def _push_memory(disp: int) -> Step:
    def accesses(regs: Registers) -> list[Access]:
        return [(False, regs["rbx"] + disp, 8), (True, regs["rsp"] - 8, 8)]

    return Step(f"push [rbx+{disp}]", b"\xff\x73" + bytes([disp]), accesses)


def _pop_memory(disp: int) -> Step:
    def accesses(regs: Registers) -> list[Access]:
        return [(False, regs["rsp"], 8), (True, regs["rbx"] + disp, 8)]

    return Step(f"pop [rbx+{disp}]", b"\x8f\x43" + bytes([disp]), accesses)


_STRING = [
    ("movsb", "a4", 1, "sd"),
    ("movsq", "48a5", 8, "sd"),
    ("stosw", "66ab", 2, "d"),
    ("stosq", "48ab", 8, "d"),
    ("lodsd", "ad", 4, "s"),
    ("scasb", "ae", 1, "c"),
    ("cmpsw", "66a7", 2, "sc"),
]


def _string(form: tuple[str, str, int, str], repeated: bool) -> Step:
    text, code, size, does = form

    def accesses(regs: Registers) -> list[Access]:
        if repeated and not regs["rcx"]:
            return []
        places = {
            "s": (False, regs["rsi"], size),
            "d": (True, regs["rdi"], size),
            "c": (False, regs["rdi"], size),
        }
        return [places[letter] for letter in does]

    prefix = b"\xf3" if repeated else b""
    return Step("rep " * repeated + text, prefix + bytes.fromhex(code), accesses)


_disp = st.integers(0, 72)

single_steps: st.SearchStrategy[list[Step]] = st.one_of(
    st.builds(_based, st.sampled_from(_BASED), _disp).map(lambda s: [s]),
    st.builds(_string, st.sampled_from(_STRING), st.just(False)).map(lambda s: [s]),
    st.sampled_from(
        [
            [_stack("push rcx", "51", True)],
            [_stack("pop rdx", "5a", False)],
            [_stack("call next", "e800000000", True)],
            [_plain("inc rcx", "48ffc1")],
            [_plain("xor eax,eax", "31c0")],
            [_plain("cmp rcx,rdx", "4839d1")],
            [_plain("jz next", "7400")],
            [_plain("jmp next", "eb00")],
            [_plain("cld", "fc")],
            [_plain("nop", "90")],
        ]
    ),
    st.builds(_based, st.just(_WIDE), st.sampled_from([8, 24, 40, 56])).map(
        # The engine loses flags other than ZF of what came before (docs/engine.md).
        lambda s: [_plain("clc", "f8"), s]
    ),
    st.builds(_push_memory, _disp).map(lambda s: [s]),
    st.builds(_pop_memory, _disp).map(lambda s: [s]),
)

repeats: st.SearchStrategy[list[Step]] = st.builds(
    lambda count, form: [
        _plain(f"mov ecx,{count}", "b9" + count.to_bytes(4, "little").hex()),
        _string(form, True),
    ],
    st.integers(0, 6),
    st.sampled_from(_STRING),
)

programs = st.lists(
    st.one_of(single_steps, single_steps, repeats), min_size=1, max_size=12
).map(lambda parts: [step for part in parts for step in part])


def loop(body: list[Step], times: int) -> list[Step]:
    """The body so many times; r15 counts."""
    length = sum(len(step.code) for step in body) + 3 + 6
    back = (-length).to_bytes(4, "little", signed=True).hex()
    return [
        _plain(f"mov r15d,{times}", "41bf" + times.to_bytes(4, "little").hex()),
        *body,
        _plain("dec r15", "49ffcf"),
        _plain("jnz", "0f85" + back),
    ]

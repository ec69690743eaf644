"""Random small programs that are full of what folding decides: flags, tables, partials, layers that may be there.

Each has a class `Net`; `behaviour` is all that can be seen of it, what it raises included.
"""

from textwrap import indent
from typing import Any

from hypothesis import strategies as st

CONSTANT = st.sampled_from(["None", "True", "False", "0", "1", "2", "'a'", "'b'", "''", "Left", "Right", "helper_0"])
NAME = st.sampled_from(["x", "mode", "other", "FLAG", "KIND", "ZERO", "local"])
TEST = st.deferred(
    lambda: st.one_of(
        NAME,
        st.builds("{} is None".format, NAME),
        st.builds("{} is not None".format, NAME),
        st.builds("isinstance({}, str)".format, NAME),
        st.builds("{} == {}".format, NAME, CONSTANT),
        st.builds("{} in TABLE".format, st.sampled_from(["mode", "other", "KIND"])),
        st.builds("not {}".format, NAME),
        st.builds("({} {} {})".format, NAME, st.sampled_from(["and", "or"]), NAME),
        st.builds("callable({})".format, NAME),
        st.builds("{} is Left".format, NAME),
    )
)
VALUE = st.deferred(
    lambda: st.one_of(
        NAME,
        CONSTANT,
        st.builds("({} or {})".format, NAME, CONSTANT),
        st.builds("({} if {} else {})".format, NAME, TEST, CONSTANT),
        st.builds("TABLE.get({}, {})".format, CONSTANT, NAME),
    )
)
CALL = st.deferred(
    lambda: st.one_of(
        st.builds("helper_0({}, {})".format, VALUE, VALUE),
        st.builds("helper_1({}, other={})".format, VALUE, VALUE),
        st.builds("helper_1({}, **dict(mode={}))".format, VALUE, VALUE),
        st.builds("Left({})".format, VALUE),
        st.builds("Right(mode={}).value".format, VALUE),
        st.builds("partial(Left, mode={})(x)".format, VALUE),
        st.builds("helper_2(x, {})".format, CONSTANT),
        st.builds("Part({})(x)".format, VALUE),
        st.builds("Part({}, {})(x)".format, VALUE, VALUE),
    )
)
CHOICE = st.deferred(
    lambda: st.one_of(
        st.builds("({} if {} else {})".format, CALL, TEST, VALUE),
        st.builds("({} if {} else {})".format, VALUE, TEST, CALL),
    )
)
SIMPLE = st.one_of(
    st.builds("local = {}".format, st.one_of(VALUE, CALL, CHOICE)),
    st.builds("LOG.append(show({}))".format, st.one_of(VALUE, CALL)),
    st.builds("mode = {}".format, VALUE),
    st.builds("return {}".format, VALUE),
    st.builds("assert {}".format, TEST),
    st.builds("raise ValueError({})".format, VALUE),
    st.sampled_from(["local = local.value", "local = local(x)", "del local", "from math import floor as local"]),
)


def nested(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(children, min_size=1, max_size=2).map(lambda found: indent("\n".join(found), "    "))
    return st.one_of(
        st.builds("if {}:\n{}".format, TEST, body),
        st.builds("if {}:\n{}\nelse:\n{}".format, TEST, body, body),
        st.builds("for local in (1, mode):\n{}".format, body),
        st.builds("try:\n{}\nexcept TypeError:\n{}".format, body, body),
        st.builds("def inner(mode=1):\n{}\nlocal = inner()".format, body),
    )


BODY = st.lists(st.recursive(SIMPLE, nested, max_leaves=5), min_size=1, max_size=4).map(
    lambda found: indent("\n".join(["local = 0", *found]), "    ")
)

MAKER = st.sampled_from(["None", "Left", "Right", "partial(Left, mode=1)", "mode and Left"])

PROGRAM = st.builds(
    """from functools import partial
LOG = []
FLAG = {0}
KIND = {1}
ZERO = 0

def show(value):
    return value if value is None or isinstance(value, (str, int)) else "object"

class Base:
    kind = 1
    def __init__(self, value=None, mode=None, other=False):
        self.value = value
        self.mode = mode
        self.other = other
        if self.mode:
            self.value = other

    def __call__(self, x):
        return show(self.value), show(x)

class Left(Base):
    def __init__(self, value, **kwargs):
        super().__init__(value, **kwargs)
        if self.other:
            LOG.append("other")

class Right(Base):
    pass

class Part:
    def __init__(self, make=None, mode=None):
        self.inner = make(mode) if make else None
        self.mode = mode if self.inner is None else make

    def __call__(self, x):
        if self.inner is not None:
            x = self.inner(x)
        assert self.mode is not x
        return x

def helper_2(x, mode, other=None):
    if x == 99:
        return helper_2(x - 1, mode)
    LOG.append(show(mode))
    if mode is None:
        return other
    return mode

TABLE = {{"a": Left, "b": 3, 0: None}}

def helper_0(x, mode=None, other=None):
{2}

def helper_1(x, mode="a", other=False):
{3}

class Net:
    def __init__(self, mode, other=None):
        self.mode = mode
        self.left = Left({4})
        self.fixed = {4}
        self.parts = [Part({6}), Part({7}, {4})]

    def forward(self, x):
        mode, other, local = self.mode, self.fixed, None
        LOG.append([part(x) for part in self.parts])
        return self._inner(x, mode, other), helper_0(x, {4}), helper_1(x)

    def _inner(self, x, mode, other):
        if self.left.mode:
            LOG.append("left")
{5}
""".format,
    CONSTANT.filter(lambda text: not text[0].isupper() or text in ("None", "True", "False")).filter(
        lambda text: not text.startswith("helper")
    ),
    st.sampled_from(["None", "'a'", "'c'", "True"]),
    BODY,
    BODY,
    st.sampled_from(["None", "'a'", "1", "FLAG", "KIND"]),
    BODY.map(lambda text: indent(text, "    ")),
    MAKER,
    MAKER,
)


def behaviour(source: str) -> list[object]:
    """What `Net(mode).forward(x)` gives or raises for some modes and inputs, and what was logged on the way."""
    names: dict[str, Any] = {}
    exec(compile(source, "<program>", "exec"), names)
    found: list[object] = []
    for mode in (None, "a", 0, True):
        for x in (0, "b"):
            try:
                result = names["Net"](mode).forward(x)
            except (
                TypeError,
                NameError,
                AssertionError,
                RecursionError,
                KeyError,
                AttributeError,
                ValueError,
            ) as error:
                result = type(error).__name__.replace("UnboundLocal", "Name")
            found.append(_plain(result))
    return [found, _plain(names.get("LOG", []))]


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | None) else "object"

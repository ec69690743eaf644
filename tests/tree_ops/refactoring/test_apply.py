import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.edits import (
    AddClass,
    AddDefinitions,
    ChooseCall,
    ExtendInit,
    ReplaceCall,
    ReplaceCallee,
)
from tests.tree_ops.refactoring.texts import after, edited, number_of, replaced


@pytest.mark.parametrize(
    ("before", "call"),
    [
        (b"class N:\n\tdef __init__(self):\n\t\tself.a = Old(1)  # why\n", b"Old(1)"),
        (b"x = 1\r\nself.a = Old(\r\n    1,\r\n)\r\ny = 2\r\n", b"Old(\r\n    1,\r\n)"),
        (b"x = 1\r\nself.a = Old(1)\ny = 2\r\n", b"Old(1)"),
        (b"\xef\xbb\xbfself.a = Old(1)\n", b"Old(1)"),
        (b"# coding: latin-1\ns = '\xe9'\na = Old(1)\n", b"Old(1)"),
        (b"x = 1\n\x0c\nclass A:\n    pass\n\x0c\na = Old(1)\n\x0c\nb = 2\n", b"Old(1)"),
        (b"a = Old(1)", b"Old(1)"),
        (b"a = 1; b = Old(2) ;c = 3\n", b"Old(2)"),
        (b"def f(): return  Old( 1 )\n", b"Old( 1 )"),
        (b"if (m := Old(1)) is not None: pass\n", b"Old(1)"),
        (b"@Keep(3)\ndef f(x=Old(1)): ...\n", b"Old(1)"),
        (b"f = lambda *a, **k: Old(*a, **k)\n", b"Old(*a, **k)"),
        (b"m = [Old(n) for n in range(3) if n]\n", b"Old(n)"),
        (b"m = Sequential(\n    Old(1),  # first\n    Last(),  # last\n)\n", b"Old(1)"),
        (b"a = (  Old(1)\n  )\n", b"Old(1)"),
        (b"a = f'{other(1)}' + Old(1).name\n", b"Old(1)"),
        (b"def o():\n  def i():\n    return Old(1)\n  return i\n", b"Old(1)"),
    ],
)
def test_all_but_the_call_stays_byte_for_byte(before: bytes, call: bytes) -> None:
    assert replaced(before, call.decode()[:4], "New(dim)") == before.replace(call, b"New(dim)")


def test_a_callee_is_exchanged_and_its_arguments_keep_their_layout() -> None:
    before = """
        self.norm = nn.LayerNorm(
            dim,   # of the tokens
            eps = 1e-6)
    """
    assert edited(before, ReplaceCallee(0, "nn.RMSNorm")) == after("""
        self.norm = nn.RMSNorm(
            dim,   # of the tokens
            eps = 1e-6)
    """)


def test_a_loop_chooses_and_its_variable_gets_a_name() -> None:
    before = "self.blocks = ModuleList([Block(dim) for _ in range(depth)])\n"
    edit = ChooseCall(number_of(before, "Block"), "New(dim)", "i == 3", ("_", "i"))
    assert edited(before, edit) == (
        "self.blocks = ModuleList([New(dim) if i == 3 else Block(dim) for i in range(depth)])\n"
    )


CONSTRUCTOR = """
    class Net(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.a = A(dim)

            # as in the paper
            self.apply(self._init_weights)

        def forward(self, x):
            return self.a(x)
"""


def test_a_constructor_is_extended_at_its_end() -> None:
    assert edited(CONSTRUCTOR, ExtendInit("Net", ("self.a.b = New(dim)",), False)) == after(
        CONSTRUCTOR.replace(
            "self.apply(self._init_weights)", "self.apply(self._init_weights)\n            self.a.b = New(dim)"
        )
    )


def test_a_constructor_is_extended_before_it_initialises_weights() -> None:
    assert edited(CONSTRUCTOR, ExtendInit("Net", ("self.a.b = New(dim)",), True)) == after(
        CONSTRUCTOR.replace("self.a = A(dim)", "self.a = A(dim)\n\n            self.a.b = New(dim)")
    )


def test_a_constructor_that_initialises_nothing_has_no_place_before_that() -> None:
    with pytest.raises(SourceError, match="nothing in it initialises"):
        edited("class Net:\n    def __init__(self):\n        self.a = 1\n", ExtendInit("Net", ("self.b = 2",), True))


def test_a_constructor_on_one_line_stays_on_one() -> None:
    before = "class Net:\n    def __init__(self): self.a = A(1)\n"
    assert edited(before, ExtendInit("Net", ("self.a.b = New()", "self.c = 1"), False)) == (
        "class Net:\n    def __init__(self): self.a = A(1); self.a.b = New(); self.c = 1\n"
    )


def test_a_constructor_in_a_class_under_if_is_found() -> None:
    before = "if True:\n\tclass Net:\n\t\tdef __init__(self):\n\t\t\tself.a = A(1)\n"
    assert edited(before, ExtendInit("Net", ("for a in self.a:\n\ta.b = New()",), False)) == (
        before + "\t\t\tfor a in self.a:\n\t\t\t\ta.b = New()\n"
    )


def test_a_class_is_added_behind_the_one_that_it_specialises() -> None:
    before = """
        import torch


        # A block.
        class Block(nn.Module):
            pass


        class Net(nn.Module):
            pass
    """
    text = "class NewBlock(Block):\n    pass\n"
    assert edited(before, AddClass("Block", text)) == after("""
        import torch


        # A block.
        class Block(nn.Module):
            pass


        class NewBlock(Block):
            pass


        class Net(nn.Module):
            pass
    """)


def test_definitions_are_added_before_their_first_user() -> None:
    before = """
        import torch


        # The model.
        class Net(nn.Module):
            pass
    """
    assert edited(before, AddDefinitions("def helper():\n    return 1\n", "Net")) == after("""
        import torch


        def helper():
            return 1


        # The model.
        class Net(nn.Module):
            pass
    """)


def test_an_edit_that_finds_no_place_is_refused() -> None:
    with pytest.raises(SourceError, match="no place"):
        edited("class Net: pass\n", ExtendInit("Other", ("self.b = 2",), False))


def test_calls_are_numbered_from_the_outside_in() -> None:
    before = "a = Outer(Inner(1), key=Inner(2))(Inner(3))\n"
    assert edited(before, ReplaceCall(2, "X()")) == "a = Outer(X(), key=Inner(2))(Inner(3))\n"

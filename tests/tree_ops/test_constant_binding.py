"""What parameters are known to get: from calls, from displays that are handed on, from partials."""

import pytest

from tests.tree_ops.extraction import assert_folds, folded


def test_what_a_display_gives_a_call_cannot_come_from_an_unknown_dictionary_too() -> None:
    assert_folds(
        """
        def slow(x):
            return x

        def part(x, is_slow=False, **rest):
            if is_slow:
                x = slow(x)
            return x

        def Net(x, options):
            shared = dict(is_slow=False)
            return part(x, **options, **shared)
        """,
        """
        def part(x, is_slow=False, **rest):
            return x


        def Net(x, options):
            shared = dict(is_slow=False)
            return part(x, **options, **shared)
        """,
    )


@pytest.mark.parametrize("change", ['shared.pop("is_slow")', 'del shared["is_slow"]'])
def test_a_key_taken_out_of_a_display_may_come_from_elsewhere(change: str) -> None:
    found = folded(
        f"""
        def part(x, is_slow=False):
            return -x if is_slow else x

        def Net(x, options):
            shared = dict(is_slow=False)
            {change}
            return part(x, **options, **shared)
        """
    )
    assert "-x if is_slow else x" in found.source


def test_the_function_of_a_partial_is_known_and_its_keywords_may_change() -> None:
    assert_folds(
        """
        from functools import partial

        class Slow:
            pass

        def square(x, is_slow=False):
            return Slow() if is_slow else x * x

        def cube(x):
            return x * x * x

        def chosen(function):
            if isinstance(function, partial):
                function = function.func
            if function is cube:
                return Slow
            return function

        def Net(x):
            return chosen(partial(square, is_slow=True))(x, False)
        """,
        """
        from functools import partial


        def square(x, is_slow=False):
            return x * x


        def chosen(function):
            function = function.func
            return function


        def Net(x):
            return chosen(partial(square, is_slow=True))(x, False)
        """,
    )
    changed = folded(
        """
        from functools import partial

        def square(x, is_slow=False):
            return -x if is_slow else x * x

        def Net(x):
            found = partial(square, is_slow=False)
            found.keywords["is_slow"] = True
            return found(x)
        """
    )
    assert "-x if is_slow" in changed.source


def test_parameters_that_every_call_leaves_alone_are_constants_over_several_functions() -> None:
    assert_folds(
        """
        class Mixer:
            pass

        def create(kind):
            if kind is None:
                return None
            if isinstance(kind, str):
                return {"mixer": Mixer}[kind.lower()]()
            return kind()

        class Block:
            def __init__(self, width, kind=None, **kwargs):
                self.width = width
                self.mixer = create(kind)

            def __call__(self, x):
                if self.mixer is not None:
                    x = self.mixer(x)
                return x * self.width

        class Net:
            def __init__(self, width):
                self.block = Block(width)

            def __call__(self, x):
                return self.block(x)
        """,
        """
        def create(kind):
            return None


        class Block:
            def __init__(self, width, kind=None, **kwargs):
                self.width = width
                self.mixer = create(kind)

            def __call__(self, x):
                return x * self.width


        class Net:
            def __init__(self, width):
                self.block = Block(width)

            def __call__(self, x):
                return self.block(x)
        """,
    )

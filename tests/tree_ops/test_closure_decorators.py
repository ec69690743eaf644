"""Which decorators extraction keeps."""

from pathlib import Path

from tests.tree_ops.extraction import assert_source, closure


def test_decorators_that_only_register_or_document_are_dropped(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "registry.py": """
                import not_there_xyz

                MODELS = not_there_xyz.Registry()

                def register(fn):
                    MODELS.add(fn)
                    return fn

                def document(text):
                    def wrap(fn):
                        fn.__doc__ = text
                        return fn
                    return wrap

                def double(fn):
                    return lambda x: fn(fn(x))
            """,
            "a.py": """
                from .registry import MODELS, document, double, register

                @register
                @document("what it does")
                @MODELS.register_module(name="net")
                @double
                def net(x):
                    return x + 1
            """,
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def double(fn):
            return lambda x: fn(fn(x))


        @double
        def net(x):
            return x + 1
        """,
    )


def test_registrations_on_an_object_in_the_closure_are_kept(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                class Registry(dict):
                    def register(self, fn):
                        self[fn.__name__] = fn
                        return fn

                LAYERS = Registry()

                @LAYERS.register
                def plain(x):
                    return x

                def build(name):
                    return LAYERS[name]
            """
        },
        "pkg.a.build",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["build"]("plain")(4) == 4  # type: ignore[operator]

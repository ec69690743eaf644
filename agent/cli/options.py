"""Options that several commands share."""

from typing import Annotated

import typer

WeakSandbox = Annotated[
    bool, typer.Option("--allow-weak-sandbox", help="Run even where foreign code can't be confined: your own risk.")
]
FurtherSources = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="SOURCE", help="Where else to find packages: a path or pypi:NAME==VERSION."),
]
SampleShape = Annotated[
    str | None, typer.Option("--input", metavar="SHAPE", help="Shape of one sample, like 3x32x32; found by trying.")
]

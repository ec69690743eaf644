"""Options that several commands share."""

from typing import Annotated

import typer

WeakSandbox = Annotated[
    bool, typer.Option("--allow-weak-sandbox", help="Run even where foreign code can't be confined: your own risk.")
]

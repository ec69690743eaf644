"""Settings as data: name, default, bounds and one line of help each. Code, `--set`, TOML files and docs are fed from
here."""

import dataclasses
import functools
import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from archgraft.agent.errors import UsageError


def _setting(
    default: Any, help: str, *, at_least: float | None = None, above: float | None = None, at_most: float | None = None
) -> Any:
    """A field with its help and bounds, for the dataclasses below."""
    bounds = {"at_least": at_least, "above": above, "at_most": at_most}
    return field(default=default, metadata={"help": help, **{k: v for k, v in bounds.items() if v is not None}})


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What the search loop does."""

    seed: int = _setting(0, "Seed of every choice: same seed, same recorded answers, same run.", at_least=0)
    planner: str = _setting("thompson", "Who plans each step: thompson, or random, the control arm.")
    chooser: str = _setting("prior", "Who picks one of the options: prior (needs no key) or llm.")
    slots: int = _setting(2, "Candidates in flight at once.", at_least=1)
    confirmation_seeds: int = _setting(
        3, "Seeds that a candidate which beats its parent is trained with; its score is their mean.", at_least=1
    )
    rungs: int = _setting(
        1, "Levels of training effort; with 1 every candidate is trained with the whole recipe at once.", at_least=1
    )
    reduction: int = _setting(
        3, "Each rung trains this many times the epochs of the one below, and the best of as many go up.", at_least=2
    )
    inherit_weights: bool = _setting(
        False,
        "Whether a candidate whose edit keeps the function begins with its parent's trained weights; it is then "
        "compared with the parent trained equally longer.",
    )
    inherited_weights_bytes: int = _setting(
        2 * 2**30, "Trained weights kept for that, in all; those of the worst candidates go first.", at_least=1
    )
    early_stop: bool = _setting(True, "Whether a training that learns many times slower than the rootstock is ended.")
    let_through_share: float = _setting(
        0.1,
        "Share of what a stage would reject that passes by chance, so that its errors are known.",
        at_least=0,
        at_most=1,
    )
    n_finalists: int = _setting(3, "Best candidates that are trained anew with several seeds.", at_least=1)
    finalist_seeds: int = _setting(3, "Seeds for each finalist and for the rootstock.", at_least=2)
    max_parameters_ratio: float = _setting(2.0, "Cap on parameters, as a multiple of the rootstock's.", above=0)
    max_module_lines: int = _setting(
        300, "Longest mined module that is offered, in lines with all it needs.", at_least=1
    )
    latency_rounds: int = _setting(
        30,
        "Rounds in which finalists are timed beside the rootstock, for each variant.",
        at_least=6,
    )
    max_flops_ratio: float = _setting(2.0, "Cap on FLOPs a sample, as a multiple of the rootstock's.", above=0)
    time_compiled: bool = _setting(
        False, "Whether finalists are timed compiled by torch.compile, too, besides as they are and with folded norms."
    )
    max_latency_ratio: float | None = _setting(
        None, "Cap on latency, as a multiple of the rootstock's; both are timed in turn.", above=0
    )
    max_memory_ratio: float | None = _setting(
        None, "Cap on the peak memory of a process that runs the model, as a multiple of the rootstock's.", above=0
    )


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """How models are trained; what is not set is the task's own choice. The same for rootstock and candidates,
    but for genes."""

    epochs: int | None = _setting(None, "Passes over the training split.", at_least=1)
    batch_size: int | None = _setting(None, "Samples in a training batch.", at_least=1)
    optimizer: Literal["adamw", "sgd"] | None = _setting(None, "Optimiser: adamw or sgd.")
    learning_rate: float | None = _setting(None, "Peak learning rate, after the warm-up.", above=0)
    learning_rate_rule: Literal["fixed", "range_test"] | None = _setting(
        None, "Whose rate: the same for every model (fixed), or found for each by a short test (range_test)."
    )
    weight_decay: float | None = _setting(None, "Weight decay.", at_least=0)
    warmup_share: float | None = _setting(None, "Share of the steps that warm up.", at_least=0, at_most=1)
    label_smoothing: float | None = _setting(None, "Label smoothing of cross-entropy.", at_least=0, at_most=1)
    gradient_clip: float | None = _setting(None, "Largest norm of the gradient.", above=0)
    gradient_accumulation: int | None = _setting(
        None, "Parts that a batch is trained in, one after the other: less memory, the same step.", at_least=1
    )
    crop_padding: int | None = _setting(
        None, "Pixels of padding around a picture before a random crop of its size; 0 turns it off.", at_least=0
    )
    horizontal_flip: bool | None = _setting(None, "Whether pictures are mirrored left to right at random.")
    mixed_precision: bool | None = _setting(None, "Whether training on a CUDA GPU computes in bfloat16.")
    train_function: str | None = _setting(
        None,
        "Your own training, as path/to/file.py:function or package.module:function, called with (model, data, budget).",
    )


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Which untrained measures may reject a candidate before it is trained; docs/proxies.md has what they are worth."""

    names: str = _setting(
        "",
        "Zero-cost proxies that may reject, separated by commas: parameters, flops, synflow, naswot, zico, gradsign; "
        "empty turns them off.",
    )
    min_results: int = _setting(20, "Results that a proxy is compared with before it may reject.", at_least=3)
    min_correlation: float = _setting(
        0.3, "Rank correlation with real results below which a proxy is switched off.", at_least=-1, at_most=1
    )
    reject_share: float = _setting(
        0.3, "Share of all candidates, the lowest by the proxies' mean rank, that isn't trained.", at_least=0, at_most=1
    )


@dataclass(frozen=True, slots=True)
class GeneSettings:
    """Which parts of the recipe each candidate may have as its own; docs/training.md has what that is worth."""

    names: str = _setting(
        "",
        "Parts of the recipe that candidates may change, separated by commas: learning_rate, weight_decay, "
        "warmup_share, label_smoothing, crop_padding, horizontal_flip; auto: those that fit the task; empty: none.",
    )
    inherit_share: float = _setting(
        0.5, "Share of candidates that keep the genes of their parent.", at_least=0, at_most=1
    )


@dataclass(frozen=True, slots=True)
class PlannerSettings:
    """How the thompson planner learns; agent/planners/thompson.py explains the symbols."""

    discount: float = _setting(0.98, "What an attempt's weight is multiplied by at each later one.", above=0, at_most=1)
    exploration: float = _setting(0.2, "Share of steps whose kind of edit is uniform.", at_least=0, at_most=1)
    repeat: float = _setting(
        0.1, "Share of steps that repeat the last kind of edit that helped.", at_least=0, at_most=1
    )
    shrinkage: float = _setting(4.0, "Attempts that the pull towards the level above is worth.", above=0)
    cell_exploration: float = _setting(0.5, "Weight of rarely used cells when a parent is chosen.", at_least=0)
    n_options: int = _setting(8, "Options that a chooser is offered.", at_least=1, at_most=8)


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """The endpoint behind the llm chooser; any server that speaks the OpenAI protocol."""

    base_url: str = _setting("https://api.openai.com/v1", "Address of the endpoint, up to and including /v1.")
    model: str = _setting("", "Name of the model, as the endpoint knows it.")
    api_key_variable: str = _setting(
        "OPENAI_API_KEY", "Environment variable that holds the key; empty for an endpoint without keys."
    )
    temperature: float | None = _setting(None, "Sampling temperature; none leaves it to the endpoint.", at_least=0)
    timeout_seconds: float = _setting(30.0, "Longest wait for one reply.", above=0)
    max_retries: int = _setting(1, "Times a failed request is sent again.", at_least=0, at_most=10)
    usd_per_million_input_tokens: float = _setting(0.0, "Price of a million input tokens, in USD.", at_least=0)
    usd_per_million_output_tokens: float = _setting(0.0, "Price of a million output tokens, in USD.", at_least=0)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """What one candidate may use while it trains."""

    wall_seconds: float = _setting(300.0, "Wall-clock time of one training, profile included.", above=0)
    cpu_seconds: float = _setting(600.0, "CPU time of one training, over all its threads.", above=0)
    memory_bytes: int = _setting(4 * 2**30, "Memory of one candidate's process.", at_least=2**28)
    n_threads: int = _setting(1, "Threads of one candidate's process.", at_least=1)
    device: str = _setting("cpu", "Where candidates train: cpu, cuda (every GPU), cuda:N, mps, or auto (the best).")
    allow_weak: bool = _setting(
        False, "Run even where the machine can't confine foreign code (tier C): at your own risk."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of a search."""

    search: SearchSettings = SearchSettings()
    recipe: RecipeSettings = RecipeSettings()
    genes: GeneSettings = GeneSettings()
    proxies: ProxySettings = ProxySettings()
    planner: PlannerSettings = PlannerSettings()
    llm: LlmSettings = LlmSettings()
    sandbox: SandboxSettings = SandboxSettings()


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, for documentation."""

    key: str
    type: str
    default: str
    help: str


def describe() -> tuple[SettingRow, ...]:
    """Every setting in order; docs/settings.md is made from this."""
    return tuple(
        SettingRow(key, type_in_words(key), written(found.default), str(found.metadata["help"]))
        for key, found in fields_by_key().items()
    )


def written(value: object) -> str:
    """A setting's value as a user would write it: `none` for what is not set, text without quotes."""
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def type_in_words(key: str) -> str:
    """What kind of value a key takes: `a whole number, at least 1, or none`."""
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "none"}
    kinds = typing.get_args(_types()[key]) or (_types()[key],)
    words = [
        names[kind] if isinstance(kind, type) else " or ".join(map(repr, typing.get_args(kind)))
        for kind in kinds
        if kind is not type(None)
    ]
    metadata = fields_by_key()[key].metadata
    bounds = {"at_least": "at least", "above": "above", "at_most": "at most"}
    words += [f"{phrase} {metadata[name]:g}" for name, phrase in bounds.items() if name in metadata]
    return ", ".join(words) + (", or none" if type(None) in kinds else "")


def with_values(settings: Settings, values: Mapping[str, object]) -> Settings:
    """The settings with the values of these keys (`section.name`). Raises `UsageError` for a value that can't be."""
    for key, value in values.items():
        section, _, name = key.partition(".")
        changed = dataclasses.replace(getattr(settings, section), **{name: _validated(key, value)})
        settings = dataclasses.replace(settings, **{section: changed})
    return settings


def flat(settings: Settings) -> dict[str, Any]:
    """Every setting's value by its key, `section.name`."""
    return {key: getattr(getattr(settings, key.partition(".")[0]), key.partition(".")[2]) for key in fields_by_key()}


def to_json(settings: Settings) -> str:
    """The settings as JSON text, for the run store."""
    return json.dumps(flat(settings), sort_keys=True)


def from_json(text: str) -> Settings:
    """What `to_json` wrote. A setting that a newer version added has its default; one that is gone is an error."""
    values = json.loads(text)
    gone = sorted(set(values) - set(fields_by_key()))
    if gone:
        raise UsageError(f"the run was made with settings that this version doesn't know: {', '.join(gone)}")
    return with_values(Settings(), values)


def differences(stored: Settings, given: Settings) -> tuple[str, ...]:
    """One line for each setting that differs, for a run that is resumed with other settings."""
    before, now = flat(stored), flat(given)
    return tuple(
        f"{key} was {written(before[key])}, now {written(now[key])}" for key in before if before[key] != now[key]
    )


def fields_by_key() -> dict[str, dataclasses.Field[Any]]:
    """Every setting's dataclass field by its key."""
    return {
        f"{section.name}.{found.name}": found
        for section in dataclasses.fields(Settings)
        for found in dataclasses.fields(getattr(Settings(), section.name))
    }


@functools.cache
def _types() -> Mapping[str, Any]:
    return dict(_typed_keys())


def _typed_keys() -> Iterator[tuple[str, Any]]:
    for section in dataclasses.fields(Settings):
        hints = typing.get_type_hints(type(getattr(Settings(), section.name)))
        yield from ((f"{section.name}.{name}", hint) for name, hint in hints.items())


def _validated(key: str, value: object) -> object:
    try:
        checked: Any = TypeAdapter(_types()[key]).validate_python(value, strict=True)
    except ValidationError:
        raise _wrong(key, value) from None
    if isinstance(checked, int | float) and not _within(checked, fields_by_key()[key].metadata):
        raise _wrong(key, value)
    return checked


def _within(value: float, bounds: Mapping[str, Any]) -> bool:
    """Whether the number keeps its bounds; nan keeps none, and infinity is no setting."""
    return (
        abs(value) != float("inf")
        and value >= bounds.get("at_least", -float("inf"))
        and (value > bounds["above"] if "above" in bounds else value == value)
        and value <= bounds.get("at_most", float("inf"))
    )


def _wrong(key: str, value: object) -> UsageError:
    return UsageError(f"setting {key} must be {type_in_words(key)}, but got {value!r}")

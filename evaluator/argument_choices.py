"""What a constructor might be given, best guess first, as Python source: for trials, which take whatever works.

`archgraft.evaluator.conventions` proposes templates for grafts, which must follow a host's width. Here every parameter
gets choices, those that want modules, classes, texts or configurations too; a trial tries them in turn.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from torch import nn

from archgraft.evaluator.config_sizes import LIST_DEPTHS, small_value
from archgraft.evaluator.constructor_parameters import parameters_seen
from archgraft.evaluator.conventions import known_value
from archgraft.tree_ops.configurations import takes_configuration
from archgraft.tree_ops.spec import Parameter
from archgraft.tree_ops.syntax import literal

Arguments = tuple[tuple[str, str], ...]
"""Keywords of a constructor call with the Python source of their values."""

MAX_PROPOSALS = 24
_MAX_DEPTH = 2

_ACTIVATION_CLASS = re.compile(r"(act|activation|nonlinearity|non_linearity)_?(layer|cls|class|type)")
_ACTIVATION = re.compile(
    r"(.*_)?(act|activation|act_fn|activation_fn|activation_function|nonlinearity|non_linearity|hidden_act)"
)
_NORM = re.compile(r"(.*_)?norm(_?(layer|cls|class|fn|func|type))?(_?\d)?")
_CONVOLUTION = re.compile(r"conv(_?(layer|cls|class|op|func))?")
_CLASS_OF_BLOCK = re.compile(r"(.*_)?(block|blk|layer)(_?(fn|cls|class|type|func|layer))?|stage_(fn|cls)|block_types?")
_MODULE = re.compile(
    r"(.*_)?(fn|f|g|func|module|net|network|model|backbone|encoder|decoder|transformer|vit|wrapped|sublayer|sub_layer|mlp|ffn|attn"
    r"|attention|head|body|neck|trunk|inner|branch|stem|m|proj|to_\w+|embedding|embed|self_attention|feed_forward|ff|layer_module"
    r"|base_layer|embed_tokens|predictor|tokenizer|mixer|criterion|loss|generator|discriminator)"
)
_MODULES = re.compile(r"(.*_)?(layers|blocks|modules|branches|fns|nets|networks|experts|heads_list|models|stages)")
_WIDTH_LIST = re.compile(
    r".*(dims|channels|chs|widths|planes|features|hidden_sizes|sizes|filters|layers_list|in_channels_list).*"
)
_CLASSES = re.compile(
    r"(num|n)_?(classes|class|labels|outputs|cls|targets|categories|keypoints|joints|anchors|bins)|nclass|nc"
)
_VOCABULARY = re.compile(
    r"(vocab|vocabulary)(_size)?|n_vocab|num_(tokens|embeddings|words|emb|codes)|n_tokens|codebook_size|dict_size"
)
_IMAGE = re.compile(r"(.*_)?(image|img|input|frame)_?(size|resolution|height|width)|resolution|height|width|h|w")
_NUMBER_OF_ONE = re.compile(r"(layer|block|stage|level|expert|head)?_?(idx|id|index|number|no|num)|i|index|layer_i")
_FRAMES = re.compile(r"(num_)?frames|frame_patch_size|temporal_.*|num_frames|t_stride")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What choices depend on beside the parameter: the width of the trial and the mined source."""

    width: int
    source: str
    namespace: Mapping[str, Any]
    class_name: str = ""
    depth: int = 0


def argument_proposals(parameters: Sequence[Parameter], around: Surroundings) -> tuple[Arguments, ...]:
    """Ways to call a constructor: at most `MAX_PROPOSALS`, as many and in the same order for every width."""
    found: dict[Arguments, None] = {}
    for arguments in _proposals(parameters, around):
        found.setdefault(arguments)
    return tuple(islice(found, MAX_PROPOSALS))


def _proposals(parameters: Sequence[Parameter], around: Surroundings) -> Iterator[Arguments]:
    required = [p for p in parameters if p.required or takes_configuration(p)]
    choices = {p.name: _distinct(_choices(p, around)) for p in required}
    several = [p.name for p in parameters if p.kind == "var_positional"]
    small = _small_defaults(parameters, around)
    firsts = {name: texts[0] for name, texts in choices.items()}
    for extra in (small, {}):
        yield _ordered(parameters, firsts, extra)
    for rank in range(1, max((len(texts) for texts in choices.values()), default=1)):
        for name, texts in choices.items():
            if rank < len(texts):
                yield _ordered(parameters, {**firsts, name: texts[rank]}, small)
        everyone = {name: texts[min(rank, len(texts) - 1)] for name, texts in choices.items()}
        yield _ordered(parameters, everyone, small)
    for name in several:
        for value in ("torch.nn.Identity()", f"torch.nn.Linear({around.width}, {around.width})", str(around.width)):
            yield (*_ordered(parameters, firsts, {}), (f"*{name}", f"[{value}, {value}]"))


def first_choice(parameter: Parameter, around: Surroundings) -> str:
    """The likeliest value of one parameter."""
    return next(_choices(replace(parameter, default=None), around), "None")


def explained_choice(parameter: Parameter, around: Surroundings) -> str | None:
    """The likeliest value that a parameter's name or annotation explains, or None."""
    name, annotation = parameter.name.lower(), (parameter.annotation or "").strip("'\" ")
    annotation = re.sub(r"\s*\|\s*None$|^(?:typing\.)?Optional\[(.*)\]$", r"\1", annotation)
    return next(iter([*_by_annotation(name, annotation, around), *_by_name(name, annotation, around)]), None)


def _ordered(parameters: Sequence[Parameter], required: Mapping[str, str], extra: Mapping[str, str]) -> Arguments:
    given = {**extra, **required}
    return tuple((p.name, given[p.name]) for p in parameters if p.name in given)


def _distinct(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(texts)) or ["None"]


def _small_defaults(parameters: Sequence[Parameter], around: Surroundings) -> dict[str, str]:
    """Defaults of a published model, at toy size."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.default is not None and parameter.kind in ("positional", "keyword"):
            try:
                values[parameter.name] = literal(parameter.default)
            except (ValueError, SyntaxError):
                continue
    found = {}
    for name, value in values.items():
        small = small_value(name, value, around.width, values)
        if small != value and name != "use_cache":
            found[name] = repr(small)
    return found


def _choices(parameter: Parameter, around: Surroundings) -> Iterator[str]:
    """The likeliest first; annotation and name decide together."""
    name, annotation = parameter.name.lower(), (parameter.annotation or "").strip("'\" ")
    if takes_configuration(parameter):
        yield f"configuration({parameter.name!r}, {around.width})"
        if parameter.default is None:
            return
    if annotation in ("", "str"):
        yield from map(repr, _texts_compared(parameter.name, around.source))
    yield from _by_annotation(name, annotation, around)
    yield from _by_name(name, annotation, around)
    yield from _last_resorts(annotation, around)


def _by_annotation(name: str, annotation: str, around: Surroundings) -> Iterator[str]:
    bare = re.sub(r"^(typing\.)?Optional\[(.*)\]$", r"\2", annotation).replace("typing.", "")
    bare = re.sub(r"\s*\|\s*None$", "", bare)
    found = around.namespace.get(bare)
    if isinstance(found, type) and issubclass(found, nn.Module) and around.depth < _MAX_DEPTH:
        inner = _construction_of(bare, found, around)
        if inner is not None:
            yield inner
    width = around.width
    if re.fullmatch(r"(list|List|tuple|Tuple|Sequence|Iterable)(\[.*\])?", bare):
        count = max(2, bare.count(",") + 1 if "..." not in bare else 2)
        if "Module" in bare:
            items = "torch.nn.Identity()"
        elif "float" in bare:
            items = "0.5"
        elif "str" in bare:
            items = "'a'"
        elif LIST_DEPTHS.fullmatch(name):
            items = "1"
        elif _WIDTH_LIST.fullmatch(name) or re.search("dim|chan|embed|hidden|width", name):
            items = str(width)
        else:
            known = known_value(name)
            items = repr(known) if known is not None else str(width)
        opening, closing = ("(", ")") if bare.lower().startswith("tuple") else ("[", "]")
        yield opening + ", ".join([items] * count) + closing
        yield opening + ", ".join(["2"] * count) + closing
    if re.match(r"(dict|Dict|Mapping)\b", bare):
        yield "{}"
    if bare in ("torch.Tensor", "Tensor"):
        yield f"torch.ones({width})"
        yield f"torch.ones({width}, {width})"
    if bare in ("torch.device", "device"):
        yield "torch.device('cpu')"
    if bare in ("torch.dtype", "dtype"):
        yield "torch.float32"


def _by_name(name: str, annotation: str, around: Surroundings) -> Iterator[str]:
    width, is_number = around.width, annotation in ("int", "float", "bool")
    if _NUMBER_OF_ONE.fullmatch(name) and annotation in ("", "int"):
        yield "0"
    if _CLASSES.fullmatch(name):
        yield "10"
    if _VOCABULARY.fullmatch(name):
        yield "128"
    if _IMAGE.fullmatch(name) and not (name in ("h", "w", "width", "height") and not is_number):
        yield "32"
        yield "(32, 32)"
    if _FRAMES.fullmatch(name):
        yield "4" if "patch" not in name else "2"
    if not is_number and "str" not in annotation:
        yield from _modules_by_name(name, annotation, around)
    value = known_value(name, width)
    if value is not None:
        yield repr(value)
    if _WIDTH_LIST.fullmatch(name) or (LIST_DEPTHS.fullmatch(name) and name.endswith("s") and not is_number):
        item = "1" if LIST_DEPTHS.fullmatch(name) else str(width)
        yield f"[{item}, {item}]"
        yield f"[{item}, {item}, {item}, {item}]"


def _modules_by_name(name: str, annotation: str, around: Surroundings) -> Iterator[str]:
    width = around.width
    wants_class = annotation.lower().startswith("type[") or annotation == "type"
    if _ACTIVATION_CLASS.fullmatch(name) or (wants_class and _ACTIVATION.fullmatch(name)):
        yield "torch.nn.GELU"
    elif _ACTIVATION.fullmatch(name):
        yield from ("torch.nn.GELU()", "torch.nn.GELU", "'gelu'", "'relu'")
    elif _NORM.fullmatch(name):
        yield from ("torch.nn.LayerNorm", "torch.nn.BatchNorm2d", "torch.nn.Identity()", f"torch.nn.LayerNorm({width})")
    elif _CONVOLUTION.fullmatch(name):
        yield from ("torch.nn.Conv2d", f"torch.nn.Conv2d({width}, {width}, 3, padding=1)")
    elif _CLASS_OF_BLOCK.fullmatch(name):
        yield from _classes_in_source(around)
        yield f"torch.nn.Linear({width}, {width})"
    elif _MODULES.fullmatch(name):
        yield f"torch.nn.ModuleList([torch.nn.Linear({width}, {width}), torch.nn.Linear({width}, {width})])"
    elif _MODULE.fullmatch(name) or re.search(r"Module|Callable|Callable\[", annotation):
        yield from (f"torch.nn.Linear({width}, {width})", "torch.nn.Identity()")
        yield f"torch.nn.Conv2d({width}, {width}, 3, padding=1)"


def _last_resorts(annotation: str, around: Surroundings) -> Iterator[str]:
    width = around.width
    if re.search(r"\bNone\b|\bOptional\b", annotation):
        yield "None"
    match annotation:
        case "int":
            yield from (str(width), "4", "1", "2")
        case "float":
            yield from ("0.5", "1.0")
        case "bool":
            yield from ("False", "True")
        case "str":
            yield "''"
        case _:
            yield from (
                str(width),
                "4",
                "1",
                "None",
                f"torch.nn.Linear({width}, {width})",
                f"[{width}, {width}]",
                "True",
            )
            yield "0.5"


def _classes_in_source(around: Surroundings) -> Iterator[str]:
    """Other module classes of the mined source: what its author's blocks are made of."""
    found = [
        name
        for name, value in around.namespace.items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == "archgraft_mined"
    ]
    for ending in ("Block|Bottleneck", "Layer|Stage|Unit"):
        yield from (name for name in found if name != around.class_name and re.search(rf"({ending})\w{{0,3}}$", name))


def _construction_of(name: str, module_class: type, around: Surroundings) -> str | None:
    """A call that builds a class of the source, by the same choices."""
    parameters = [p for p in parameters_seen(module_class) if p.required or takes_configuration(p)]
    deeper = Surroundings(around.width, around.source, around.namespace, around.class_name, around.depth + 1)
    given = [(p.name, _distinct(_choices(p, deeper))[0]) for p in parameters]
    return f"{name}({', '.join(f'{key}={text}' for key, text in given)})"


def _texts_compared(name: str, source: str) -> list[str]:
    """String constants that the source compares a name with, or looks up by it."""
    found: dict[str, None] = {}
    quoted = r"[\"']([\w\-+. ]{1,40})[\"']"
    for pattern in (
        rf"\b{name}\s*==\s*{quoted}",
        rf"\b{name}\.lower\(\)\s*==\s*{quoted}",
        rf"{quoted}\s+in\s+(?:self\.)?{name}\b",
    ):
        found.update(dict.fromkeys(re.findall(pattern, source)))
    for group in re.findall(rf"\b{name}\s+in\s+[\[({{]([^\])}}]*)[\])}}]", source):
        found.update(dict.fromkeys(re.findall(quoted, group)))
    return list(found)[:4]

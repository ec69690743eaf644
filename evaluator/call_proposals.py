"""What a forward pass might be given, by the names of its parameters and the layers that the module begins with."""

import inspect
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from torch import nn

from archgraft.evaluator.call_layouts import BATCH, LENGTH, Layer, first_layouts, main_spec
from archgraft.evaluator.call_repair import Inputs
from archgraft.evaluator.guess import stated_sizes
from archgraft.evaluator.inputs import InputSpec, plain, tensor

MAX_CALLS = 28

_TOKENS = re.compile(r"(.*_)?(ids|tokens?|idx|indices|codes|token_ids|input_tokens)(_.*)?|words|text")
_IMAGE = re.compile(r"(pixel_values?|images?|imgs?|img_.*|image_.*|pixels|pixel_.*|input_image|frames?|videos?)(_.*)?")
_WAVE = re.compile(r"(input_values|audio|wav|waveforms?|raw_speech|signal)(_.*)?")
_MASK = re.compile(r"(.*_)?(mask|masks|bias|padding|attn_bias|rel_pos|relative_position\w*)(_.*)?|.*mask.*")
_SIZE_PAIR = re.compile(
    r"(x_|hw_|input_|output_|spatial_|target_|image_|img_|feat_|patch_|grid_|window_|original_|tgt_|original_image_)?(size|hw|shape|shapes|resolution"
    r"|dimensions|dims|grid)(_.*)?|image_sizes|hw|grid_size|input_dimensions|patch_resolution"
)
_ONE_SIZE = re.compile(
    r"h|w|height|width|ht|wt|h_|w_|hh|ww|.*_height|.*_width|t_h|t_w|n_frames|num_frames|seq_?len(gth)?|length|t_dim|n|t_len"
)
_TIME = re.compile(r"(t|time|times|timesteps?|timestep|noise_level|sigma|sigmas|log_snr|current_timestep|time_steps?)")
_EMBEDDED = re.compile(
    r"(temb|time_emb(ed(ding)?)?|emb|cond|conditioning|c|style|styles|w|vec|class_emb|conditioning_embeddings?|modulation|s)"
)
_TARGET = re.compile(r"(.*_)?(targets?|labels?|gt|ground_truth|y_true|true|y|tgt|gts)(_.*)?|y_t|annotations")
_PREDICTION = re.compile(r"(.*_)?(pred(s|ictions?)?|logits?|outputs?|input|scores?|y_pred|probs?|estimat\w*|x)(_.*)?")
_INTEGERS = re.compile(
    r"(.*_)?(position_ids|cache_position|token_type_ids|position|positions|index|indices|ids|idx|lengths?|bucket\w*)"
)
_STATE = re.compile(
    r"(past_\w*|.*cache.*|layer_past|states?|hidden|hx|prev\w*|memory_state|head_mask|kwargs|output_\w+|use_cache|return_\w+)"
)
_ROTARY_PAIR = re.compile(
    r"(position_embeddings?|rotary_pos_emb|rope|rotary_emb(eddings)?|position_embeddings_\w+|freqs_cos_sin)"
)
_ROTARY = re.compile(r"(cos|sin|freqs(_cis)?|rotary\w*|pos_emb\w*|rope_\w+|sinusoidal_pos)")
_LENGTHS = re.compile(r"(.*_)?cu_seq_?lens(_.*)?")
_GRID = re.compile(r"(.*_)?(grid_thw|grid_hw|grid_hws|thw|grid_sizes)(_.*)?")
_PYRAMID = re.compile(
    r"(feats?|features|feature_maps?|multi_level_feats|xs|inputs_list|feature_list|image_features|feat_list|laterals|features_list)"
)
_COUNT = re.compile(
    r"(.*_)?(idx|index|layer|step|stage|level|num_\w+|n_\w+|axis|dim|factor|scale|iteration|offset)(_.*)?"
)


def calls(module: nn.Module, width: int) -> Iterator[Inputs]:
    """Proposals of inputs, the likeliest first."""
    parameters = _parameters(module)
    usable = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    given = [p for p in usable if p.default is p.empty]
    if not given:
        named = [p for p in usable if not _STATE.fullmatch(p.name) and not _MASK.fullmatch(p.name)]
        given = (named or usable)[:1]
    if not given:
        several = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
        for layout in first_layouts(module, width) if several else ():
            yield [("", main_spec(layout))]
        yield []
        return
    yield from islice(_for(module, given, width), MAX_CALLS)


def _parameters(module: nn.Module) -> list[inspect.Parameter]:
    """Those of `forward`, or of `__call__` where that does the work."""
    is_forward = type(module).forward is not nn.Module.forward
    return list(inspect.signature(module.forward if is_forward else module.__call__).parameters.values())


def optional_inputs(module: nn.Module, width: int, main: InputSpec) -> list[tuple[str, InputSpec]]:
    """Values for inputs that default to None, should an error ask for one."""
    found = []
    for parameter in _parameters(module):
        if parameter.default is None and not _STATE.fullmatch(parameter.name):
            options = _options(parameter, main, module, width, is_first=False)
            found += [(f"{parameter.name}=", one) for one in options if one != plain(None)][:1]
    return found


def _for(module: nn.Module, given: Sequence[inspect.Parameter], width: int) -> Iterator[Inputs]:
    layouts = list(_main_layouts(module, given, width))
    ranks = 1
    rank = 0
    while rank < ranks:
        for layout in layouts[: 12 if rank == 0 else 4]:
            main = main_spec(layout)
            options = [_options(p, main, module, width, is_first=number == 0) for number, p in enumerate(given)]
            ranks = min(4, max(map(len, options)))
            if rank == 0 or len(given) > 1:
                yield [(_key(p), found[min(rank, len(found) - 1)]) for p, found in zip(given, options)]
            for number in range(1, len(given)) if rank and len(given) > 2 else ():
                if rank < len(options[number]):
                    picked = [found[rank if at == number else 0] for at, found in enumerate(options)]
                    yield [(_key(p), spec) for p, spec in zip(given, picked)]
        rank += 1


def _key(parameter: inspect.Parameter) -> str:
    """Positional inputs are named after their parameter, but passed by position."""
    return (
        f"{parameter.name}="
        if parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty
        else parameter.name
    )


def _main_layouts(module: nn.Module, given: Sequence[inspect.Parameter], width: int) -> Iterator[Layer]:
    name, annotation = given[0].name, str(given[0].annotation)
    firsts = first_layouts(module, width)
    if any(_TARGET.fullmatch(p.name) for p in given[1:]) and _PREDICTION.fullmatch(name):
        yield from (Layer("vector", 10), Layer("map", 4))
    if _TIME.fullmatch(name) or _EMBEDDED.fullmatch(name):
        yield from (Layer("times", 1), Layer("vector", width))
    first = firsts[0]
    if _TOKENS.fullmatch(name) or "LongTensor" in annotation:
        yield Layer("tokens", next((one.width for one in firsts if one.layout == "tokens"), 100))
    if _IMAGE.fullmatch(name) or (first.layout == "map" and first.width in (1, 3)):
        sizes = list(dict.fromkeys([*stated_sizes(module), *_sizes_kept(module), 32, 64, 224]))
        yield from (Layer("image", size) for size in sizes[:4])
        if "video" in name or "frame" in name or any(one.layout == "video" for one in firsts[:1]):
            yield from (Layer("film", size) for size in sizes[:2])
    if _WAVE.fullmatch(name):
        yield from (Layer("wave", 3200), Layer("signal", 1))
    yield from firsts


def _sizes_kept(module: nn.Module) -> list[int]:
    """Image sizes kept by parts of the module."""
    found = [size for part in islice(module.modules(), 40) for size in stated_sizes(part)]
    return list(dict.fromkeys(found))[:2]


def _options(
    parameter: inspect.Parameter, main: InputSpec, module: nn.Module, width: int, *, is_first: bool
) -> list[InputSpec]:
    """Values for one parameter beside a main input, the likeliest first."""
    found = [*_by_annotation(str(parameter.annotation), main, is_first=is_first)]
    if is_first:
        if _PYRAMID.fullmatch(parameter.name):
            found.append({"list": [_map(main, width, 16), _map(main, width, 8)]})
            found.append({"list": [_map(main, width, side) for side in (32, 16, 8, 4)]})
            found.insert(0, main)
        return found or [main]
    return [*found, *_by_name(parameter.name, main, module, width), main, plain(None)]


def _map(main: InputSpec, width: int, side: int) -> InputSpec:
    channels = main["tensor"][1] if len(main["tensor"]) == 4 else width
    return tensor(BATCH, channels, side, side)


def _by_annotation(annotation: str, main: InputSpec, *, is_first: bool) -> Iterator[InputSpec]:
    bare = annotation.removeprefix("<class '").removesuffix("'>").replace("typing.", "").replace("torch.", "")
    if re.fullmatch(r"(List|list|Sequence|Iterable)\[.*Tensor.*\]", bare):
        yield {"list": [main, main]}
    elif re.fullmatch(r"(Tuple|tuple)\[.*Tensor.*\]", bare) and is_first:
        yield {"tuple": [main] * (bare.count("Tensor") if "..." not in bare else 2)}
    elif re.match(r"(Dict|dict|Mapping)\[str, *Tensor", bare):
        yield {"dict": {"0": main, "1": main}}
    elif bare == "int":
        yield from (plain(4), plain(LENGTH))
    elif bare == "float":
        yield plain(0.5)
    elif bare == "bool":
        yield plain(False)
    elif re.fullmatch(r"(Tuple|tuple)\[int, *int\]", bare):
        yield from _pairs(main)


def _pairs(main: InputSpec) -> Iterator[InputSpec]:
    shape = main["tensor"]
    yield plain((4, 4)) if len(shape) != 4 else plain(tuple(shape[-2:]))
    if len(shape) == 4:
        yield plain(tuple(shape[1:3]))
    yield plain((8, 8))


def _by_name(name: str, main: InputSpec, module: nn.Module, width: int) -> Iterator[InputSpec]:
    shape = main["tensor"]
    positions = shape[1] if len(shape) in (2, 3) else shape[-1]
    head = next(
        (v for key in ("head_dim", "dim_head", "attention_head_size") if type(v := getattr(module, key, None)) is int),
        8,
    )
    if _ROTARY_PAIR.fullmatch(name):
        angles = tensor(shape[0], positions, head)
        yield {"tuple": [angles, angles]}
        yield {"tuple": [tensor(positions, head), tensor(positions, head)]}
        yield plain(None)
    elif _LENGTHS.fullmatch(name):
        yield {"values": [0, shape[0] if len(shape) == 2 else positions], "dtype": "int32"}
    elif _GRID.fullmatch(name):
        yield {"values": [[1, 4, 4]], "dtype": "int64"}
        yield {"values": [[4, 4]], "dtype": "int64"}
    elif _MASK.fullmatch(name):
        yield plain(None)
        yield tensor(shape[0], positions, dtype="bool")
        yield tensor(shape[0], 1, positions, positions, dtype="ones")
        yield main
    elif _STATE.fullmatch(name):
        yield plain(None)
        yield main
    elif _ROTARY.fullmatch(name):
        yield tensor(shape[0], positions, head)
        yield tensor(positions, head)
        yield tensor(positions, head // 2, dtype="complex64")
        yield plain(None)
    elif _ONE_SIZE.fullmatch(name) and len(shape) != 2:
        yield plain(4 if len(shape) == 3 else shape[-1])
        yield plain(positions)
    elif _SIZE_PAIR.fullmatch(name):
        yield from _pairs(main)
    elif _TIME.fullmatch(name):
        yield tensor(shape[0], dtype="uniform")
        yield tensor(shape[0], dtype="int64", high=10)
        yield tensor(shape[0], width)
    elif _TARGET.fullmatch(name):
        yield tensor(shape[0], dtype="int64", high=min(shape[1] if len(shape) > 1 else 2, 10))
        yield {**main, "dtype": "uniform"} if main.get("dtype") != "int64" else main
        yield tensor(shape[0], *shape[2:], dtype="int64", high=4)
        yield tensor(shape[0])
    elif _EMBEDDED.fullmatch(name):
        yield tensor(shape[0], width)
        yield main
        yield tensor(shape[0], dtype="int64", high=4)
    elif _INTEGERS.fullmatch(name):
        yield tensor(shape[0], positions, dtype="int64", high=4)
        yield tensor(shape[0], dtype="int64", high=4)
        yield plain(0)
    elif _TOKENS.fullmatch(name):
        yield tensor(shape[0], LENGTH, dtype="int64", high=100)
    elif _COUNT.fullmatch(name):
        yield plain(0)
        yield plain(1)
        yield main

"""Constructor arguments guessed from parameter names: what the field calls its widths, heads, kernels and rates.

A guess is only ever a proposal: the probe builds and runs the module with it and keeps what works. Names decide first,
annotations second; a required parameter that neither explains makes the class unusable (`UnknownParameterError`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from archgraft.tree_ops.contract import Role
from archgraft.tree_ops.spec import Parameter

Template = tuple[tuple[str, Any], ...]

IN = Role("in_width")
OUT = Role("out_width")

_CHANNELS = "(chs?|channels?|chans?|features?|dims?|planes|width|size|nc|c|feats?)"
_IN_NAME = re.compile(
    rf"(in_?{_CHANNELS}|in_embed_dim|input_?{_CHANNELS}|{_CHANNELS}_?in|num_in|num_inputs|n_in|nin|cin|c1|inp|num_in_{_CHANNELS})"
)
_OUT_NAME = re.compile(
    rf"(out_?{_CHANNELS}|out_embed_dim|output_?{_CHANNELS}|{_CHANNELS}_?out|num_out|num_outputs|n_out|nout|cout|c2|oup|outp"
    rf"|num_out_{_CHANNELS}|planes|num_filters|filters)"
)
_WIDTH_NAME = re.compile(
    r"(dim|dims|c|ch|chs|chan|chans|channels?|width|features?|n_embd|n_feats?|feat_dim|d_model|model_dim|dim_model"
    r"|embed_dims?|emb_dim|embedding_dim|num_features|num_channels|n_channels|num_chs|channel_dim|hidden_size"
    r"|hidden_dim|hidden_channels|query_dim|q_dim|normalized_shape|norm_dim|token_dim|latent_dim|num_hiddens|d|nf|planes)"
)
_INNER_NAME = re.compile(
    r"(mlp_dim|ff_dim|ffn_dim|feedforward_dim|dim_feedforward|d_ff|intermediate_size|intermediate_dim"
    r"|hidden_dim|hidden_size|hidden_features|hidden_channels|dim_hidden|mlp_hidden_dim|expanded_channels"
    r"|inner_dim|dim_inner|exp_chs|hidden_planes|hidden_chs)"
)
_MIDDLE_NAME = re.compile(
    r"(mid_chs|mid_channels|bottle_chs|bottleneck_channels|bottleneck_dim|qk_dim|attn_dim|value_dim|v_dim)"
)

_KNOWN: tuple[tuple[str, Any], ...] = (
    (r"(num_|n_)?(attention_|attn_|q_)?heads?", 4),
    (r"nhead", 4),
    (r"(num_)?kv_heads", 4),
    (r"(dim_head|head_dim|head_size|d_head|d_k|d_v|key_dim|dim_key|dim_keys|dim_value|dim_qk|k_dim)", 16),
    (r"(dw_|conv_|spatial_|lk_|small_|proj_|local_|mixer_)?(kernel_?size|kernel|ks|k|dw_size|focal_window)(_s)?", 3),
    (r"strides?|s|dilation|dilations?|d", 1),
    (r"(padding|pad|p)", 1),
    (r"groups|cardinality|num_experts_per_tok|radix", 1),
    (r"(num_groups|group_size|num_group)", 4),
    (r"(depth|num_layers|n_layers?|num_blocks|n_blocks|blocks|repeats?|num_repeats?|layers|num_depth|n)", 1),
    (
        r"(expand_ratio|exp_ratio|expansion|expansion_factor|expansion_rate|expansion_ratio|mlp_ratio|ff_mult|mlp_mult|mult|ratio)",
        2,
    ),
    (r"(reduction|reduction_ratio|reduction_factor|shrinkage|squeeze_factor|r|rd_divisor|sr_ratio)", 4),
    (r"(rd_ratio|se_ratio)", 0.25),
    (r"(.*dropout.*|.*_?drop|drop_.*|.*_rate|.*_prob|prob)", 0.0),
    (r"(window_size|win_size|ws|window|block_size|local_patch_size|local_window_size|grid_size|local_window)", 4),
    (r"(patch_size|ps|patch_height|patch_width)", 2),
    (r"(input_resolution|feat_size|fmap_size|image_size|img_size|resolution|spatial_size)", 8),
    (r"(seq_len|num_tokens|num_patches|seq_length|context_length|n_tokens)", 16),
    (r"max_.*(len|length|positions?|tokens?)", 1024),
    (r"(eps|epsilon)", 1e-6),
    (r"(init_values?|layer_scale.*|alpha|beta|gamma|temperature|scale|init_alpha|init_beta|lambda_init)", 1.0),
    (r"(num_experts|num_landmarks|num_memory_.*|num_mem_.*|num_latents|num_register_tokens|num_branches)", 4),
    (r"(use_.*|.*_bias|bias|with_.*|has_.*|causal|residual|shortcut|affine|inplace)", True),
)
_KNOWN_PATTERNS = tuple((re.compile(pattern), value) for pattern, value in _KNOWN)

_SMALL: tuple[tuple[str, Any], ...] = (
    (r"(num_|n_)?(attention_|attn_)?heads?|nhead|(num_)?kv_heads", 4),
    (r"window_size|win_size|ws|local_patch_size|local_window_size|grid_size|block_size|bucket_size", 4),
    (r"(dim_head|head_dim|d_head|key_dim|head_size)", 8),
)
_SMALL_PATTERNS = tuple((re.compile(pattern), value) for pattern, value in _SMALL)

_OUTPUT_SIZES = frozenset(
    {"num_classes", "n_classes", "nclass", "vocab_size", "n_vocab", "num_labels", "num_embeddings"}
)


class UnknownParameterError(ValueError):
    """A required parameter has a name and annotation that no convention explains."""


class WholeModelError(UnknownParameterError):
    """A parameter says that the class is no part of a network."""


def templates(parameters: Sequence[Parameter]) -> tuple[Template, ...]:
    """Ways to call a constructor, the most flexible first. Raises `UnknownParameterError`."""
    usable = [p for p in parameters if p.kind in ("positional", "keyword")]
    found: dict[Template, None] = {}
    for template in _proposals(usable):
        found.setdefault(template)
    return tuple(found)


def known_value(name: str, width: int | None = None) -> Any:
    """What the field usually gives a parameter of that name: a number for small trials, or None.

    With a `width`, names of widths count too.
    """
    name = name.lower()
    if width is not None:
        if _INNER_NAME.fullmatch(name) and not _IN_NAME.fullmatch(name) and name not in ("hidden_size", "hidden_dim"):
            return 2 * width
        if any(pattern.fullmatch(name) for pattern in (_IN_NAME, _OUT_NAME, _WIDTH_NAME, _MIDDLE_NAME, _INNER_NAME)):
            return width
    return _lookup(name, _KNOWN_PATTERNS)


def has_widths(template: Template) -> bool:
    """Whether the host's width enters the constructor at all."""
    return any(isinstance(value, Role) and value.role in ("in_width", "out_width") for _, value in template)


def projects(template: Template) -> bool:
    """Whether the template lets the host choose the output width."""
    return any(isinstance(value, Role) and value.role == "out_width" for _, value in template)


def _proposals(parameters: Sequence[Parameter]) -> Iterator[Template]:
    for small in (False, True):
        yield _template(parameters, OUT, fill_optional_out=True, small=small)
        yield _template(parameters, OUT, fill_optional_out=False, small=small)
        yield _template(parameters, IN, fill_optional_out=False, small=small)
        # Bottlenecks give four times the width that they are asked for.
        yield _template(parameters, Role("in_width", divisor=4), fill_optional_out=False, small=small)
    yield from _padded(parameters)


def _padded(parameters: Sequence[Parameter]) -> Iterator[Template]:
    """Kernels of three with a padding of one, where the default pads nothing and so eats the borders."""
    if any(p.name == "padding" and p.default == "0" for p in parameters):
        sized = [p.name for p in parameters if p.name in ("kernel_size", "kernel", "padding")]
        base = [
            pair for pair in _template(parameters, OUT, fill_optional_out=True, small=False) if pair[0] not in sized
        ]
        yield (*base, *((name, 1 if name == "padding" else 3) for name in sized))


def _template(parameters: Sequence[Parameter], out: Role, *, fill_optional_out: bool, small: bool) -> Template:
    has_in = any(_IN_NAME.fullmatch(p.name) for p in parameters)
    has_out = any(_OUT_NAME.fullmatch(p.name) for p in parameters)
    has_plain_width = any(
        _WIDTH_NAME.fullmatch(p.name) and not _INNER_NAME.fullmatch(p.name) and not _OUT_NAME.fullmatch(p.name)
        for p in parameters
    )
    arguments: list[tuple[str, Any]] = []
    for parameter in parameters:
        name = parameter.name
        if _IN_NAME.fullmatch(name):
            arguments.append((name, IN))
        elif _OUT_NAME.fullmatch(name) and (has_in or has_plain_width):
            if parameter.required or fill_optional_out:
                arguments.append((name, out))
        elif _INNER_NAME.fullmatch(name) and (has_in or has_plain_width):
            # Next to an input width alone, a required inner width is often what comes out (recurrent layers).
            if parameter.required:
                is_output = has_in and not has_out and not has_plain_width
                arguments.append((name, out if is_output else Role("in_width", factor=2)))
        elif _WIDTH_NAME.fullmatch(name) or _OUT_NAME.fullmatch(name) or _INNER_NAME.fullmatch(name):
            is_output = has_in and not has_out
            if parameter.required or not has_in:
                arguments.append((name, out if is_output else IN))
        elif parameter.required:
            # A whole number of unknown meaning is more likely the width than anything else, where no other one is.
            arguments.append((name, _value_for(parameter, unknown=4 if has_in or has_plain_width else IN)))
        elif small and (value := _lookup(name, _SMALL_PATTERNS)) is not None and parameter.default != "None":
            arguments.append((name, value))
    return tuple(arguments)


def _value_for(parameter: Parameter, unknown: Any) -> Any:
    if _MIDDLE_NAME.fullmatch(parameter.name):
        return IN
    if parameter.name in _OUTPUT_SIZES:
        raise WholeModelError(f"takes `{parameter.name}`: a whole model or a head, not a part of one")
    value = _lookup(parameter.name.lower(), _KNOWN_PATTERNS)
    if value is not None:
        return value
    annotation = parameter.annotation or ""
    if re.search(r"\bNone\b|\bOptional\b", annotation):
        return None
    by_annotation = {"bool": False, "int": unknown, "float": 0.5}
    if (bare := annotation.strip("'\" ")) in by_annotation:
        return by_annotation[bare]
    described = f"{parameter.name}: {annotation}" if annotation else parameter.name
    raise UnknownParameterError(f"no value is known for the required parameter `{described}`")


def _lookup(name: str, patterns: Sequence[tuple[re.Pattern[str], Any]]) -> Any:
    return next((value for pattern, value in patterns if pattern.fullmatch(name)), None)

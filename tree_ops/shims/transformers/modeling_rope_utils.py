"""Frequencies of rotary position embeddings, stretched in the ways that `rope_type` names.

Each function gives the inverse frequencies, (width / 2), and what attention is scaled by. Shapes of the formulas:
linear and dynamic NTK scaling as in Chen et al. and in `bloc97`'s note, YaRN (Peng et al. 2023), LongRoPE (Ding et al.
2024), Llama 3 (Meta 2024).
"""

import functools
import math

import torch


def _given(config, layer_type):
    """The parameters, how many positions a width of the head has, and the head's width."""
    if hasattr(config, "standardize_rope_params"):
        config.standardize_rope_params()
    parameters = config.rope_parameters if layer_type is None else config.rope_parameters[layer_type]
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return parameters, int(head * parameters.get("partial_rotary_factor", 1.0)), head


def _frequencies(base, width, device, of=None):
    exponents = torch.arange(0, width, 2, dtype=torch.int64).to(device=device, dtype=torch.float) / (of or width)
    return 1.0 / (base**exponents)


def _linear(config, device=None, seq_len=None, layer_type=None):
    parameters, width, _ = _given(config, layer_type)
    return _frequencies(parameters["rope_theta"], width, device) / parameters["factor"], 1.0


def _proportional(config, device=None, seq_len=None, layer_type=None, head_dim_key="head_dim"):
    """Only a part of the head turns; the rest has frequency 0."""
    parameters, _, head = _given(config, layer_type)
    head = getattr(config, head_dim_key, None) or head
    n_turning = int(parameters.get("partial_rotary_factor", 1.0) * head // 2)
    turning = _frequencies(parameters["rope_theta"], 2 * n_turning, device, of=head)
    still = torch.zeros(head // 2 - n_turning, device=device)
    return torch.cat([turning, still]) / parameters.get("factor", 1.0), 1.0


def _dynamic(config, device=None, seq_len=None, layer_type=None):
    """The base grows with the length, once that is beyond what the model was trained for."""
    parameters, width, _ = _given(config, layer_type)
    longest, factor = config.max_position_embeddings, parameters["factor"]
    if isinstance(seq_len, torch.Tensor):
        seq_len = torch.clamp(seq_len, min=longest)
    else:
        seq_len = max(seq_len or longest, longest)
    growth = (factor * seq_len / longest) - (factor - 1)
    return _frequencies(parameters["rope_theta"] * growth ** (width / (width - 2)), width, device), 1.0


def _yarn(config, device=None, seq_len=None, layer_type=None):
    """Slow frequencies are interpolated, fast ones kept, with a ramp between."""
    parameters, width, _ = _given(config, layer_type)
    base, trained = parameters["rope_theta"], parameters["original_max_position_embeddings"]
    factor = parameters["factor"] or config.max_position_embeddings / trained

    def scaled(weight=1.0):
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    attention = parameters.get("attention_factor")
    if attention is None:
        weights = parameters.get("mscale"), parameters.get("mscale_all_dim")
        attention = scaled(weights[0]) / scaled(weights[1]) if all(weights) else scaled()

    def turning(n_rotations):
        return width * math.log(trained / (n_rotations * 2 * math.pi)) / (2 * math.log(base))

    low, high = turning(parameters.get("beta_fast") or 32), turning(parameters.get("beta_slow") or 1)
    if config.rope_parameters.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, width - 1)
    ramp = (torch.arange(width // 2, dtype=torch.float32) - low) / ((high - low) or 0.001)
    kept = 1 - ramp.clamp(0, 1).to(device=device)
    frequencies = _frequencies(base, width, device)
    return frequencies / factor * (1 - kept) + frequencies * kept, attention


def _longrope(config, device=None, seq_len=None, layer_type=None):
    """Each frequency has a factor of its own, for short texts and for long ones."""
    parameters, width, _ = _given(config, layer_type)
    trained = parameters["original_max_position_embeddings"]
    factor = parameters.get("factor") or config.max_position_embeddings / trained
    attention = parameters.get("attention_factor")
    if attention is None:
        attention = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(trained))
    factors = parameters["long_factor" if seq_len and seq_len > trained else "short_factor"]
    factors = torch.tensor(factors, dtype=torch.float32, device=device)
    return _frequencies(parameters["rope_theta"], width, device) / factors, attention


def _llama3(config, device=None, seq_len=None, layer_type=None):
    """Long waves are stretched, short ones kept, with a smooth passage between."""
    parameters, width, _ = _given(config, layer_type)
    frequencies = _frequencies(parameters["rope_theta"], width, device)
    low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
    n_waves = parameters["original_max_position_embeddings"] * frequencies / (2 * math.pi)
    kept = ((n_waves - low) / (high - low)).clamp(0, 1)
    return (1 - kept) * frequencies / parameters["factor"] + kept * frequencies, 1.0


ROPE_INIT_FUNCTIONS = {
    "linear": _linear,
    "dynamic": _dynamic,
    "yarn": _yarn,
    "longrope": _longrope,
    "llama3": _llama3,
    "proportional": _proportional,
}


def dynamic_rope_update(rope_forward):
    """Bring the frequencies of types that depend on the length up to date before each call."""

    @functools.wraps(rope_forward)
    def wrapper(self, x, position_ids, layer_type=None):
        prefix = "" if layer_type is None else f"{layer_type}_"
        options = {} if layer_type is None else {"layer_type": layer_type}
        kind = self.rope_type if layer_type is None else self.rope_type[layer_type]
        if kind == "longrope" or "dynamic" in kind:
            n_positions, trained = int(position_ids.max()) + 1, self.original_max_seq_len
            if kind == "longrope":
                parameters = self.config.rope_parameters
                parameters = parameters if layer_type is None else parameters[layer_type]
                trained = parameters["original_max_position_embeddings"]
            elif n_positions >= trained:  # what was longest counts, until a text is short again
                n_positions = max(n_positions, getattr(self, f"{prefix}max_seq_len_cached", 0))
            setattr(self, f"{prefix}max_seq_len_cached", max(n_positions, trained))
            frequencies = getattr(self, f"{prefix}original_inv_freq")
            if n_positions > trained:
                make = ROPE_INIT_FUNCTIONS[kind]
                frequencies, self.attention_scaling = make(self.config, x.device, seq_len=n_positions, **options)
            self.register_buffer(f"{prefix}inv_freq", frequencies.to(x.device), persistent=False)
        return rope_forward(self, x, position_ids, **options)

    return wrapper

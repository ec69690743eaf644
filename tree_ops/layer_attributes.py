"""Attributes that torch's own layers keep on themselves: a class that inherits from one doesn't own these.

Written down, because this side never imports torch; a test compares them with the installed torch.
"""

_NAMES = """
_all_weights _flat_weight_refs _flat_weights _flat_weights_names _initialize_hook _keys _load_hook _modules
_qkv_same_embed_dim _random_samples _reversed_padding_repeated_twice _size activation activation_relu_or_gelu
activations add_zero_attn affine align_corners alpha approximate batch_first beta bias bias_hh bias_ih bias_k
bias_v bidirectional blank ceil_mode choices count_include_pad cutoffs d_model decoder delta dilation dim
distance_function div_value divisor_override downscale_factor dropout dropout1 dropout2 dropout3 dtype
elementwise_affine embed_dim embedding_dim enable_nested_tensor encoder end_dim eps fc1 fc2 full groups head
head_bias head_dim head_size hidden_size ignore_index in1_features in2_features in_channels in_features
in_proj_bias in_proj_weight include_last_offset init inplace input_size k k_proj_weight kdim keepdim kernel_size
label_smoothing lambd layers linear linear1 linear2 linears log_input log_target lower margin mask_check
max_norm max_val min_val mode momentum multihead_attn n_classes n_clusters name negative_slope nhead
nonlinearity norm norm1 norm2 norm3 norm_first norm_type normalized_shape num_batches_tracked num_channels
num_classes num_embeddings num_features num_groups num_heads num_layers num_parameters options out_channels
out_features out_proj output_padding output_ratio output_size p padding padding_idx padding_mode params
pos_weight process_group proj_size q_proj_weight recompute_scale_factor reduction relu1 relu2 return_indices
running_mean running_var scale_factor scale_grad_by_freq self_attn shortlist_size size sparse start_dim stride
swap tail threshold track_running_stats transposed unflattened_size upper upscale_factor use_nested_tensor
v_proj_weight value vdim weight weight_hh weight_ih zero_infinity
"""

_LISTED = frozenset(_NAMES.split())
_OF_RECURRENT_LAYERS = ("weight_", "bias_")


def is_layer_attribute(name: str) -> bool:
    """Whether some class in `torch.nn` sets the attribute on itself; recurrent layers number their weights."""
    return name in _LISTED or name.startswith(_OF_RECURRENT_LAYERS)

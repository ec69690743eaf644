"""Attribute names that torch itself looks up on modules: a mined class that overrides one keeps it.

Written down, because this side never imports torch; a test compares them with the installed torch. Names with two
underscores on both sides are left out: they are always kept.
"""

_OF_MODULES = """
T_destination _apply _call_impl _compiled_call_impl _get_backward_hooks _get_backward_pre_hooks _get_name
_load_from_state_dict _maybe_warn_non_full_backward_hook _named_members _register_load_state_dict_pre_hook
_register_state_dict_hook _replicate_for_data_parallel _save_to_state_dict _slow_forward _version
_wrapped_call_impl add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty
train type xpu zero_grad
"""
_OF_LAYERS = """
_apply_instance_norm _check_input_dim _check_non_zero_input_channels _conv_forward _ff_block
_fill_padding_idx_with_zero _get_abs_string_index _get_full_log_prob _get_in_channels _get_item_by_idx
_get_no_batch_dim _get_num_spatial_dims _handle_no_batch_input _infer_parameters _init_flat_weights _is_protocol
_key_to_attr _lazy_load_hook _mha_block _output_padding _require_tuple_int _reset_parameters _sa_block
_update_flat_weights _weights_have_changed all_weights append check_forward_args check_hidden_size check_input
clear cls_to_become convert_sync_batchnorm copy extend flatten_parameters from_pretrained fromkeys gather
generate_square_subsequent_mask get get_expected_cell_size get_expected_hidden_size has_uninitialized_params
initialize_parameters insert items keys log_prob merge_masks parallel_apply permute_hidden pop popitem predict
replicate reset_parameters reset_running_stats scatter setdefault update values
"""

MODULE_NAMES = frozenset(_OF_MODULES.split())
"""What `torch.nn.Module` has."""
LAYER_NAMES = MODULE_NAMES | frozenset(_OF_LAYERS.split())
"""What any class in `torch.nn` has."""

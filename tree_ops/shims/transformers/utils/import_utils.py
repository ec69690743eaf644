"""Which packages there are (only torch is), which version of torch it is, and whether a compiler is looking."""

import torch


def is_torch_available():
    return True


def is_torch_cuda_available():
    return torch.cuda.is_available()


def is_torch_distributed_available():
    return torch.distributed.is_available()


def _release(version):
    numbers = [part for part in version.split("+")[0].split(".")[:3] if part.isdigit()]
    return tuple(int(number) for number in numbers)


def is_torch_greater_or_equal(library_version, accept_dev=False):
    return _release(torch.__version__) >= _release(library_version)


def is_torch_less_or_equal(library_version, accept_dev=False):
    return _release(torch.__version__) <= _release(library_version)


def is_torchdynamo_compiling():
    return torch.compiler.is_compiling()


def is_torchdynamo_exporting():
    return torch.compiler.is_exporting()


def is_jit_tracing():
    return torch.jit.is_tracing()


def is_torch_fx_proxy(x):
    return isinstance(x, torch.fx.Proxy)


def is_tracing(tensor=None):
    return torch.jit.is_tracing() or torch.compiler.is_compiling() or is_torch_fx_proxy(tensor)


def torch_compilable_check(cond, msg, error_type=ValueError):
    """Raise when the condition doesn't hold; no check while a compiler is looking."""
    if not is_tracing(cond) and not bool(cond):
        raise error_type(msg() if callable(msg) else msg)


def requires(*, backends=()):
    """The decorated as it is."""

    def keep(decorated):
        return decorated

    return keep


def requires_backends(obj, backends):
    """Raise `ImportError` for anything but torch."""
    missing = [backend for backend in ([backends] if isinstance(backends, str) else backends) if backend != "torch"]
    if missing:
        name = getattr(obj, "__name__", type(obj).__name__)
        raise ImportError(f"{name} needs {', '.join(missing)}")


def _is_absent(*arguments, **options):
    return False


is_rocm_platform = _is_absent
is_habana_gaudi1 = _is_absent
is_torch_mps_available = _is_absent
is_torch_npu_available = _is_absent
is_torch_xpu_available = _is_absent
is_torch_mlu_available = _is_absent
is_torch_musa_available = _is_absent
is_torch_xla_available = _is_absent
is_torch_hpu_available = _is_absent
is_torch_neuron_available = _is_absent
is_torch_tpu_available = _is_absent
is_torch_bf16_gpu_available = _is_absent
is_torch_fp16_available_on_device = _is_absent
is_torch_bf16_available_on_device = _is_absent
is_torch_tf32_available = _is_absent
is_torch_flex_attn_available = _is_absent
is_grouped_mm_available = _is_absent
is_kenlm_available = _is_absent
is_kernels_available = _is_absent
is_cv2_available = _is_absent
is_yt_dlp_available = _is_absent
is_libcst_available = _is_absent
is_accelerate_available = _is_absent
is_triton_available = _is_absent
is_hadamard_available = _is_absent
is_hqq_available = _is_absent
is_pygments_available = _is_absent
is_torchvision_available = _is_absent
is_torchvision_v2_available = _is_absent
is_torchvision_greater_or_equal = _is_absent
is_galore_torch_available = _is_absent
is_apollo_torch_available = _is_absent
is_torch_optimi_available = _is_absent
is_lomo_available = _is_absent
is_grokadamw_available = _is_absent
is_schedulefree_available = _is_absent
is_pyctcdecode_available = _is_absent
is_librosa_available = _is_absent
is_nagisa_available = _is_absent
is_soynlp_available = _is_absent
is_multipart_available = _is_absent
is_essentia_available = _is_absent
is_pydantic_available = _is_absent
is_fastapi_available = _is_absent
is_uvicorn_available = _is_absent
is_openai_available = _is_absent
is_serve_available = _is_absent
is_pretty_midi_available = _is_absent
is_mamba_ssm_available = _is_absent
is_mamba_2_ssm_available = _is_absent
is_flash_linear_attention_available = _is_absent
is_causal_conv1d_available = _is_absent
is_xlstm_available = _is_absent
is_mambapy_available = _is_absent
is_peft_available = _is_absent
is_peft_greater_or_equal = _is_absent
is_bs4_available = _is_absent
is_coloredlogs_available = _is_absent
is_onnx_available = _is_absent
is_onnxscript_available = _is_absent
is_openvino_available = _is_absent
is_openvino_greater_or_equal = _is_absent
is_nncf_available = _is_absent
is_onnxruntime_available = _is_absent
is_executorch_available = _is_absent
is_flute_available = _is_absent
is_g2p_en_available = _is_absent
is_torch_neuroncore_available = _is_absent
is_torch_tensorrt_fx_available = _is_absent
is_datasets_available = _is_absent
is_detectron2_available = _is_absent
is_diffusers_available = _is_absent
is_rjieba_available = _is_absent
is_psutil_available = _is_absent
is_py3nvml_available = _is_absent
is_sacremoses_available = _is_absent
is_apex_available = _is_absent
is_aqlm_available = _is_absent
is_vptq_available = _is_absent
is_av_available = _is_absent
is_decord_available = _is_absent
is_torchcodec_available = _is_absent
is_torchcodec_usable = _is_absent
is_torchcodec_greater_or_equal = _is_absent
is_ninja_available = _is_absent
is_bitsandbytes_available = _is_absent
is_flash_attn_kernel_fallback_available = _is_absent
is_flash_attn_2_available = _is_absent
is_flash_attn_3_available = _is_absent
is_flash_attn_4_available = _is_absent
is_flash_attn_greater_or_equal = _is_absent
is_flash_attn_greater_or_equal_2_10 = _is_absent
is_huggingface_hub_greater_or_equal = _is_absent
is_quanto_greater = _is_absent
is_torchdistx_available = _is_absent
is_faiss_available = _is_absent
is_fouroversix_available = _is_absent
is_scipy_available = _is_absent
is_sklearn_available = _is_absent
is_sentencepiece_available = _is_absent
is_seqio_available = _is_absent
is_gguf_available = _is_absent
is_protobuf_available = _is_absent
is_fsdp_available = _is_absent
is_optimum_available = _is_absent
is_llm_awq_available = _is_absent
is_auto_round_available = _is_absent
is_optimum_quanto_available = _is_absent
is_quark_available = _is_absent
is_fp_quant_available = _is_absent
is_qutlass_available = _is_absent
is_compressed_tensors_available = _is_absent
is_sinq_available = _is_absent
is_gptqmodel_available = _is_absent
is_fbgemm_gpu_available = _is_absent
is_levenshtein_available = _is_absent
is_optimum_neuron_available = _is_absent
is_tokenizers_available = _is_absent
is_vision_available = _is_absent
is_pytesseract_available = _is_absent
is_pytest_available = _is_absent
is_pytest_order_available = _is_absent
is_spacy_available = _is_absent
is_pytorch_quantization_available = _is_absent
is_pandas_available = _is_absent
is_soundfile_available = _is_absent
is_timm_available = _is_absent
is_natten_available = _is_absent
is_nltk_available = _is_absent
is_numba_available = _is_absent
is_torchaudio_available = _is_absent
is_torchao_available = _is_absent
is_soxr_available = _is_absent
is_audio_available = _is_absent
is_speech_available = _is_absent
is_spqr_available = _is_absent
is_phonemizer_available = _is_absent
is_uroman_available = _is_absent
is_sudachi_available = _is_absent
is_sudachi_projection_available = _is_absent
is_jumanpp_available = _is_absent
is_cython_available = _is_absent
is_jinja_available = _is_absent
is_mlx_available = _is_absent
is_num2words_available = _is_absent
is_tiktoken_available = _is_absent
is_liger_kernel_available = _is_absent
is_rich_available = _is_absent
is_matplotlib_available = _is_absent
is_mistral_common_available = _is_absent
is_pynvml_available = _is_absent
is_cuda_stream_capturing = _is_absent
is_xpu_stream_capturing = _is_absent
is_ipython_available = _is_absent
is_sagemaker_dp_enabled = _is_absent
is_sagemaker_mp_enabled = _is_absent
is_training_run_on_sagemaker = _is_absent

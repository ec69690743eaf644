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


def is_rocm_platform(*arguments, **options):
    return False


def is_habana_gaudi1(*arguments, **options):
    return False


def is_torch_mps_available(*arguments, **options):
    return False


def is_torch_npu_available(*arguments, **options):
    return False


def is_torch_xpu_available(*arguments, **options):
    return False


def is_torch_mlu_available(*arguments, **options):
    return False


def is_torch_musa_available(*arguments, **options):
    return False


def is_torch_xla_available(*arguments, **options):
    return False


def is_torch_hpu_available(*arguments, **options):
    return False


def is_torch_neuron_available(*arguments, **options):
    return False


def is_torch_tpu_available(*arguments, **options):
    return False


def is_torch_bf16_gpu_available(*arguments, **options):
    return False


def is_torch_fp16_available_on_device(*arguments, **options):
    return False


def is_torch_bf16_available_on_device(*arguments, **options):
    return False


def is_torch_tf32_available(*arguments, **options):
    return False


def is_torch_flex_attn_available(*arguments, **options):
    return False


def is_grouped_mm_available(*arguments, **options):
    return False


def is_kenlm_available(*arguments, **options):
    return False


def is_kernels_available(*arguments, **options):
    return False


def is_cv2_available(*arguments, **options):
    return False


def is_yt_dlp_available(*arguments, **options):
    return False


def is_libcst_available(*arguments, **options):
    return False


def is_accelerate_available(*arguments, **options):
    return False


def is_triton_available(*arguments, **options):
    return False


def is_hadamard_available(*arguments, **options):
    return False


def is_hqq_available(*arguments, **options):
    return False


def is_pygments_available(*arguments, **options):
    return False


def is_torchvision_available(*arguments, **options):
    return False


def is_torchvision_v2_available(*arguments, **options):
    return False


def is_torchvision_greater_or_equal(*arguments, **options):
    return False


def is_galore_torch_available(*arguments, **options):
    return False


def is_apollo_torch_available(*arguments, **options):
    return False


def is_torch_optimi_available(*arguments, **options):
    return False


def is_lomo_available(*arguments, **options):
    return False


def is_grokadamw_available(*arguments, **options):
    return False


def is_schedulefree_available(*arguments, **options):
    return False


def is_pyctcdecode_available(*arguments, **options):
    return False


def is_librosa_available(*arguments, **options):
    return False


def is_nagisa_available(*arguments, **options):
    return False


def is_soynlp_available(*arguments, **options):
    return False


def is_multipart_available(*arguments, **options):
    return False


def is_essentia_available(*arguments, **options):
    return False


def is_pydantic_available(*arguments, **options):
    return False


def is_fastapi_available(*arguments, **options):
    return False


def is_uvicorn_available(*arguments, **options):
    return False


def is_openai_available(*arguments, **options):
    return False


def is_serve_available(*arguments, **options):
    return False


def is_pretty_midi_available(*arguments, **options):
    return False


def is_mamba_ssm_available(*arguments, **options):
    return False


def is_mamba_2_ssm_available(*arguments, **options):
    return False


def is_flash_linear_attention_available(*arguments, **options):
    return False


def is_causal_conv1d_available(*arguments, **options):
    return False


def is_xlstm_available(*arguments, **options):
    return False


def is_mambapy_available(*arguments, **options):
    return False


def is_peft_available(*arguments, **options):
    return False


def is_peft_greater_or_equal(*arguments, **options):
    return False


def is_bs4_available(*arguments, **options):
    return False


def is_coloredlogs_available(*arguments, **options):
    return False


def is_onnx_available(*arguments, **options):
    return False


def is_onnxscript_available(*arguments, **options):
    return False


def is_openvino_available(*arguments, **options):
    return False


def is_openvino_greater_or_equal(*arguments, **options):
    return False


def is_nncf_available(*arguments, **options):
    return False


def is_onnxruntime_available(*arguments, **options):
    return False


def is_executorch_available(*arguments, **options):
    return False


def is_flute_available(*arguments, **options):
    return False


def is_g2p_en_available(*arguments, **options):
    return False


def is_torch_neuroncore_available(*arguments, **options):
    return False


def is_torch_tensorrt_fx_available(*arguments, **options):
    return False


def is_datasets_available(*arguments, **options):
    return False


def is_detectron2_available(*arguments, **options):
    return False


def is_diffusers_available(*arguments, **options):
    return False


def is_rjieba_available(*arguments, **options):
    return False


def is_psutil_available(*arguments, **options):
    return False


def is_py3nvml_available(*arguments, **options):
    return False


def is_sacremoses_available(*arguments, **options):
    return False


def is_apex_available(*arguments, **options):
    return False


def is_aqlm_available(*arguments, **options):
    return False


def is_vptq_available(*arguments, **options):
    return False


def is_av_available(*arguments, **options):
    return False


def is_decord_available(*arguments, **options):
    return False


def is_torchcodec_available(*arguments, **options):
    return False


def is_torchcodec_usable(*arguments, **options):
    return False


def is_torchcodec_greater_or_equal(*arguments, **options):
    return False


def is_ninja_available(*arguments, **options):
    return False


def is_bitsandbytes_available(*arguments, **options):
    return False


def is_flash_attn_kernel_fallback_available(*arguments, **options):
    return False


def is_flash_attn_2_available(*arguments, **options):
    return False


def is_flash_attn_3_available(*arguments, **options):
    return False


def is_flash_attn_4_available(*arguments, **options):
    return False


def is_flash_attn_greater_or_equal(*arguments, **options):
    return False


def is_flash_attn_greater_or_equal_2_10(*arguments, **options):
    return False


def is_huggingface_hub_greater_or_equal(*arguments, **options):
    return False


def is_quanto_greater(*arguments, **options):
    return False


def is_torchdistx_available(*arguments, **options):
    return False


def is_faiss_available(*arguments, **options):
    return False


def is_fouroversix_available(*arguments, **options):
    return False


def is_scipy_available(*arguments, **options):
    return False


def is_sklearn_available(*arguments, **options):
    return False


def is_sentencepiece_available(*arguments, **options):
    return False


def is_seqio_available(*arguments, **options):
    return False


def is_gguf_available(*arguments, **options):
    return False


def is_protobuf_available(*arguments, **options):
    return False


def is_fsdp_available(*arguments, **options):
    return False


def is_optimum_available(*arguments, **options):
    return False


def is_llm_awq_available(*arguments, **options):
    return False


def is_auto_round_available(*arguments, **options):
    return False


def is_optimum_quanto_available(*arguments, **options):
    return False


def is_quark_available(*arguments, **options):
    return False


def is_fp_quant_available(*arguments, **options):
    return False


def is_qutlass_available(*arguments, **options):
    return False


def is_compressed_tensors_available(*arguments, **options):
    return False


def is_sinq_available(*arguments, **options):
    return False


def is_gptqmodel_available(*arguments, **options):
    return False


def is_fbgemm_gpu_available(*arguments, **options):
    return False


def is_levenshtein_available(*arguments, **options):
    return False


def is_optimum_neuron_available(*arguments, **options):
    return False


def is_tokenizers_available(*arguments, **options):
    return False


def is_vision_available(*arguments, **options):
    return False


def is_pytesseract_available(*arguments, **options):
    return False


def is_pytest_available(*arguments, **options):
    return False


def is_pytest_order_available(*arguments, **options):
    return False


def is_spacy_available(*arguments, **options):
    return False


def is_pytorch_quantization_available(*arguments, **options):
    return False


def is_pandas_available(*arguments, **options):
    return False


def is_soundfile_available(*arguments, **options):
    return False


def is_timm_available(*arguments, **options):
    return False


def is_natten_available(*arguments, **options):
    return False


def is_nltk_available(*arguments, **options):
    return False


def is_numba_available(*arguments, **options):
    return False


def is_torchaudio_available(*arguments, **options):
    return False


def is_torchao_available(*arguments, **options):
    return False


def is_soxr_available(*arguments, **options):
    return False


def is_audio_available(*arguments, **options):
    return False


def is_speech_available(*arguments, **options):
    return False


def is_spqr_available(*arguments, **options):
    return False


def is_phonemizer_available(*arguments, **options):
    return False


def is_uroman_available(*arguments, **options):
    return False


def is_sudachi_available(*arguments, **options):
    return False


def is_sudachi_projection_available(*arguments, **options):
    return False


def is_jumanpp_available(*arguments, **options):
    return False


def is_cython_available(*arguments, **options):
    return False


def is_jinja_available(*arguments, **options):
    return False


def is_mlx_available(*arguments, **options):
    return False


def is_num2words_available(*arguments, **options):
    return False


def is_tiktoken_available(*arguments, **options):
    return False


def is_liger_kernel_available(*arguments, **options):
    return False


def is_rich_available(*arguments, **options):
    return False


def is_matplotlib_available(*arguments, **options):
    return False


def is_mistral_common_available(*arguments, **options):
    return False


def is_pynvml_available(*arguments, **options):
    return False


def is_cuda_stream_capturing(*arguments, **options):
    return False


def is_xpu_stream_capturing(*arguments, **options):
    return False


def is_ipython_available(*arguments, **options):
    return False


def is_sagemaker_dp_enabled(*arguments, **options):
    return False


def is_sagemaker_mp_enabled(*arguments, **options):
    return False


def is_training_run_on_sagemaker(*arguments, **options):
    return False

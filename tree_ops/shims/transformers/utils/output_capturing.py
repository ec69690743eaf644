"""Collecting hidden states and attention weights of inner layers, when they are asked for."""

import dataclasses
import functools


@dataclasses.dataclass
class OutputRecorder:
    """Which modules' outputs to collect (by class, or the end of their path), and which part of a tuple."""

    target_class: object = None
    index: int = 0
    layer_name: object = None
    class_name: object = None
    capture_initial_hidden_state: bool = True
    num_hidden_layers_key: str = "num_hidden_layers"


def _recorders(specification, key):
    for one in specification if isinstance(specification, list) else [specification]:
        if isinstance(one, OutputRecorder):
            yield one
        elif isinstance(one, str):
            yield OutputRecorder(class_name=one, index=0 if "hidden_states" in key else 1)
        else:
            yield OutputRecorder(one, index=0 if "hidden_states" in key else 1)


def _matches(recorder, path, module):
    by_class = recorder.target_class is not None and isinstance(module, recorder.target_class)
    by_name = recorder.class_name is not None and path.endswith(recorder.class_name)
    inside = recorder.layer_name is None or f".{recorder.layer_name.strip('.')}." in f".{path}."
    return (by_class or by_name) and inside


def _hook(collected, recorder, is_hidden):
    def hook(module, args, kwargs, output):
        if is_hidden and recorder.capture_initial_hidden_state and not collected:
            collected.append(args[0] if args else kwargs["hidden_states"])
        value = output[recorder.index] if isinstance(output, tuple) else output
        if value is not None:
            collected.append(value)

    return hook


def capture_outputs(func=None, *, tie_last_hidden_states=True):
    """Add what `output_hidden_states`, `output_attentions` and the like ask for to the output of a model's forward."""

    def decorate(forward):
        @functools.wraps(forward)
        def wrapper(self, *args, **kwargs):
            return_dict = kwargs.pop("return_dict", getattr(self.config, "return_dict", True))
            collected, hooks = {}, []
            for key, specification in (self._can_record_outputs or {}).items():
                flag = "attentions" if key == "cross_attentions" else key
                if not kwargs.get(f"output_{flag}", getattr(self.config, f"output_{flag}", False)):
                    continue
                collected[key] = []
                for recorder in _recorders(specification, key):
                    for path, module in self.named_modules():
                        if _matches(recorder, path, module):
                            hook = _hook(collected[key], recorder, key == "hidden_states")
                            hooks.append(module.register_forward_hook(hook, with_kwargs=True))
            try:
                outputs = forward(self, *args, **kwargs)
            finally:
                for hook in hooks:
                    hook.remove()
            for key, values in collected.items():
                if key == "hidden_states" and tie_last_hidden_states and values and "last_hidden_state" in outputs:
                    values[-1] = outputs["last_hidden_state"]
                outputs[key] = tuple(values)
            return outputs.to_tuple() if return_dict is False else outputs

        return wrapper

    return decorate if func is None else decorate(func)

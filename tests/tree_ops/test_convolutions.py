from archgraft.tree_ops.convolutions import grown_kernel, merged_groups

CONV = {"kernel_size": "3", "padding": "1", "dilation": "1", "groups": "8", "stride": "2"}


def changed(**arguments: str) -> dict[str, str]:
    return CONV | arguments


def grows(**arguments: str) -> bool:
    return grown_kernel("torch.nn.Conv2d", CONV, changed(**arguments))


def test_a_kernel_grows_with_its_padding() -> None:
    assert grows(kernel_size="5", padding="2")
    assert grows(kernel_size="(5, 3)", padding="(2, 1)")
    assert not grows(kernel_size="5")
    assert not grows(kernel_size="1", padding="0")
    assert not grows(kernel_size="5", padding="2", stride="1")
    assert not grows(kernel_size="4", padding="1")
    assert not grown_kernel("Custom", CONV, changed(kernel_size="5", padding="2"))


def test_the_padding_of_a_dilated_kernel_grows_by_more() -> None:
    dilated = changed(dilation="2", padding="2")
    assert grown_kernel("torch.nn.Conv2d", dilated, dilated | {"kernel_size": "5", "padding": "4"})
    assert not grown_kernel("torch.nn.Conv2d", dilated, dilated | {"kernel_size": "5", "padding": "3"})


def test_groups_merge_when_their_number_falls_to_a_divisor() -> None:
    assert merged_groups("torch.nn.Conv2d", CONV, changed(groups="4"))
    assert merged_groups("torch.nn.Conv2d", CONV, changed(groups="1"))
    assert not merged_groups("torch.nn.Conv2d", CONV, changed(groups="3"))
    assert not merged_groups("torch.nn.Conv2d", CONV, changed(groups="16"))
    assert not merged_groups("torch.nn.Conv2d", CONV, changed(groups="4", kernel_size="5"))

"""Hard limits on what a candidate may cost, set from the rootstock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CostCaps:
    """The most parameters, and the most FLOPs for one sample's forward pass, that a candidate may have."""

    max_parameters: int
    max_flops: int

    @classmethod
    def around(cls, n_parameters: int, flops: int, parameters_ratio: float, flops_ratio: float) -> "CostCaps":
        """Caps as multiples of the rootstock's cost."""
        return cls(int(n_parameters * parameters_ratio), int(flops * flops_ratio))

    def broken_by(self, n_parameters: int, flops: int) -> str | None:
        """Which cap is broken and by how much, in one line; None when both hold."""
        faults = [
            f"{found:,} {what} where at most {cap:,} are allowed ({found / max(cap, 1):.2f} times)"
            for what, found, cap in (
                ("parameters", n_parameters, self.max_parameters),
                ("FLOPs a sample", flops, self.max_flops),
            )
            if found > cap
        ]
        return "; ".join(faults) or None

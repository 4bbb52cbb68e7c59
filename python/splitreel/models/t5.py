"""The T5 encoder, cut by heads and hidden units over a team.

After transformers 5 `models/t5/modeling_t5.py`, to which it is equal up to rounding; written out here since
its weights are read straight into shares. Shares may be uneven (64 heads over 3 ranks).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from splitreel.errors import SplitreelError
from splitreel.models.checkpoint import Checkpoint
from splitreel.models.configs import read_config, wrong_config
from splitreel.models.weights import Weights
from splitreel.parallel.tensor import Cut, cut_units, summed_linear
from splitreel.parallel.team import Team


@dataclass(frozen=True, slots=True)
class T5Config:
    """The fields of `text_encoder/config.json` that matter to an encoder."""

    d_model: int
    d_kv: int
    d_ff: int
    num_layers: int
    num_heads: int
    vocab_size: int
    relative_attention_num_buckets: int
    relative_attention_max_distance: int
    layer_norm_epsilon: float
    activation: str
    gated: bool

    @classmethod
    def read(cls, folder: Path) -> T5Config:
        file = folder / "config.json"
        raw = read_config(file)
        try:
            kind = str(raw["feed_forward_proj"])
            return cls(
                d_model=int(raw["d_model"]),
                d_kv=int(raw["d_kv"]),
                d_ff=int(raw["d_ff"]),
                num_layers=int(raw["num_layers"]),
                num_heads=int(raw["num_heads"]),
                vocab_size=int(raw["vocab_size"]),
                relative_attention_num_buckets=int(raw.get("relative_attention_num_buckets", 32)),
                relative_attention_max_distance=int(raw.get("relative_attention_max_distance", 128)),
                layer_norm_epsilon=float(raw.get("layer_norm_epsilon", 1e-6)),
                activation=kind.removeprefix("gated-"),
                gated=kind.startswith("gated-"),
            )
        except (ValueError, KeyError, TypeError) as problem:
            raise wrong_config(file, problem) from problem


class T5Encoder:
    """One share of the encoder. Collective over `team` in `encode`."""

    def __init__(self, config: T5Config, weights: Weights) -> None:
        self.config = config
        self.weights = weights

    @classmethod
    def load(
        cls, folder: Path, checkpoint: Checkpoint, *, share: int, shares: int, dtype: torch.dtype, device: torch.device
    ) -> T5Encoder:
        config = T5Config.read(folder)
        if shares > config.num_heads:
            raise SplitreelError("MODEL_UNSUPPORTED", {"what": f"A T5 of {config.num_heads} heads over {shares} ranks"})
        weights = Weights(device)
        for name in encoder_names(config, checkpoint):
            cut = cut_of(config, name, share, shares)
            weights.add(name, checkpoint.read(name, cut, dtype, weights.home_for(checkpoint.shape(name))))
        return cls(config, weights)

    def encode(self, ids_BL: Tensor, team: Team) -> Tensor:
        """Token ids [B, L] to embeddings [B, L, d_model]. No mask: CogVideoX attends to padding too."""
        w, eps = self.weights, self.config.layer_norm_epsilon
        x = F.embedding(ids_BL, w["shared.weight"])
        bias = self._position_bias(ids_BL.shape[1], x.dtype)
        for layer in range(self.config.num_layers):
            prefix = f"encoder.block.{layer}.layer"
            x = x + self._attention(_rms_norm(x, w[f"{prefix}.0.layer_norm.weight"], eps), prefix, bias, team)
            x = x + self._feed_forward(_rms_norm(x, w[f"{prefix}.1.layer_norm.weight"], eps), prefix, team)
        return _rms_norm(x, w["encoder.final_layer_norm.weight"], eps)

    def _attention(self, x_BLD: Tensor, prefix: str, bias_1HLL: Tensor, team: Team) -> Tensor:
        name = f"{prefix}.0.SelfAttention"
        q, k, v = (
            F.linear(x_BLD, self.weights[f"{name}.{part}.weight"]).unflatten(-1, (-1, self.config.d_kv)).transpose(1, 2)
            for part in "qkv"
        )
        # T5 does not scale by 1/sqrt(d). The softmax is in the weights' type, as transformers' eager path has it.
        probabilities = torch.softmax(q @ k.transpose(2, 3) + bias_1HLL, dim=-1)
        out = (probabilities @ v).transpose(1, 2).flatten(2)
        return summed_linear(out, self.weights[f"{name}.o.weight"], None, team)

    def _feed_forward(self, x_BLD: Tensor, prefix: str, team: Team) -> Tensor:
        name = f"{prefix}.1.DenseReluDense"
        if self.config.gated:
            hidden = self._activate(F.linear(x_BLD, self.weights[f"{name}.wi_0.weight"]))
            hidden = hidden * F.linear(x_BLD, self.weights[f"{name}.wi_1.weight"])
        else:
            hidden = self._activate(F.linear(x_BLD, self.weights[f"{name}.wi.weight"]))
        return summed_linear(hidden, self.weights[f"{name}.wo.weight"], None, team)

    def _activate(self, x: Tensor) -> Tensor:
        # "gated-gelu" means the tanh approximation in T5 (transformers' gelu_new).
        return F.gelu(x, approximate="tanh") if self.config.activation == "gelu" else F.relu(x)

    def _position_bias(self, length: int, dtype: torch.dtype) -> Tensor:
        table = self.weights["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        positions = torch.arange(length, device=table.device)
        buckets = _buckets(
            positions[None, :] - positions[:, None],
            self.config.relative_attention_num_buckets,
            self.config.relative_attention_max_distance,
        )
        return F.embedding(buckets, table).permute(2, 0, 1).unsqueeze(0).to(dtype)


def _rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    variance = x.float().pow(2).mean(-1, keepdim=True)
    return weight * (x * torch.rsqrt(variance + eps)).to(weight.dtype)


def _buckets(distance_LL: Tensor, count: int, max_distance: int) -> Tensor:
    """Buckets of relative positions: half for each direction; near ones exact, far ones logarithmic."""
    half = count // 2
    direction = (distance_LL > 0).long() * half
    distance = distance_LL.abs()
    exact = half // 2
    far = exact + (torch.log(distance.float() / exact) / math.log(max_distance / exact) * (half - exact)).long()
    return direction + torch.where(distance < exact, distance, far.clamp(max=half - 1))


def encoder_names(config: T5Config, checkpoint: Checkpoint) -> list[str]:
    # Tied weights are stored under either name.
    if "shared.weight" not in checkpoint:
        raise SplitreelError(
            "MODEL_INCOMPLETE", {"file": checkpoint.folder.name, "problem": "the weight shared.weight is missing"}
        )
    names = ["shared.weight", "encoder.final_layer_norm.weight"]
    hidden = ["wi_0", "wi_1"] if config.gated else ["wi"]
    for layer in range(config.num_layers):
        prefix = f"encoder.block.{layer}.layer"
        names += [f"{prefix}.0.SelfAttention.{part}.weight" for part in "qkvo"]
        names += [f"{prefix}.1.DenseReluDense.{part}.weight" for part in [*hidden, "wo"]]
        names += [f"{prefix}.0.layer_norm.weight", f"{prefix}.1.layer_norm.weight"]
    return [*names, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]


def cut_of(config: T5Config, name: str, share: int, shares: int) -> Cut | None:
    if name.endswith(("SelfAttention.q.weight", "SelfAttention.k.weight", "SelfAttention.v.weight")):
        return cut_units(0, config.num_heads, config.d_kv, share, shares)
    if name.endswith("SelfAttention.o.weight"):
        return cut_units(1, config.num_heads, config.d_kv, share, shares)
    if name.endswith("relative_attention_bias.weight"):
        return cut_units(1, config.num_heads, 1, share, shares)
    if name.endswith(("wi.weight", "wi_0.weight", "wi_1.weight")):
        return cut_units(0, config.d_ff, 1, share, shares)
    if name.endswith("wo.weight"):
        return cut_units(1, config.d_ff, 1, share, shares)
    return None

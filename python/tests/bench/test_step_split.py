"""How a step's time is divided by what the device does."""

from __future__ import annotations

import pytest

from splitreel.bench.step_split import kind_of, split_time


def test_kernels_are_classified_by_name() -> None:
    names = {
        "ncclDevKernel_AllReduce_Sum_bf16_RING_LL": "communication",
        "Memcpy PtoP (Device -> Device)": "communication",
        "kernel_cutlass_flash_attncuteflash_fwd_sm90FlashAttentionForwardSm90": "attention",
        "cudnn_generated_fort_native_sdpa_sm90_flash_fprop": "attention",
        "nvjet_sm90_tst_128x256_64x4_2x1_v_bz_coopA_TNT": "matmul",
        "norm_modulate_kernel": "elementwise",
    }
    assert {name: kind_of(name) for name in names} == names


def test_an_exchange_counts_where_nothing_hides_it() -> None:
    found = split_time([
        ("nvjet_a", 0, 1000),
        ("ncclDevKernel", 500, 2000),
        ("norm_rotate_kernel", 2500, 3000),
        ("flash_fwd", 2800, 4000),
    ])  # fmt: skip
    assert found["matmul"] == pytest.approx(1.0)
    assert found["communication"] == pytest.approx(1.0)
    assert found["communication_hidden"] == pytest.approx(0.5)
    assert found["idle"] == pytest.approx(0.5)
    assert found["elementwise"] == pytest.approx(0.3)
    assert found["attention"] == pytest.approx(1.2)
    parts = ("attention", "matmul", "elementwise", "communication", "idle")
    assert sum(found[part] for part in parts) == pytest.approx(found["step"])


def test_a_device_that_did_nothing_has_no_time() -> None:
    assert set(split_time([]).values()) == {0.0}

"""RGB to YUV 4:2:0 in integer arithmetic: equal frames give equal bytes on every machine.

libswscale's fast paths round differently depending on the CPU and its flags, and by default it converts with BT.601
without declaring it, while players assume BT.709 for larger frames. Here one formula gives every value, and `tag_bt709`
declares it.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]

_BITS = 16
# Rec. ITU-R BT.709-6, item 3: luma weights of R and B. Limited range: item 5.4, 8 bits, 16..235 and 16..240.
_KR, _KB = 0.2126, 0.0722
_LUMA, _CHROMA = 219 / 255, 224 / 255


def _fixed(value: float) -> int:
    return round(value * (1 << _BITS))


# Rows sum to exactly 219 / 255 (luma) and 0 (chroma) in fixed point, so white is 235 and gray has no color.
_Y = (_fixed(_LUMA * _KR), _fixed(_LUMA) - _fixed(_LUMA * _KR) - _fixed(_LUMA * _KB), _fixed(_LUMA * _KB))
_CB_R, _CB_B = _fixed(-_CHROMA * _KR / (2 * (1 - _KB))), _fixed(_CHROMA / 2)
_CR_R, _CR_B = _fixed(_CHROMA / 2), _fixed(-_CHROMA * _KB / (2 * (1 - _KR)))
_CB = (_CB_R, -_CB_R - _CB_B, _CB_B)
_CR = (_CR_R, -_CR_R - _CR_B, _CR_B)

# ISO/IEC 23091-2 (H.273) code points, which FFmpeg uses as well.
_BT709 = 1
_LIMITED_RANGE = 1


class Tagged(Protocol):
    """A codec context or a frame."""

    colorspace: int
    color_primaries: int
    color_trc: int
    color_range: int


def tag_bt709(target: Tagged) -> None:
    """Declares matrix, primaries, transfer characteristics and range."""
    target.colorspace = target.color_primaries = target.color_trc = _BT709
    target.color_range = _LIMITED_RANGE


def rgb_to_yuv420(frame_u8_HWC: U8) -> U8:
    """(H, W, 3) RGB with even H and W to planar YUV 4:2:0, (3 H / 2, W), BT.709 in limited range.

    Chroma is sited as H.264 assumes by default: on the left column of each 2 x 2 block, halfway between its rows.
    """
    height, width, _ = frame_u8_HWC.shape
    assert height % 2 == width % 2 == 0, "4:2:0 needs even sides"
    rgb = [frame_u8_HWC[:, :, channel].astype(np.int32) for channel in range(3)]
    luma = _weighted(rgb, _Y, shift=_BITS, offset=16)
    halved = [_halve(plane) for plane in rgb]  # 8 times the mean
    planes = [_weighted(halved, weights, shift=_BITS + 3, offset=128) for weights in (_CB, _CR)]
    return np.concatenate([luma.reshape(-1), *(plane.reshape(-1) for plane in planes)]).reshape(-1, width)


def _weighted(planes: list[npt.NDArray[np.int32]], weights: tuple[int, int, int], *, shift: int, offset: int) -> U8:
    total = planes[0] * weights[0] + planes[1] * weights[1] + planes[2] * weights[2]
    total += (offset << shift) + (1 << (shift - 1))
    result: U8 = (total >> shift).astype(np.uint8)
    return result


def _halve(plane: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Both sides halved: the sum of two rows, then weights 1, 2, 1 around each even column. The left edge repeats."""
    rows = plane[0::2] + plane[1::2]
    even, odd = rows[:, 0::2], rows[:, 1::2]
    left = np.concatenate([even[:, :1], odd[:, :-1]], axis=1)
    halved: npt.NDArray[np.int32] = left + 2 * even + odd
    return halved

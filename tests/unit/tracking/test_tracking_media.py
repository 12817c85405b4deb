"""Pictures, sounds and tables as files that other programs read."""

from __future__ import annotations

import struct
import wave
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyaxon.errors import UsageError
from polyaxon.tracking import media


def pixels_of(path: Path) -> Any:
    """Read an image as this project writes it: one IDAT chunk, filter 0 on every row."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "uint8").reshape(height, 1 + width * channels)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, channels)


@pytest.mark.parametrize(
    ("shape", "formats"),
    [
        ((3, 4, 5), "CHW"),
        ((4, 5, 3), "HWC"),
        ((4, 5), "HW"),
        ((1, 4, 5), "CHW"),
        ((4, 4, 5), "CHW"),
        ((2, 4, 5), "chw"),
    ],
)
def test_an_array_is_an_image_whatever_the_order_of_its_axes(
    tmp_path: Path, shape: tuple[int, ...], formats: str
) -> None:
    array = np.arange(np.prod(shape), dtype="uint8").reshape(shape)
    value = media.save_image(array, str(tmp_path / "a.png"), dataformats=formats)
    if array.ndim == 2:
        expected = array[..., None]
    elif formats == "HWC":
        expected = array
    else:
        expected = array.transpose(1, 2, 0)
    assert np.array_equal(pixels_of(tmp_path / "a.png"), expected)
    assert (value["height"], value["width"], value["colorspace"]) == expected.shape


def test_floats_are_between_zero_and_one(tmp_path: Path) -> None:
    media.save_image(np.array([[0.0, 0.5, 1.0, 2.0, -1.0, np.nan]]), str(tmp_path / "a.png"), dataformats="HW")
    assert pixels_of(tmp_path / "a.png").ravel().tolist() == [0, 127, 255, 255, 0, 0]


def test_several_images_are_set_side_by_side(tmp_path: Path) -> None:
    value = media.save_image(np.zeros((3, 1, 4, 5)), str(tmp_path / "a.png"), dataformats="NCHW")
    assert (value["height"], value["width"]) == (4, 15)


def test_an_image_can_be_scaled(tmp_path: Path) -> None:
    media.save_image(np.array([[1, 2]], dtype="uint8"), str(tmp_path / "a.png"), rescale=2, dataformats="HW")
    assert pixels_of(tmp_path / "a.png")[..., 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_axes_that_do_not_fit_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not `CHW`"):
        media.save_image(np.zeros((4, 5)), str(tmp_path / "a.png"))
    with pytest.raises(UsageError, match="1 to 4 channels"):
        media.save_image(np.zeros((9, 4, 5)), str(tmp_path / "a.png"))


def test_files_and_encoded_images_are_copied(tmp_path: Path) -> None:
    (tmp_path / "in.jpg").write_bytes(b"jpeg")
    media.save_image(str(tmp_path / "in.jpg"), str(tmp_path / "a.jpg"))
    media.save_image(b"jpeg", str(tmp_path / "b.jpg"))
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes() == b"jpeg"


def test_a_tensor_is_moved_and_read(tmp_path: Path) -> None:
    class Tensor:
        def detach(self) -> Tensor:
            return self

        def cpu(self) -> Tensor:
            return self

        def numpy(self) -> Any:
            return np.zeros((2, 2))

    assert media.save_image(Tensor(), str(tmp_path / "a.png"), dataformats="HW")["width"] == 2


def test_boxes_are_outlined_and_clipped() -> None:
    image = media.draw_boxes(np.zeros((1, 4, 5), dtype="uint8"), [[1, 1, 99, 2]])
    assert image[..., 0].tolist() == [[0] * 5, [0, 255, 255, 255, 255], [0, 255, 255, 255, 255], [0] * 5]


@pytest.mark.parametrize("shape", [(100,), (100, 2), (2, 100)])
def test_samples_are_a_sound(tmp_path: Path, shape: tuple[int, ...]) -> None:
    value = media.save_audio(np.full(shape, 0.5), str(tmp_path / "a.wav"), 8000, "wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnframes(), file.getnchannels(), file.getframerate()) == (100, len(shape), 8000)
        assert np.frombuffer(file.readframes(1), "<i2")[0] == 16383
    assert value["length_frames"] == 100


def test_another_format_of_an_array_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        media.save_audio(np.zeros(3), str(tmp_path / "a.mp3"), 8000, "mp3")
    assert "log its path" in str(caught.value.hint)


def test_a_frame_is_written_by_its_own_method(tmp_path: Path) -> None:
    class Frame:
        def to_csv(self, path: str) -> None:
            Path(path).write_text("a,b\n")

    assert media.save_dataframe(Frame(), str(tmp_path / "f.csv"), "csv") == {"content_type": "csv"}
    with pytest.raises(UsageError, match="`Frame` cannot be written as `html`"):
        media.save_dataframe(Frame(), str(tmp_path / "f.html"), "html")

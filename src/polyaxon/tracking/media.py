"""Pictures, sounds, films and tables to files. Each function writes one file and returns the value of its event.

Encoding needs nothing but what the data already came with: PNG and WAV are written here, GIF by Pillow. Arrays are
anything numpy can read (tensors of other libraries are moved to the CPU first).
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from typing import Any, Sequence

from polyaxon.errors import UsageError
from polyaxon.tracking.libraries import library

__all__ = [
    "draw_boxes",
    "save_audio",
    "save_dataframe",
    "save_figure",
    "save_image",
    "save_video",
    "to_array",
]

# `Any` throughout: arrays, figures and frames of libraries that are not installed here.


def to_array(data: Any, purpose: str) -> Any:
    """Return a numpy array of an array, tensor or nested list."""
    for method in ("detach", "cpu", "numpy"):
        convert = getattr(data, method, None)
        if callable(convert):
            data = convert()
    return library("numpy", purpose).asarray(data)


def save_image(data: Any, path: str, rescale: float = 1, dataformats: str = "CHW") -> dict[str, Any]:
    """Write an array, a Pillow image, encoded bytes or a file as an image."""
    if isinstance(data, (str, os.PathLike)):
        shutil.copyfile(data, path)
        return {"height": None, "width": None, "colorspace": None}
    if isinstance(data, (bytes, bytearray)):
        _write(path, bytes(data))
        return {"height": None, "width": None, "colorspace": None}
    if hasattr(data, "save") and hasattr(data, "size") and not hasattr(data, "shape"):
        data.save(path)
        width, height = data.size
        return {"height": height, "width": width, "colorspace": len(data.getbands())}
    pixels = _resized(_pixels(to_array(data, "`log_image` of an array"), dataformats), rescale)
    height, width, channels = pixels.shape
    _write(path, _png(pixels))
    return {"height": height, "width": width, "colorspace": channels}


def draw_boxes(image: Any, boxes: Any, dataformats: str = "CHW") -> Any:
    """Return the image, as height × width × channels, with the outline of each (left, top, right, bottom) box."""
    np = library("numpy", "`log_image_with_boxes`")
    pixels = _pixels(to_array(image, "`log_image_with_boxes`"), dataformats)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    pixels = pixels.copy()
    height, width, _ = pixels.shape
    colour = np.array([255, 0, 0, 255][: pixels.shape[2]], dtype="uint8")
    for left, top, right, bottom in to_array(boxes, "`log_image_with_boxes`").reshape(-1, 4).astype(int).tolist():
        left, right = max(0, left), min(width - 1, right)
        top, bottom = max(0, top), min(height - 1, bottom)
        pixels[top : bottom + 1, [left, right]] = colour
        pixels[[top, bottom], left : right + 1] = colour
    return pixels


def save_figure(figure: Any, path: str, close: bool) -> dict[str, Any]:
    """Write a matplotlib figure as a PNG image."""
    figure.savefig(path, format="png")
    if close:
        library("matplotlib.pyplot", "`log_mpl_image`").close(figure)
    width, height = (int(size * figure.dpi) for size in figure.get_size_inches())
    return {"height": height, "width": width, "colorspace": 4}


def save_video(data: Any, path: str, fps: float, content_type: str) -> dict[str, Any]:
    """Write frames (time × channels × height × width, or batches of them) as a GIF, or copy a file."""
    if isinstance(data, (str, os.PathLike)):
        shutil.copyfile(data, path)
        return {"height": None, "width": None, "colorspace": None, "content_type": content_type}
    if content_type != "gif":
        raise UsageError(
            f"`log_video` writes an array as `gif` only, not `{content_type}`",
            "write the file with your video library and log its path",
        )
    encoder = library("PIL.Image", "`log_video` of an array", "pillow")
    frames = _frames(to_array(data, "`log_video` of an array"))
    images = [encoder.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame) for frame in frames]
    images[0].save(path, format="GIF", save_all=True, append_images=images[1:], duration=int(1000 / fps), loop=0)
    height, width, channels = frames[0].shape
    return {"height": height, "width": width, "colorspace": channels, "content_type": content_type}


def save_audio(data: Any, path: str, sample_rate: int, content_type: str) -> dict[str, Any]:
    """Write samples between -1 and 1 (samples, or samples × channels) as 16-bit WAV, or copy a file."""
    if isinstance(data, (str, os.PathLike)):
        shutil.copyfile(data, path)
        return {"sample_rate": sample_rate, "num_channels": None, "length_frames": None, "content_type": content_type}
    if content_type != "wav":
        raise UsageError(
            f"`log_audio` writes an array as `wav` only, not `{content_type}`",
            "write the file with your audio library and log its path",
        )
    import wave

    np = library("numpy", "`log_audio` of an array")
    samples = to_array(data, "`log_audio` of an array")
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:  # channels × samples
        samples = samples.T
    length, channels = samples.shape
    if samples.dtype.kind == "f":
        samples = np.clip(samples, -1, 1) * 32767
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(int(sample_rate))
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())
    return {
        "sample_rate": sample_rate,
        "num_channels": channels,
        "length_frames": length,
        "content_type": content_type,
    }


def save_dataframe(frame: Any, path: str, content_type: str) -> dict[str, Any]:
    """Write a data frame (anything with `to_csv`/`to_html`, or `write_csv`) as a table."""
    for method in (f"to_{content_type}", f"write_{content_type}"):
        write = getattr(frame, method, None)
        if callable(write):
            write(path)
            return {"content_type": content_type}
    raise UsageError(
        f"`{type(frame).__name__}` cannot be written as `{content_type}`", "`csv` or `html` of a data frame"
    )


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _pixels(array: Any, dataformats: str) -> Any:
    """Height × width × channels in bytes; several images are set side by side."""
    np = library("numpy", "an image")
    formats = dataformats.upper()
    if array.ndim != len(formats):
        raise UsageError(f"an image of shape {array.shape} is not `{dataformats}`", "name its axes with `dataformats`")
    if "N" in formats:
        array = np.concatenate(
            list(np.moveaxis(array, formats.index("N"), 0)), axis=formats.replace("N", "").index("W")
        )
        formats = formats.replace("N", "")
    if "C" not in formats:
        array, formats = array[..., None], formats + "C"
    array = array.transpose([formats.index(axis) for axis in "HWC"])
    if array.dtype.kind == "f":
        array = np.nan_to_num(array) * 255
    elif array.dtype.kind == "b":
        array = array * 255
    return np.clip(array, 0, 255).astype("uint8")


def _resized(pixels: Any, rescale: float) -> Any:
    if rescale == 1:
        return pixels
    np = library("numpy", "an image")
    height, width = (max(1, int(size * rescale)) for size in pixels.shape[:2])
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    return pixels[rows][:, columns]


def _png(pixels: Any) -> bytes:
    """The file format's four chunks; every row begins with filter 0."""
    height, width, channels = pixels.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}.get(channels)
    if colour is None:
        raise UsageError(f"an image has 1 to 4 channels, not {channels}", "name its axes with `dataformats`")
    raw = b"".join(b"\0" + pixels[row].tobytes() for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _frames(array: Any) -> Sequence[Any]:
    if array.ndim == 5:
        return [_pixels(frame, "NCHW") for frame in array.transpose(1, 0, 2, 3, 4)]
    return [_pixels(frame, "CHW") for frame in array]

"""One image file as numbers: every kind of pixels that Pillow reads, by stated rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.paths import opened
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
    from PIL.ImageFile import ImageFile

    Array = np.ndarray[Any, Any]

Span = tuple[float, float]
"""The values of an image of more than 8 bits that become 0 and 255."""

FULL = 65535.0
"""The highest value of 16 bits."""


@dataclass(frozen=True)
class Look:
    """What an image file is like, as far as its pixels do not show it.

    Args:
        transparent: some pixels are not opaque; they were laid on white.
        frames: the file has several frames or pages; the first one was read.
        upper: it has 16 bits a color, of which Pillow reads the upper 8.
        values: its lowest and highest value, if it has more than 8 bits.
        assumed: whether its type alone told their span.
    """

    transparent: bool = False
    frames: bool = False
    upper: bool = False
    values: Span | None = None
    assumed: bool = False


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Args:
        pixels: uint8 [channels, size, size].
        look: what its file is like.
    """

    pixels: Array
    look: Look


def decoded(path: Path, channels: int, size: int, span: Span | None = None) -> Picture:
    """Return an image file scaled to ``size`` by ``size``: the largest square of its middle.

    It stands upright as its EXIF data say, transparency is laid on white, palettes and CMYK become
    colors, and a file of several frames or pages gives the first.

    Args:
        channels: 3 for colors, 1 for grey.
        span: of grey images with more than 8 bits. None: 0 to 65535 for 16 bits, and floats and
            32 bits, whose range nothing tells, are refused.

    Raises DataError if it cannot be read, or has no known range.
    """
    from PIL import Image

    try:
        with opened(path) as stream, Image.open(stream) as file:
            frames = bool(getattr(file, "is_animated", False))
            stored = stored_as(file)
            # A JPEG can be decoded at a half, a quarter or an eighth of its size at once.
            file.draft("RGB" if channels == 3 else "L", (2 * size, 2 * size))
            file.load()
            image = upright(file)
            if image.mode[0] in "IF":
                values = values_of(image, path)
                known = span or implied_span(file, stored)
                look = Look(frames=frames, values=ends(values), assumed=span is None)
                return Picture(deep(values, path, channels, size, known), look)
            upper = ";16" in stored
            if upper and span is not None:
                raise no_range(path)
            opaque, transparent = on_white(image)
            pixels = by_channel(square(opaque.convert("RGB" if channels == 3 else "L"), size))
    except DataError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds for a damaged file
        raise DataError(
            f"this image cannot be read: {reason(path, error)}",
            str(path),
            "remove the file, or save it again; data.broken: skip leaves such files out",
        ) from error
    return Picture(pixels, Look(transparent, frames, upper))


def no_range(path: Path) -> DataError:
    """Return the error for a range that is given for colors of 16 bits."""
    return DataError(
        "it has 16 bits per color, of which only the upper 8 are read, so data.range has no "
        "meaning",
        str(path),
        "remove data.range, or save the image in grey",
    )


def reason(path: Path, error: Exception) -> str:
    """Return why Pillow cannot read a file, in words."""
    from PIL import UnidentifiedImageError

    if not isinstance(error, UnidentifiedImageError):
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    with opened(path) as file:
        start = file.read(64)
    if not start:
        return "the file is empty"
    if start.lstrip()[:1] == b"<":
        return "it is a web page, or other text with tags"
    if start[4:8] == b"ftyp":
        return "it is a HEIC photo or a video, whatever its name says; Pillow cannot read these"
    for magic, name in BEGINNINGS.items():
        if start.startswith(magic):
            return f"it is a {name} with a layout that Pillow does not know, or it is damaged"
    return f"it begins with {start[:8]!r}, which is no format that Pillow knows"


BEGINNINGS = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
}
"""What files of each format begin with."""


def stored_as(file: ImageFile) -> str:
    """Return Pillow's name of how the pixels lie in a file, such as ``RGB;16B``."""
    details = file.tile[0][3] if file.tile else None
    name = details[0] if isinstance(details, tuple) and details else details
    return name if isinstance(name, str) else ""


TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What undoes each EXIF orientation. Pillow's own exif_transpose also writes the EXIF data anew,
which fails for damaged ones."""

ORIENTATION = 0x0112


def upright(image: Image.Image) -> Image.Image:
    """Return an image turned as its EXIF data say; as it lies where those are damaged."""
    from PIL import Image

    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # the pixels are loaded: a photo is none the worse for these
        turn = None
    return image.transpose(Image.Transpose[turn]) if turn else image


def on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return an image without transparency, laid on white, and whether there was any."""
    from PIL import Image

    if image.mode[-1] not in "Aa" and "transparency" not in image.info:
        return image, False
    layers = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
    if layers.getchannel("A").getextrema()[0] == 255:
        return layers.convert("RGB"), False
    white = Image.new("RGBA", layers.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, layers).convert("RGB"), True


def square(image: Image.Image, size: int) -> Array:
    """Return an image's middle square as an array [size, size] or [size, size, colors]."""
    import numpy as np
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR))


def by_channel(pixels: Array) -> Array:
    """Return pixels [H, W] or [H, W, colors] as [channels, H, W]."""
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def values_of(image: Image.Image, path: Path) -> Array:
    """Return the values [H, W] in float64 of an image of more than 8 bits.

    Raises DataError for values that are not finite.
    """
    import numpy as np

    values = np.asarray(image).astype(np.float64)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise DataError(
            f"{bad} of its {values.size} values are NaN or infinite",
            str(path),
            "fill them in, or leave the file out (data.broken: skip)",
        )
    return values


HOLDS_16 = ("PNG", "PPM")
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
"""A tag of TIFF, and its value where 0 is white, which Pillow obeys up to 8 bits."""


def implied_span(file: ImageFile, stored: str) -> Span | None:
    """Return the span of an image of more than 8 bits by its type; None if nothing tells.

    Where 0 is white, the higher value comes first.
    """
    if stored.endswith(";12"):
        return 0.0, 4095.0
    # Pillow holds PNG and PGM files of 16 bits in 32, in some versions.
    if not file.mode.startswith("I;16") and not (file.mode == "I" and file.format in HOLDS_16):
        return None
    tags = getattr(file, "tag_v2", {})
    return (FULL, 0.0) if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else (0.0, FULL)


def ends(values: Array) -> Span:
    """Return the lowest and the highest of ``values``."""
    return float(values.min()), float(values.max())


def deep(values: Array, path: Path, channels: int, size: int, span: Span | None) -> Array:
    """Return uint8 [channels, size, size]: ``span`` scaled to 0 to 255, and rounded at the end.

    Args:
        values: of an image of more than 8 bits, [H, W].

    Raises DataError if nothing tells the span.
    """
    import numpy as np
    from PIL import Image

    if span is None:
        low, high = ends(values)
        raise DataError(
            f"its values run from {low:g} to {high:g}, and nothing says which are black and white",
            str(path),
            "set data.range: [black, white], the same for all images; they become 0 and 255",
        )
    black, white = span
    scaled = np.clip((values - black) / (white - black), 0, 1) * 255
    grey = square(Image.fromarray(scaled.astype(np.float32)), size)
    return np.rint(grey).astype(np.uint8)[None].repeat(channels, axis=0)

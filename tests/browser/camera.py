"""What an old telephone's camera makes of a code on a screen or a poster: film for Chromium's false camera."""

import io
import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from keys import code

FRAME = (640, 480)
FRAMES = 12


def film(path: Path, text: str, *, seed: int = 1) -> Path:
    """A film (MJPEG) of this code in poor light: tilted, turned, out of focus, noisy, never still."""
    hand = random.Random(seed)  # noqa: S311 - the same film each time
    drawn = Image.open(io.BytesIO(code.draw_png(text))).convert("L")
    path.write_bytes(b"".join(_frame(drawn, hand, at) for at in range(FRAMES)))
    return path


def empty_film(path: Path) -> Path:
    """A wall in the dark."""
    hand = random.Random(0)  # noqa: S311 - the same film each time
    path.write_bytes(b"".join(_jpeg(_noise(Image.new("L", FRAME, 70), hand)) for _ in range(FRAMES)))
    return path


def _frame(drawn: Image.Image, hand: random.Random, at: int) -> bytes:
    side = 350 + hand.randrange(-15, 15)
    code_ = drawn.resize((side, side), Image.Resampling.BICUBIC)
    scene = Image.new("L", FRAME, 150)
    scene.paste(code_, ((FRAME[0] - side) // 2 + hand.randrange(-20, 20), (FRAME[1] - side) // 2))
    return _jpeg(_in_poor_light(scene, hand, at))


def _in_poor_light(scene: Image.Image, hand: random.Random, at: int) -> Image.Image:
    turn = 8 * math.sin(at / FRAMES * 2 * math.pi) + hand.uniform(-2, 2)
    scene = scene.rotate(turn, Image.Resampling.BICUBIC, fillcolor=150)
    scene = scene.transform(FRAME, Image.Transform.PERSPECTIVE, _tilt(hand), Image.Resampling.BICUBIC, fillcolor=150)
    scene = scene.filter(ImageFilter.GaussianBlur(hand.uniform(0.4, 1.1)))
    scene = ImageEnhance.Contrast(scene).enhance(0.55)
    scene = ImageEnhance.Brightness(scene).enhance(0.6)
    return _noise(_shadow(scene), hand)


def _tilt(hand: random.Random) -> tuple[float, ...]:
    """A camera that is not held quite parallel to the code."""
    return (1.03, hand.uniform(-0.04, 0.04), -8, hand.uniform(-0.03, 0.03), 1.02, -5, hand.uniform(0, 8e-5), 4e-5)


def _shadow(scene: Image.Image) -> Image.Image:
    """Light from one side only."""
    light = Image.linear_gradient("L").rotate(90).resize(FRAME).point(lambda value: 170 + value // 3)
    return ImageChops.multiply(scene, light)


def _noise(scene: Image.Image, hand: random.Random) -> Image.Image:
    grain = Image.frombytes("L", FRAME, hand.randbytes(FRAME[0] * FRAME[1])).point(lambda value: value // 8)
    return ImageChops.add(scene, grain, 1, -16)


def _jpeg(scene: Image.Image) -> bytes:
    data = io.BytesIO()
    scene.convert("RGB").save(data, "JPEG", quality=60)
    return data.getvalue()


class Lens:
    """A camera that can be pointed elsewhere while it runs.

    Chromium reads Y4M frame by frame, and frames of one size can be written over.
    """

    HEAD = f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F10:1 Ip A1:1 C420jpeg\n".encode()

    def __init__(self, path: Path, *, seed: int = 1) -> None:
        self.path, self._hand = path, random.Random(seed)  # noqa: S311 - the same hand each time
        dark = Image.new("L", FRAME, 70)
        path.write_bytes(self.HEAD + b"".join(_raw(_noise(dark, self._hand)) for _ in range(FRAMES)))

    @property
    def flags(self) -> tuple[str, ...]:
        return (f"--use-file-for-fake-video-capture={self.path}",)

    def film_screen(self, screen: bytes) -> None:
        """Film what another phone shows (PNG), in poor light and with an unsteady hand."""
        seen = Image.open(io.BytesIO(screen)).convert("L")
        with self.path.open("r+b") as film_:
            film_.seek(len(self.HEAD))
            for at in range(FRAMES):
                film_.write(_raw(_in_poor_light(_hold(seen, self._hand), self._hand, at)))


def _hold(seen: Image.Image, hand: random.Random) -> Image.Image:
    """What is shown, before a wall, as near as a person holds it: four fifths of the picture's height."""
    high = FRAME[1] * 4 // 5 + hand.randrange(-15, 15)
    small = seen.resize((round(seen.width * high / seen.height), high), Image.Resampling.BICUBIC)
    scene = Image.new("L", FRAME, 150)
    scene.paste(small, ((FRAME[0] - small.width) // 2 + hand.randrange(-15, 15), (FRAME[1] - high) // 2))
    return scene


def _raw(scene: Image.Image) -> bytes:
    """One frame of Y4M: grey, so both colour planes are flat."""
    return b"FRAME\n" + scene.tobytes() + bytes([128]) * (FRAME[0] * FRAME[1] // 2)

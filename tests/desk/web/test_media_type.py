"""What a file is: told by its bytes, whatever its sender says."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from client.desk.web.media_type import ENDINGS, OTHER, PIXELS, inspect_bytes


def make_photo(form: str, size=(64, 48), **more) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, form, **more)
    return out.getvalue()


def make_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def make_png(width: int, height: int, *chunks: bytes) -> bytes:
    head = make_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(chunks)
        + make_chunk(b"IDAT", zlib.compress(b""))
        + make_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_shown_with_its_size(form, kind):
    media = inspect_bytes(make_photo(form))
    assert (media.type, media.width, media.height, media.is_shown) == (kind, 64, 48, True)


@pytest.mark.parametrize("lossless", [True, False])
def test_both_kinds_of_webp_tell_their_size(lossless):
    assert inspect_bytes(make_photo("WEBP", (300, 200), lossless=lossless)).width == 300


@pytest.mark.parametrize("progressive", [True, False])
def test_a_progressive_photo_tells_its_size(progressive):
    assert inspect_bytes(make_photo("JPEG", (300, 200), progressive=progressive)).height == 200


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"OggS" + bytes(60), "audio/ogg"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "audio/webm"),
        (b"ID3\x04" + bytes(60), "audio/mpeg"),
        (b"\xff\xfb\x90\x00" + bytes(60), "audio/mpeg"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypM4A " + bytes(60), "audio/mp4"),
    ],
)
def test_a_voice_is_played(data, kind):
    media = inspect_bytes(data)
    assert (media.type, media.is_shown, media.is_picture) == (kind, True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7 /JavaScript",
        b"MZ" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"GIF89a" + bytes(100),
        b"\x7fELF",
        b"#!/bin/sh\nrm -rf /",
        b"\xef\xbb\xbf<html>",
        b"BM" + bytes(100),
    ],
)
def test_what_could_run_or_flash_is_not_shown(data):
    media = inspect_bytes(data)
    assert (media.type, media.is_shown, media.refused, media.ending) == (OTHER, False, "type", "bin")


def test_a_picture_that_is_a_page_as_well_is_only_a_picture():
    polyglot = (
        make_photo("JPEG", comment=b"<script>alert(1)</script>") + b"<html><script>alert(2)</script>" + b"PK\x03\x04"
    )
    assert inspect_bytes(polyglot).type == "image/jpeg"
    assert inspect_bytes(b"<html>" + make_photo("JPEG")).refused == "type"


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_001, 1), (PIXELS // 100 + 1, 100), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_fill_the_memory_is_not_shown(size):
    assert inspect_bytes(make_png(*size)).refused == "large"


def test_a_picture_that_moves_is_not_shown():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for form in ("PNG", "WEBP"):
        out = BytesIO()
        frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=50)
        assert inspect_bytes(out.getvalue()).refused == "moving", form


@pytest.mark.parametrize("size", [(0, 10), (10, 0)])
def test_a_picture_without_a_size_is_damaged(size):
    assert inspect_bytes(make_png(*size)).refused == "damaged"


def test_what_the_camera_wrote_is_listed():
    exif = Image.Exif()
    exif[0x010F] = "Camera <b>"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 12.5)
    exif.get_ifd(0x8769)[0x9003] = "2026:11:20 18:40:11"
    for form in ("JPEG", "PNG", "WEBP"):
        metadata = dict(inspect_bytes(make_photo(form, exif=exif)).metadata)
        assert metadata["Make"] == "Camera <b>", form
        assert metadata["GPSLatitude"] == "55.0, 45.0, 12.5"
        assert metadata["DateTimeOriginal"] == "2026:11:20 18:40:11"


@pytest.mark.parametrize("rest", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 400])
def test_broken_metadata_hides_no_photo(rest):
    photo = make_photo("JPEG")
    segment = b"Exif\0\0" + rest
    data = photo[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + photo[2:]
    assert inspect_bytes(data).is_shown


def test_each_type_has_an_ending_of_ours():
    assert all(ending.isascii() and ending.isalnum() for ending in ENDINGS.values())


HEADS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF0000WEBPVP8X",
    b"RIFF0000WEBPVP8 ",
    b"OggS",
    b"\x1a\x45\xdf\xa3",
    b"",
)


@given(st.sampled_from(HEADS), st.binary(max_size=300))
def test_no_bytes_make_it_stumble(head, rest):
    assert inspect_bytes(head + rest).type in ENDINGS


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.data())
def test_no_flipped_byte_makes_it_stumble(form, data):
    photo = bytearray(PICTURES[form])
    for _ in range(data.draw(st.integers(1, 8))):
        photo[data.draw(st.integers(0, len(photo) - 1))] = data.draw(st.integers(0, 255))
    inspect_bytes(bytes(photo[: data.draw(st.integers(0, len(photo)))]))


_EXIF = Image.Exif()
_EXIF[0x010F] = "x"
PICTURES = {form: make_photo(form, (16, 16), exif=_EXIF) for form in ("JPEG", "PNG", "WEBP")}

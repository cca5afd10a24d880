"""A code is read out of a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.contacts.qr_image import BadPicture, NoCodeInPicture, read_picture
from keys import code


def test_a_code_is_read_out_of_its_picture(anna):
    assert read_picture(code.draw_png(anna.code)) == anna.code


def test_a_picture_without_a_code_and_a_file_that_is_no_picture_are_two_errors():
    import io

    from PIL import Image

    blank = io.BytesIO()
    Image.new("L", (200, 200), 255).save(blank, "PNG")
    with pytest.raises(NoCodeInPicture):
        read_picture(blank.getvalue())
    for data in (b"", b"hello", code.draw_png("TOCSIN:1:C:AAAA")[:100]):
        with pytest.raises(BadPicture):
            read_picture(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_refused(data):
    with pytest.raises((BadPicture, NoCodeInPicture)):
        read_picture(data)

"""A code out of a picture: a photo of a screen, a screenshot, a saved PNG."""

import io

from keys.errors import TocsinError

PIXELS = 50_000_000  # more than a telephone's camera gives; a picture that claims more is an attack on this computer


class NoCodeInPicture(TocsinError):
    """there is no code in this picture"""

    code = "picture-no-code"
    hint = "the whole code with its white border has to be in it, sharp and without reflections"


class BadPicture(TocsinError):
    """this file is not a picture that can be read"""

    code = "picture-malformed"
    hint = "PNG and JPEG can be read; a code can also be given as text"


def read_picture(data: bytes) -> str:
    """Return the text of the one QR code in a picture. Raises BadPicture, NoCodeInPicture."""
    import zxingcpp  # noqa: PLC0415 - two megabytes that nobody loads who gives a text
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS:
                raise BadPicture("too large")
            grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture() from None
    found = zxingcpp.read_barcodes(grey)
    texts = {barcode.text for barcode in found if barcode.format == zxingcpp.BarcodeFormat.QRCode}
    if len(texts) != 1:
        raise NoCodeInPicture("" if not texts else "more than one")
    return texts.pop()

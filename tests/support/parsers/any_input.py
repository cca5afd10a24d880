"""Input of every kind for parsers, and what a parser may do with it."""

from collections.abc import Callable

from hypothesis import strategies as st

from keys.errors import TocsinError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def returns_or_refuses(parse: Callable[[], object]) -> None:
    try:
        parse()
    except TocsinError as error:
        assert error.sentence
        assert error.code


def mutated(whole: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that begin well: cut, flipped, or with something put in between."""
    places = st.integers(0, len(whole))
    return st.one_of(
        places.map(lambda at: whole[:at]),
        st.tuples(places, st.binary(max_size=9)).map(lambda p: whole[: p[0]] + p[1] + whole[p[0] + len(p[1]) :]),
        st.tuples(places, st.binary(max_size=9)).map(lambda p: whole[: p[0]] + p[1] + whole[p[0] :]),
    )

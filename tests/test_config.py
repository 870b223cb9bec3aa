import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.config import ExperimentConfig, read_config, with_fields
from keras_suite.errors import InputError


@dataclass(frozen=True)
class Config(ExperimentConfig):
    rate: float = 0.5
    sizes: tuple[int, int] = (1, 2)
    dropout: float = 0.0
    rows: int = 0
    r: int | None = None
    kind: Literal["plain", "fancy"] = "plain"
    on: bool = True
    name: str = "x"
    names: tuple[str, ...] = ()
    folder: Path | None = None


configs = st.builds(
    Config,
    seed=st.integers(0, 10**6),
    rate=st.floats(min_value=1e-6, max_value=1e6),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kind=st.sampled_from(["plain", "fancy"]),
    on=st.booleans(),
    folder=st.sampled_from([None, Path("here"), Path("with space")]),
)


@given(configs)
def test_what_a_run_writes_as_its_config_is_read_back_the_same(config):
    text = json.dumps(dataclasses.asdict(config), default=str)
    assert with_fields(Config(), json.loads(text), "it") == config


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(st.text(max_size=2), VALUES)


@given(st.sampled_from([field.name for field in dataclasses.fields(Config)]), JSON)
def test_any_json_is_a_field_of_its_type_or_one_sentence(name, value):
    try:
        read = getattr(with_fields(Config(), {name: value}, "it"), name)
    except InputError:
        return
    given = value if isinstance(value, list) else [value]
    if str not in map(type, given):  # texts are read as the command line's words are
        assert read == (tuple(value) if isinstance(value, list) else value)


def test_a_file_changes_only_the_fields_it_names(tmp_path):
    (tmp_path / "best.json").write_text('{"sizes": [3, 4]}', encoding="utf-8-sig")
    config = Config(rate=0.25)
    assert read_config(tmp_path / "best.json", config) == dataclasses.replace(config, sizes=(3, 4))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"rates": 1}', "there is no field 'rates'; the fields are seed, .*rate, sizes"),
        ('{"MAY_BE_0": []}', "there is no field 'MAY_BE_0'"),
        ('{"rate": "fast"}', "rate must be of type float, not 'fast'"),
        ('{"sizes": [1, 2, 3]}', r"sizes must be of type tuple\[int, int\], not \[1, 2, 3\]"),
        ('{"kind": "odd"}', "kind must be of type .*plain.*fancy.*, not 'odd'"),
        ('{"on": "--help"}', "on must be of type bool"),
        ('{"rate": 0}', "--rate must be above 0"),
        ('{"rate": 1e999}', "--rate must be above 0 and finite, not inf"),
        ('{"rate": "Infinity"}', "--rate must be above 0 and finite, not inf"),
        ('{"seed": 1.0}', "seed must be of type int, not 1.0"),
        ('{"name": null}', "name must be of type str, not None"),
        ('{"name": {"a": 1}}', "name must be of type str, not {'a': 1}"),
        ('{"name": ["a"]}', r"name must be of type str, not \['a'\]"),
        ('{"name": true}', "name must be of type str, not True"),
        ('{"names": ["a", null]}', r"names must be of type .*, not \['a', None\]"),
        ('{"names": {"a": 1}}', r"names must be of type .*, not {'a': 1}"),
        ('{"folder": 3}', "folder must be of type .*, not 3"),
        ('{"kind": ["plain"]}', r"kind must be of type .*, not \['plain'\]"),
        ('{"name": ' + "[" * 100_000, r"cannot be read as JSON \(maximum recursion"),
        ('{"seed": ' + "9" * 5000, r"cannot be read as JSON \(Exceeds the limit"),
        ('{"seed": %s}' % ("9" * 4000), "--seed must be at most 4,294,967,295, not 9{40}$"),
        ("[1]", "must hold one JSON object"),
        ("{", "cannot be read as JSON"),
        (None, r"cannot be read as JSON \(.*No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, text, sentence, capsys):
    file = tmp_path / "best.json"
    if text:
        file.write_text(text)
    with pytest.raises(InputError, match=sentence) as refusal:
        read_config(file, Config())
    assert str(refusal.value).startswith(str(file))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rate": 0.0}, "--rate must be above 0 and finite, not 0.0"),
        ({"rate": float("nan")}, "--rate must be above 0 and finite, not nan"),
        ({"rate": float("inf")}, "--rate must be above 0 and finite, not inf"),
        ({"sizes": (1, 0)}, r"--sizes must be at least 1, not \(1, 0\)"),
        ({"dropout": 1.0}, r"--dropout must lie in \[0, 1\), not 1.0"),
        ({"rows": -1}, "--rows must be at least 0, not -1"),
        ({"r": 0}, "--r must be at least 1, not 0"),
        ({"seed": -1}, "--seed must be at least 0, not -1"),
        ({"repeats": 0}, "--repeats must be at least 1, not 0"),
        ({"repeats": 10**7 + 1}, "--repeats must be at most 10,000,000, not 10000001"),
        ({"rows": 10**30}, "--rows must be at most 10,000,000, not 10{30}"),
        ({"sizes": (1, 10**18)}, r"--sizes must be at most 10,000,000, not \(1, 10{18}\)"),
        ({"seed": 2**32}, "--seed must be at most 4,294,967,295, not 4294967296"),
        (
            {"seed": 2**32 - 2, "repeats": 3},
            "--seed must with --repeats 3 be at most 4,294,967,293",
        ),
    ],
)
def test_numbers_are_refused_by_what_their_default_is(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(Config(), **changes)


def test_the_highest_seeds_pass():
    assert Config(seed=2**32 - 1).seed == Config(seed=2**32 - 3, repeats=3).seed + 2


def test_a_recipe_fills_what_is_none_and_changes_win_over_it():
    recipe = {"r": 8, "rate": 0.1}
    assert Config().filled(recipe) == Config(r=8)
    assert Config(r=2).filled(recipe, rows=5) == Config(r=2, rows=5)
    assert Config().filled(recipe, r=4) == Config(r=4)
